import { env } from "cloudflare:test";
import { expect, test } from "vitest";
import { VIEW_TYPES, type ViewType } from "../../../src/domain/entities.ts";
import type { Comparison, Condition, Field } from "../../../src/search/ast.ts";
import { type ExperimentSearchQuery, planExperimentSearch } from "../../../src/search/experiment-plan.ts";
import { RUN_GRAMMAR } from "../../../src/search/grammar.ts";
import { parseFilter, parseOrderBy } from "../../../src/search/parser.ts";
import { planRunSearch, type RunSearchQuery } from "../../../src/search/run-plan.ts";
import { migrate } from "../../../src/stores/d1/migrate.ts";
import { searchExperimentIds, searchRunIds } from "../../../src/stores/d1/search.ts";
import { insertRuns, type RandomSource, randomSource, type SearchedRun } from "../../search/population.ts";

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
const NUMBERS = [0, -1, 0.1, 0.30000000000000004, 1e300, -5e-324, 3, 1.7976931348623157e308, Number.NaN];
const TIMES = [0n, 5n, 1_700_000_000_000n, 2n ** 53n + 1n, 2n ** 53n + 2n, -(2n ** 63n), null];

function randomRun(random: RandomSource, index: number, experiments: readonly number[]): SearchedRun {
  const some = <T>(keys: readonly string[], value: () => T): Record<string, T> =>
    Object.fromEntries(keys.filter(() => random.next() < 0.6).map((key) => [key, value()]));
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
    metrics: some(["m", "n", "a b"], () => random.pick(NUMBERS)),
    params: some(["p", "q"], () => random.pick(TEXTS)),
    tags: some(["t", "mlflow.runName"], () => random.pick(TEXTS)),
    datasets: Array.from({ length: random.below(3) }, (_, index) => ({
      name: random.pick(["train", "Test"]),
      digest: String(index),
      ...(random.next() < 0.5 && { context: random.pick(["training", "eval"]) }),
    })),
  };
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
      : `${field} ${random.pick(["LIKE", "ILIKE"])} ${quoted(random.pick(PATTERNS))}`;
  const comparator = () => random.pick(["=", "!=", "<", "<=", ">", ">="]);
  switch (random.below(9)) {
    case 0:
    case 1:
      return `metrics.${random.pick(["m", "n", "`a b`", "none"])} ${comparator()} ${number()}`;
    case 2:
      return textual(random.pick(["params.p", "params.q", "tags.t", "params.none"]));
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

/** A naive LIKE: patterns as regular expressions over code points. */
function like(value: string, pattern: string, ignoreCase: boolean): boolean {
  const lower = (text: string) => (ignoreCase ? text.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) : text);
  const escaped = lower(pattern).replace(/[$()*+.?[\\\]^{|}]/g, "\\$&");
  const source = escaped.replaceAll("%", ".*").replaceAll("_", ".");
  return new RegExp(`^${source}$`, "su").test(lower(value));
}

function values(run: SearchedRun, { entity, key }: Field): (string | number | bigint)[] {
  const present = <T>(value: T | null | undefined): T[] => (value === null || value === undefined ? [] : [value]);
  if (entity === "metric") return present(run.metrics[key]);
  if (entity === "param") return present(run.params[key]);
  if (entity === "tag") return present(run.tags[key]);
  if (entity === "dataset") {
    return run.datasets.flatMap((dataset) => present(dataset[key as "name" | "digest" | "context"]));
  }
  const attributes: Record<string, string | bigint | null | undefined> = {
    run_id: run.runId,
    run_name: run.tags["mlflow.runName"],
    user_id: run.userId,
    status: run.status,
    start_time: run.startTime,
    end_time: run.endTime,
  };
  return present(attributes[key]);
}

/** Bigints and numbers compare exactly by order, not by identity. */
function equal(a: string | number | bigint, b: string | number | bigint): boolean {
  return a === b || (typeof a !== "string" && typeof b !== "string" && a >= b && a <= b);
}

function compare(a: string | number | bigint, comparator: string, b: string | number | bigint): boolean {
  switch (comparator) {
    case "=":
      return equal(a, b);
    case "!=":
      return !equal(a, b);
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    default:
      return a >= b;
  }
}

