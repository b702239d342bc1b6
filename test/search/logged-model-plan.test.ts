import { env } from "cloudflare:test";
import { beforeAll, describe, expect, test } from "vitest";
import { LOGGED_MODEL_STATUSES } from "../../src/domain/entities.ts";
import { type LoggedModelSearchQuery, planLoggedModelSearch } from "../../src/search/logged-model-plan.ts";
import { type DatasetFilter, FILTER_STATUSES } from "../../src/search/logged-model-source.ts";
import type { SliceTuning } from "../../src/search/sliced-plan.ts";
import { EVERYTHING, type Visibility } from "../../src/search/visibility.ts";
import { migrate } from "../../src/stores/d1/connection/migrate.ts";
import { readPage } from "../../src/stores/d1/connection/page.ts";
import { type RandomSource, randomSource } from "./population.ts";

interface Point {
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
  readonly runId: string;
  readonly dataset: string | null;
  readonly digest: string | null;
}

interface Model {
  readonly modelId: string;
  readonly experimentId: number;
  readonly name: string;
  readonly modelType: string;
  readonly sourceRunId: string | null;
  readonly status: number;
  readonly created: number;
  readonly deleted: boolean;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly points: readonly Point[];
}

const NAMES = ["alpha", "Alpha", "beta", "größe", "100%", "a_b", ""];
const VALUES = ["0.1", "1", "x", "X", ""];
const NUMBERS = [-1, 0, 0.5, 1, 2, Number.NaN];
const KEYS = ["acc", "a b", "loss"];
const DATASETS = ["train", "test"];

function randomModel({ below, pick, next }: RandomSource, index: number): Model {
  const some = <T>(items: readonly T[]) => items.filter(() => next() < 0.6);
  const pairs = () => Object.fromEntries(some(["lr", "a b", "team"]).map((key) => [key, pick(VALUES)]));
  const points = Array.from({ length: below(5) }, (): Point => {
    const dataset = next() < 0.6 ? pick(DATASETS) : null;
    const digest = dataset === null ? null : pick(["x", "y"]);
    return {
      key: pick(KEYS),
      value: pick(NUMBERS),
      timestamp: below(3),
      step: below(3),
      runId: pick("ab".split("")),
      dataset,
      digest,
    };
  });
  const identity = ({ key, timestamp, step, runId }: Point) => JSON.stringify([key, timestamp, step, runId]);
  return {
    modelId: `m-${String(index).padStart(3, "0")}`,
    experimentId: 1 + below(2),
    name: pick(NAMES),
    modelType: pick(["", "agent", "Agent"]),
    sourceRunId: pick(["r1", "r2", null]),
    status: below(4),
    created: below(20),
    deleted: next() < 0.1,
    params: pairs(),
    tags: pairs(),
    points: [...new Map(points.map((point) => [identity(point), point])).values()],
  };
}

async function insertModels(models: readonly Model[]): Promise<void> {
  await migrate(env.DB, 0);
  const insert = (table: string, rows: readonly (readonly unknown[])[]) => {
    const columns = Array.from({ length: rows[0]?.length ?? 0 }, (_, index) => `value ->> ${index}`).join(", ");
    return env.DB.prepare(`INSERT INTO ${table} SELECT ${columns} FROM json_each(?)`).bind(JSON.stringify(rows));
  };
  const pairs = (of: (model: Model) => Readonly<Record<string, string>>) =>
    models.flatMap((model) => Object.entries(of(model)).map((pair) => [model.modelId, ...pair, model.experimentId]));
  await env.DB.batch([
    insert(
      `logged_models (model_id, experiment_id, name, model_type, source_run_id, status, artifact_uri, lifecycle_stage,
         creation_time, last_update_time)`,
      models.map((of) => [
        ...[
          of.modelId,
          of.experimentId,
          of.name,
          of.modelType,
          of.sourceRunId,
          LOGGED_MODEL_STATUSES[of.status],
          "mlflow-artifacts:/x",
        ],
        ...[of.deleted ? "deleted" : "active", of.created, of.created],
      ]),
    ),
    insert(
      "logged_model_params (model_id, key, value, experiment_id)",
      pairs((model) => model.params),
    ),
    insert(
      "logged_model_tags (model_id, key, value, experiment_id)",
      pairs((model) => model.tags),
    ),
    insert(
      `logged_model_metrics (model_id, key, timestamp, step, run_id, value, is_nan, dataset_name, dataset_digest,
         experiment_id)`,
      models.flatMap(({ modelId, points }) =>
        points.map((of) => [
          ...[modelId, of.key, of.timestamp, of.step, of.runId, of.value || 0, Number.isNaN(of.value) ? 1 : 0],
          ...[of.dataset, of.digest, 1],
        ]),
      ),
    ),
  ]);
}

