import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { knownPlaceOfObject, rememberRun } from "../../../src/services/runs/known-runs.ts";
import { findRun } from "../../../src/stores/d1/runs/runs.ts";
import { parseSeries } from "../../../ui/src/api/series-frames.ts";
import {
  expectMlflowError,
  fetchWorker,
  historyOf,
  mlflow,
  newExperiment,
  searchRuns,
  send,
} from "../../helpers/mlflow.ts";
import { log } from "../../helpers/run-object.ts";
import { gc } from "../../helpers/trash.ts";

/* One experiment has runs with an object of their own, as earlier versions made them, beside runs of cells. */

const PLACES: readonly Partial<Env>[] = [
  { TRACKFLARE_CELLS: "0" },
  { TRACKFLARE_CELLS: "1" },
  { TRACKFLARE_CELLS: "0", TRACKFLARE_CELLS_PER_EXPERIMENT: "1" },
];

const headers = { "Content-Type": "application/json" };

const post = async (path: string, message: object, settings?: Partial<Env>) => {
  const answer = await fetchWorker(path, { method: "POST", headers, body: JSON.stringify(message) }, settings);
  expect(answer.status).toBe(200);
  return answer;
};

async function newRunIn(experiment_id: string, settings: Partial<Env>): Promise<string> {
  const answer = await post("/api/2.0/mlflow/runs/create", { experiment_id }, settings);
  return (await answer.json<{ run: { info: { run_id: string } } }>()).run.info.run_id;
}

const objectOf = (runId: string, cell: string) => env.RUNS.get(env.RUNS.idFromName(cell || runId));

async function endInstance(runId: string): Promise<void> {
  const stub = objectOf(runId, (await findRun(env.DB, runId))!.cell);
  await expect(runInDurableObject(stub, (_object, state) => state.abort("a crash"))).rejects.toThrow("a crash");
}

const found = async (experimentId: string, filter: string) =>
  (await searchRuns({ experiment_ids: [experimentId], filter, order_by: ["metrics.a DESC"] })).map(({ info, data }) => [
    info.run_id,
    data.metrics?.find(({ key }) => key === "a")?.value,
  ]);

const valuesOf = async (runId: string) => (await historyOf(runId, "a")).map(({ value }) => value);

test("runs of cells and runs with their own objects are written, searched, charted, deleted and purged side by side", async () => {
  const experimentId = await newExperiment();
  const runIds: string[] = [];
  for (const settings of PLACES) runIds.push(await newRunIn(experimentId, settings));
  const cells = await Promise.all(runIds.map(async (runId) => (await findRun(env.DB, runId))?.cell));
  expect(cells).toEqual(["", "cell-0", `cell-${experimentId}-0`]);

  for (let step = 0; step < 3; step++) {
    for (const [index, runId] of runIds.entries()) await log(runId, "a", 10 * index + step, step);
  }
  const latest = runIds.map((runId, index) => [runId, 10 * index + 2]).reverse();
  expect(await found(experimentId, "metrics.a >= 0")).toEqual(latest);
  // The next instances continue, each in the object that the column names.
  for (const runId of runIds) await endInstance(runId);
  expect(await found(experimentId, "metrics.a > 2")).toEqual(latest.slice(0, 2));
  for (const [index, runId] of runIds.entries()) {
    expect(await valuesOf(runId)).toEqual([0, 1, 2].map((step) => 10 * index + step));
  }
  const chart = await post("/ui-api/series", { run_ids: runIds, metric_keys: ["a"] });
  const lines = parseSeries(await chart.arrayBuffer());
  expect(lines.map(({ values }) => [...values])).toEqual(runIds.map((_, i) => [0, 1, 2].map((step) => 10 * i + step)));

  await mlflow("experiments/delete", { experiment_id: experimentId });
  for (const run_id of runIds) {
    const point = { run_id, key: "a", value: 99, timestamp: 1, step: 9 };
    await expectMlflowError(send("runs/log-metric", point), "INVALID_PARAMETER_VALUE");
  }
  await mlflow("experiments/restore", { experiment_id: experimentId });
  for (const [index, runId] of runIds.entries()) await log(runId, "a", 10 * index + 3, 3);

  for (const [index, runId] of runIds.entries()) {
    await mlflow("runs/delete", { run_id: runId });
    expect((await gc({ run_ids: [runId] })).failures).toEqual([]);
    const stored = await runInDurableObject(objectOf(runId, cells[index]!), (_object, { storage: { sql } }) => {
      const tables = sql.exec("SELECT name FROM sqlite_master WHERE name = 'cell_run'").toArray();
      return tables.length === 0 ? 0 : sql.exec("SELECT 1 FROM cell_run WHERE run_id = ?", runId).toArray().length;
    });
    expect(stored).toBe(0);
    const left = runIds.slice(index + 1);
    expect((await found(experimentId, "metrics.a >= 0")).map(([id]) => id)).toEqual([...left].reverse());
    for (const other of left) expect(await valuesOf(other)).toHaveLength(4);
  }
});

test("the history of a run that this isolate remembers in another object is read where it is", async () => {
  const experimentId = await newExperiment();
  for (const [index, settings] of PLACES.entries()) {
    const runId = await newRunIn(experimentId, settings);
    for (const step of [0, 1]) await log(runId, "a", step, step);
    // As after the run was deleted for good and imported again, by other isolates.
    rememberRun(runId, { experimentId, hasObject: true, cell: index === 0 ? "cell-9" : "" });
    expect(await valuesOf(runId)).toEqual([0, 1]);
    expect(knownPlaceOfObject(runId)).toBeUndefined();
    await log(runId, "a", 2, 2);
    expect(await valuesOf(runId)).toEqual([0, 1, 2]);
  }
});
