import { env } from "cloudflare:test";
import { beforeAll, describe, expect, test } from "vitest";
import { type Condition, isComparison } from "../../src/search/ast.ts";
import { MODEL_VERSION_GRAMMAR, REGISTERED_MODEL_GRAMMAR } from "../../src/search/grammar.ts";
import type { KeyCursor } from "../../src/search/key-candidates.ts";
import { parseFilter } from "../../src/search/parser.ts";
import type { SearchPlan } from "../../src/search/plan.ts";
import {
  planModelVersionSearch,
  planRegisteredModelSearch,
  type RegistrySearchQuery,
} from "../../src/search/registry-plan.ts";
import type { SliceTuning } from "../../src/search/sliced-plan.ts";
import { EVERYTHING, type Visibility } from "../../src/search/visibility.ts";
import { migrate } from "../../src/stores/d1/connection/migrate.ts";
import { readPage } from "../../src/stores/d1/connection/page.ts";
import { satisfies } from "./naive-search.ts";
import { type RandomSource, randomSource } from "./population.ts";

const QUERY: RegistrySearchQuery = { filter: "", orderBy: [], maxResults: 100, visibility: EVERYTHING };
const PROMPT = "mlflow.prompt.is_prompt";
const TEXTS = ["a", "A", "ab", "a%c", "", "zürich", "it's", "a🙂c", `${"x".repeat(70)}1`];
const PATTERNS = [...TEXTS, "%", "_%", "%a%", "%a%b%", "%_B", "%ü%", "x%"];

/** A registered model or a version, with the fields for filters and orders. */
interface Item {
  readonly key: string;
  readonly modelId: number;
  readonly attributes: Readonly<Record<string, string | number | null>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly isDeleted: boolean;
}

const tagsOf = (random: RandomSource): Record<string, string> =>
  Object.fromEntries(
    [
      ...["t", "u v"].map((key) => [key, random.pick(TEXTS)] as const),
      [PROMPT, random.pick(["true", "true", "false", "TRUE"])] as const,
    ].filter(([key]) => random.next() < (key === PROMPT ? 0.2 : 0.6)),
  );

function randomRegistry(random: RandomSource): {
  readonly models: readonly Item[];
  readonly versions: readonly Item[];
} {
  const models = Array.from({ length: 40 }, (_, index): Item => {
    const name = `${random.pick(TEXTS) || "-"} ${index}`;
    const attributes = { name, last_updated_timestamp: random.below(8) };
    return { key: String(index + 1), modelId: index + 1, attributes, tags: tagsOf(random), isDeleted: false };
  });
  const versions = models.flatMap(({ modelId, attributes: { name = "" } }) =>
    Array.from({ length: random.below(6) }, (_, index): Item => {
      const attributes = {
        name,
        version_number: index + 1,
        run_id: random.pick(["r1", "r2", "", null]),
        source_path: random.pick(["runs:/r1/a", "mlflow-artifacts:/1/r2/artifacts/A", "models:/m-1"]),
        creation_timestamp: random.below(8),
        last_updated_timestamp: random.below(8),
      };
      const isPrompt = random.next() < 0.1;
      const tags = isPrompt ? { ...tagsOf(random), [PROMPT]: "true" } : { ...tagsOf(random), [PROMPT]: "no" };
      const isDeleted = random.next() < 0.2;
      return { key: `${modelId}/${index + 1}`, modelId, attributes, tags, isDeleted };
    }),
  );
  return { models, versions };
}

async function insert(models: readonly Item[], versions: readonly Item[]): Promise<void> {
  const insertRows = (into: string, rows: readonly (readonly unknown[])[]) => {
    const columns = rows[0]?.map((_, index) => `value ->> ${index}`).join(", ");
    return env.DB.prepare(`INSERT INTO ${into} SELECT ${columns} FROM json_each(?)`).bind(JSON.stringify(rows));
  };
  const tagRows = (items: readonly Item[]) =>
    items.flatMap((item) => Object.entries(item.tags).map((tag) => [...item.key.split("/").map(Number), ...tag]));
  await env.DB.batch([
    insertRows(
      "registered_models (registered_model_id, name, creation_time, last_update_time)",
      models.map(({ modelId, attributes: of }) => [modelId, of.name, 0, of.last_updated_timestamp]),
    ),
    insertRows("registered_model_tags", tagRows(models)),
    insertRows(
      `model_versions (registered_model_id, version, current_stage, source, run_id, creation_time, last_update_time)`,
      versions.map(({ modelId, attributes: of, isDeleted }) => [
        modelId,
        of.version_number,
        isDeleted ? "Deleted_Internal" : "None",
        of.source_path,
        of.run_id,
        of.creation_timestamp,
        of.last_updated_timestamp,
      ]),
    ),
    insertRows("model_version_tags", tagRows(versions)),
  ]);
}

