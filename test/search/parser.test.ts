import { describe, expect, test } from "vitest";
import type { Comparison } from "../../src/search/ast.ts";
import {
  EXPERIMENT_GRAMMAR,
  LOGGED_MODEL_GRAMMAR,
  MODEL_VERSION_GRAMMAR,
  RUN_GRAMMAR,
} from "../../src/search/grammar.ts";
import { parseField, parseFilter, parseOrderBy } from "../../src/search/parser.ts";

function comparisons(text: string, grammar = RUN_GRAMMAR): readonly unknown[] {
  const filter = parseFilter(text, grammar);
  return filter.kind === "and" ? filter.conditions : [filter];
}

function metric(key: string, comparator: string, value: number): Partial<Comparison> {
  return { kind: "number", field: { entity: "metric", key }, comparator, value } as Partial<Comparison>;
}

function number(key: string, comparator: string, value: number): Partial<Comparison> {
  return { ...metric(key, comparator, value), field: { entity: "paramNumber", key } };
}

function text(entity: string, key: string, comparator: string, value: string): Partial<Comparison> {
  return { kind: "text", field: { entity, key }, comparator, value } as Partial<Comparison>;
}

describe("filters", () => {
  test.each([
    ["metrics.acc > 1", metric("acc", ">", 1)],
    ["metric.acc>=-.5", metric("acc", ">=", -0.5)],
    ["metrics.`a b` != 1e-3", metric("a b", "!=", 0.001)],
    ["metrics.a < 1e999", metric("a", "<", Number.POSITIVE_INFINITY)],
    ["params.x='1'", text("param", "x", "=", "1")],
    ['parameters."a b" ilike "It\'s"', text("param", "a b", "ILIKE", "It's")],
    ["tags.'a b' LIKE'%'", text("tag", "a b", "LIKE", "%")],
    ["tag.a.b.c != ''", text("tag", "a.b.c", "!=", "")],
    ["tags.order = 'it''s'", text("tag", "order", "=", "it''s")],
    ["tags.x = 'a\\'", text("tag", "x", "=", "a\\")],
    ["tags.`a`.`b` = 'x'", text("tag", "a`.`b", "=", "x")],
    ["`tags`.`and` = 'x'", text("tag", "and", "=", "x")],
    ["tags.ж = 'x'", text("tag", "ж", "=", "x")],
    // MLflow 3.17.2 looks for the param `start_time` here.
    ["params.created = 'x'", text("param", "created", "=", "x")],
    ["status = 'FAILED'", text("attribute", "status", "=", "FAILED")],
    ["`Run name` = 'x'", text("attribute", "run_name", "=", "x")],
    ["datasets.context LIKE 'x'", text("dataset", "context", "LIKE", "x")],
    ["attr.Created > 5", { field: { entity: "attribute", key: "start_time" }, comparator: ">", value: 5 }],
    ["end_time = 9223372036854775807", { value: 9_223_372_036_854_775_807n }],
    ["end_time < 99999999999999999999", { value: 1e20 }],
    ["metrics.a > 9007199254740993", metric("a", ">", 9_007_199_254_740_992)],
    ["start_time > 1.5", { comparator: ">", value: 1.5 }],
    ["params.x is  not null", { kind: "presence", field: { entity: "param", key: "x" }, present: true }],
    // MLflow refuses each of these: a param that is compared with an unquoted number is read as one.
    ["params.lr < 0.001", number("lr", "<", 0.001)],
    ["params.lr = 1e-3", number("lr", "=", 0.001)],
    ["param.`a b` != -2", number("a b", "!=", -2)],
    ["Number(params.lr) >= 5", number("lr", ">=", 5)],
    ["tags.x IS NULL", { kind: "presence", present: false }],
    [`run_id IN ('a', "b",)`, { kind: "list", negated: false, values: ["a", "b"] }],
    ["dataset.name not in ('a\\n\\x41')", { kind: "list", negated: true, values: ["a\nA"] }],
    ["run_id IN ('\\u00e9\\'', 'a\\\\')", { kind: "list", values: ["é'", "a\\"] }],
    ["run_id IN ('a\\\\\\\\')", { kind: "list", values: ["a\\\\"] }],
  ])("%s", (filter, expected) => {
    expect(comparisons(filter)).toEqual([expect.objectContaining(expected)]);
  });

  test.each([
    ["", 0],
    ["  ", 0],
    ["AND", 0],
    ["metrics.a > 1 and metrics.b < 2", 2],
    ["AND metrics.a > 1\n AND AND\tmetrics.b<2 AND", 2],
    ["params.a = 'x'AND params.b = 'y' params.c = 'z'", 3],
    ["tags.`a\\` = 'x' AND tags.`b` = 'y'", 2],
  ])("%j has %i comparisons", (filter, count) => {
    expect(comparisons(filter)).toHaveLength(count);
  });

  test.each([
    ["experiment_id = '7'", { kind: "number", value: 7 }],
    [
      "experiment_id NOT IN ('7', '9007199254740993')",
      { kind: "list", negated: true, values: [7, 9_007_199_254_740_993n] },
    ],
    ["name like 'x%'", { kind: "text", comparator: "LIKE" }],
    ["last_update_time >= 3", { kind: "number", value: 3 }],
  ])("of experiments: %s", (filter, expected) => {
    expect(comparisons(filter, EXPERIMENT_GRAMMAR)).toEqual([expect.objectContaining(expected)]);
  });

  test.each([
    ["params.a = 1e3", { kind: "text", value: "1e3" }],
    ["params.a = x", { kind: "text", value: "x" }],
    ["params.a = 'it''s'", { kind: "text", value: "it''s" }],
    ["params.a = '''x'''", { kind: "text", value: "x" }],
    ["tags.a IN (1, 'x')", { kind: "list", values: ["1", "x"] }],
  ])("of logged models, where strings may be bare: %s", (filter, expected) => {
    expect(comparisons(filter, LOGGED_MODEL_GRAMMAR)).toEqual([expect.objectContaining(expected)]);
  });

  test.each<[string, number | bigint]>([
    ["version_number = ' 3 '", 3],
    ["version_number >= -3", -3],
    ["version_number != +9007199254740993", 9_007_199_254_740_993n],
  ])("of versions: %s", (filter, value) => {
    expect(comparisons(filter, MODEL_VERSION_GRAMMAR.filter)).toEqual([
      expect.objectContaining({ kind: "number", value }),
    ]);
  });

  test.each([
    ["version_number = '3x'", MODEL_VERSION_GRAMMAR.filter, /expected an integer for attribute version_number/],
    ["params.a < 1", LOGGED_MODEL_GRAMMAR, /expected =, !=, LIKE, ILIKE, IN, NOT IN/],
    ["params.a = (1)", LOGGED_MODEL_GRAMMAR, /expected a quoted string/],
    ["params.a IN (x)", LOGGED_MODEL_GRAMMAR, /expected a quoted string in the list/],
    ["tags.a IN ('x')", EXPERIMENT_GRAMMAR, /expected a comparator that tag "a" has/],
    ["run.a = 'x'", EXPERIMENT_GRAMMAR, /"run" is no entity to search by; expected one of tag, tags, attribute/],
    [
      "size > 1",
      EXPERIMENT_GRAMMAR,
      /There is no attribute "size"; expected one of experiment_id, name, creation_time/,
    ],
  ])("of other things: %s is refused", (filter, grammar, message) => {
    expect(() => parseFilter(filter, grammar)).toThrow(
      expect.objectContaining({ code: "INVALID_PARAMETER_VALUE", message: expect.stringMatching(message) }),
    );
  });

  test("a pattern has a maximum, other texts have none of their own", () => {
    const long = "x".repeat(20_001);
    for (const fine of [`tags.a LIKE '${long.slice(1)}'`, `tags.a = '${long}'`, `tags.a != '${long}'`]) {
      expect(comparisons(fine)).toHaveLength(1);
    }
    for (const comparator of ["LIKE", "ILIKE"]) {
      expect(() => parseFilter(`tags.a ${comparator} '${long}'`, RUN_GRAMMAR)).toThrow(
        `A ${comparator} pattern has 20001 characters; at most 20000 are allowed.`,
      );
    }
  });

  const [A, B, C] = [metric("a", ">", 1), metric("b", "<", 2), metric("c", "=", 3)];
  test.each([
    ["metrics.a > 1 OR metrics.b < 2 or metrics.c = 3", { kind: "or", conditions: [A, B, C] }],
    [
      "metrics.a > 1 OR metrics.b < 2 AND metrics.c = 3",
      { kind: "or", conditions: [A, { kind: "and", conditions: [B, C] }] },
    ],
    [
      "(metrics.a > 1 OR metrics.b < 2) AND metrics.c = 3",
      { kind: "and", conditions: [{ kind: "or", conditions: [A, B] }, C] },
    ],
    ["((metrics.a>1))", A],
    ["not metrics.a > 1 AND metrics.b < 2", { kind: "and", conditions: [{ kind: "not", comparison: A }, B] }],
    ["NOT NOT(metrics.a > 1)", A],
    ["NOT (metrics.a > 1 OR NOT metrics.b < 2)", { kind: "and", conditions: [{ kind: "not", comparison: A }, B] }],
    ["Min( metrics.`a b` ) <= 1", { ...metric("a b", "<=", 1), field: { entity: "metricMin", key: "a b" } }],
    ["max(metric.a) != 1", { ...metric("a", "!=", 1), field: { entity: "metricMax", key: "a" } }],
    ["last(metrics.a) > 1", A],
    ["First(metrics.a) > 1", { ...metric("a", ">", 1), field: { entity: "metricFirst", key: "a" } }],
  ])("beyond MLflow's: %s", (filter, expected) => {
    expect(parseFilter(filter, RUN_GRAMMAR)).toEqual(expected);
  });

  test("a filter has at most a million characters", () => {
    expect(comparisons(" ".repeat(1_000_000))).toHaveLength(0);
  });

  test("functions of metrics are of runs only", () => {
    expect(() => parseFilter("min(metrics.a) > 1", EXPERIMENT_GRAMMAR)).toThrow(/no attribute "min"/);
  });

  test.each([
    ["metrics.a > '1'", /expected a number, unquoted, for metric a/],
    ["metrics.a == 1", /expected >, >=, =, !=, <, <= at position 11, found "=="/],
    ["metrics.a LIKE '1'", /expected >, >=/],
    ["metrics.a IS NULL", /params and tags/],
    ["metrics.a > 1abc", /Unexpected "1"/],
    ["metrics.a-b > 1", /Unexpected "-" at position 10\. A key with other signs goes in backticks/],
    ["params.my param = 'x'", /found "param"\. A key of several words goes in backticks: params\.`a key`/],
    ["status is_not = 'x'", /found "is_not"\.$/],
    ["params.a ~~ 'x'", /found "~~"\.$/],
    ["run_id IN ('a\\')", /expected commas/],
    ["run_id IN ('a\\\\b\\')", /expected commas/],
    ["dataset.source = 'x'", /expected one of name, digest, context\.$/],
    ["metrics.a > 1 OR ".repeat(61), /more than 60 comparisons/],
    [`${"(".repeat(21)}metrics.a > 1`, /brackets more than 20 deep/],
    [
      "'status' = 'x'",
      /expected a field such as metrics\.acc, params\.`a b` or status at position 1, found "'status'"\.$/,
    ],
    ["5 = 'x'", /expected a field such as .* at position 1, found "5"\.$/],
    ["params.x IS NOT 5", /expected NULL at position 17, found "5"\.$/],
    ["params.x IS 5", /expected NULL or NOT NULL at position 13, found "5"\.$/],
    [" ".repeat(1_000_001), /The filter has 1000001 characters; at most 1000000 are allowed/],
    ["metrics.val loss > 1", /backticks: metrics\.`a key`/],
    ["params.a ~ 'x'", /expected =, !=, LIKE, ILIKE, IS NULL, IS NOT NULL at position 10/],
    ["run_id > 'x'", /expected =, !=, LIKE, ILIKE, IN, NOT IN at position 8/],
    ["status is 'x'", /expected NULL or NOT NULL/],
    ["params.a = x", /expected a quoted string for param "a"/],
    ["params.a < '1'", /expected a number, unquoted, for param a/],
    ["number(metrics.a) > 1", /expected a param in number\(\)/],
    ["number(params.a) = '1'", /expected a number, unquoted, for param a/],
    ["tags.a < 1", /expected =, !=, LIKE, ILIKE/],
    ["params.a = `x`", /expected a quoted string/],
    ["params.a = 'x", /quote at position 12 .* never closed/],
    ["params.a IN ('x')", /expected a comparator that param "a" has/],
    ["params.a NOT LIKE 'x'", /found "LIKE"/],
    ["status IN ('x')", /expected a comparator/],
    ["run_id IN ()", /expected a quoted string in the list/],
    ["run_id IN (1)", /expected a quoted string in the list/],
    ["run_id IN ('a' 'b')", /expected "\)" at position 16/],
    ["run_id IN ('a''b')", /expected commas/],
    ["run_id = ('a')", /expected a quoted string/],
    ["metrics.a > 1;", /Unexpected ";"/],
    ["metrics.a > 1 OR", /expected a comparison at position 17, found the end/],
    ["OR metrics.a > 1", /expected a comparison at position 1, found "OR"/],
    ["metrics.a > 1 AND OR metrics.b > 2 OR OR metrics.c > 3", /expected a comparison .* found "OR"/],
    ["NOT", /expected a field/],
    ["metrics.a > 1 AND NOT", /expected a field/],
    ["()", /expected a comparison at position 2, found "\)"/],
    ["(metrics.a > 1", /expected "\)"/],
    ["metrics.a > 1)", /expected AND, OR or the end/],
    ["metrics.a > 1 (metrics.b > 2)", /expected AND or OR/],
    ["metrics.a > 1 NOT metrics.b > 2", /expected AND or OR/],
    ["min(metrics.a) > '1'", /expected a number/],
    ["min(params.a) > 1", /expected a metric in min\(\)/],
    ["min(min(metrics.a)) > 1", /no attribute "min"/],
    ["min() > 1", /expected a metric/],
    ["min(metrics.a > 1", /expected "\)"/],
    ["min(metrics.a) IS NULL", /params and tags/],
    ["`min`(metrics.a) > 1", /no attribute "min"/],
    ["avg(metrics.a) > 1", /no attribute "avg"/],
    ["1 < metrics.a", /expected a field/],
    ["metrics.a >", /found the end/],
    ["foo.a > 1", /"foo" is no entity/],
    ["foo > 1", /no attribute "foo"/],
    ["dataset.source = 'x'", /Datasets have no "source"/],
    ["metrics.a > 1 \0", /Unexpected "\\u0000"/],
  ])("%j is refused", (filter, message) => {
    expect(() => parseFilter(filter, RUN_GRAMMAR)).toThrow(
      expect.objectContaining({ code: "INVALID_PARAMETER_VALUE", message: expect.stringMatching(message) }),
    );
  });

  test.each([
    ["100,000 opening brackets", "(".repeat(100_000)],
    ["100,000 closing brackets", ")".repeat(100_000)],
    ["100,000 negations", "NOT ".repeat(100_000)],
    ["61 comparisons in brackets", `(${"metrics.a > 1 OR ".repeat(60)}metrics.a > 1)`],
    ["brackets 21 deep", `${"(".repeat(21)}metrics.a > 1${")".repeat(21)}`],
    ["100,000 nested lists", `run_id IN ${"(".repeat(100_000)}`],
    ["10 KB of comparisons", "metrics.a > 1 AND ".repeat(600)],
    ["100,000 quotes", "'".repeat(100_001)],
    ["100,000 quotes in a value", `tags.a = ${"'".repeat(100_001)} x`],
    ["a name of 100,000 dots", `tags${".".repeat(100_000)}`],
    ["100,000 backslashes", `tags.a = '${"\\".repeat(100_000)}`],
    ["100,000 digits", `metrics.a > ${"1".repeat(100_000)}x`],
    ["100,000 digits of an attribute", `start_time > ${"1".repeat(100_000)} x`],
    ["100,000 exponents", `metrics.a > ${"1e".repeat(100_000)}`],
    ["2 million characters", `tags.a = '${"x".repeat(2_000_000)}'`],
  ])("hostile: %s is refused", (_name, filter) => {
    expect(() => parseFilter(filter, RUN_GRAMMAR)).toThrow(expect.objectContaining({ name: "MlflowError" }));
  });
});

