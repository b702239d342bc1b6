import { describe, expect, test } from "vitest";
import { Binder } from "../../src/search/binder.ts";
import { candidatesWith } from "../../src/search/candidates.ts";
import { experimentTest, toExperimentId, toExperimentIds } from "../../src/search/experiment-ids.ts";
import { RUN_GRAMMAR } from "../../src/search/grammar.ts";
import type { OrderColumn } from "../../src/search/order.ts";
import { parseFilter } from "../../src/search/parser.ts";
import { checkMaxResults, type ParsedSearch, planPages } from "../../src/search/plan.ts";
import { mostRows, searchQuery, stepStatement } from "../../src/search/statement.ts";
import type { Visibility } from "../../src/search/visibility.ts";
import { refusalOf } from "../domain/refused.ts";

const COLUMN: OrderColumn = { sql: "a", type: "text", ascending: true, nullable: false };

const conditionsOf = (...filters: string[]) => filters.map((filter) => parseFilter(filter, RUN_GRAMMAR));

function search(part: Partial<ParsedSearch> = {}): ParsedSearch {
  return { identity: ["x"], conditions: [], columns: [COLUMN], longestText: 8000, ...part };
}

const page = (maxResults = 10, name = "everything"): { maxResults: number; visibility: Visibility } => ({
  maxResults,
  visibility: { name },
});

describe("a plan", () => {
  test("of what SQL decides has no residues", () => {
    const plan = planPages(search({ conditions: conditionsOf("params.a = 'x'") }), page());
    expect(plan).toMatchObject({ maxResults: 10, start: undefined, positionLength: 1, residues: [], residual: [] });
  });

  test.each([
    [["tags.t LIKE '%a%b%'"], 8000, 1000],
    [["tags.t LIKE '%a%b%'", "tags.u LIKE '%a%b%'"], 8000, 500],
    [["tags.t LIKE '%a%b%' OR tags.u ILIKE '%a%b%'"], 8000, 500],
    [["tags.t LIKE '%a%b%'"], 100, 1000],
    [["tags.t LIKE '%a%b%'"], 20_000, 400],
    [["tags.t LIKE '%a%b%'"], 100_000_000, 1],
  ])("of %j over texts of %d characters reads slices of %d rows", (filters, longestText, sliceSize) => {
    const conditions = conditionsOf(...filters, "params.a = 'x'");
    const plan = planPages(search({ conditions, longestText }), page());
    expect(plan.sliceSize).toBe(sliceSize);
    expect(plan.residues).toHaveLength(filters.length);
  });

  test("tells the conditions that SQL only narrows down", () => {
    const conditions = conditionsOf("params.a = 'x'", "tags.t LIKE '%a%b%'");
    expect(planPages(search({ conditions }), page()).residual).toEqual([conditions[1]]);
  });

  test("takes the tokens of its own search and caller, and no others", () => {
    const plan = planPages(search(), page());
    const token = plan.pageToken(["z"]);
    expect(planPages(search(), { ...page(), pageToken: token }).start).toEqual(["z"]);
    expect(planPages(search(), { ...page(99), pageToken: token }).start).toEqual(["z"]);
    expect(planPages(search(), { ...page(), pageToken: "" }).start).toBeUndefined();
    const other =
      "INVALID_PARAMETER_VALUE: Invalid page token: it belongs to another search; repeat the search without it.";
    expect(refusalOf(() => planPages(search({ identity: ["y"] }), { ...page(), pageToken: token }))).toBe(other);
    expect(refusalOf(() => planPages(search(), { ...page(10, "user 7"), pageToken: token }))).toBe(other);
    expect(refusalOf(() => planPages(search({ columns: [COLUMN, COLUMN] }), { ...page(), pageToken: token }))).toBe(
      "INVALID_PARAMETER_VALUE: Invalid page token.",
    );
  });
});

test("a page has 1 row at least, and at most what the search allows", () => {
  for (const fine of [1, 100]) expect(refusalOf(() => checkMaxResults(fine, 100))).toBeUndefined();
  expect(refusalOf(() => checkMaxResults(1e9))).toBeUndefined();
  const message = (value: number, bound = "") =>
    `INVALID_PARAMETER_VALUE: Invalid value ${value} for parameter 'max_results' supplied. It must be a positive integer${bound}.`;
  for (const wrong of [0, -1, 101]) {
    expect(refusalOf(() => checkMaxResults(wrong, 100))).toBe(message(wrong, " of at most 100"));
  }
  expect(refusalOf(() => checkMaxResults(0))).toBe(message(0));
});

