import { type Connection, renderHead, withConnection } from "../http/connection.ts";
import { runLoad } from "../http/load.ts";
import {
  API,
  allRuns,
  createExperiment,
  createRuns,
  fraction,
  metricHistory,
  requireEqual,
  requireOk,
} from "../mlflow-api.ts";
import { freshName, TRACKING_SERVERS, type Workload } from "./workload.ts";

const CLIENTS = 8;
const RUNS = 64;

/** The shape of a batch of 1,000 points, the most that MLflow takes. */
export interface BatchShape {
  readonly keys: number;
  readonly steps: number;
}

const BATCH: BatchShape = { keys: 100, steps: 10 };

/** Steps and the last digits of timestamps always have seven digits, so that a rendered batch keeps its length. */
const FIRST_STEP = 1_000_000;
const STEP_DIGITS = 7;

/**
 * A log-batch request rendered once. For each use only run id and steps are written into it, so that the client
 * costs as little as possible and yet no point is sent twice.
 */
export class RenderedBatch {
  readonly shape: BatchShape;
  readonly #bytes: Buffer;
  readonly #runIdOffset: number;
  /** Where each step's digits are, by step of the batch. */
  readonly #stepOffsets: readonly number[][];

  constructor(shape: BatchShape, port: number) {
    this.shape = shape;
    const placeholder = "0".repeat(32);
    let body = `{"run_id":"${placeholder}","metrics":[`;
    const offsets: number[][] = Array.from({ length: shape.steps }, () => []);
    for (let step = 0; step < shape.steps; step++) {
      for (let key = 0; key < shape.keys; key++) {
        if (step + key > 0) body += ",";
        body += `{"key":"${metricKey(key)}","value":${batchValue(shape, key, step)},"timestamp":170000`;
        offsets[step]!.push(body.length);
        body += `${FIRST_STEP},"step":`;
        offsets[step]!.push(body.length);
        body += `${FIRST_STEP}}`;
      }
    }
    body += "]}";
    const head = renderHead("POST", `${API}/runs/log-batch`, port, body.length);
    this.#bytes = Buffer.from(head + body, "latin1");
    this.#runIdOffset = this.#bytes.indexOf(placeholder);
    this.#stepOffsets = offsets.map((positions) => positions.map((position) => head.length + position));
  }

  /** The request of the run's `batch`-th batch, counted from 0. Valid until the next call. */
  of(runId: string, batch: number): Buffer {
    this.#bytes.write(runId, this.#runIdOffset, "latin1");
    for (const [step, positions] of this.#stepOffsets.entries()) {
      const digits = String(FIRST_STEP + batch * this.shape.steps + step);
      requireEqual(digits.length, STEP_DIGITS, "digits of a step");
      for (const position of positions) this.#bytes.write(digits, position, "latin1");
    }
    return this.#bytes;
  }
}

export function metricKey(key: number): string {
  return `metric_${String(key).padStart(2, "0")}`;
}

/** The value of one point; the same in every batch. */
export function batchValue(shape: BatchShape, key: number, step: number): number {
  return fraction(1 + step * shape.keys + key);
}

/** @returns the sum of one key's values in one batch; exact. */
export function batchSum(shape: BatchShape, key: number): number {
  return Array.from({ length: shape.steps }, (_, step) => batchValue(shape, key, step)).reduce((a, b) => a + b, 0);
}

/** The step of the last point after this number of batches. */
export function lastStep(shape: BatchShape, batches: number): number {
  return FIRST_STEP + batches * shape.steps - 1;
}

export const logBatchWorkload: Workload = {
  id: "log-batch",
  title: "`log-batch` of 1,000 metrics, 8 clients over 64 runs",
  unit: "rows/s",
  targets: { mlflow: 40, fasttrackml: 10 },
  data: "empty",
  servers: TRACKING_SERVERS,
  measure: async (server, { seconds }) => {
    const { experimentId, runIds } = await withConnection(server.port, async (connection) => {
      const experimentId = await createExperiment(connection, freshName("log-batch"));
      return { experimentId, runIds: await createRuns(connection, experimentId, RUNS) };
    });
    const sent = runIds.map(() => 0);
    const batches = Array.from({ length: CLIENTS }, () => new RenderedBatch(BATCH, server.port));
    let next = 0;
    const result = await runLoad({
      server,
      clients: CLIENTS,
      seconds,
      operation: async ({ index, connection }) => {
        const run = next++ % RUNS;
        const answer = await connection.send(batches[index]!.of(runIds[run]!, sent[run]!++));
        requireOk(answer, "log-batch");
      },
    });
    await withConnection(server.port, (connection) => checkRuns(connection, experimentId, runIds, sent));
    return { ...result, value: result.perSecond * BATCH.keys * BATCH.steps };
  },
};

/** Every key's latest value of every run, and one key's whole history of each. */
async function checkRuns(
  connection: Connection,
  experimentId: string,
  runIds: readonly string[],
  sent: readonly number[],
): Promise<void> {
  const runs = await allRuns(connection, experimentId);
  const latest = new Map(runs.map((run) => [run.info.run_id, run.data.metrics ?? []]));
  for (const [index, runId] of runIds.entries()) {
    const batches = sent[index]!;
    const metrics = new Map((latest.get(runId) ?? []).map((metric) => [metric.key, metric]));
    for (let key = 0; batches > 0 && key < BATCH.keys; key++) {
      const metric = metrics.get(metricKey(key));
      requireEqual(metric?.step, lastStep(BATCH, batches), `latest step of ${metricKey(key)}`);
      requireEqual(metric?.value, batchValue(BATCH, key, BATCH.steps - 1), `latest value of ${metricKey(key)}`);
    }
    const key = index % BATCH.keys;
    const { points } = await metricHistory(connection, runId, metricKey(key));
    requireEqual(points.length, batches * BATCH.steps, `points of ${metricKey(key)}`);
    const sum = points.reduce((total, point) => total + point.value, 0);
    requireEqual(sum, batches * batchSum(BATCH, key), `sum of ${metricKey(key)}`);
  }
}
