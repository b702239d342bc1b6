import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { Database } from "../../../src/stores/d1/connection/database.ts";
import { clearLiveRunsStatements } from "../../../src/stores/d1/metrics/latest-metrics.ts";
import { findRun } from "../../../src/stores/d1/runs/runs.ts";
import { BIRTH_EPOCH } from "../../../src/stores/run/burst.ts";
import type { RunDurableObject } from "../../../src/stores/run/durable-object.ts";
import {
  fetchWorker,
  historyOf,
  type Message,
  metricsOf,
  newExperiment,
  newRun as newLiveRun,
} from "../../helpers/mlflow.ts";
import { liveEpoch, log, newUnmarkedRun as newRun, newRunWithObject, seen, seenAs } from "../../helpers/run-object.ts";

/** Hears of a call that appends, before the cell of this name does. */
type OnAppend = (cell: string) => unknown;

/** Objects. The named cells are full: they take no further run. */
function withFullCells(full: readonly string[], onAppend: OnAppend): typeof env.RUNS {
  return Object.assign(Object.create(env.RUNS), {
    idFromName: (name: string) => env.RUNS.idFromName(name),
    get: (id: DurableObjectId) => {
      const stub = env.RUNS.get(id);
      const appendInCell: RunDurableObject["appendInCell"] = async (cell, ...points) => {
        await onAppend(cell);
        return full.includes(cell) ? "full" : await stub.appendInCell(cell, ...points);
      };
      const appendAllInCell: RunDurableObject["appendAllInCell"] = (cell, appends) =>
        Promise.all(appends.map(({ runId, body }) => appendInCell(cell, runId, body)));
      const methods = new Map<string | symbol, unknown>(Object.entries({ appendInCell, appendAllInCell }));
      return new Proxy(stub, { get: (target, name) => methods.get(name) ?? Reflect.get(target, name) });
    },
  });
}

function logBeside(
  fullCells: readonly string[],
  endpoint: string,
  message: Message,
  onAppend: OnAppend = () => {},
): Promise<number> {
  return postBeside(fullCells, `/api/2.0/mlflow/runs/${endpoint}`, message, onAppend);
}

async function postBeside(
  fullCells: readonly string[],
  path: string,
  message: Message,
  onAppend: OnAppend = () => {},
): Promise<number> {
  const answer = await fetchWorker(
    path,
    { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(message) },
    { RUNS: withFullCells(fullCells, onAppend) },
  );
  await answer.arrayBuffer();
  return answer.status;
}

const point = (run_id: string, step: number) => ({ run_id, key: "a", value: step, timestamp: 1, step });
const cellOfRun = async (runId: string) => (await findRun(env.DB, runId))?.cell;

test("a run that a full cell does not take goes to the next one, with all its points, and so do runs made later", async () => {
  const experiment_id = await newExperiment();
  const run_id = await newRun({ experiment_id });
  const [resident, deleted] = [await newRun(), await newRun()];
  expect(await cellOfRun(run_id)).toBe("cell-0");
  // A run that the cell already has stays there.
  for (const step of [0, 1]) await log(resident, "a", step, step);
  await log(run_id, "a", 0);
  await log(run_id, "b", 5);
  expect(await logBeside(["cell-0", "cell-0.2"], "log-metric", point(run_id, 1))).toBe(200);
  expect(await cellOfRun(run_id)).toBe("cell-0.3");
  expect(await logBeside(["cell-0"], "log-metric", point(run_id, 2))).toBe(200);
  expect((await historyOf(run_id, "a")).map(({ value }) => value)).toEqual([0, 1, 2]);
  expect((await historyOf(run_id, "b")).map(({ value }) => value)).toEqual([5]);
  expect(await metricsOf(run_id)).toMatchObject({ a: { value: 2 }, b: { value: 5 } });

  await log(resident, "a", 2, 2);
  expect(await cellOfRun(resident)).toBe("cell-0");
  expect((await historyOf(resident, "a")).map(({ value }) => value)).toEqual([0, 1, 2]);
  expect(await cellOfRun(await newRun())).toBe("cell-0.3");

  await env.DB.prepare("UPDATE runs SET lifecycle_stage = 'deleted' WHERE run_id = ?").bind(deleted).run();
  const metrics = [point(deleted, 0), point(deleted, 1)];
  expect(await logBeside(["cell-0"], "log-batch", { run_id: deleted, metrics })).toBe(400);
  expect(await historyOf(deleted, "a")).toEqual([]);
});