describe("order_by", () => {
  test.each([
    ["metrics.acc", "metric", "acc", true],
    ["metrics.acc DESC", "metric", "acc", false],
    ["metrics.`a b`  desc", "metric", "a b", false],
    ["`metrics`.`a b`", "metric", "a b", true],
    ["`metrics.acc` DESC", "metric", "acc", false],
    ['"start_time" Asc', "attribute", "start_time", true],
    ["created", "attribute", "start_time", true],
    ["params.order", "param", "order", true],
    ["min(metrics.acc)", "metricMin", "acc", true],
    ["MAX( metrics.`a b` ) DESC", "metricMax", "a b", false],
    ["last(metrics.acc) asc", "metric", "acc", true],
    ["first(metrics.acc) desc", "metricFirst", "acc", false],
    ["number(params.lr) desc", "paramNumber", "lr", false],
  ])("%s", (item, entity, key, ascending) => {
    expect(parseOrderBy([item], RUN_GRAMMAR)).toEqual([{ field: { entity, key }, ascending }]);
  });

  test.each([
    "",
    "metrics.acc DESCENDING",
    "metrics.acc DESC NULLS LAST",
    "metrics.a, metrics.b",
    "foo",
    "dataset.name",
    "DESC",
    "min(metrics.acc",
    "min(params.a)",
    "min(metrics.acc) metrics.b",
  ])("%j is refused", (item) => {
    expect(() => parseOrderBy([item], RUN_GRAMMAR)).toThrow(expect.objectContaining({ name: "MlflowError" }));
  });

  test.each([
    ["metrics.a up", 'Invalid order_by "metrics.a up": expected ASC, DESC or nothing at position 11, found "up".'],
    ["metrics.a DESC ASC", 'expected ASC, DESC or nothing at position 16, found "ASC".'],
  ])("%j is refused with what was expected", (item, message) => {
    expect(() => parseOrderBy([item], RUN_GRAMMAR)).toThrow(message);
  });

  test("experiments are ordered by attributes only", () => {
    expect(() => parseOrderBy(["tags.a"], EXPERIMENT_GRAMMAR)).toThrow(/cannot order by a tag/);
  });

  test("more than ten items are refused", () => {
    const items = Array.from({ length: 11 }, (_, index) => `metrics.m${index}`);
    expect(() => parseOrderBy(items, RUN_GRAMMAR)).toThrow(/at most 10/);
  });
});