describe("experiment ids", () => {
  test("are integers, whether or not an experiment has them", () => {
    expect(["0", "-1", "007", "99999999999999999999".slice(0, 18)].map(toExperimentId)).toEqual([
      0,
      -1,
      7,
      999_999_999_999_999_999n,
    ]);
    for (const wrong of ["", "a", "1a", "a1", "1.0", "+1", " 1", "1e3", "9".repeat(19), "1".repeat(21)]) {
      expect(refusalOf(() => toExperimentId(wrong))).toBe(
        `INVALID_PARAMETER_VALUE: Invalid experiment ID ${JSON.stringify(wrong)}; expected an integer.`,
      );
    }
  });

  test("count once each, and there are at most 90,000", () => {
    expect(toExperimentIds(["1", "2", "01", "1"])).toEqual([1, 2]);
    expect(toExperimentIds(Array.from({ length: 90_000 }, (_, id) => String(id)))).toHaveLength(90_000);
    expect(refusalOf(() => toExperimentIds(Array(90_001).fill("1")))).toBe(
      "INVALID_PARAMETER_VALUE: experiment_ids has 90001 items; at most 90000 are allowed.",
    );
  });

  test.each([
    [[7], false, "c = ?1", [7]],
    [[7], true, "c = ?1 AND visible(?1)", [7]],
    [[7, 8], false, "c IN (SELECT value FROM json_each(?1))", ["[7,8]"]],
    [[7, 8], true, "c IN (SELECT value FROM json_each(?1) WHERE visible(value))", ["[7,8]"]],
    [[], false, "c IN (SELECT value FROM json_each(?1))", ["[]"]],
  ])("%j, seen in part: %s", (ids, isPartial, sql, values) => {
    const binder = new Binder();
    const visible = isPartial ? (id: string) => `visible(${id})` : undefined;
    expect(experimentTest(ids, visible)("c", binder)).toBe(sql);
    expect(binder.values()).toEqual(values);
  });
});

test("grants on few experiments are looked up, grants on many are read at once", () => {
  const tested = (count: number) => {
    const ids = Array.from({ length: count }, (_, index) => index);
    return experimentTest(ids, (_id, _binder, how) => String(how))("c", new Binder()).replace(/.* WHERE /, "");
  };
  expect([tested(2), tested(100), tested(101)]).toEqual(["few)", "few)", "many)"]);
});

describe("bound values", () => {
  test("that are equal share a parameter, and those beyond 98 come as one list", () => {
    const binder = new Binder();
    for (let index = 0; index < 98; index++) expect(binder.bind(`v${index}`)).toBe(`?${index + 1}`);
    expect(binder.values()).toHaveLength(98);
    expect(binder.bind("v0")).toBe("?1");
    expect(binder.bind("more")).toBe("json_extract(?99, '$[0]')");
    expect(binder.bind("most")).toBe("json_extract(?99, '$[1]')");
    expect(binder.bind("more")).toBe("json_extract(?99, '$[0]')");
    expect(binder.values().slice(97)).toEqual(["v97", '["more","most"]']);
  });

  test("a number and its text are two", () => {
    const binder = new Binder();
    expect([binder.bind(1), binder.bind("1"), binder.limit(1)]).toEqual(["?1", "?2", "?1 + 0"]);
  });

  test("numbers are exact", () => {
    const binder = new Binder();
    expect(binder.number(2n ** 60n)).toBe("CAST(?1 AS INTEGER)");
    expect([binder.number(Infinity), binder.number(-Infinity), binder.number(0.5)]).toEqual(["9e999", "-9e999", "?2"]);
    expect(binder.list(['a"', 2n ** 60n, 1.5])).toBe("json_each(?3)");
    expect(binder.values()).toEqual(["1152921504606846976", 0.5, '["a\\"",1152921504606846976,1.5]']);
  });
});

describe("a page's statement", () => {
  const parts = {
    id: "r.id",
    from: "runs r",
    where: [],
    conditions: [],
    residual: [],
    source: { column: () => "x", rows: () => ({ from: "", value: "" }) },
    columns: [COLUMN],
    after: undefined,
    limit: "5",
  };

  test("has a WHERE only where something is demanded", () => {
    const bare = searchQuery(parts, new Binder());
    expect(bare.split("\n")).toEqual(["SELECT r.id AS c0, a AS c1", "FROM runs r", "ORDER BY a", "LIMIT 5"]);
    expect(searchQuery({ ...parts, where: ["p", "q"] }, new Binder())).toContain("\nWHERE p AND q\n");
  });

  test("of a step names the rows' columns, and ends with the row whose texts are too long", () => {
    const plan = planPages(search({ conditions: conditionsOf("tags.t LIKE '%a%b%'") }), page());
    const { sql } = stepStatement("SQL", plan, [COLUMN], "r.id", new Binder());
    expect(sql.replaceAll(/\s+/g, " ")).toBe(
      "WITH found (c0, c1, c2, c3) AS (SQL) SELECT * FROM (SELECT *, sum(coalesce(octet_length(c1), 0)) OVER " +
        "(ROWS UNBOUNDED PRECEDING) AS c4 FROM found) WHERE c4 - (coalesce(octet_length(c1), 0)) <= 8000000",
    );
    for (const short of [
      { ...COLUMN, sql: "r.id" },
      { ...COLUMN, type: "number" as const },
    ]) {
      const { sql: ofShort } = stepStatement("SQL", plan, [short], "r.id", new Binder());
      expect(ofShort).toBe("WITH found (c0, c1, c2, c3) AS (SQL) SELECT *, 0 AS c4 FROM found");
    }
  });

  test("has one row more than the page, no more than candidates, and with residues what an answer can have", () => {
    const { conditions } = search({ conditions: conditionsOf("tags.t LIKE '%a%b%'") });
    expect(mostRows(planPages(search(), page(10)), 12)).toBe(11);
    expect(mostRows(planPages(search(), page(10)), 5)).toBe(5);
    expect(mostRows(planPages(search({ conditions }), page(10)), 5)).toBe(1000);
  });
});

test("a statement looks at fewer candidates, the more look-ups each takes", () => {
  expect([0, 2, 3, 9, 79, 80, 1000].map(candidatesWith)).toEqual([12_000, 12_000, 10_000, 4000, 500, 500, 500]);
});