test("a run that is live since its creation and has no points goes to the next cell too, and is then sent there only", async () => {
  // The Worker places new runs into other cells than the known full ones.
  const run_id = await newLiveRun();
  const cell = (await cellOfRun(run_id))!;
  const asked: string[] = [];
  const note = (name: string) => asked.push(name);
  expect(await logBeside([cell], "log-metric", point(run_id, 0), note)).toBe(200);
  const next = (await cellOfRun(run_id))!;
  expect(next).not.toBe(cell);
  expect(await logBeside([cell], "log-metric", point(run_id, 1), note)).toBe(200);
  expect(asked).toEqual([cell, next, next]);
  expect((await historyOf(run_id, "a")).map(({ value }) => value)).toEqual([0, 1]);
  expect(await metricsOf(run_id)).toMatchObject({ a: { value: 1 } });
});

test("a run that has moved is marked anew, so it is found although a search has ended the mark of its creation", async () => {
  const experiment_id = await newExperiment();
  const run_id = await newLiveRun({ experiment_id });
  const cell = (await cellOfRun(run_id))!;
  const db: Database = env.DB;
  // The search asked the full cell before the run moved, and writes after that.
  const endMark = async (asked: string) => {
    if (asked !== cell) await db.batch(clearLiveRunsStatements(db, [{ runId: run_id, epoch: BIRTH_EPOCH }]));
  };
  expect(await logBeside([cell], "log-metric", point(run_id, 0), endMark)).toBe(200);
  expect(await liveEpoch(run_id)).toBeGreaterThan(BIRTH_EPOCH);
  expect(await seen(experiment_id, run_id)).toEqual(seenAs(0));
});

test("a run that its full cell does not take, and that may not move, is refused without a further question", async () => {
  // D1 says that an object has points of the run.
  const run_id = await newRunWithObject();
  const cell = (await cellOfRun(run_id))!;
  const asked: string[] = [];
  const note = (name: string) => {
    asked.push(name);
    if (asked.length > 9) throw new Error("the cell is asked for ever");
  };
  expect(await logBeside([cell], "log-metric", point(run_id, 0), note)).toBe(400);
  expect(asked).toEqual([cell]);
  expect(await cellOfRun(run_id)).toBe(cell);
});

test("imported runs that a full cell does not take go to the next one, each with all its points", async () => {
  const experiment_id = await newExperiment();
  const runIds = [1, 2, 3].map(() => crypto.randomUUID().replaceAll("-", ""));
  const post = (name: string, records: readonly Message[], full: readonly string[] = []) =>
    postBeside(full, `/api/2.0/trackflare/import/${name}`, { records });
  const runs = runIds.map((run_id) => ({ run_id, experiment_id, status: "FINISHED" }));
  expect(await post("runs", runs)).toBe(200);
  const cell = (await cellOfRun(runIds[0]!))!;
  const metrics = [{ key: "a", timestamps: [1, 2], steps: [0, 1], values: [5, 6] }];
  const points = runIds.map((run_id) => ({ run_id, metrics }));
  expect(await post("points", points, [cell])).toBe(200);
  for (const runId of runIds) {
    expect(await cellOfRun(runId)).not.toBe(cell);
    expect((await historyOf(runId, "a")).map(({ value }) => value)).toEqual([5, 6]);
  }
});
