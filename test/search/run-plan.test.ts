import { env } from "cloudflare:test";
import { beforeAll, describe, expect, test } from "vitest";
import { planRunSearch, type RunSearchQuery } from "../../src/search/run-plan.ts";
import { migrate } from "../../src/stores/d1/migrate.ts";
import { searchRunIds } from "../../src/stores/d1/search.ts";

const QUERY: RunSearchQuery = {
  experimentIds: ["1"],
  filter: "",
  orderBy: [],
  viewType: "ACTIVE_ONLY",
  maxResults: 100,
};

beforeAll(() => migrate(env.DB));

/** SQLite's plan of each statement of a first page, without the gates' subqueries. */
async function queryPlans(query: Partial<RunSearchQuery>): Promise<string[]> {
  const statements = planRunSearch({ ...QUERY, ...query })
    .stages(undefined, 101)
    .flat();
  const plans = await Promise.all(
    statements.map(({ sql, values }) =>
      env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .bind(...values)
        .all<{ detail: string; id: number; parent: number }>(),
    ),
  );
  return plans.map(({ results }) =>
    results
      .filter(({ parent }) => parent === 0)
      .map(({ detail }) => detail)
      .filter((detail) => !detail.includes("SUBQUERY"))
      .join("\n"),
  );
}

describe("the statements take the intended way through the indices", () => {
  test("the default order walks the index by start time, without sorting", async () => {
    expect(await queryPlans({})).toEqual([
      "SEARCH r USING COVERING INDEX runs_by_start (experiment_id=? AND lifecycle_stage=?)",
    ]);
  });

  test("the order by a metric walks its index and sorts ties only", async () => {
    const [numbers, nans, missing] = await queryPlans({ orderBy: ["metrics.loss DESC"] });
    expect(numbers).toBe(
      [
        "SEARCH o0 USING COVERING INDEX latest_metrics_by_value (experiment_id=? AND key=? AND is_nan=?)",
        "SEARCH r USING INDEX sqlite_autoindex_runs_1 (run_id=?)",
        "USE TEMP B-TREE FOR LAST 2 TERMS OF ORDER BY",
      ].join("\n"),
    );
    expect(nans).toContain("SEARCH o0 USING COVERING INDEX latest_metrics_by_value");
    expect(missing).toBe("SEARCH r USING COVERING INDEX runs_by_start (experiment_id=? AND lifecycle_stage=?)");
  });

  test("a range of the order's own metric bounds the walk", async () => {
    expect(await queryPlans({ filter: "metrics.loss < 0.5", orderBy: ["metrics.loss"] })).toEqual([
      expect.stringContaining("latest_metrics_by_value (experiment_id=? AND key=? AND is_nan=? AND value<?)"),
    ]);
  });

  test("an equal param, an equal tag or a metric in a range may drive", async () => {
    const filter = "metrics.acc > 0.9 AND params.p = 'x' AND tags.t = 'y'";
    const [first, second, walk] = await queryPlans({ filter, orderBy: ["metrics.loss"] });
    expect(first).toMatch(/^SEARCH d USING INDEX params_by_value \(experiment_id=\? AND key=\? AND <expr>=\?\)/);
    expect(second).toMatch(/^SEARCH d USING INDEX tags_by_value \(experiment_id=\? AND key=\? AND <expr>=\?\)/);
    expect(walk).toMatch(/^SEARCH o0 USING COVERING INDEX latest_metrics_by_value/);
    const [byMetric] = await queryPlans({ filter: "metrics.acc > 0.9" });
    expect(byMetric).toMatch(/^SEARCH d USING COVERING INDEX latest_metrics_by_value \(.* AND value>\?\)/);
  });

  test("listed runs are looked up", async () => {
    const [plan, none] = await queryPlans({ filter: "run_id IN ('a', 'b')", orderBy: ["metrics.loss"] });
    expect(plan).toContain("SEARCH r USING INDEX sqlite_autoindex_runs_1 (run_id=?)");
    expect(none).toBeUndefined();
  });

  test("a later page of the default order begins at its position", async () => {
    const plan = planRunSearch(QUERY);
    const [started] = plan.stages(["1700000000000", "abc"], 101).flat();
    const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${started?.sql}`)
      .bind(...(started?.values ?? []))
      .all<{ detail: string }>();
    expect(results.map(({ detail }) => detail).join("\n")).toMatch(/runs_by_start \(.* AND start_time<\?\)$/);
  });
});

describe("limits and hostile searches", () => {
  const search = (query: Partial<RunSearchQuery>) => searchRunIds(env.DB, planRunSearch({ ...QUERY, ...query }));
  const many = (count: number, comparison: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => comparison(index)).join(" AND ");

  test("no experiments, no runs, yet the filter must be valid", async () => {
    expect(await search({ experimentIds: [] })).toEqual({ runIds: [] });
    await expect(async () => search({ experimentIds: [], filter: "x" })).rejects.toThrow(/no attribute "x"/);
  });

  test.each<[string, string, string[]]>([
    ["60 comparisons, each with its own key and value", many(60, (index) => `params.k${index} = 'v${index}'`), []],
    ["60 long LIKEs", many(60, (index) => `tags.t${index} ILIKE '%${"ab_".repeat(40)}%c${index}%'`), []],
    ["60 datasets", many(60, (index) => `datasets.name LIKE '%${index}%'`), []],
    ["quotes and NUL", `tags.t = "'; DROP TABLE runs; --\0"`, ["tags.`'; DROP TABLE runs` DESC"]],
    ["lone surrogates", "tags.t LIKE '%\ud800%'", []],
    ["a list of 20,000", `run_id IN (${many(20_000, (index) => `'${index}'`).replaceAll(" AND ", ",")})`, []],
    ["ten orders", "", Array.from({ length: 10 }, (_, index) => `metrics.m${index} DESC`)],
    ["numbers beyond everything", "start_time < 1e400 AND end_time > -99999999999999999999 AND metrics.a > -1e400", []],
  ])("%s: answered", async (_name, filter, orderBy) => {
    expect(await search({ filter, orderBy })).toEqual({ runIds: [] });
    const later = planRunSearch({ ...QUERY, filter, orderBy });
    const position = orderBy.flatMap((order) => (order.startsWith("metrics") ? [0, 0.5] : ["x"]));
    const pageToken = later.pageToken([...position, "1", "x"]);
    expect(await search({ filter, orderBy, pageToken })).toEqual({ runIds: [] });
  });

  test("2,000 experiments at once", async () => {
    const experimentIds = Array.from({ length: 2000 }, (_, index) => String(index));
    expect(await search({ experimentIds, orderBy: ["metrics.a"] })).toEqual({ runIds: [] });
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