const random = randomSource(7);
const { models, versions } = randomRegistry(random);

beforeAll(async () => {
  await migrate(env.DB, 0);
  await insert(models, versions);
});

/** Reads all pages. */
async function find(
  plan: typeof planModelVersionSearch,
  query: RegistrySearchQuery,
  tuning: SliceTuning,
): Promise<string[]> {
  const found: string[] = [];
  let pageToken: string | undefined;
  do {
    const page = await readPage(env.DB, plan({ ...query, pageToken }, tuning));
    expect(page.ids.length).toBeLessThanOrEqual(query.maxResults);
    found.push(...page.ids);
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined);
  return found;
}

interface Filter {
  readonly text: string;
  readonly holds: (item: Item) => boolean;
}

const quoted = (text: string): string => (text.includes("'") ? `"${text}"` : `'${text}'`);

function comparison(isOfVersions: boolean): Filter {
  const textual = (field: string) =>
    random.next() < 0.5
      ? `${field} ${random.pick(["=", "!="])} ${quoted(random.pick(TEXTS))}`
      : `${field} ${random.pick(["LIKE", "ILIKE"])} ${quoted(random.pick(PATTERNS))}`;
  const grammar = (isOfVersions ? MODEL_VERSION_GRAMMAR : REGISTERED_MODEL_GRAMMAR).filter;
  const text = random.pick([
    () => textual(random.pick(["tags.t", "tags.`u v`", "tag.none"])),
    () => textual("name"),
    () => `name ${random.pick(["IN", "NOT IN"])} (${quoted(random.pick(models).attributes.name as string)}, 'x')`,
    ...(isOfVersions
      ? [
          () =>
            `version_number ${random.pick(["=", "!=", "<", ">="])} ${random.pick(["2", "'3'", "99999999999999999999"])}`,
          () => `run_id ${random.pick(["= 'r1'", "!= 'r1'", "IN ('r1', '')", "NOT IN ('r2')", "LIKE 'r%'"])}`,
          () => `source_path ${random.pick(["LIKE '%A'", "ILIKE '%/a'", "= 'models:/m-1'"])}`,
        ]
      : []),
  ])();
  const parsed: Condition = parseFilter(text, grammar);
  if (!isComparison(parsed)) throw new Error(`${text} is no single comparison`);
  const { entity, key } = parsed.field;
  return {
    text,
    holds: (item) => {
      const value = entity === "tag" ? item.tags[key] : item.attributes[key];
      return value !== null && value !== undefined && satisfies(value, parsed);
    },
  };
}

function randomFilter(isOfVersions: boolean): Filter {
  const [a, b, c] = [comparison(isOfVersions), comparison(isOfVersions), comparison(isOfVersions)];
  return random.pick<Filter>([
    { text: "", holds: () => true },
    a,
    { text: `${a.text} AND ${b.text}`, holds: (item) => a.holds(item) && b.holds(item) },
    {
      text: `${a.text} OR NOT (${b.text} AND ${c.text})`,
      holds: (item) => a.holds(item) || !(b.holds(item) && c.holds(item)),
    },
  ]);
}

function naive(items: readonly Item[], filter: Filter, prompts: boolean, orderBy: readonly string[]): string[] {
  const isOfVersions = items === versions;
  const promptModels = new Set(items.filter(({ tags }) => tags[PROMPT] === "true").map(({ modelId }) => modelId));
  const terms = [
    ...(orderBy.length === 0 && isOfVersions ? ["last_updated_timestamp DESC"] : orderBy),
    "name",
    "version_number DESC",
  ].map((term) => term.split(" "));
  return items
    .filter((item) => !item.isDeleted && filter.holds(item))
    .filter((item) => (prompts ? item.tags[PROMPT] === "true" : !promptModels.has(item.modelId)))
    .toSorted((a, b) => {
      for (const [word = "", direction] of terms) {
        const key = word === "timestamp" ? "last_updated_timestamp" : word;
        const [x, y] = [a.attributes[key] ?? 0, b.attributes[key] ?? 0];
        const difference =
          typeof x === "string" ? Buffer.compare(Buffer.from(x), Buffer.from(String(y))) : Number(x) - Number(y);
        if (difference !== 0) return direction === "DESC" ? -difference : difference;
      }
      return 0;
    })
    .map(({ key }) => key);
}

