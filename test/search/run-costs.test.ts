import { env } from "cloudflare:test";
import { beforeAll, describe, expect, test } from "vitest";
import { RUN_TABLE_ORDER_GRAMMAR } from "../../src/search/grammar.ts";
import { planRunSearch, type RunSearchQuery } from "../../src/search/run-plan.ts";
import { EVERYTHING, type Visibility } from "../../src/search/visibility.ts";
import { toPageRows } from "../../src/stores/d1/connection/page.ts";
import { insertRuns, type SearchedRun } from "./population.ts";

/* What the statements of a search read: the answers are the same without these rules, but later. */

const QUERY: RunSearchQuery = {
  experimentIds: ["1"],
  filter: "",
  orderBy: [],
  orderGrammar: RUN_TABLE_ORDER_GRAMMAR,
  viewType: "ACTIVE_ONLY",
  maxResults: 100,
  visibility: EVERYTHING,
};

const GRANTED: Visibility = {
  name: "granted",
  run: (id, binder) => `${id} IN (SELECT value FROM ${binder.list(["a"])})`,
};

const plan = (query: Partial<RunSearchQuery>) => planRunSearch({ ...QUERY, ...query });

/** The first statements of a page. */
function first(query: Partial<RunSearchQuery>, candidates = 12_000) {
  const { step, from } = plan(query);
  return step({ cursor: from!, isFirst: true, candidates });
}

/** The first statements of a count. */
function firstCount(query: Partial<RunSearchQuery>) {
  const { step, from } = plan(query).count;
  return step({ cursor: from!, isFirst: true, candidates: 12_000 });
}

const timesIn = (sql: string, part: string) => sql.split(part).length - 1;

const equal = (count: number) => Array.from({ length: count }, (_, index) => `params.p${index} = 'x'`).join(" AND ");

describe("an index that may lead to few runs", () => {
  const drivers = (filter: string) => timesIn(first({ filter }).rows.sql, "CASE (SELECT place FROM driver) WHEN");

  test.each([
    ["none without comparisons", "", 0],
    ["of a comparison", equal(1), 1],
    ["of two at most", equal(3), 2],
    ["of few comparisons only, because each repeats the filter", equal(20), 2],
    ["not of many", equal(21), 0],
    ["not of an alternative", `(${equal(1)} OR params.q = 'y')`, 0],
    ["not of a difference", "params.p != 'x'", 0],
    ["not of a pattern", "params.p LIKE 'x%'", 0],
    ["not of a number in a text", "params.p < 5", 0],
    ["of a metric's range", "metrics.m > 1", 1],
    ["not of a metric's difference", "metrics.m != 1", 0],
    ["not of a metric's first value", "first(metrics.m) > 1", 0],
    ["of a text that the index has", `params.p = '${"🙂".repeat(200)}'`, 1],
    ["not of a longer one", `params.p = '${"🙂".repeat(201)}'`, 0],
    ["not of a text with a NUL", "params.p = 'a\0b'", 0],
    ["not where the runs are listed", `run_id IN ('a') AND ${equal(1)}`, 0],
  ])("%s", (_what, filter, count) => {
    expect(drivers(filter)).toBe(count);
    const counted = firstCount({ filter }).rows.sql;
    expect(timesIn(counted, " THEN (SELECT count(*) AS runs")).toBe(count);
    expect(counted.includes("ELSE (SELECT count(*) AS runs")).toBe(count > 0);
  });

  test("decides its comparison alone, in pages and counts", () => {
    for (const { rows } of [first({ filter: equal(1) }), firstCount({ filter: equal(1) })]) {
      // The candidates test the comparison, and the driver does not test it again.
      expect(timesIn(rows.sql, "EXISTS")).toBe(1);
    }
    for (const { rows } of [first({ filter: equal(2) }), firstCount({ filter: equal(2) })]) {
      expect(timesIn(rows.sql, "EXISTS")).toBe(4);
    }
  });

  test("is asked for the last candidate by the first statement only", () => {
    const { step, from } = plan({ filter: equal(1) });
    const last = (isFirst: boolean) => step({ cursor: from!, isFirst, candidates: 10 }).last!.sql;
    expect([last(true).includes("params_by_value"), last(false).includes("params_by_value")]).toEqual([true, false]);
    expect(first({ filter: "params.p != 'x'" }).last!.sql).not.toContain("CASE");
  });

  test.each<[what: string, query: Partial<RunSearchQuery>, candidates: number, rows: number[]]>([
    ["along an order of an index", { filter: equal(1) }, 40_000, [2000]],
    ["… in a small page", { filter: equal(1), maxResults: 1 }, 40_000, [1000]],
    ["… with another condition", { filter: `${equal(1)} AND params.q != 'y'` }, 40_000, [8000]],
    ["… by a metric", { filter: equal(1), orderBy: ["metrics.m"] }, 40_000, [2000]],
    ["in another order, as many as candidates", { filter: equal(1), orderBy: ["params.z"] }, 40_000, [20_000]],
    ["few candidates", { filter: equal(1) }, 100, [50]],
    ["rows with texts", { filter: `${equal(1)} AND tags.t LIKE '%a%b%'` }, 40_000, [1000]],
    ["two indexes: one with few rows first", { filter: equal(2) }, 40_000, [1000, 1000, 8000, 8000]],
  ])("is used if it leads to fewer rows than the way %s", (_what, query, candidates, rows) => {
    const counted = first(query, candidates).rows.sql.matchAll(/ LIMIT (\d+)\)\) < \1 THEN/g);
    expect([...counted].map(([, limit]) => Number(limit))).toEqual(rows);
  });
});