type Test = (model: Model) => boolean;

const onDataset = (point: Point, datasets: readonly DatasetFilter[]): boolean =>
  datasets.length === 0 ||
  datasets.some(({ name, digest }) => point.dataset === name && (digest === undefined || point.digest === digest));

/** A comparison as text, and its meaning. */
function randomComparison(random: RandomSource, datasets: readonly DatasetFilter[]): { text: string; test: Test } {
  const { pick, below } = random;
  if (below(3) === 0) {
    const [key, value, comparator] = [pick(KEYS), pick([-1, 0, 0.5, 1.5]), pick([">", ">=", "=", "!=", "<", "<="])];
    const meets = (number: number) =>
      ({
        ">": number > value,
        ">=": number >= value,
        "=": number === value,
        "!=": number !== value,
        "<": number < value,
        "<=": number <= value,
      })[comparator] ?? false;
    return {
      text: `metrics.\`${key}\` ${comparator} ${value}`,
      test: (model) => {
        const value = latest(model, key, datasets);
        return value !== undefined && meets(value);
      },
    };
  }
  if (below(6) === 0) {
    const [one, other] = [pick(FILTER_STATUSES), pick(FILTER_STATUSES)];
    const named = ({ status }: Model) => FILTER_STATUSES[status]!;
    return pick<{ text: string; test: Test }>([
      { text: `status = '${one}'`, test: (model) => named(model) === one },
      { text: `status != ${one}`, test: (model) => named(model) !== one },
      { text: `attributes.status IN ('${one}', '${other}')`, test: (model) => [one, other].includes(named(model)) },
      { text: `status NOT IN ('${one}', '${other}')`, test: (model) => ![one, other].includes(named(model)) },
    ]);
  }
  const [field, read] = pick<readonly [string, (model: Model) => string | undefined]>([
    ["name", (model) => model.name],
    ["attributes.model_type", (model) => model.modelType],
    ["model_id", (model) => model.modelId],
    ["source_run_id", (model) => model.sourceRunId ?? undefined],
    ["experiment_id", (model) => String(model.experimentId)],
    ["params.lr", (model) => model.params.lr],
    ["params.`a b`", (model) => model.params["a b"]],
    ["tags.team", (model) => model.tags.team],
  ]);
  const wanted = pick([...NAMES.slice(0, -1), ...VALUES, "agent", "2", "m-007", "r1", "%a%", "_", "b%", "%"]);
  const list = [pick(NAMES), pick(VALUES), "2", "m-007", "m-031", "r2"];
  const like = (text: string, ignoreCase: boolean) => {
    const pattern = wanted
      .replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
      .replace(/%/g, "[^]*")
      .replace(/_/g, "[^]");
    return new RegExp(`^${pattern}$`, ignoreCase ? "iu" : "u").test(text);
  };
  const [text, meets] = pick<readonly [string, (value: string) => boolean]>([
    [`${field} = '${wanted}'`, (value) => value === wanted],
    [`${field} != '${wanted}'`, (value) => value !== wanted],
    [`${field} LIKE '${wanted}'`, (value) => like(value, false)],
    [`${field} ILIKE '${wanted}'`, (value) => like(value, true)],
    [`${field} IN (${list.map((one) => `'${one}'`).join(", ")})`, (value) => list.includes(value)],
    [`${field} NOT IN (${list.map((one) => `'${one}'`).join(", ")})`, (value) => !list.includes(value)],
  ]);
  return {
    text,
    test: (model) => {
      const value = read(model);
      return value !== undefined && meets(value);
    },
  };
}

