import { env } from "cloudflare:test";
import { beforeAll, describe, expect, test } from "vitest";
import { pageToken } from "../../src/search/page-token.ts";
import { planPageColumns } from "../../src/search/run-columns.ts";
import { planRunSearch, type RunSearchQuery } from "../../src/search/run-plan.ts";
import { EVERYTHING, type Visibility } from "../../src/search/visibility.ts";
import { finishCount, readRunPage } from "../../src/stores/d1/runs/run-page.ts";
import { insertRuns, type SearchedRun } from "./population.ts";

/* The ways of a search to its runs: counts, listed ids, drivers and visibility, over a few runs that differ in one thing each. */

const QUERY: RunSearchQuery = {
  experimentIds: ["1"],
  filter: "",
  orderBy: [],
  viewType: "ACTIVE_ONLY",
  maxResults: 100,
  visibility: EVERYTHING,
};

const RUN: SearchedRun = {
  runId: "a",
  experimentId: 1,
  status: "FINISHED",
  userId: "u",
  startTime: 1n,
  endTime: null,
  deleted: false,
  metrics: { loss: 0.5 },
  params: { lr: "0.1", model: "cnn" },
  tags: { team: "x" },
  datasets: [],
};

beforeAll(() =>
  insertRuns(env.DB, [
    RUN,
    { ...RUN, runId: "b", startTime: 2n, metrics: { loss: 0.25 } },
    { ...RUN, runId: "c", startTime: 3n, params: { lr: "0.2", model: "cnn" } },
    { ...RUN, runId: "d", startTime: 4n, tags: { team: "y" } },
    { ...RUN, runId: "e", startTime: 5n, status: "RUNNING" },
    { ...RUN, runId: "f", startTime: 6n, deleted: true },
    { ...RUN, runId: "g", startTime: 7n, experimentId: 2 },
  ]),
);

const plan = (query: Partial<RunSearchQuery>, driverCap?: number) =>
  planRunSearch({ ...QUERY, ...query }, driverCap === undefined ? {} : { driverCap });

/** The ids of the search, by each of its ways: a walk along the order, and a driver if the filter has one. */
async function idsOf(query: Partial<RunSearchQuery>): Promise<string> {
  const [walked, driven] = await Promise.all(
    [0, 1_000_000].map(async (cap) =>
      (await readRunPage(env.DB, plan(query, cap), { readsRecords: false })).ids.join(""),
    ),
  );
  expect(driven).toBe(walked);
  return walked!;
}

const countOf = (query: Partial<RunSearchQuery>) => finishCount(env.DB, plan(query), []);

/** Shows only the runs with these ids. */
const only = (...ids: string[]): Visibility => ({
  name: ids.join(),
  run: (id, binder) => `${id} IN (SELECT value FROM ${binder.list(ids)})`,
});

/** Shows only the runs of these experiments. */
const runsOf = (...ids: number[]): Visibility => ({
  name: ids.join(),
  runsOf: (id, binder) => `${id} IN (SELECT value FROM ${binder.list(ids)})`,
});