describe.each([
  { what: "registered models", items: models, plan: planRegisteredModelSearch, keys: ["name", "timestamp"] },
  {
    what: "model versions",
    items: versions,
    plan: planModelVersionSearch,
    keys: ["name", "version_number", "creation_timestamp", "last_updated_timestamp"],
  },
])("$what are found as a naive search finds them", ({ items, plan, keys }) => {
  test("whatever the filter, the order and the size of the pages", async () => {
    let found = 0;
    for (let round = 0; round < 60; round++) {
      const filter = randomFilter(items === versions);
      const prompts = random.next() < 0.2;
      const asked = prompts ? `tags.\`${PROMPT}\` = 'true'` : random.pick(["", `tags.${PROMPT} != 'true'`]);
      const text = [asked, filter.text === "" ? "" : `(${filter.text})`].filter((part) => part !== "").join(" AND ");
      const orderBy = keys
        .toSorted(() => random.next() - 0.5)
        .slice(0, random.below(3))
        .map((key) => `${key} ${random.pick(["ASC", "DESC"])}`);
      const query = { ...QUERY, filter: text, orderBy, maxResults: random.pick([1, 7, 1000]) };
      const expected = naive(items, filter, prompts, orderBy);
      // A small page by small slices would take many statements.
      const tuning = query.maxResults === 1 ? {} : random.pick([{}, { candidates: 5 + random.below(60) }]);
      expect(await find(plan, query, tuning), JSON.stringify([query, tuning])).toEqual(expected);
      found += expected.length;
    }
    expect(found).toBeGreaterThan(200);
  });
});

test("models that a caller may not see, and their versions, are not found", async () => {
  const visibility: Visibility = {
    name: "some",
    registeredModel: (id, binder) => `${id} IN (SELECT value FROM ${binder.list([1, 2, 3])})`,
  };
  const asPrompts = `tags.\`${PROMPT}\` = 'true'`;
  for (const filter of ["", asPrompts, "name LIKE '%'"]) {
    for (const [plan, items] of [
      [planRegisteredModelSearch, models],
      [planModelVersionSearch, versions],
    ] as const) {
      const all = await find(plan, { ...QUERY, filter }, {});
      const seen = new Set(items.filter(({ modelId }) => modelId <= 3).map(({ key }) => key));
      expect(await find(plan, { ...QUERY, filter, visibility }, {})).toEqual(all.filter((key) => seen.has(key)));
    }
  }
});

test("a search walks along its order only if nothing leads to fewer things", () => {
  const from = (filter: string) => planModelVersionSearch({ ...QUERY, filter }).from;
  expect([from(""), from("tags.t = 'a'"), from("name != 'a'")]).toEqual(["walk", "walk", "walk"]);
  expect([from("name = 'a'"), from("run_id IN ('a')")]).toEqual([{}, {}]);
});

test.each([
  ["= 'true'", true],
  ["= 'True'", true],
  ["= 'false'", false],
  ["!= 'false'", true],
  ["!= 'true'", false],
  ["LIKE 'true'", false],
])("a comparison of the tag of prompts with %s asks for prompts: %s", (comparison, asks) => {
  for (const plan of [planRegisteredModelSearch, planModelVersionSearch]) {
    const { step, from } = plan({ ...QUERY, filter: `tags.\`${PROMPT}\` ${comparison}` });
    const { sql } = step({ cursor: from!, isFirst: true, candidates: 10 }).rows;
    expect([sql.includes("NOT EXISTS"), sql.includes("AND key = ")]).toEqual([!asks, asks]);
  }
});

test("grants on many models are read at once", () => {
  const told: unknown[] = [];
  const visibility: Visibility = { name: "some", registeredModel: (id, _binder, tested) => `${told.push(id, tested)}` };
  const { step, from } = planModelVersionSearch({ ...QUERY, visibility });
  step({ cursor: from!, isFirst: true, candidates: 10 });
  expect(told).toEqual(["v.registered_model_id", "many"]);
});

test("a statement looks at fewer versions if each takes more look-ups", () => {
  const candidatesOf = (comparisons: number) =>
    planModelVersionSearch({ ...QUERY, filter: Array(comparisons).fill("tags.a = 'x'").join(" AND ") }).candidates;
  // One look-up for each comparison, and one for the tag of prompts.
  expect([candidatesOf(4), candidatesOf(8)]).toEqual([Math.floor(40_000 / 6), 4000]);
});

