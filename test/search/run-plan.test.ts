import { env } from "cloudflare:test";
import { beforeAll, describe, expect, test } from "vitest";
import type { Position } from "../../src/search/order.ts";
import type { SqlStatement } from "../../src/search/plan.ts";
import { planRunSearch, type RunSearchQuery } from "../../src/search/run-plan.ts";
import { EVERYTHING } from "../../src/search/visibility.ts";
import { migrate } from "../../src/stores/d1/connection/migrate.ts";
import { readRunPage } from "../../src/stores/d1/runs/run-page.ts";

const QUERY: RunSearchQuery = {
  experimentIds: ["1"],
  filter: "",
  orderBy: [],
  viewType: "ACTIVE_ONLY",
  maxResults: 100,
  visibility: EVERYTHING,
};

beforeAll(() => migrate(env.DB, 0));

/** How SQLite reads tables and sorts in the first statement of a page. */
async function queryPlan(query: Partial<RunSearchQuery>, after?: Position): Promise<string[]> {
  const pageToken = after && planRunSearch({ ...QUERY, ...query }).pageToken(after);
  return await explain(firstStatement({ ...query, pageToken }));
}

async function explain({ sql, values }: SqlStatement): Promise<string[]> {
  const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .bind(...values)
    .all<{ detail: string }>();
  return results.map(({ detail }) => detail).filter((detail) => /^(SEARCH|SCAN [a-z]|USE TEMP)/.test(detail));
}

function firstStatement(query: Partial<RunSearchQuery>): SqlStatement {
  const { step, from, candidates } = planRunSearch({ ...QUERY, ...query });
  return step({ cursor: from!, isFirst: true, candidates }).rows;
}

const BY_START = "SEARCH runs USING COVERING INDEX runs_by_start (experiment_id=? AND lifecycle_stage=?)";
const BY_METRIC = "SEARCH o0 USING COVERING INDEX latest_metrics_by_value (experiment_id=? AND key=? AND is_nan=?";
const RUN = "SEARCH runs USING INDEX sqlite_autoindex_runs_1 (run_id=?)";

const sorts = (plan: readonly string[]) => plan.filter((detail) => detail.startsWith("USE TEMP"));