test.each<[string, Partial<RunSearchQuery>, string]>([
  ["nothing", {}, "edcba"],
  ["deleted runs", { viewType: "DELETED_ONLY" }, "f"],
  ["all stages", { viewType: "ALL" }, "fedcba"],
  ["two experiments", { experimentIds: ["1", "2"] }, "gedcba"],
  ["an experiment twice", { experimentIds: ["2", "2"] }, "g"],
  ["no experiment", { experimentIds: [] }, ""],
  ["a param", { filter: "params.lr = '0.1'" }, "edba"],
  ["a param and another", { filter: "params.lr = '0.1' AND params.model = 'cnn'" }, "edba"],
  ["a param and a tag", { filter: "params.lr = '0.1' AND tags.team = 'x'" }, "eba"],
  ["a param that no run has", { filter: "params.lr = '9' AND tags.team = 'x'" }, ""],
  ["a metric", { filter: "metrics.loss < 0.3" }, "b"],
  ["a metric, in an order of its own", { filter: "metrics.loss >= 0.25", orderBy: ["metrics.loss"] }, "bedca"],
  ["a metric in two experiments", { filter: "metrics.loss > 0.3", experimentIds: ["1", "2"] }, "gedca"],
  ["not a param", { filter: "params.lr != '0.1'" }, "c"],
  ["a status", { filter: "status = 'RUNNING'" }, "e"],
  ["a status and a param", { filter: "status = 'RUNNING' AND params.lr = '0.2'" }, ""],
  [
    "two patterns that SQL cannot decide, the first with an alternative",
    { filter: "(params.model LIKE '%c%n_%' OR params.lr = '9') AND params.model LIKE '%c_%n%'" },
    "edcba",
  ],
  ["one of two", { filter: "params.lr = '0.2' OR tags.team = 'y'" }, "dc"],
  ["ids", { filter: "run_id IN ('a', 'c', 'f', 'g', 'z')" }, "ca"],
  ["ids, some of them twice", { filter: "run_id IN ('a', 'c', 'a')" }, "ca"],
  ["ids of any stage", { filter: "run_id IN ('a', 'f')", viewType: "ALL" }, "fa"],
  ["ids and a param", { filter: "run_id IN ('a', 'c') AND params.lr = '0.2'" }, "c"],
  ["ids that are left out", { filter: "run_id NOT IN ('a', 'c')" }, "edb"],
  ["an id", { filter: "run_id = 'b'" }, "b"],
  ["an id and an order", { filter: "run_id IN ('a', 'b', 'c')", orderBy: ["metrics.loss", "start_time DESC"] }, "bca"],
  ["another id", { filter: "run_id != 'b'" }, "edca"],
  ["a part of an id", { filter: "run_id LIKE 'b%'" }, "b"],
  ["the visible runs", { visibility: only("a", "c", "f") }, "ca"],
  ["the visible of listed runs", { filter: "run_id IN ('a', 'b')", visibility: only("b", "c") }, "b"],
  ["no run of an experiment whose runs are hidden", { experimentIds: ["1", "2"], visibility: runsOf(2) }, "g"],
  ["… that is alone", { visibility: runsOf(2) }, ""],
  ["… nor a listed one", { filter: "run_id IN ('a', 'g')", experimentIds: ["1", "2"], visibility: runsOf(2) }, "g"],
  ["the visible of a driver's runs", { filter: "params.lr = '0.1'", visibility: only("b", "c") }, "b"],
])("%s: found by every way, and counted", async (_name, query, ids) => {
  expect(await idsOf(query)).toBe(ids);
  if (query.experimentIds?.length !== 0) expect(await countOf(query)).toBe(ids.length);
});

test("hidden runs neither end a search early, nor are they counted in one statement", async () => {
  const hidden = planRunSearch({ ...QUERY, maxResults: 1, visibility: only("a") }, { candidates: 2 });
  expect((await readRunPage(env.DB, hidden, {})).ids).toEqual(["a"]);
  expect(await finishCount(env.DB, hidden, [])).toBe(1);
  const { from, step } = hidden.count;
  expect(step({ cursor: from!, isFirst: true, candidates: 2 }).last).toBeDefined();
});

test("a pattern that SQL cannot decide is counted row by row", async () => {
  const filter = "params.model LIKE '%c%n_%'";
  expect(plan({ filter }).residues).toHaveLength(1);
  expect(plan({ filter }).count.isNumber).toBe(false);
  expect(await countOf({ filter })).toBe(5);
});

test("the plan tells the only runs that can match, if the filter lists them", () => {
  const listed = (filter: string) => plan({ filter }).listedRunIds;
  expect(listed("run_id IN ('a', 'b')")).toEqual(["a", "b"]);
  expect(listed("params.p = 'x' AND run_id = 'a'")).toEqual(["a"]);
  for (const filter of [
    "",
    "params.p = 'a'",
    "run_id != 'a'",
    "run_id NOT IN ('a')",
    "run_id LIKE 'a'",
    "user_id = 'a'",
  ]) {
    expect(listed(filter), filter).toBeUndefined();
  }
  expect(listed("run_id = 'a' OR run_id = 'b'")).toBeUndefined();
});

test("the plan tells the metrics of filter and order, each once", () => {
  const keys = (filter: string, orderBy: string[] = []) => plan({ filter, orderBy }).metricKeys;
  expect(
    keys("metrics.a > 1 AND (params.p = 'x' OR min(metrics.b) < 2)", ["metrics.c", "tags.t", "metrics.a"]),
  ).toEqual(["a", "b", "c"]);
  expect(keys("params.a = 'x' AND tags.b = 'y'", ["start_time"])).toEqual([]);
});