describe("the statements take the intended way through the indices", () => {
  async function queryPlan({ from, candidates, step }: SearchPlan<KeyCursor>, cursor = from): Promise<string[]> {
    const { sql, values } = step({ cursor: cursor!, isFirst: true, candidates }).rows;
    const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .bind(...values)
      .all<{ detail: string }>();
    return results.map(({ detail }) => detail).filter((detail) => /^(SEARCH|SCAN|USE TEMP)/.test(detail));
  }

  const sorts = (plan: readonly string[]) => plan.filter((detail) => detail.startsWith("USE TEMP"));

  test.each([
    ["", ["name"], "SCAN m USING INDEX registered_models_name"],
    ["", ["name DESC"], "SCAN m USING INDEX registered_models_name"],
    ["tags.a LIKE '%b%'", ["name"], "SCAN m USING INDEX registered_models_name"],
  ])("models where %j by %s: no sort", async (filter, orderBy, way) => {
    const plan = await queryPlan(planRegisteredModelSearch({ ...QUERY, filter, orderBy }));
    expect(plan[0]).toBe(way);
    expect(sorts(plan)).toEqual([]);
  });

  test("a model is found by its name", async () => {
    const plan = await queryPlan(planRegisteredModelSearch({ ...QUERY, filter: "name = 'a'" }));
    expect(plan[0]).toBe("SEARCH m USING INDEX registered_models_name (name=?)");
  });

  test("a prompt is found by its tag's index, for one model after the other", async () => {
    for (const [plan, table] of [
      [planRegisteredModelSearch(QUERY), "registered_model_tags"],
      [planModelVersionSearch(QUERY), "model_version_tags"],
    ] as const) {
      const way = `SEARCH ${table} USING INDEX ${table}_by_value (key=? AND <expr>=? AND registered_model_id=?)`;
      expect(await queryPlan(plan)).toContain(way);
    }
  });

  test("versions walk the index of their changes, and sort ties only", async () => {
    const plan = await queryPlan(planModelVersionSearch(QUERY));
    expect(plan[0]).toBe("SCAN v USING INDEX model_versions_by_update");
    expect(sorts(plan)).toEqual(["USE TEMP B-TREE FOR LAST 2 TERMS OF ORDER BY"]);
  });

  test("where the walk does not answer, candidates come in the order of their keys", async () => {
    const [models, versions] = [planRegisteredModelSearch(QUERY), planModelVersionSearch(QUERY)];
    expect((await queryPlan(models, { after: [7] }))[0]).toBe("SEARCH m USING INTEGER PRIMARY KEY (rowid>?)");
    expect((await queryPlan(versions, { after: [7, 2] }))[0]).toBe(
      "SEARCH v USING PRIMARY KEY ((registered_model_id,version)>(?,?))",
    );
  });

  test.each([
    ["name = 'a'", "SEARCH m USING COVERING INDEX registered_models_name (name=?)"],
    ["name IN ('a', 'b')", "SEARCH m USING COVERING INDEX registered_models_name (name=?)"],
    ["run_id = 'a'", "SEARCH v USING INDEX model_versions_by_run (run_id=?)"],
    ["run_id IN ('a', 'b')", "SEARCH v USING INDEX model_versions_by_run (run_id=?)"],
  ])("versions where %s are looked up", async (filter, detail) => {
    const plan = planModelVersionSearch({ ...QUERY, filter });
    expect(await queryPlan(plan)).toContain(detail);
    expect(await queryPlan(plan, { after: [7, 2] })).toContainEqual(expect.stringMatching(/^SEARCH [mv] USING .*=\?/));
  });
});

describe("what is refused", () => {
  test("an order twice, and the message tells it", () => {
    expect(() => planModelVersionSearch({ ...QUERY, orderBy: ["name", "name DESC"] })).toThrow(
      "order_by names a field twice.",
    );
  });

  test.each<[string, Partial<RegistrySearchQuery>]>([
    ["an attribute that models do not have", { filter: "run_id = 'a'" }],
    ["an attribute that one orders by only", { filter: "last_updated_timestamp > 1" }],
    ["params", { filter: "params.a = 'x'" }],
    ["an order by a tag", { orderBy: ["tags.a"] }],
    ["an order twice", { orderBy: ["timestamp", "last_updated_timestamp DESC"] }],
    ["the page token of another search", { pageToken: planModelVersionSearch(QUERY).pageToken(["1", "a", "1"]) }],
  ])("%s", (_what, query) => {
    expect(() => planRegisteredModelSearch({ ...QUERY, ...query })).toThrow(
      expect.objectContaining({ code: "INVALID_PARAMETER_VALUE" }),
    );
  });

  test.each(["version_number = 1.5", "version_number = 'x'", "version_number LIKE '1'", "version_number IN ('1')"])(
    "%s",
    (filter) => {
      expect(() => planModelVersionSearch({ ...QUERY, filter })).toThrow(
        expect.objectContaining({ code: "INVALID_PARAMETER_VALUE" }),
      );
    },
  );
});
