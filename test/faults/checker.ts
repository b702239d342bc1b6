import type { Ledger, Point, RegisterKind, RunLedger } from "./ledger.ts";
import { compareLatest, firstOf, latestOf, pointText, REGISTER_KINDS } from "./ledger.ts";

/** A run as the API shows it. */
export interface ObservedRun {
  readonly name: string;
  /** `get-history` of every metric, by key. */
  readonly history: ReadonlyMap<string, readonly Point[]>;
  /** The latest metrics by key, as `runs/get` and `runs/search` answer them. */
  readonly latest: Readonly<Record<LatestSource, ReadonlyMap<string, Point>>>;
  /** The artifacts' digests, by name. */
  readonly registers: Readonly<Record<RegisterKind, ReadonlyMap<string, string>>>;
}

export const LATEST_SOURCES = ["runs/get", "runs/search"] as const;
export type LatestSource = (typeof LATEST_SOURCES)[number];

/** A row of D1's `latest_metrics`. */
export interface SummaryRow extends Point {
  readonly minValue: number | null;
  readonly maxValue: number | null;
  readonly first: Point;
}

/** The problems of a run at rest. Each text begins with the problem's kind. */
export function checkRun(ledger: RunLedger, observed: ObservedRun): string[] {
  const problems = [
    ...checkHistory(ledger, observed.history),
    ...LATEST_SOURCES.flatMap((source) => checkLatest(observed.history, observed.latest[source], source)),
    ...REGISTER_KINDS.flatMap((kind) => checkRegisters(ledger, kind, observed.registers[kind])),
  ];
  return problems.map((problem) => `${problem} (run ${ledger.runId})`);
}

function checkHistory(ledger: RunLedger, history: ReadonlyMap<string, readonly Point[]>): string[] {
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const points of history.values()) {
    points.forEach((point, index) => {
      const text = pointText(point);
      if (seen.has(text)) problems.push(`duplicate: ${text}`);
      seen.add(text);
      if (!ledger.hasSent(point)) problems.push(`phantom: ${text}`);
      const previous = points[index - 1];
      if (previous !== undefined && compareHistory(previous, point) > 0) problems.push(`disorder: ${text}`);
    });
  }
  for (const point of ledger.acknowledgedPoints) {
    if (!seen.has(pointText(point))) problems.push(`lost: ${pointText(point)}`);
  }
  return problems;
}

/** The order of `get-history`. The place of a NaN among equal timestamps and steps is not defined. */
function compareHistory(a: Point, b: Point): number {
  return a.timestamp - b.timestamp || a.step - b.step || (a.value > b.value ? 1 : 0);
}

function checkLatest(
  history: ReadonlyMap<string, readonly Point[]>,
  latest: ReadonlyMap<string, Point>,
  source: string,
): string[] {
  const keys = new Set([...history.keys(), ...latest.keys()]);
  return [...keys].flatMap((key) => {
    const expected = latestOf(history.get(key) ?? []);
    const actual = latest.get(key);
    const isSame = expected && actual ? pointText(expected) === pointText(actual) : expected === actual;
    return isSame ? [] : [`stale latest: ${source} has ${textOf(actual)}, history ${textOf(expected)}`];
  });
}

function checkRegisters(ledger: RunLedger, kind: RegisterKind, observed: ReadonlyMap<string, string>): string[] {
  const wrong = [...ledger.registers(kind)].flatMap(([name, register]) => {
    const value = observed.get(name);
    return register.mayHold(value) ? [] : [`wrong value: ${kind} '${name}' holds ${value}`];
  });
  const unknown = [...observed.keys()].filter((name) => !ledger.registers(kind).has(name));
  return [...wrong, ...unknown.map((name) => `phantom: ${kind} '${name}'`)];
}

/**
 * The problems of a run's latest values while clients write to the run.
 * @param before the greatest points that were acknowledged before the read was sent
 */
export function checkLatestUnderLoad(
  ledger: RunLedger,
  before: ReadonlyMap<string, Point>,
  latest: ReadonlyMap<string, Point>,
): string[] {
  const stale = [...before].flatMap(([key, acknowledged]) => {
    const actual = latest.get(key);
    if (actual !== undefined && compareLatest(actual, acknowledged) >= 0) return [];
    return [`stale latest: ${textOf(actual)}, acknowledged ${textOf(acknowledged)} (run ${ledger.runId})`];
  });
  const phantoms = [...latest.values()].filter((point) => !ledger.hasSent(point));
  return [...stale, ...phantoms.map((point) => `phantom: latest ${pointText(point)} (run ${ledger.runId})`)];
}

/** The problems of a search's answer over the whole experiment. */
export function checkRunsFound(ledger: Ledger, found: readonly { readonly runId: string; readonly name: string }[]) {
  const problems: string[] = [];
  const acknowledged = new Set(ledger.runs.map((run) => run.runId));
  const ids = new Set<string>();
  const unansweredNames = new Set<string>();
  for (const { runId, name } of found) {
    if (ids.has(runId)) problems.push(`duplicate: run ${runId}`);
    ids.add(runId);
    if (acknowledged.has(runId)) continue;
    if (!ledger.unansweredRunNames.has(name)) problems.push(`phantom: run ${runId} '${name}'`);
    if (unansweredNames.has(name)) problems.push(`duplicate: run '${name}'`);
    unansweredNames.add(name);
  }
  for (const runId of acknowledged) if (!ids.has(runId)) problems.push(`lost: run ${runId}`);
  return problems;
}

/**
 * The problems of a search `metrics.<key> > threshold`, ordered by the metric, greatest first.
 * @param found run ids in the order of the answer
 */
export function checkOrder(
  histories: ReadonlyMap<string, readonly Point[]>,
  threshold: number,
  found: readonly string[],
): string[] {
  const expected = [...histories]
    .map(([runId, points]) => ({ runId, value: latestOf(points)?.value ?? Number.NaN }))
    .filter(({ value }) => value > threshold)
    .sort((a, b) => b.value - a.value)
    .map(({ runId }) => runId);
  return expected.join() === found.join() ? [] : [`wrong order: found ${found}, history says ${expected}`];
}

/** The problems of D1's rows of a run whose object has written everything to D1. */
export function checkSummaries(history: ReadonlyMap<string, readonly Point[]>, rows: readonly SummaryRow[]): string[] {
  const problems = checkLatest(history, new Map(rows.map((row) => [row.key, row])), "D1");
  for (const { key, minValue, maxValue, first } of rows) {
    const points = history.get(key) ?? [];
    const numbers = points.map((point) => point.value).filter((value) => !Number.isNaN(value));
    const least = numbers.length === 0 ? null : numbers.reduce((a, b) => Math.min(a, b));
    const greatest = numbers.length === 0 ? null : numbers.reduce((a, b) => Math.max(a, b));
    if (minValue !== least || maxValue !== greatest) {
      problems.push(`wrong range: D1 has ${minValue} to ${maxValue} of ${key}, history ${least} to ${greatest}`);
    }
    const expected = firstOf(points);
    if (expected === undefined || pointText(first) !== pointText(expected)) {
      problems.push(`wrong first: D1 has ${textOf(first)}, history ${textOf(expected)}`);
    }
  }
  return problems;
}

function textOf(point: Point | undefined): string {
  return point === undefined ? "nothing" : `'${pointText(point)}'`;
}
