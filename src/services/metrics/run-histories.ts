import { type FirstPointsOfRun, findFirstPoints } from "../../stores/d1/metrics/first-points.ts";
import type { ChartOptions, ChartSeries } from "../../stores/run/chart-series.ts";
import { D1History } from "../../stores/run/d1-history.ts";
import type { HistoryReader, ReadOptions, SampleOptions } from "../../stores/run/history.ts";
import type { Series } from "../../stores/run/series.ts";
import { type RunPlace, runObject } from "../../stores/run/stub.ts";
import type { ServiceContext } from "../context.ts";
import { forgetRun, knownPlaceOfObject } from "../runs/known-runs.ts";

/**
 * Finds where to read one metric's history for each run: from the run's object, or from D1 if the run has no object yet.
 * Runs that do not exist are left out.
 */
export async function findHistories(
  ctx: ServiceContext,
  runIds: readonly string[],
  metricKey: string,
): Promise<Map<string, HistoryReader>> {
  const unknown = runIds.filter((runId) => knownPlaceOfObject(runId) === undefined);
  const found = unknown.length === 0 ? undefined : await findFirstPoints(ctx.db, unknown, metricKey);
  const histories = new Map<string, HistoryReader>();
  for (const runId of runIds) {
    const first = found?.get(runId);
    const place = knownPlaceOfObject(runId);
    const history = first === undefined ? undefined : historyOf(ctx, runId, first);
    if (place !== undefined) histories.set(runId, new RememberedHistory(ctx, place, metricKey));
    else if (history !== undefined) histories.set(runId, history);
  }
  return histories;
}

function historyOf(ctx: ServiceContext, runId: string, { hasObject, cell, points }: FirstPointsOfRun): HistoryReader {
  return hasObject ? runObject(ctx.env, { runId, cell }) : new D1History(points);
}

/**
 * A history in the place that this isolate remembers. A run that was deleted for good and imported again may be in another
 * place, so if the history is empty, the run is looked up again.
 */
class RememberedHistory implements HistoryReader {
  readonly #ctx: ServiceContext;
  readonly #place: RunPlace;
  readonly #metricKey: string;

  constructor(ctx: ServiceContext, place: RunPlace, metricKey: string) {
    this.#ctx = ctx;
    this.#place = place;
    this.#metricKey = metricKey;
  }

  read(key: string, options: ReadOptions): Promise<Series> {
    return this.#look(
      (history) => history.read(key, options),
      ({ values }) => values.length === 0,
    );
  }

  sample(key: string, options: SampleOptions): Promise<Series> {
    return this.#look(
      (history) => history.sample(key, options),
      ({ values }) => values.length === 0,
    );
  }

  chart(keys: readonly string[], options: ChartOptions): Promise<ChartSeries[]> {
    return this.#look(
      (history) => history.chart(keys, options),
      (charts) => charts.every(({ values }) => values.length === 0),
    );
  }

  async #look<T>(read: (history: HistoryReader) => T | Promise<T>, isEmpty: (found: T) => boolean): Promise<T> {
    const { runId, cell } = this.#place;
    const remembered = await read(runObject(this.#ctx.env, this.#place));
    if (!isEmpty(remembered)) return remembered;
    const first = (await findFirstPoints(this.#ctx.db, [runId], this.#metricKey)).get(runId);
    if (first?.hasObject && first.cell === cell) return remembered;
    forgetRun(runId);
    return first === undefined ? remembered : await read(historyOf(this.#ctx, runId, first));
  }
}