describe("a statement", () => {
  test.each<[what: string, query: Partial<RunSearchQuery>, candidates: number]>([
    ["few look-ups", { filter: equal(2), orderBy: ["start_time", "status", "duration"] }, 12_000],
    ["a look-up for each comparison", { filter: equal(7) }, 5000],
    ["three for each value of the order", { orderBy: ["params.a", "tags.b", "metrics.c"] }, 4000],
    ["two for a caller's grants", { filter: equal(5), visibility: GRANTED }, 5000],
  ])("looks at as many candidates as %s allow", (_what, query, candidates) => {
    expect(plan(query).candidates).toBe(candidates);
  });

  test("of listed runs tests their ids once", () => {
    expect(plan({ filter: "run_id IN ('a', 'b')" }).listedRunIds).toEqual(["a", "b"]);
    expect(plan({ filter: "run_id = 'a'" }).listedRunIds).toEqual(["a"]);
    for (const filter of ["tags.run_id = 'a'", "run_id != 'a'", "run_id LIKE 'a'", "run_id NOT IN ('a')"]) {
      expect(plan({ filter }).listedRunIds, filter).toBeUndefined();
    }
    expect(timesIn(first({ filter: "run_id IN ('a', 'b')" }).rows.sql, "run_id = value")).toBe(1);
    expect(first({ filter: "run_id IN ('a', 'b')" }).rows.sql).not.toContain("run_id IN");
  });

  test.each<[query: Partial<RunSearchQuery>, columns: string]>([
    [{}, "experiment_id, start_time, run_id"],
    [{ filter: "params.a = 'x' AND tags.b = 'y' AND datasets.name = 'd'" }, "experiment_id, start_time, run_id"],
    [{ filter: "run_name = 'x' AND end_time > 5" }, "experiment_id, start_time, run_id, end_time"],
    [{ orderBy: ["run_name", "metrics.m", "duration"] }, "experiment_id, start_time, run_id, run_name, end_time"],
  ])("reads of each run only what %j uses", (query, columns) => {
    expect(first(query).rows.sql).toContain(`(SELECT ${columns} FROM runs INDEXED BY`);
    expect(first({ ...query, maxResults: 12_000 }).last!.sql).toContain(
      "(SELECT experiment_id, start_time, run_id FROM runs INDEXED BY",
    );
  });

  test.each([
    [[], ["r.start_time", "r.run_id"]],
    [["start_time DESC"], ["r.start_time", "r.run_id"]],
    [
      ["run_id", "start_time"],
      ["r.run_id", "r.start_time"],
    ],
    [["status"], ["r.status", "r.start_time", "r.run_id"]],
  ])("sorts by each column once: %j", (orderBy, columns) => {
    expect(plan({ orderBy }).columns.map(({ sql }) => sql)).toEqual(columns);
  });

  test("by a field once", () => {
    expect(() => plan({ orderBy: ["params.a", "params.a DESC"] })).toThrow("order_by names param.a more than once.");
  });

  test("joins no values for an order by the name, which is a column of the run", () => {
    expect(first({ orderBy: ["run_name"] }).rows.sql).not.toContain("JOIN");
    expect(first({ orderBy: ["params.a", "tags.b"] }).rows.sql.match(/LEFT JOIN \w+/g)).toEqual([
      "LEFT JOIN params",
      "LEFT JOIN tags",
    ]);
  });

  test.each([[5.5], [null]])("a page begins after a duration of %j", (duration) => {
    const query = { orderBy: ["duration"] };
    const after = [duration, "1", "a"];
    expect(plan({ ...query, pageToken: plan(query).pageToken(after) }).start).toEqual(after);
  });

  test("reads the bytes of texts only in orders by other texts than the id", () => {
    expect(first({}).rows.sql).not.toContain("octet_length");
    expect(first({ orderBy: ["status"] }).rows.sql).toContain("octet_length(c1)");
  });

  test.each<[what: string, query: Partial<RunSearchQuery>, candidates: number, isLast: boolean]>([
    ["every candidate is a row of the page", {}, 101, true],
    ["the page is larger", {}, 100, false],
    ["some may not match", { filter: equal(1) }, 101, false],
    ["some may be hidden", { visibility: GRANTED }, 101, false],
    ["another order needs all", { orderBy: ["params.a"] }, 101, false],
  ])("does not look for the last candidate if %s", (_what, query, candidates, isLast) => {
    expect(first(query, candidates).last === undefined).toBe(isLast);
  });

  test("counts all runs by their index, in one step, if all match", () => {
    const { rows, last } = firstCount({});
    expect([rows.sql.includes("INDEXED BY runs_by_start"), rows.sql.includes("LIMIT"), last]).toEqual([
      true,
      false,
      undefined,
    ]);
    expect(plan({}).count.isNumber).toBe(true);
    for (const query of [{ filter: "params.p != 'x'" }, { filter: "run_id IN ('a')" }, { visibility: GRANTED }]) {
      expect(firstCount(query).last, JSON.stringify(query)).toBeDefined();
    }
  });
});

