import { withConnection } from "./http/connection.ts";
import { type Client, forEachItem } from "./http/load.ts";
import { createExperiment, createRun, FIRST_TIMESTAMP_MS, type KeyValue, postJson } from "./mlflow-api.ts";
import type { RunningServer } from "./running-server.ts";

/*
 * An experiment of finished runs, each with 5 metrics, 10 params and 5 tags. A run's index decides all its values, so every
 * search has one correct answer, which the benchmark knows.
 */

export const RUNS_EXPERIMENT = "finished-runs";

const SEEDING_CLIENTS = 8;
const RUN_DURATION_MS = 60_000;

export interface SeededRun {
  readonly runName: string;
  readonly startTimeMs: number;
  /** `acc` and `loss` are permutations of 0, 1/count, 2/count, …: no two runs are equal in either. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly params: readonly KeyValue[];
  readonly tags: readonly KeyValue[];
}

/** The run at `index` of `count`; `count` must not be a multiple of the primes below. */
export function seededRun(index: number, count: number): SeededRun {
  const acc = ((index * 7919) % count) / count;
  const loss = ((index * 104_729 + 17) % count) / count;
  return {
    runName: `run-${String(index).padStart(6, "0")}`,
    startTimeMs: FIRST_TIMESTAMP_MS + index * 1000,
    metrics: { acc, loss, f1: acc * 0.9, lr: 0.001 * ((index % 7) + 1), epoch_seconds: 30 + (index % 100) / 8 },
    params: Array.from({ length: 10 }, (_, key) => ({ key: `p${key}`, value: String((index + key) % 10) })),
    tags: Array.from({ length: 5 }, (_, key) => ({
      key: `t${key}`,
      value: String((Math.floor(index / 10) + key) % 10),
    })),
  };
}

export async function seedRuns(server: RunningServer, count: number): Promise<void> {
  const experimentId = await withConnection(server.port, (connection) => createExperiment(connection, RUNS_EXPERIMENT));
  const indices = Array.from({ length: count }, (_, index) => index);
  await forEachItem(server.port, SEEDING_CLIENTS, indices, (client, index) =>
    seedRun(client, experimentId, seededRun(index, count)),
  );
}

async function seedRun({ connection }: Client, experimentId: string, run: SeededRun): Promise<void> {
  const { run_id } = await createRun(connection, experimentId, run.runName, run.startTimeMs, run.tags);
  const metrics = Object.entries(run.metrics).map(([key, value]) => ({
    ...{ key, value },
    ...{ timestamp: run.startTimeMs, step: 1 },
  }));
  await postJson(connection, "/runs/log-batch", { run_id, metrics, params: run.params });
  const end_time = run.startTimeMs + RUN_DURATION_MS;
  await postJson(connection, "/runs/update", { run_id, status: "FINISHED", end_time });
}