function randomFilter(
  random: RandomSource,
  datasets: readonly DatasetFilter[],
  depth = 0,
): { text: string; test: Test } {
  const kind = random.below(depth > 2 ? 2 : 6);
  if (kind < 3) return randomComparison(random, datasets);
  const [left, right] = [0, 1].map(() => randomFilter(random, datasets, depth + 1)) as [
    ReturnType<typeof randomFilter>,
    ReturnType<typeof randomFilter>,
  ];
  if (kind === 3)
    return { text: `(${left.text} OR ${right.text})`, test: (model) => left.test(model) || right.test(model) };
  if (kind === 4) return { text: `NOT (${left.text})`, test: (model) => !left.test(model) };
  return { text: `(${left.text} AND ${right.text})`, test: (model) => left.test(model) && right.test(model) };
}

/** The value of the point with the greatest step, then timestamp, then value. A NaN counts as 0. */
function latest(model: Model, key: string, datasets: readonly DatasetFilter[]): number | undefined {
  const points = model.points.filter((of) => of.key === key && onDataset(of, datasets));
  const value = (point: Point) => point.value || 0;
  points.sort(
    (a, b) => b.step - a.step || b.timestamp - a.timestamp || value(b) - value(a) || (a.runId < b.runId ? -1 : 1),
  );
  return points[0]?.value;
}

const rank = (value: number | undefined): number => (value === undefined ? 2 : Number.isNaN(value) ? 1 : 0);

const MODELS = (() => {
  const random = randomSource(7);
  return Array.from({ length: 120 }, (_, index) => randomModel(random, index));
})();

const QUERY: LoggedModelSearchQuery = {
  experimentIds: ["1"],
  filter: "",
  datasets: [],
  orderBy: [],
  maxResults: 500,
  visibility: EVERYTHING,
};

const search = async (query: Partial<LoggedModelSearchQuery>, tuning?: SliceTuning) =>
  await readPage(env.DB, planLoggedModelSearch({ ...QUERY, ...query }, tuning));

beforeAll(() => insertModels(MODELS));

describe("a search answers what a naive evaluation over all models does", () => {
  test.each([1, 2, 3, 4])("random searches of seed %i", async (seed) => {
    const random = randomSource(seed);
    const { pick, below } = random;
    for (let round = 0; round < 60; round++) {
      const datasets = below(3) > 0 ? [] : [{ name: pick(DATASETS), digest: pick([undefined, "x"]) }];
      const filter = below(8) === 0 ? { text: "", test: () => true } : randomFilter(random, datasets);
      const hasMetric = filter.text.includes("metrics.");
      const dataset = below(2) === 0 ? undefined : { name: pick(DATASETS), digest: pick([undefined, "y"]) };
      const [key, ascending] = [pick(KEYS), below(2) === 0];
      const ordered = below(3) > 0;
      const orderBy = ordered
        ? [{ fieldName: `metrics.${key}`, ascending, datasetName: dataset?.name, datasetDigest: dataset?.digest }]
        : [];
      const experimentIds = pick([["1"], ["2"], ["1", "2"], ["2", "1", "3"]]);
      const expected = MODELS.filter(
        (model) =>
          !model.deleted &&
          experimentIds.includes(String(model.experimentId)) &&
          (datasets.length === 0 || hasMetric || model.points.some((point) => onDataset(point, datasets))) &&
          filter.test(model),
      )
        .sort((a, b) => {
          const on = dataset === undefined ? [] : [dataset];
          const [x, y] = ordered ? [latest(a, key, on), latest(b, key, on)] : [undefined, undefined];
          const byValue = rank(x) === 0 && rank(y) === 0 ? (x! - y!) * (ascending ? 1 : -1) : 0;
          return rank(x) - rank(y) || byValue || b.created - a.created || (a.modelId < b.modelId ? -1 : 1);
        })
        .map(({ modelId }) => modelId);
      const query = { experimentIds, filter: filter.text, datasets, orderBy, maxResults: 1 + below(40) };
      const tuning = query.maxResults < 10 ? {} : pick([{}, { candidates: 5 + below(50) }]);
      const found: string[] = [];
      let pageToken: string | undefined;
      do {
        const page = await search({ ...query, pageToken }, tuning);
        found.push(...page.ids);
        pageToken = page.nextPageToken;
      } while (pageToken !== undefined);
      expect(found, JSON.stringify([query, tuning])).toEqual(expected);
    }
  });
});

