import { VIEW_TYPES } from "../../src/domain/entities.ts";
import { isComparison } from "../../src/search/ast.ts";
import { RUN_GRAMMAR, RUN_TABLE_ORDER_GRAMMAR } from "../../src/search/grammar.ts";
import { parseFilter } from "../../src/search/parser.ts";
import { EVERYTHING } from "../../src/search/visibility.ts";
import { type NaiveQuery, satisfiesComparison } from "./naive-search.ts";
import type { RandomSource, SearchedRun } from "./population.ts";

const STATUSES = ["RUNNING", "FINISHED", "FAILED"];
const LONG = "x".repeat(70);
const TEXTS = [
  "a",
  "A",
  "ab",
  "Abc",
  "a%c",
  "a_c",
  "",
  "zürich",
  "ZÜRICH",
  "it's",
  `${LONG}1`,
  `${LONG}2`,
  "a🙂c",
  "caab",
];
/** Values of params: some are numbers, and some only begin like a number. */
const PARAMS = [
  ...TEXTS,
  "0.1",
  "1e-05",
  " 3 ",
  "-1",
  "+2.",
  ".5",
  "64",
  "128",
  "1e400",
  "3abc",
  "0x10",
  "inf",
  "None",
];
const PATTERNS = [
  ...TEXTS,
  "%",
  "_",
  "a%",
  "%c",
  "%b%",
  "a_c",
  "%a%b%",
  "_%_",
  "%ü%",
  `${LONG}%`,
  `%x%${LONG}%x_`,
  "a%c%",
  "%_b%",
  "__%",
  "%a%a%b",
  "%A_",
];
/** Patterns that SQL can only narrow down. */
const HARD_PATTERNS = ["%a%b%", "%_b%", "%a%C%", "%a%a%b", "%A_%", `%x%${LONG.slice(1)}%_`];
const NUMBERS = [0, -1, 0.1, 0.30000000000000004, 1e300, -5e-324, 3, 1.7976931348623157e308, Number.NaN];
const TIMES = [0n, 5n, 1_700_000_000_000n, 2n ** 53n + 1n, 2n ** 53n + 2n, -(2n ** 63n), null];

export function randomRun(random: RandomSource, index: number, experiments: readonly number[]): SearchedRun {
  const some = <T>(keys: readonly string[], value: () => T): Record<string, T> =>
    Object.fromEntries(keys.filter(() => random.next() < 0.6).map((key) => [key, value()]));
  const metrics = some(["m", "n", "a b"], () => random.pick(NUMBERS));
  return {
    runId:
      random
        .below(2 ** 32)
        .toString(16)
        .padStart(8, "0") + index.toString(16).padStart(24, "0"),
    experimentId: random.pick(experiments),
    status: random.pick(STATUSES),
    userId: random.pick(TEXTS),
    startTime: random.pick(TIMES),
    endTime: random.pick(TIMES),
    deleted: random.next() < 0.2,
    metrics,
    ...historyOf(metrics, random),
    params: some(["p", "q"], () => random.pick(PARAMS)),
    tags: some(["t", "mlflow.runName"], () => random.pick(TEXTS)),
    datasets: Array.from({ length: random.below(3) }, (_, index) => ({
      name: random.pick(["train", "Test"]),
      digest: String(index),
      ...(random.next() < 0.5 && { context: random.pick(["training", "eval"]) }),
    })),
  };
}

/** The range of the latest value and up to two earlier ones. Without a range, all were NaN. Few rows lack the first value. */
function historyOf(metrics: SearchedRun["metrics"], random: RandomSource): Pick<SearchedRun, "ranges" | "firsts"> {
  const ranges: Record<string, readonly [number, number]> = {};
  const firsts: Record<string, number> = {};
  for (const [key, latest] of Object.entries(metrics)) {
    const values = [...Array.from({ length: random.below(3) }, () => random.pick(NUMBERS)), latest];
    const numbers = values.filter((value) => !Number.isNaN(value));
    if (numbers.length > 0) ranges[key] = [Math.min(...numbers), Math.max(...numbers)];
    if (random.next() < 0.9) firsts[key] = values[0]!;
  }
  return { ranges, firsts };
}

function quoted(text: string): string {
  return text.includes("'") ? `"${text}"` : `'${text}'`;
}