describe("the statements take the intended way through the indices", () => {
  test("the default order walks the index by start time, without sorting", async () => {
    expect(await queryPlan({})).toEqual([BY_START, "SCAN r"]);
  });

  test("a large page of it does not sort either", async () => {
    const plan = await queryPlan({ maxResults: 50_000 });
    expect(plan).toContain(BY_START);
    expect(sorts(plan)).toEqual([]);
  });

  test("a later page of it begins at its position", async () => {
    const plan = await queryPlan({}, ["1700000000000", "abc"]);
    const ways = plan.filter((detail) => detail.startsWith("SEARCH"));
    expect(ways).toEqual([BY_START.replace(")", " AND start_time<?)"), BY_START.replace(")", " AND start_time=?)")]);
    expect(sorts(plan)).toEqual([]);
  });

  test.each<[what: string, query: Partial<RunSearchQuery>]>([
    ["one experiment", {}],
    ["several experiments", { experimentIds: ["1", "2", "3"] }],
    ["both stages", { viewType: "ALL" }],
    ["both stages of several experiments", { experimentIds: ["1", "2"], viewType: "ALL" }],
  ])("the candidates of %s come in their order from the index", async (_what, query) => {
    const { step, from, candidates } = planRunSearch({ ...QUERY, filter: "tags.t LIKE '%a%'", ...query });
    for (const after of [undefined, ["1700000000000", "abc"] as const]) {
      const { last } = step({ cursor: { ...from!, after }, isFirst: false, candidates });
      const plan = await explain(last!);
      expect(plan).toContainEqual(expect.stringContaining(BY_START.slice(0, -1)));
      expect(sorts(plan)).toEqual([]);
    }
  });

  test("the order by a metric walks a part of its index, and sorts ties only", async () => {
    const plan = await queryPlan({ orderBy: ["metrics.loss DESC"] });
    const walk = plan.indexOf(`${BY_METRIC} AND value>?)`);
    expect(walk).toBeGreaterThanOrEqual(0);
    expect(sorts(plan.slice(walk))[0]).toBe("USE TEMP B-TREE FOR LAST 2 TERMS OF ORDER BY");
  });

  test("a later page of it begins at its position", async () => {
    const plan = await queryPlan({ orderBy: ["metrics.loss"] }, [0, 0.5, "1", "abc"]);
    expect(plan).toContain(`${BY_METRIC} AND value>? AND value<?)`);
  });

  test("a range of the order's own metric bounds the walk", async () => {
    const plan = await queryPlan({ filter: "metrics.loss < 0.5", orderBy: ["metrics.loss DESC"] });
    expect(plan).toContain(`${BY_METRIC} AND value>? AND value<?)`);
  });

  test("an equal param or tag drives before a metric in a range, before the walk", async () => {
    const filter = "metrics.acc > 0.9 AND params.p = 'x' AND tags.t = 'y'";
    const plan = await queryPlan({ filter, orderBy: ["metrics.loss"] });
    const ways = plan.filter((detail) => / (d|o0) USING (COVERING )?INDEX/.test(detail));
    const [byParam, byTag] = ["params", "tags"].map((table) =>
      expect.stringMatching(`INDEX ${table}_by_value \\(experiment_id=\\? AND key=\\? AND value=\\?\\)`),
    );
    expect(ways).toEqual(expect.arrayContaining([byParam, byTag, `${BY_METRIC} AND value<?)`]));
    expect(await queryPlan({ filter: "metrics.acc > 0.9" })).toContain(`${BY_METRIC.replace("o0", "d")} AND value>?)`);
  });

  test("listed runs are looked up", async () => {
    const plan = await queryPlan({ filter: "run_id IN ('a', 'b')", orderBy: ["metrics.loss"] });
    expect(plan).toContain(RUN);
    expect(plan.join()).not.toMatch(/walk|runs_by_start/);
  });
});