describe("a field by itself", () => {
  test.each([
    ["params.lr", "param", "lr"],
    ["max(metrics.acc)", "metricMax", "acc"],
    ["status", "attribute", "status"],
    ["tags.``", "tag", ""],
    ["tags.'`'", "tag", "`"],
    ["tags.'`a'", "tag", "`a"],
    ["tags.'a`'", "tag", "a`"],
    ["tags.'`a`'", "tag", "a"],
  ])("%s", (text, entity, key) => {
    expect(parseField(text, RUN_GRAMMAR)).toEqual({ entity, key });
  });

  test("is refused with anything behind it", () => {
    expect(() => parseField("params.a b", RUN_GRAMMAR)).toThrow(
      'Invalid column "params.a b": expected nothing more at position 10, found "b".',
    );
  });
});

describe("texts in quotes", () => {
  test.each([
    ["a quote after a backslash does not end the text", "tags.a = 'x\\'y'", "x\\'y"],
    ["… unless the text would never end", "tags.a = 'x\\'", "x\\"],
    ["… also if the text is nothing else", "tags.a = '\\'", "\\"],
    ["two quotes do not end it", "tags.a = 'x''y'", "x''y"],
    ["a quote after the first quote does", "tags.a = ''", ""],
  ])("%s", (_what, filter, value) => {
    expect(comparisons(filter)).toEqual([expect.objectContaining({ value })]);
  });

  test.each([
    ["tags.`a\\` = 'x'", "a\\"],
    ["tags.a.\"b c\".d = 'x'", 'a."b c".d'],
    ['"tags"."a" = \'x\'', undefined],
  ])("the key of %s", (filter, key) => {
    if (key === undefined) expect(() => parseFilter(filter, RUN_GRAMMAR)).toThrow("no entity");
    else expect(comparisons(filter)).toEqual([expect.objectContaining({ field: { entity: "tag", key } })]);
  });
});
