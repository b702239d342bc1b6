import { invalidParameter } from "../../domain/errors.ts";
import { MAX_FINITE_VALUE } from "../../domain/limits.ts";
import { slices } from "../../domain/slices.ts";
import { type ChartSource, findChartSources } from "../../stores/d1/metrics/chart-sources.ts";
import { seriesOf } from "../../stores/run/series.ts";
import { groupByObject, MAX_ASKED_OBJECTS } from "../../stores/run/stub.ts";
import { MetricSummaries } from "../../stores/run/summaries.ts";
import type { ServiceContext } from "../context.ts";
import { askLiveRuns } from "../live/live-news.ts";
import {
  type ChartQuery,
  checkChart,
  keysToRead,
  OBJECTS_AHEAD,
  objectsAhead,
  parseX,
  type RunChart,
  readRun,
} from "./chart.ts";
import { type Line, type MeanBand, meanBand } from "./mean-band.ts";

export interface GroupChartQuery extends ChartQuery {
  /** The group number of each run in `runIds`, from 0 on. */
  readonly groupOf: readonly number[];
  /** How long to read runs. Runs that are not read by then are not part of the curves. */
  readonly budgetMs: number;
}

/** What the latest values of a group's runs have in common. */
export interface LatestValues {
  readonly count: number;
  readonly mean: number;
  /** The sample's standard deviation; 0 for one value. */
  readonly std: number;
  readonly min: number;
  readonly max: number;
}

/** A metric of a group. */
export interface GroupSeries extends MeanBand {
  readonly key: string;
  /** How many runs of the group have the metric. */
  readonly runs: number;
  /** How many of these runs the curve covers. */
  readonly read: number;
  /** The latest values of all runs that have the metric, read or not; undefined if no run has a finite value. */
  readonly latest: LatestValues | undefined;
  /** How many live runs of the group did not tell their newest points, of any metric. `latest` has what D1 knows of them. */
  readonly stale: number;
}

export interface GroupChart {
  readonly group: number;
  readonly series: readonly GroupSeries[];
}

const MAX_RUNS = 10_000;
const MAX_BUDGET_MS = 20_000;
const RUNS_PER_READ = 1000;
/** This many runs are read even if the time runs out. */
const LEAST_READ = OBJECTS_AHEAD;
/** Maximum number of doubles held at once for the curves of all runs and metrics: 32 MB. */
const MAX_HELD = 4_000_000;

/**
 * Metrics of groups of runs: each group's mean curve, and the mean of its runs' latest values, which equals the mean in a
 * table of the same runs. The latest values cover all runs. Curves cover as many runs as the time allows, equally many of
 * each group, in the order of their ids, which are random.
 * @throws MlflowError INVALID_PARAMETER_VALUE
 */
export async function readGroupCharts(ctx: ServiceContext, query: GroupChartQuery): Promise<GroupChart[]> {
  const { runIds, groupOf, budgetMs } = query;
  const keys = [...new Set(query.metricKeys)];
  checkChart(query, keys, runIds.length, MAX_RUNS);
  if (groupOf.length !== runIds.length || !groupOf.every((group) => group >= 0 && group < MAX_RUNS)) {
    throw invalidParameter("group_of must have a number from 0 on for each of run_ids.");
  }
  if (!(budgetMs > 0 && budgetMs <= MAX_BUDGET_MS)) {
    throw invalidParameter(`budget_ms must be from 1 to ${MAX_BUDGET_MS}. Got ${budgetMs}.`);
  }
  const until = Date.now() + budgetMs;
  const { sources, asked, stale } = await findSources(ctx, [...new Set(runIds)], keysToRead(query.x, keys));
  const groups = new Map(runIds.map((runId, index) => [runId, groupOf[index]!]));
  const reading = new Reading(groups, sources, keys, stale);
  const read = (source: ChartSource) => readRun(ctx, source, keys, { ...query, x: parseX(query.x)(source) });
  await readWithin(fairOrder(sources, groups), read, {
    until,
    most: MAX_ASKED_OBJECTS - asked,
    atOnce: objectsAhead(query.buckets, keys.length),
    take: (chart) => reading.take(chart),
  });
  return reading.result();
}

/**
 * The runs with their latest values, which for live runs come from their objects; how many objects were asked; and the live
 * runs that did not answer, or whose objects are too many to ask.
 */
async function findSources(ctx: ServiceContext, runIds: readonly string[], keys: readonly string[]) {
  const find = async (): Promise<ChartSource[]> => {
    const found: ChartSource[] = [];
    for (const some of slices(runIds, RUNS_PER_READ)) found.push(...(await findChartSources(ctx.db, some, keys)));
    return found;
  };
  const first = await find();
  const live = first.filter(({ isLive }) => isLive);
  const objects = groupByObject(live).slice(0, MAX_ASKED_OBJECTS / 2);
  const { isBehind, summaries, told } = await askLiveRuns(ctx, objects.flat(), keys);
  const found = isBehind ? await find() : first;
  const sources = found.map((source) => withNews(source, summaries.get(source.runId)));
  const stale = new Set(live.map(({ runId }) => runId).filter((runId) => !told.has(runId)));
  return { sources, asked: objects.length, stale };
}