describe("in an experiment of few models", () => {
  const inFirst = MODELS.filter(({ experimentId, deleted }) => experimentId === 1 && !deleted);
  const byCreation = (models: readonly Model[], sign: number) =>
    models
      .toSorted((a, b) => sign * (a.created - b.created) || (a.modelId < b.modelId ? -1 : 1))
      .map((of) => of.modelId);

  test.each([true, false])("the order by creation, ascending: %s", async (ascending) => {
    const orderBy = [{ fieldName: "creation_time", ascending }];
    for (const tuning of [{}, { candidates: 9 }]) {
      const { ids } = await search({ orderBy, maxResults: 10 }, tuning);
      expect(ids).toEqual(byCreation(inFirst, ascending ? 1 : -1).slice(0, 10));
    }
  });

  test("ties of the creation by the id, descending", async () => {
    const terms = ["creation_time", "model_id"].map((fieldName) => ({ fieldName, ascending: false }));
    const expected = inFirst.toSorted((a, b) => b.created - a.created || (a.modelId < b.modelId ? 1 : -1));
    expect((await search({ orderBy: terms })).ids).toEqual(expected.map((of) => of.modelId));
  });

  test.each<[fieldName: string, of: (model: Model) => string]>([
    ["name", (model) => model.name],
    ["model_type", (model) => model.modelType],
    ["model_id", () => ""],
    ["status", (model) => String(model.status)],
  ])("an order by %s, and then by the id", async (fieldName, of) => {
    const terms = [fieldName, "model_id"].map((name, index) => ({ fieldName: name, ascending: index === 1 }));
    const expected = inFirst.toSorted((a, b) => {
      const byField = Buffer.compare(Buffer.from(of(b)), Buffer.from(of(a)));
      return byField || (a.modelId < b.modelId ? -1 : 1) * (fieldName === "model_id" ? -1 : 1);
    });
    for (const tuning of [{}, { candidates: 9 }]) {
      const found: string[] = [];
      let pageToken: string | undefined;
      do {
        const page = await search({ orderBy: terms, maxResults: 20, pageToken }, tuning);
        found.push(...page.ids);
        pageToken = page.nextPageToken;
      } while (pageToken !== undefined);
      expect(found).toEqual(expected.map(({ modelId }) => modelId));
    }
  });

  test("an id and a run that made the model both count", async () => {
    const ids = inFirst.map(({ modelId }) => `'${modelId}'`).join(", ");
    const made = inFirst.filter(({ sourceRunId }) => sourceRunId === "r1");
    expect(made.length).toBeGreaterThan(3);
    const found = await search({ filter: `model_id IN (${ids}) AND source_run_id = 'r1'` });
    expect(found.ids).toEqual(byCreation(made, -1));
  });

  test("models of experiments that a caller may not see are not found", async () => {
    const visibility: Visibility = { name: "second", loggedModelsOf: (id) => `${id} = 2` };
    const { ids } = await search({ experimentIds: ["1", "2"], visibility });
    expect(ids).toEqual(
      byCreation(
        MODELS.filter(({ experimentId, deleted }) => experimentId === 2 && !deleted),
        -1,
      ),
    );
    expect((await search({ visibility })).ids).toEqual([]);
  });
});