function randomComparison(random: RandomSource, runs: readonly SearchedRun[]): string {
  const number = () => {
    const value = random.pick(NUMBERS);
    return Number.isNaN(value) ? "1e999" : String(value);
  };
  const textual = (field: string) =>
    random.next() < 0.5
      ? `${field} ${random.pick(["=", "!="])} ${quoted(random.pick(TEXTS))}`
      : `${field} ${random.pick(["LIKE", "ILIKE"])} ${quoted(random.pick(random.next() < 0.5 ? PATTERNS : HARD_PATTERNS))}`;
  const comparator = () => random.pick(["=", "!=", "<", "<=", ">", ">="]);
  switch (random.below(9)) {
    case 0:
    case 1:
      return `${randomMetric(random)} ${comparator()} ${number()}`;
    case 2:
      return random.next() < 0.3
        ? `${random.pick(["params.p", "number(params.q)"])} ${comparator()} ${number()}`
        : textual(random.pick(["params.p", "params.q", "tags.t", "params.none"]));
    case 3:
      return textual(random.pick(["run_name", "user_id"]));
    case 4:
      return `${random.pick(["params.p", "tags.t"])} IS ${random.pick(["NULL", "NOT NULL"])}`;
    case 5:
      return `${random.pick(["start_time", "end_time"])} ${comparator()} ${random.pick([...TIMES, 5.5, 99999999999999999999n]) ?? -7}`;
    case 6:
      return `status ${random.pick(["=", "!="])} '${random.pick(STATUSES)}'`;
    case 7: {
      const ids = Array.from({ length: 3 }, () => quoted(random.pick(runs).runId)).join(", ");
      return random.next() < 0.5 ? `run_id NOT IN (${ids})` : `run_id ${random.pick(["IN", "in"])} (${ids}, ${ids})`;
    }
    default: {
      const field = `datasets.${random.pick(["name", "digest", "context"])}`;
      const value = random.pick(["train", "Test", "0", "1", "eval", "%t%n%", "%E%"]);
      return `${field} ${random.pick(["=", "!=", "LIKE", "ILIKE"])} '${value}'`;
    }
  }
}

function randomMetric(random: RandomSource): string {
  const metric = `metrics.${random.pick(["m", "n", "`a b`", "none"])}`;
  return random.next() < 0.5 ? metric : `${random.pick(["min", "max", "MAX", "first", "last"])}(${metric})`;
}

/** A filter's text and its meaning. Only the parser of single comparisons is used. */
interface Filter {
  readonly text: string;
  readonly holds: (run: SearchedRun) => boolean;
}

function randomFilter(random: RandomSource, runs: readonly SearchedRun[], depth: number): Filter {
  if (depth === 0 || random.next() < 0.3) {
    const text = randomComparison(random, runs);
    const comparison = parseFilter(text, RUN_GRAMMAR);
    if (!isComparison(comparison)) throw new Error(`${text} is no single comparison`);
    return { text, holds: (run) => satisfiesComparison(run, comparison) };
  }
  const part = () => randomFilter(random, runs, depth - 1);
  const all = (parts: readonly Filter[]) => (run: SearchedRun) => parts.every((one) => one.holds(run));
  switch (random.below(4)) {
    case 0: {
      const inner = part();
      return {
        text: `${random.pick(["NOT ", "not", "NOT NOT NOT "])}(${inner.text})`,
        holds: (run) => !inner.holds(run),
      };
    }
    case 1: {
      // Without brackets: NOT before AND before OR.
      const [a, b, c] = [randomFilter(random, runs, 0), randomFilter(random, runs, 0), part()];
      const text = `${a.text} OR NOT ${b.text} AND (${c.text})`;
      return { text, holds: (run) => a.holds(run) || (!b.holds(run) && c.holds(run)) };
    }
    case 2: {
      const parts = [part(), part(), ...(random.next() < 0.3 ? [part()] : [])];
      const text = parts.map((one) => `(${one.text})`).join(random.pick([" OR ", " or "]));
      return { text, holds: (run) => parts.some((one) => one.holds(run)) };
    }
    default: {
      const parts = [part(), part()];
      return { text: parts.map((one) => `(${one.text})`).join(" AND "), holds: all(parts) };
    }
  }
}

const ORDER_FIELDS = [
  "metrics.m",
  "metrics.n",
  "metrics.`a b`",
  "params.p",
  "number(params.p)",
  "number(params.q)",
  "tags.t",
  "start_time",
  "attributes.end_time",
  "status",
  "run_name",
  "run_id",
  "user_id",
  "metrics.none",
  "min(metrics.m)",
  "max(metrics.`a b`)",
  "first(metrics.n)",
  "FIRST(metrics.`a b`)",
  "Max( metrics.none )",
  "attributes.duration",
  "experiment_id",
];

export function randomQuery(random: RandomSource, runs: readonly SearchedRun[]): NaiveQuery {
  const fields = ORDER_FIELDS.toSorted(() => random.next() - 0.5).slice(0, random.pick([0, 1, 1, 2, 3]));
  const plain = Array.from({ length: random.below(4) }, () => randomFilter(random, runs, 0));
  const nested = randomFilter(random, runs, random.pick([1, 2, 3]));
  // No brackets, so that conditions that may drive a search are beside conditions that may not.
  const parts = random.next() < 0.5 ? plain : [...plain, { ...nested, text: `(${nested.text})` }];
  return {
    experimentIds: random.pick([["11"], ["12"], ["11", "12"], ["11", "13", "99"]]),
    filter: parts.map(({ text }) => text).join(" AND "),
    holds: (run) => parts.every((one) => one.holds(run)),
    orderGrammar: RUN_TABLE_ORDER_GRAMMAR,
    orderBy: fields.map((field) => `${field} ${random.pick(["ASC", "DESC", ""])}`),
    viewType: random.pick(VIEW_TYPES),
    maxResults: random.pick([4, 11, 30, 1000]),
    visibility: EVERYTHING,
  };
}