describe("a page token", () => {
  const token = plan({}).pageToken(["1", "a"]);

  test("continues its own search", () => {
    expect(plan({ pageToken: token }).start).toEqual(["1", "a"]);
    expect(plan({ pageToken: token, maxResults: 1 }).start).toEqual(["1", "a"]);
  });

  test.each<[string, Partial<RunSearchQuery>]>([
    ["other experiments", { experimentIds: ["2"] }],
    ["another filter", { filter: "params.lr = '0.1'" }],
    ["another order", { orderBy: ["start_time ASC"] }],
    ["another stage", { viewType: "ALL" }],
    ["another caller", { visibility: only("a") }],
  ])("is refused for %s", (_name, query) => {
    expect(() => plan({ ...query, pageToken: token })).toThrow(
      expect.objectContaining({ code: "INVALID_PARAMETER_VALUE" }),
    );
  });

  test("of another kind of search is refused", () => {
    const foreign = pageToken("experiments", ["1", "a"]);
    expect(() => plan({ pageToken: foreign })).toThrow(expect.objectContaining({ code: "INVALID_PARAMETER_VALUE" }));
  });
});

test.each([0, -1, 50_001, Number.NaN])("a page of %d runs is refused", (maxResults) => {
  expect(() => plan({ maxResults })).toThrow(expect.objectContaining({ code: "INVALID_PARAMETER_VALUE" }));
});

test("pages of one run each have every run once, by every way", async () => {
  for (const query of [
    {},
    { filter: "params.model = 'cnn'" },
    { filter: "run_id IN ('a', 'b', 'c', 'd')" },
    { orderBy: ["metrics.loss"] },
    { experimentIds: ["1", "2"], orderBy: ["params.lr", "start_time"] },
  ]) {
    for (const cap of [0, 1_000_000]) {
      const whole = (await readRunPage(env.DB, plan(query, cap), { readsRecords: false })).ids;
      const single: string[] = [];
      let next: string | undefined;
      do {
        const page = await readRunPage(env.DB, plan({ ...query, maxResults: 1, pageToken: next }, cap), {
          readsRecords: false,
        });
        single.push(...page.ids);
        next = page.nextPageToken;
      } while (next !== undefined && single.length < 20);
      expect(single).toEqual(whole);
    }
  }
});

describe("a page with fields of its runs", () => {
  const page = { sql: "SELECT value AS c0, key AS c1 FROM json_each(?1)", values: ['["b","a","c"]'] };
  const lr = { entity: "param", key: "lr" } as const;
  const loss = { entity: "metric", key: "loss" } as const;

  async function rowsOf(fields: Parameters<typeof planPageColumns>[2], textBytes = 1000): Promise<unknown[][]> {
    const { sql, values } = planPageColumns(page, 2, fields, textBytes)!;
    const { results } = await env.DB.prepare(sql)
      .bind(...values)
      .all();
    return results.map((row) => Object.values(row as object));
  }

  test("has the page's columns, the fields, and the bytes of the texts so far", async () => {
    expect(await rowsOf([lr, loss])).toEqual([
      ["b", 0, "0.1", 0.25, 3],
      ["a", 1, "0.1", 0.5, 6],
      ["c", 2, "0.2", 0.5, 9],
    ]);
  });

  test("leaves fields out of rows beyond the bytes", async () => {
    expect(await rowsOf([lr, loss], 6)).toEqual([
      ["b", 0, "0.1", 0.25, 3],
      ["a", 1, "0.1", 0.5, 6],
      ["c", 2, null, null, 9],
    ]);
    expect((await rowsOf([loss], 0)).map((row) => row[2])).toEqual([0.25, 0.5, 0.5]);
  });

  test("is one statement only up to D1's limits", () => {
    const fields = (count: number) => Array.from({ length: count }, () => loss);
    const bound = (count: number) => ({ ...page, values: Array.from({ length: count }, () => "x") });
    expect(planPageColumns(page, 2, fields(60), 1)).toBeDefined();
    expect(planPageColumns(page, 2, fields(61), 1)).toBeUndefined();
    expect(planPageColumns(page, 30, fields(60), 1)).toBeDefined();
    expect(planPageColumns(page, 31, fields(60), 1)).toBeUndefined();
    expect(planPageColumns(bound(60), 2, fields(1), 1)).toBeDefined();
    expect(planPageColumns(bound(61), 2, fields(1), 1)).toBeUndefined();
  });
});