describe("limits and hostile searches", () => {
  const many = (count: number, of: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => of(index)).join(" AND ");

  test.each<[string, Partial<LoggedModelSearchQuery>]>([
    ["60 comparisons", { filter: many(60, (index) => `params.k${index} = 'v${index}'`) }],
    ["60 long patterns", { filter: many(60, (index) => `name LIKE '%${"ab_".repeat(40)}%c${index}%'`) }],
    ["quotes", { filter: `tags.t = "'; DROP TABLE logged_models; --"` }],
    [
      "ten orders by metrics",
      { orderBy: Array.from({ length: 10 }, (_, i) => ({ fieldName: `metrics.'"${i}`, ascending: false })) },
    ],
    ["a thousand datasets", { datasets: Array.from({ length: 1000 }, (_, i) => ({ name: `d'${i}`, digest: `"` })) }],
    ["numbers beyond everything", { filter: "metrics.a < -1e400 AND creation_time > 99999999999999999999" }],
  ])("%s: answered", async (_name, query) => {
    expect(await search({ experimentIds: ["77"], ...query })).toMatchObject({ ids: [] });
  });

  async function queryPlan(query: Partial<LoggedModelSearchQuery>): Promise<string[]> {
    const { step, from, candidates } = planLoggedModelSearch({ ...QUERY, ...query });
    const { sql, values } = step({ cursor: from!, isFirst: true, candidates }).rows;
    const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .bind(...values)
      .all<{ detail: string }>();
    return results.map(({ detail }) => detail).filter((detail) => /^(SEARCH|SCAN|USE TEMP)/.test(detail));
  }

  test("the default order of one experiment walks its index", async () => {
    expect(await queryPlan({})).toEqual([
      "SEARCH logged_models USING COVERING INDEX logged_models_by_creation (experiment_id=? AND lifecycle_stage=?)",
      "SCAN m",
    ]);
  });

  test.each([
    ["model_id = 'm-1'", "SEARCH logged_models USING INDEX sqlite_autoindex_logged_models_1 (model_id=?)"],
    ["model_id IN ('m-1', 'm-2')", "SEARCH logged_models USING INDEX sqlite_autoindex_logged_models_1 (model_id=?)"],
    ["source_run_id = 'r1'", "SEARCH logged_models USING INDEX logged_models_by_source_run (source_run_id=?)"],
    ["source_run_id IN ('r1')", "SEARCH logged_models USING INDEX logged_models_by_source_run (source_run_id=?)"],
  ])("models where %s are looked up", async (filter, detail) => {
    expect(await queryPlan({ filter })).toContain(detail);
  });

  test("a model's latest point is found by its key", async () => {
    const details = (await queryPlan({ orderBy: [{ fieldName: "metrics.acc", ascending: true }] })).join("\n");
    expect(details).toContain(
      "SEARCH o0 USING PRIMARY KEY (model_id=? AND key=? AND timestamp=? AND step=? AND run_id=?)",
    );
    expect(details).toContain("SEARCH logged_model_metrics USING PRIMARY KEY (model_id=? AND key=?)");
  });
});

test.each([
  "status = 'LOGGED_MODEL_READY'",
  "status = 'ready'",
  "status != '2'",
  "status LIKE 'R%'",
  "status ILIKE 'r%'",
  "status IN ('READY', 'UPLOAD_FAILED')",
  "name = 'a' OR NOT status NOT IN ('X')",
])("the filter %s is refused", (filter) => {
  expect(() => planLoggedModelSearch({ ...QUERY, filter })).toThrow(/status/);
});