function withNews(source: ChartSource, news: MetricSummaries | undefined): ChartSource {
  if (news === undefined) return source;
  const latest = new MetricSummaries();
  for (const point of source.latest) latest.addSeries(point.key, seriesOf(point));
  for (const [key, summary] of news) latest.addSeries(key, seriesOf(summary));
  return {
    ...source,
    latest: [...latest].map(([key, { value, step, timestamp }]) => ({ key, value, step, timestamp })),
  };
}

/** Orders the runs by taking one of each group in turn, so that any number of first runs is a fair sample of each group. */
function fairOrder(sources: readonly ChartSource[], groups: ReadonlyMap<string, number>): ChartSource[] {
  const byId = sources.toSorted((a, b) => (a.runId < b.runId ? -1 : 1));
  const places = new Map<number, number>();
  const turns = byId.map((source) => {
    const group = groups.get(source.runId)!;
    const turn = places.get(group) ?? 0;
    places.set(group, turn + 1);
    return { source, turn };
  });
  return turns.sort((a, b) => a.turn - b.turn).map(({ source }) => source);
}

interface Limits {
  /** The deadline, in ms since 1970. */
  readonly until: number;
  /** Maximum number of objects to ask. */
  readonly most: number;
  readonly atOnce: number;
  /** @returns whether there is room for more. */
  readonly take: (chart: RunChart) => boolean;
}

async function readWithin(
  sources: readonly ChartSource[],
  read: (source: ChartSource) => Promise<RunChart>,
  { until, most, atOnce, take }: Limits,
): Promise<void> {
  let next = 0;
  let asked = 0;
  let hasRoom = true;
  const worker = async (): Promise<void> => {
    while (next < sources.length && hasRoom) {
      const source = sources[next++]!;
      // Runs without an object are always read, since D1 alone answers for them.
      if (source.hasObject && (asked >= most || (asked >= LEAST_READ && Date.now() > until))) continue;
      if (source.hasObject) asked++;
      if (!take(await read(source))) hasRoom = false;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** Gathers curves by group and metric. */
class Reading {
  readonly #groups: ReadonlyMap<string, number>;
  readonly #sources: readonly ChartSource[];
  readonly #keys: readonly string[];
  readonly #stale: ReadonlySet<string>;
  readonly #lines = new Map<string, Line[]>();
  #held = 0;

  constructor(
    groups: ReadonlyMap<string, number>,
    sources: readonly ChartSource[],
    keys: readonly string[],
    stale: ReadonlySet<string>,
  ) {
    this.#groups = groups;
    this.#sources = sources;
    this.#keys = keys;
    this.#stale = stale;
  }

  take({ runId, series }: RunChart): boolean {
    for (const { key, x, values, meanX, means } of series) {
      if (x.length === 0) continue;
      const line = means.length > 0 ? { x: meanX, values: means } : { x, values };
      const name = `${this.#groups.get(runId)} ${key}`;
      const lines = this.#lines.get(name);
      if (lines === undefined) this.#lines.set(name, [line]);
      else lines.push(line);
      this.#held += 2 * line.x.length;
    }
    return this.#held < MAX_HELD;
  }

  result(): GroupChart[] {
    const byGroup = Map.groupBy(this.#sources, ({ runId }) => this.#groups.get(runId)!);
    return [...byGroup]
      .sort(([a], [b]) => a - b)
      .map(([group, sources]) => ({ group, series: this.#keys.map((key) => this.#series(group, sources, key)) }));
  }

  #series(group: number, sources: readonly ChartSource[], key: string): GroupSeries {
    const lines = this.#lines.get(`${group} ${key}`) ?? [];
    const latest = sources.flatMap((source) => source.latest.find((point) => point.key === key)?.value ?? []);
    const stale = sources.filter(({ runId }) => this.#stale.has(runId)).length;
    return { key, runs: latest.length, read: lines.length, stale, latest: describe(latest), ...meanBand(lines) };
  }
}

function describe(all: readonly number[]): LatestValues | undefined {
  const values = all.filter((value) => Math.abs(value) < MAX_FINITE_VALUE);
  const count = values.length;
  if (count === 0) return undefined;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    ...{ count, mean, std: count > 1 ? Math.sqrt(squares / (count - 1)) : 0 },
    min: values.reduce((least, value) => Math.min(least, value)),
    max: values.reduce((most, value) => Math.max(most, value)),
  };
}