describe("limits and hostile searches", () => {
  const search = (query: Partial<RunSearchQuery>) =>
    readRunPage(env.DB, planRunSearch({ ...QUERY, ...query }), { readsRecords: true });
  const many = (count: number, comparison: (index: number) => string, word = " AND ") =>
    Array.from({ length: count }, (_, index) => comparison(index)).join(word);
  /** Each level has `width` comparisons and the next level, alternately joined. */
  const nested = (depth: number, width = 1): string => {
    const word = depth % 2 === 0 ? " AND NOT " : " OR ";
    const ours = many(width, (index) => `tags.t${depth}_${index} LIKE '%a%b_%${depth}'`, word);
    return depth === 0 ? ours : `${ours}${word}(${nested(depth - 1, width)})`;
  };

  test("an experiment that cannot be has no runs", async () => {
    expect(await search({ experimentIds: ["-1"] })).toMatchObject({ ids: [] });
  });

  test("no experiments, no runs, yet the filter must be valid", async () => {
    expect(await search({ experimentIds: [] })).toMatchObject({ ids: [] });
    await expect(async () => search({ experimentIds: [], filter: "x" })).rejects.toThrow(/no attribute "x"/);
  });

  test.each<[string, string, string[]]>([
    ["60 comparisons, each with its own key and value", many(60, (index) => `params.k${index} = 'v${index}'`), []],
    ["60 long LIKEs", many(60, (index) => `tags.t${index} ILIKE '%${"ab_".repeat(40)}%c${index}%'`), []],
    ["60 datasets", many(60, (index) => `datasets.name LIKE '%${index}%'`), []],
    [
      "60 alternatives of long LIKEs",
      many(60, (index) => `tags.t${index} ILIKE '%${"ab_".repeat(40)}%c${index}%'`, " OR "),
      [],
    ],
    ["brackets 20 deep", nested(20), []],
    ["20 levels of AND and OR among 60 negated LIKEs", nested(20, 2), []],
    [
      "least and greatest values",
      "min(metrics.a) < 1 OR max(metrics.b) > 1",
      ["min(metrics.a)", "max(metrics.a) DESC"],
    ],
    ["first values", "first(metrics.a) < 1 OR NOT first(metrics.b) != 1", ["first(metrics.a)", "metrics.b DESC"]],
    ["quotes and NUL", `tags.t = "'; DROP TABLE runs; --\0"`, ["tags.`'; DROP TABLE runs` DESC"]],
    ["lone surrogates", "tags.t LIKE '%\ud800%'", []],
    ["a list of 20,000", `run_id IN (${many(20_000, (index) => `'${index}'`).replaceAll(" AND ", ",")})`, []],
    ...[
      ["metrics", 10],
      ["params", 10],
    ].map(([entity, count]): [string, string, string[]] => [
      `60 comparisons and ${count} orders by ${entity}`,
      many(60, (index) => `params.k${index} != 'v${index}'`),
      Array.from({ length: Number(count) }, (_, index) => `${entity}.m${index} DESC`),
    ]),
    [
      "60 long LIKEs and ten orders",
      many(60, (index) => `tags.t${index} ILIKE '%${"ab_".repeat(40)}%c${index}%'`),
      Array.from({ length: 10 }, (_, index) => `metrics.m${index} DESC`),
    ],
    ["ten orders", "", Array.from({ length: 10 }, (_, index) => `metrics.m${index} DESC`)],
    ["numbers beyond everything", "start_time < 1e400 AND end_time > -99999999999999999999 AND metrics.a > -1e400", []],
  ])("%s: answered", async (_name, filter, orderBy) => {
    expect(await search({ filter, orderBy })).toMatchObject({ ids: [] });
    const later = planRunSearch({ ...QUERY, filter, orderBy });
    const position = orderBy.flatMap((order): (string | number)[] =>
      /^(metrics|first)/.test(order) ? [0, 0.5] : [order.includes("(") ? 0.5 : "x"],
    );
    const pageToken = later.pageToken([...position, "1", "x"]);
    expect(await search({ filter, orderBy, pageToken })).toMatchObject({ ids: [] });
  });

  test.each([20, 60])("%i of the longest comparisons stay below 100 KB of SQL", (count) => {
    const pattern = (index: number) => `%${"ab_".repeat(50)}%c${index}_d%e${index}`;
    const filter = `params.p = 'x' AND tags.t = 'y' AND ${many(count - 2, (index) => `tags.t${index} ILIKE '${pattern(index)}'`)}`;
    const orderBy = Array.from({ length: 10 }, (_, index) => `metrics.m${index}`);
    const { sql, values } = firstStatement({ filter, orderBy });
    expect(sql.length).toBeLessThan(90_000);
    expect(values.length).toBeLessThanOrEqual(100);
  });

  test("2,000 experiments at once", async () => {
    const experimentIds = Array.from({ length: 2000 }, (_, index) => String(index));
    expect(await search({ experimentIds, orderBy: ["metrics.a"] })).toMatchObject({ ids: [] });
  });

  test.each([
    ["61 comparisons", { filter: many(61, (index) => `params.k${index} = 'v'`) }],
    ["200 long LIKEs", { filter: many(200, () => `tags.t LIKE '%${"x".repeat(60)}%'`) }],
    ["an order twice", { orderBy: ["created", "start_time DESC"] }],
    ["an experiment id that is no number", { experimentIds: ["x"] }],
    ["a foreign page token", { pageToken: planRunSearch({ ...QUERY, filter: "AND" }).pageToken(["1", "x"]) }],
  ])("%s: refused", async (_name, query) => {
    await expect(async () => search(query)).rejects.toThrow(
      expect.objectContaining({ code: "INVALID_PARAMETER_VALUE" }),
    );
  });
});
