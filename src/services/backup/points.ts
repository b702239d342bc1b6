import { findPointSources, type PointSource } from "../../stores/d1/backup/point-sources.ts";
import { D1History } from "../../stores/run/d1-history.ts";
import type { HistoryReader } from "../../stores/run/history.ts";
import { positionAt, type Series } from "../../stores/run/series.ts";
import { runObject } from "../../stores/run/stub.ts";
import type { ServiceContext } from "../context.ts";

/** Points in one answer of an object, and answers requested at the same time: both bound what an isolate holds. */
const POINTS_PER_READ = 25_000;
const READS_AT_A_TIME = 8;

/** A stretch of one metric's history. */
export interface RunPoints {
  readonly runId: string;
  readonly key: string;
  readonly series: Series;
}

/** All points of these runs, metric by metric, in get-history's order. A run that does not exist has no points. */
export async function* readAllPoints(ctx: ServiceContext, runIds: readonly string[]): AsyncGenerator<RunPoints> {
  const sources = await findPointSources(ctx.db, runIds);
  const reading: Promise<{ readonly source: PointSource; readonly history: HistoryReader; readonly first: Series }>[] =
    [];
  const rest = sources.values();
  const readNext = () => {
    const { value: source } = rest.next();
    if (source === undefined) return;
    const history = source.point === undefined ? runObject(ctx.env, source) : new D1History([source.point]);
    const first = history.read(source.key, { limit: POINTS_PER_READ });
    const read = first.then((series) => ({ source, history, first: series }));
    // The promise is awaited later; until then, a failure must not count as an unhandled rejection.
    read.catch(() => undefined);
    reading.push(read);
  };
  for (let i = 0; i < READS_AT_A_TIME; i++) readNext();
  for (let next = reading.shift(); next !== undefined; next = reading.shift()) {
    const { source, history, first } = await next;
    readNext();
    const { runId, key } = source;
    for (let series = first; ; ) {
      const count = series.values.length;
      if (count > 0) yield { runId, key, series };
      if (count < POINTS_PER_READ) break;
      series = await history.read(key, { after: positionAt(series, count - 1), limit: POINTS_PER_READ });
    }
  }
}