describe("the walk along a metric", () => {
  const by = { orderBy: ["metrics.m"] };
  const isWalked = (query: Partial<RunSearchQuery>, candidates?: number) =>
    first(query, candidates).rows.sql.includes("walked AS MATERIALIZED");

  test.each<[what: string, query: Partial<RunSearchQuery>, candidates: number, walked: boolean]>([
    ["by a metric", by, 12_000, true],
    ["not by its first value", { orderBy: ["first(metrics.m)"] }, 12_000, false],
    ["not by a param", { orderBy: ["params.m"] }, 12_000, false],
    ["not over two experiments", { ...by, experimentIds: ["1", "2"] }, 12_000, false],
    ["not with a pattern that SQL cannot decide", { ...by, filter: "tags.t LIKE '%a%b%'" }, 12_000, false],
    ["not if a page is larger than what it reads", { ...by, filter: equal(1) }, 100, false],
    ["… but one row more is enough", { ...by, filter: equal(1) }, 101, true],
    ["a page without conditions reads little", { ...by, maxResults: 12_000 }, 12_000, false],
  ])("%s", (_what, query, candidates, walked) => {
    expect(isWalked(query, candidates)).toBe(walked);
  });

  test("reads no more than a bounded part of the index, from the page's begin", () => {
    const beyond = (orderBy: string, after?: readonly (string | number)[]) => {
      const query = { orderBy: [orderBy] };
      const { sql } = first({ ...query, pageToken: after && plan(query).pageToken(after) }).rows;
      return sql.slice(sql.indexOf("beyond (value)"), sql.indexOf("walk0 AS")).replaceAll(/\s+/g, " ");
    };
    expect(beyond("metrics.m")).not.toMatch(/value [<>]/);
    expect(beyond("metrics.m")).toContain("ORDER BY o0.value LIMIT 1 OFFSET ");
    expect(beyond("metrics.m", [0, 3, "1", "a"])).toMatch(/ AND \(?o0\.value >= \?\d+/);
    expect(beyond("metrics.m DESC", [0, 3, "1", "a"])).toMatch(/ AND \(?o0\.value <= \?\d+/);
    // Runs without the metric come from the index of start times.
    const missing = (after: readonly (string | number | null)[]) => {
      const { sql } = first({ ...by, pageToken: plan(by).pageToken(after) }).rows;
      return sql.slice(0, sql.indexOf("walked AS")).includes("start_time <= CAST");
    };
    expect([missing([2, null, "5", "g"]), missing([1, 0, "5", "g"])]).toEqual([true, false]);
    expect(beyond("metrics.m DESC")).toContain("ORDER BY o0.value DESC LIMIT 1 OFFSET ");
  });

  test("does not test again what the index decides, and does not sort what is sorted", () => {
    const { sql } = first({ ...by, filter: "metrics.m >= 2" }).rows;
    // The candidates test it.
    expect(timesIn(sql, "EXISTS (SELECT 1 FROM latest_metrics")).toBe(1);
    const all = first(by).rows.sql;
    expect(timesIn(all.slice(all.indexOf("walk2 AS"), all.indexOf("walked AS")), "ORDER BY")).toBe(1);
  });

  test("reads nothing if another index answers", () => {
    expect(first({ ...by, filter: equal(1) }).rows.sql).toContain("iif((SELECT place FROM driver) >= 0, 0, ");
    expect(first({ ...by, filter: "params.p != 'x'" }).rows.sql).not.toContain("driver");
  });

  test("reads few more rows than the page has if it meets only deleted runs, else as many as there are candidates", () => {
    expect(first({ ...by, maxResults: 10 }, 9999).rows.values).toContain(1040);
    expect(first({ ...by, maxResults: 10, filter: equal(1) }, 9999).rows.values).toContain(9999);
    expect(first({ ...by, maxResults: 10, visibility: GRANTED }, 9999).rows.values).not.toContain(1040);
  });
});

describe("the walk fills a page", () => {
  const RUN: SearchedRun = {
    ...{ runId: "", experimentId: 1, status: "FINISHED", userId: "u", startTime: null, endTime: null, deleted: false },
    ...{ metrics: {}, params: {}, tags: {}, datasets: [] },
  };
  const VALUES = [1, 2, 2, 3, Number.NaN, Number.NaN, undefined, undefined];

  beforeAll(() =>
    insertRuns(
      env.DB,
      VALUES.map((m, index) => ({
        ...RUN,
        runId: String.fromCharCode(97 + index),
        startTime: BigInt(-index),
        metrics: m === undefined ? {} : { m },
        ranges: m === undefined || Number.isNaN(m) ? {} : { m: [m, m] },
        params: { even: String(index % 2 === 0), ...(index % 2 === 0 && { m: "x" }) },
      })),
    ),
  );

  /** The ids of a page, and whether the walk alone has found them. */
  async function page(query: Partial<RunSearchQuery>, after?: readonly (string | number | null)[]) {
    const all = { ...QUERY, maxResults: 2, ...query };
    const pageToken = after && plan(all).pageToken(after);
    const { step, from, candidates } = planRunSearch({ ...all, pageToken }, { driverCap: 0 });
    const { rows } = step({ cursor: from!, isFirst: true, candidates });
    const found = toPageRows(
      await env.DB.prepare(rows.sql)
        .bind(...rows.values)
        .run(),
    );
    return [found.map(([id]) => id).join(""), found.every((row) => row.at(-2) === 1)] as const;
  }

  const by = { orderBy: ["metrics.m"] };
  const down = { orderBy: ["metrics.m DESC"] };
  test.each<[string, Partial<RunSearchQuery>, readonly (string | number | null)[] | undefined, string, boolean]>([
    ["of numbers", by, undefined, "abc", true],
    ["of numbers, descending", down, undefined, "dbc", true],
    ["after a number", by, [0, 1, "0", "a"], "bcd", true],
    ["after a number, descending", down, [0, 3, "-3", "d"], "bca", true],
    ["between equal numbers", by, [0, 2, "-1", "b"], "cde", true],
    ["of numbers and NaN", { ...by, maxResults: 4 }, undefined, "abcde", true],
    ["of numbers, NaN and no metric", { ...by, maxResults: 6 }, undefined, "abcdefg", true],
    ["of NaN and no metric", by, [0, 3, "-3", "d"], "efg", true],
    ["after NaN", { ...by, maxResults: 1 }, [1, 0, "-5", "f"], "gh", true],
    ["after a run without the metric", { ...by, maxResults: 1 }, [2, null, "-6", "g"], "h", false],
    ["that is not full", { ...by, maxResults: 20 }, undefined, "abcdefgh", false],
    ["of NaN, whatever their time", by, [0, 3, "-9", "z"], "efg", true],
    ["between NaN", { ...by, maxResults: 1 }, [1, 0, "-4", "e"], "fg", true],
    ["of numbers in a range that few have", { ...by, filter: "metrics.m >= 3", maxResults: 1 }, undefined, "d", false],
    [
      "of a difference to 0, as which NaN is stored",
      { ...by, filter: "metrics.m != 0", maxResults: 5 },
      undefined,
      "abcdef",
      true,
    ],
    ["of a param with the metric's name", { ...by, filter: "params.m != 'y'" }, undefined, "ace", true],
    [
      "of two conditions",
      { ...by, filter: "metrics.m != 2 AND params.even != 'false'", maxResults: 1 },
      undefined,
      "ae",
      true,
    ],
    ["of a range", { ...by, filter: "metrics.m >= 2" }, undefined, "bcd", true],
    ["of a range after its numbers", { ...by, filter: "metrics.m >= 2" }, [1, 0, "-5", "f"], "", true],
    ["of a difference, which NaN is too", { ...by, filter: "metrics.m != 2" }, undefined, "ade", true],
    [
      "of a difference and a param",
      { ...by, filter: "metrics.m != 2 AND params.even = 'true'", maxResults: 1 },
      undefined,
      "ae",
      true,
    ],
    ["of a param", { ...by, filter: "params.even != 'true'", maxResults: 3 }, undefined, "bdfh", true],
    [
      "of a condition on its greatest value",
      { ...by, filter: "max(metrics.m) != 2 AND max(metrics.m) > 0" },
      undefined,
      "ad",
      false,
    ],
    ["in a further order", { orderBy: ["metrics.m", "start_time ASC"] }, undefined, "acb", true],
  ])("%s", async (_what, query, after, ids, isWalked) => {
    const [found, decided] = await page(query, after);
    expect(found).toBe(ids);
    if (ids !== "") expect(decided).toBe(isWalked);
  });
});
