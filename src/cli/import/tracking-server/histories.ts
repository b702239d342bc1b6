import { forEachAtMost } from "../../../domain/for-each-at-most.ts";
import { Refused, type TrackingServer } from "../../transfer/http.ts";
import type { MetricSeries } from "../../transfer/metric-series.ts";
import { toSeries, type WirePoint } from "./wire.ts";

/** MLflow's server answers no more points of one metric than this, and does not say that there are more. */
const MAX_POINTS = 25_000;
/** Servers behind gunicorn refuse a request line of more than 4,094 bytes. MLflow takes up to 100 runs. */
const MAX_RUNS = 75;
/** Requests at a time. */
const REQUESTS = 8;
/** Points in memory at once. Longer histories are read one run at a time. */
const MAX_POINTS_IN_MEMORY = 500_000;

export interface RunKeys {
  readonly runId: string;
  readonly keys: readonly string[];
}

interface BulkPoint extends WirePoint {
  readonly run_id: string;
}

/**
 * Short histories of many runs, one request for each metric. MLflow's API tells the history of one metric of one run; its
 * UI asks for one metric of up to 100 runs, which this uses. A sweep of 100 runs with 20 metrics of one point takes 20
 * requests instead of 2,000.
 */
export class BulkHistories {
  readonly #server: TrackingServer;
  /** False once the server has shown that it does not have the endpoint. */
  #isThere = true;

  constructor(server: TrackingServer) {
    this.#server = server;
  }

  /** @returns by run and key, the histories that were read whole. The others must be read one by one. */
  async read(runs: readonly RunKeys[]): Promise<ReadonlyMap<string, ReadonlyMap<string, MetricSeries>>> {
    const found = new Map<string, Map<string, MetricSeries>>(runs.map(({ runId }) => [runId, new Map()]));
    const requests = requestsFor(runs);
    let points = 0;
    await forEachAtMost(REQUESTS, requests, async ({ key, runIds }) => {
      if (!this.#isThere || points > MAX_POINTS_IN_MEMORY) return;
      const histories = await this.#ask(key, runIds);
      for (const [runId, series] of histories) {
        found.get(runId)?.set(key, series);
        points += series.values.length;
      }
    });
    return found;
  }

  async #ask(key: string, runIds: readonly string[]): Promise<ReadonlyMap<string, MetricSeries>> {
    const query = { run_id: runIds, metric_key: key, max_results: String(MAX_POINTS) };
    let points: readonly BulkPoint[];
    try {
      const path = "/ajax-api/2.0/mlflow/metrics/get-history-bulk";
      ({ metrics: points = [] } = await this.#server.get<{ metrics?: readonly BulkPoint[] }>(path, query));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.status === 404) this.#isThere = false;
      return new Map();
    }
    const byRun = Map.groupBy(points, ({ run_id }) => run_id);
    // Points come by run, so only the last run may lack some.
    const last = points.length >= MAX_POINTS ? points.at(-1)?.run_id : undefined;
    return new Map([...byRun].filter(([runId]) => runId !== last).map(([runId, of]) => [runId, toSeries(key, of)]));
  }
}

/** Only metrics that several runs have: for one run the request would save nothing. */
function requestsFor(runs: readonly RunKeys[]): { key: string; runIds: readonly string[] }[] {
  const runsByKey = new Map<string, string[]>();
  for (const { runId, keys } of runs) {
    for (const key of keys) {
      const ids = runsByKey.get(key);
      if (ids === undefined) runsByKey.set(key, [runId]);
      else ids.push(runId);
    }
  }
  return [...runsByKey]
    .filter(([, { length }]) => length > 1)
    .flatMap(([key, runIds]) =>
      Array.from({ length: Math.ceil(runIds.length / MAX_RUNS) }, (_, part) => ({
        key,
        runIds: runIds.slice(part * MAX_RUNS, (part + 1) * MAX_RUNS),
      })),
    );
}
