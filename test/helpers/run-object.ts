import { listDurableObjectIds, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { forgetRun } from "../../src/services/runs/known-runs.ts";
import { findRun } from "../../src/stores/d1/runs/runs.ts";
import type { RunDurableObject } from "../../src/stores/run/durable-object.ts";
import { cellOfNewRun } from "../../src/stores/run/placement.ts";
import { runObject } from "../../src/stores/run/stub.ts";
import { historyOf, type Message, metricsOf, mlflow, newRun, searchRuns } from "./mlflow.ts";

/** Whether the settings of this test project put all runs into cells. Otherwise each run has its own object. */
export const HAS_CELLS = Number(env.TRACKFLARE_CELLS) > 0;

/** The cell of a run; empty if the run has its own object. */
export const cellOf = (runId: string) =>
  cellOfNewRun(runId, "0", { ofAll: Number(env.TRACKFLARE_CELLS ?? 0), ofExperiment: 0 }, () => false);

/** The run id that a cell's methods need; undefined for a run's own object. */
export const idInCell = (runId: string) => (HAS_CELLS ? runId : undefined);

/** The object that has a run's history, for tests that read its storage. */
export const object = (runId: string) => env.RUNS.get(env.RUNS.idFromName(cellOf(runId) || runId));

/** The same object through the Worker's interface. */
export const runOf = (runId: string) => runObject(env, { runId, cell: cellOf(runId) });

/** Whether an object holds the run's history. */
export async function hasObject(runId: string): Promise<boolean> {
  if (HAS_CELLS) return (await findRun(env.DB, runId))?.hasObject ?? false;
  const id = env.RUNS.idFromName(runId);
  return (await listDurableObjectIds(env.RUNS)).some((other) => other.equals(id));
}

/** Whether the object stores anything of the run. */
export async function objectHolds(runId: string): Promise<boolean> {
  if (HAS_CELLS) return (await runsOfCell(runId)).includes(runId);
  return await runInDurableObject(object(runId), (_object, { storage }) => {
    return storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '_cf_%'").toArray().length > 0;
  });
}

/** Appends points as the Worker does. */
export const appendTo = async (instance: RunDurableObject, runId: string, body: Uint8Array): Promise<boolean> =>
  HAS_CELLS ? (await instance.appendInCell(cellOf(runId), runId, body)) === "stored" : instance.append(runId, body);

/**
 * A run without a live mark: every run with an object of its own, and a run of a cell that an earlier version created. D1
 * takes its first points.
 */
export async function newUnmarkedRun(message: Message = {}): Promise<string> {
  const runId = await newRun(message);
  await env.DB.prepare("UPDATE runs SET live_epoch = NULL, has_object = FALSE WHERE run_id = ?").bind(runId).run();
  forgetRun(runId);
  return runId;
}

/** A run without a live mark whose object holds its history from the first point on. */
export async function newRunWithObject(message: Message = {}): Promise<string> {
  const runId = await newUnmarkedRun(message);
  await env.DB.prepare("UPDATE runs SET has_object = TRUE WHERE run_id = ?").bind(runId).run();
  return runId;
}

/** Ids of the runs that the run's cell has. */
export const runsOfCell = (runId: string) =>
  runInDurableObject(object(runId), (_object, { storage }) =>
    storage.sql
      .exec<{ run_id: string }>("SELECT run_id FROM cell_run")
      .toArray()
      .map(({ run_id }) => run_id),
  );

export const log = (run_id: string, key: string, value: number | string, step: number | string = 0, timestamp = 1) =>
  mlflow("runs/log-metric", { run_id, key, value, step, timestamp });

/** Ends the object's instance at once, like a crash. The stored data stays. */
export async function abort(runId: string): Promise<void> {
  const aborted = runInDurableObject(object(runId), (_object, state) => state.abort("a crash"));
  await expect(aborted).rejects.toThrow("a crash");
}

export interface LatestRow {
  key: string;
  value: number;
  is_nan: number;
  step: string;
  timestamp: string;
  min_value: number | null;
  max_value: number | null;
}

/** D1's rows of a run's metrics. Integers are texts, because D1 rounds large ones. */
export async function latestRows(runId: string): Promise<LatestRow[]> {
  const { results } = await env.DB.prepare(
    `SELECT key, value, is_nan, CAST(step AS TEXT) AS step, CAST(timestamp AS TEXT) AS timestamp, min_value, max_value
     FROM latest_metrics WHERE run_id = ? ORDER BY key`,
  )
    .bind(runId)
    .all<LatestRow & Record<string, unknown>>();
  return results;
}

export async function liveEpoch(runId: string): Promise<number | null> {
  const row = await env.DB.prepare("SELECT live_epoch FROM runs WHERE run_id = ?")
    .bind(runId)
    .first<{ live_epoch: number | null }>();
  return row?.live_epoch ?? null;
}

/** The time of the run's next alarm, in milliseconds since 1970. */
export const alarmOf = (runId: string) =>
  runInDurableObject(object(runId), (_object, { storage }) => {
    if (!HAS_CELLS) return storage.getAlarm();
    const sql = "SELECT due_ms FROM cell_run WHERE run_id = ?";
    return storage.sql.exec<{ due_ms: number | null }>(sql, runId).one().due_ms;
  });

/** Fires the run's alarm now. @returns whether an alarm was set */
export async function runAlarm(runId: string): Promise<boolean> {
  if (!HAS_CELLS) return await runDurableObjectAlarm(object(runId));
  if ((await alarmOf(runId)) === null) return false;
  await runInDurableObject(object(runId), (_object, { storage }) => {
    storage.sql.exec("UPDATE cell_run SET due_ms = 1 WHERE run_id = ?", runId);
  });
  return await runDurableObjectAlarm(object(runId));
}

/** Runs `work` while a table is missing in D1, so that every statement on the table fails. */
export async function withoutTable(table: "runs" | "latest_metrics", work: () => Promise<void>): Promise<void> {
  await env.DB.exec(`ALTER TABLE ${table} RENAME TO ${table}_away`);
  try {
    await work();
  } finally {
    await env.DB.exec(`ALTER TABLE ${table}_away RENAME TO ${table}`);
  }
}

/** Metric `a` as each of the three reads of a run answers it. */
export async function seen(experimentId: string, runId: string) {
  const runs = await searchRuns({ experiment_ids: [experimentId], filter: "metrics.a > -1000" });
  const found = runs.find(({ info }) => info.run_id === runId);
  return {
    searched: found?.data.metrics?.find((metric) => metric.key === "a")?.value,
    latest: (await metricsOf(runId)).a?.value,
    history: (await historyOf(runId, "a")).map((point) => point.value),
  };
}

export const seenAs = (...values: number[]) => ({ searched: values.at(-1), latest: values.at(-1), history: values });