test.each(["tags.status = 'x'", "params.status LIKE 'x'", "status IN ('READY', 'FAILED')", "status != 'PENDING'"])(
  "the filter %s is fine",
  (filter) => {
    expect(planLoggedModelSearch({ ...QUERY, filter }).from).toBeDefined();
  },
);

describe("a search that is refused tells why", () => {
  const term = (fieldName: string) => ({ fieldName, ascending: true });
  test.each<[Partial<LoggedModelSearchQuery>, string]>([
    [{ maxResults: 0 }, "Invalid value 0 for parameter 'max_results' supplied."],
    [{ datasets: [{ name: "" }] }, "`dataset_name` in the `datasets` clause must be specified."],
    [{ orderBy: [term("params.a")] }, "Invalid order by field name: params.a. Only metrics are supported."],
    [{ filter: "status LIKE 'READY'" }, "Invalid comparison operator for status: LIKE"],
    [{ filter: "status = 'x'" }, "in filter: 'x'; it must be one of UNSPECIFIED, PENDING, READY, FAILED."],
    [{ orderBy: [term("size")] }, "Invalid order by field name: size"],
    [{ orderBy: Array.from({ length: 11 }, (_, index) => term(`metrics.m${index}`)) }, "order_by has 11 items"],
  ])("%j", (query, message) => {
    expect(() => planLoggedModelSearch({ ...QUERY, ...query })).toThrow(
      expect.objectContaining({ code: "INVALID_PARAMETER_VALUE", message: expect.stringContaining(message) }),
    );
  });

  test.each<[string, Partial<LoggedModelSearchQuery>]>([
    ["other experiments", { experimentIds: ["7", "8"] }],
    ["another filter", { filter: "params.a = 'x'" }],
    ["another dataset", { datasets: [{ name: "d" }] }],
    ["another order", { orderBy: [{ fieldName: "creation_time", ascending: false }] }],
  ])("the page token of %s", (_what, query) => {
    const pageToken = planLoggedModelSearch(QUERY).pageToken(["1", "m-1"]);
    expect(planLoggedModelSearch({ ...QUERY, pageToken }).start).toEqual(["1", "m-1"]);
    expect(() => planLoggedModelSearch({ ...QUERY, ...query, pageToken })).toThrow("it belongs to another search");
  });
});

test("a statement looks at fewer models if each takes more look-ups", () => {
  const candidates = (query: Partial<LoggedModelSearchQuery>) =>
    planLoggedModelSearch({ ...QUERY, ...query }).candidates;
  const byMetrics = { orderBy: [1, 2, 3].map((index) => ({ fieldName: `metrics.m${index}`, ascending: true })) };
  expect(candidates(byMetrics)).toBeLessThan(candidates({ orderBy: byMetrics.orderBy.slice(0, 1) }));
  expect(candidates({ ...byMetrics, datasets: [{ name: "d" }] })).toBeLessThan(candidates(byMetrics));
  expect(candidates({ ...byMetrics, filter: "metrics.a > 1" })).toBeLessThan(candidates(byMetrics));
  // The index of the ids decides this comparison.
  const params = Array.from({ length: 4 }, (_, index) => `params.p${index} = 'x'`).join(" AND ");
  expect(candidates({ filter: `model_id = 'm-1' AND ${params}` })).toBe(candidates({ filter: params }));
});

test("an order names a column once, and models without a status message come last", () => {
  const columns = (fieldName: string) =>
    planLoggedModelSearch({ ...QUERY, orderBy: [{ fieldName, ascending: true }] }).columns;
  expect(columns("creation_time").map(({ sql }) => sql)).toEqual(["m.creation_time", "m.model_id"]);
  expect([columns("status_message")[0]?.nullable, columns("name")[0]?.nullable]).toEqual([true, false]);
});