function holds(run: SearchedRun, condition: Condition): boolean {
  if (condition.kind === "and") return condition.conditions.every((one) => holds(run, one));
  const found = values(run, condition.field);
  if (condition.kind === "presence") return found.length > 0 === condition.present;
  return found.some((value) => satisfies(value, condition));
}

function satisfies(value: string | number | bigint, comparison: Comparison): boolean {
  switch (comparison.kind) {
    case "number":
      return compare(value, comparison.comparator, comparison.value);
    case "text":
      return comparison.comparator === "LIKE" || comparison.comparator === "ILIKE"
        ? like(String(value), comparison.value, comparison.comparator === "ILIKE")
        : compare(value, comparison.comparator, comparison.value);
    case "list":
      return comparison.values.includes(String(value)) !== comparison.negated;
    case "presence":
      return comparison.present;
  }
}

/** Sort keys with what is last as rank: numbers, NaN, nothing. */
function rank(value: string | number | bigint | undefined): number {
  return value === undefined ? 2 : Number.isNaN(value) ? 1 : 0;
}

function inCodePointOrder(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function order(a: SearchedRun, b: SearchedRun, orderBy: readonly string[]): number {
  const terms = [
    ...parseOrderBy(orderBy, RUN_GRAMMAR),
    { field: { entity: "attribute" as const, key: "start_time" }, ascending: false },
    { field: { entity: "attribute" as const, key: "run_id" }, ascending: true },
  ];
  for (const { field, ascending } of terms) {
    // MLflow filters a run's name by its tag and sorts by its column, which is empty here where the tag is missing.
    const of = (run: SearchedRun) => values(run, field)[0] ?? (field.key === "run_name" ? "" : undefined);
    const [x, y] = [of(a), of(b)];
    if (rank(x) !== rank(y)) return rank(x) - rank(y);
    if (rank(x) > 0 || x === undefined || y === undefined) continue;
    const isText = typeof x === "string" || typeof y === "string";
    const difference = isText ? inCodePointOrder(String(x), String(y)) : x < y ? -1 : x > y ? 1 : 0;
    if (difference !== 0) return ascending ? difference : -difference;
  }
  return 0;
}

function naive(runs: readonly SearchedRun[], query: RunSearchQuery): string[] {
  const condition = parseFilter(query.filter, RUN_GRAMMAR);
  const inView: Record<ViewType, (run: SearchedRun) => boolean> = {
    ACTIVE_ONLY: (run) => !run.deleted,
    DELETED_ONLY: (run) => run.deleted,
    ALL: () => true,
  };
  return runs
    .filter((run) => query.experimentIds.includes(String(run.experimentId)) && inView[query.viewType](run))
    .filter((run) => holds(run, condition))
    .toSorted((a, b) => order(a, b, query.orderBy))
    .map((run) => run.runId);
}

const ORDER_FIELDS = [
  "metrics.m",
  "metrics.n",
  "metrics.`a b`",
  "params.p",
  "tags.t",
  "start_time",
  "attributes.end_time",
  "status",
  "run_name",
  "run_id",
  "user_id",
  "metrics.none",
];

function randomQuery(random: RandomSource, runs: readonly SearchedRun[]): RunSearchQuery {
  const fields = ORDER_FIELDS.toSorted(() => random.next() - 0.5).slice(0, random.pick([0, 1, 1, 2, 3]));
  return {
    experimentIds: random.pick([["11"], ["12"], ["11", "12"], ["11", "13", "99"]]),
    filter: Array.from({ length: random.below(4) }, () => randomComparison(random, runs)).join(" AND "),
    orderBy: fields.map((field) => `${field} ${random.pick(["ASC", "DESC", ""])}`),
    viewType: random.pick(VIEW_TYPES),
    maxResults: random.pick([4, 11, 30, 1000]),
  };
}

/** All pages of a search, each from a plan of its own as in a server. */
async function allPages(query: RunSearchQuery, driverCap: number, between: () => Promise<void>): Promise<string[]> {
  const found: string[] = [];
  let pageToken: string | undefined;
  do {
    const plan = planRunSearch({ ...query, pageToken }, { driverCap });
    const page = await searchRunIds(env.DB, plan);
    expect(page.runIds.length).toBeLessThanOrEqual(query.maxResults);
    if (page.nextPageToken !== undefined) expect(page.runIds).toHaveLength(query.maxResults);
    found.push(...page.runIds);
    pageToken = page.nextPageToken;
    await between();
  } while (pageToken !== undefined);
  return found;
}

test("random searches answer what a naive evaluation answers, over all their pages", { timeout: 120_000 }, async () => {
  const seed = 20_260_722;
  const random = randomSource(seed);
  const runs = Array.from({ length: 120 }, (_, index) => randomRun(random, index, [11, 12, 13]));
  await insertRuns(env.DB, runs);
  let answered = 0;
  for (let round = 0; round < 400; round += 1) {
    const query = randomQuery(random, runs);
    const driverCap = random.pick([0, 8, 1000]);
    const found = await allPages(query, driverCap, async () => {});
    expect(found, JSON.stringify({ round, driverCap, ...query })).toEqual(naive(runs, query));
    answered += Number(found.length > 0);
  }
  expect(answered).toBeGreaterThan(100);
});

test("runs inserted between pages neither repeat nor hide those that were there", { timeout: 120_000 }, async () => {
  const random = randomSource(7);
  const runs = Array.from({ length: 60 }, (_, index) => randomRun(random, index, [11, 12]));
  await insertRuns(env.DB, runs);
  let inserted = 0;
  for (let round = 0; round < 30; round += 1) {
    const query = { ...randomQuery(random, runs), maxResults: random.pick([3, 7]) };
    const before = naive(runs, query);
    const found = await allPages(query, random.pick([0, 8, 1000]), async () => {
      const run = randomRun(random, 1000 + inserted, [11, 12]);
      inserted += 1;
      runs.push(run);
      await insertRuns(env.DB, [run]);
    });
    const context = JSON.stringify({ round, ...query });
    expect(new Set(found).size, context).toBe(found.length);
    const old = new Set(before);
    expect(
      found.filter((runId) => old.has(runId)),
      context,
    ).toEqual(before);
  }
});

test("experiments come in pages, ties by id", async () => {
  await migrate(env.DB);
  const names = Array.from({ length: 25 }, (_, index) => `page-${index % 2 === 0 ? "a" : "B"}-${index}`);
  await env.DB.batch(
    names.map((name, index) =>
      env.DB.prepare("INSERT INTO experiments VALUES (?, ?, '', 'active', ?, 5)").bind(100 + index, name, index % 3),
    ),
  );
  const pages = async (query: Partial<ExperimentSearchQuery>) => {
    const found: string[][] = [];
    let pageToken: string | undefined;
    do {
      const all = { filter: "name LIKE 'page-%'", orderBy: [], viewType: "ALL" as const, maxResults: 10 };
      const page = await searchExperimentIds(env.DB, planExperimentSearch({ ...all, ...query, pageToken }));
      found.push(page.experimentIds);
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
    return found;
  };
  const ids = names.map((_, index) => 100 + index);
  const inOrder = (compare: (a: number, b: number) => number) => ids.toSorted(compare).map(String);
  const byDefault = await pages({});
  expect(byDefault.map((page) => page.length)).toEqual([10, 10, 5]);
  expect(byDefault.flat()).toEqual(inOrder((a, b) => ((b - 100) % 3) - ((a - 100) % 3) || a - b));
  const byTime = await pages({ orderBy: ["last_update_time ASC", "creation_time"], maxResults: 25 });
  expect(byTime).toEqual([inOrder((a, b) => ((a - 100) % 3) - ((b - 100) % 3) || b - a)]);
  const residual = await pages({ filter: "name ILIKE '%P%E-b-%'", orderBy: ["name DESC"], maxResults: 5 });
  expect(residual.map((page) => page.length)).toEqual([5, 5, 2]);
  expect(await pages({ experimentIds: ["101", "103", "7"] })).toEqual([["101", "103"]]);
});
