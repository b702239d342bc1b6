import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { ServiceContext } from "../../../src/services/context.ts";
import { finishMove } from "../../../src/services/experiments/experiment-stage.ts";
import { migrate } from "../../../src/stores/d1/connection/migrate.ts";
import { moveSlice, RUNS_PER_SLICE } from "../../../src/stores/d1/experiments/experiment-moves.ts";
import { expectMlflowError, getExperiment, getRun, mlflow, newExperiment, newRun, send } from "../../helpers/mlflow.ts";
import { abort, cellOf, HAS_CELLS, log, newRunWithObject, object } from "../../helpers/run-object.ts";

beforeAll(() => migrate(env.DB));

/** Inserts empty runs by one statement. */
async function insertRuns(experimentId: string, count: number): Promise<void> {
  await env.DB.prepare(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
     INSERT INTO runs (run_id, experiment_id, run_name, user_id, status, start_time, artifact_uri, lifecycle_stage, has_object)
     SELECT printf('%032x', ?1 * 1000000 + i), ?1, 'r', '', 'FINISHED', i, '', 'active', FALSE FROM n`,
  )
    .bind(Number(experimentId), count)
    .run();
}

async function countByStage(experimentId: string): Promise<Record<string, number>> {
  const { results } = await env.DB.prepare(
    "SELECT lifecycle_stage AS stage, count(*) AS runs FROM runs WHERE experiment_id = ? GROUP BY stage",
  )
    .bind(experimentId)
    .all<{ stage: string; runs: number }>();
  return Object.fromEntries(results.map(({ stage, runs }) => [stage, runs]));
}

const moves = () =>
  env.DB.prepare("SELECT * FROM experiment_moves")
    .all()
    .then(({ results }) => results);

const begin = (experimentId: string, to: string) =>
  env.DB.batch([
    env.DB.prepare("UPDATE experiments SET lifecycle_stage = ? WHERE experiment_id = ?").bind(to, experimentId),
    env.DB.prepare("INSERT INTO experiment_moves VALUES (?, ?, 77, '')").bind(experimentId, to),
  ]);

test("a large experiment is deleted and restored by statements of bounded size, between which others come", async () => {
  const experimentId = await newExperiment();
  const count = 5 * RUNS_PER_SLICE + 7;
  await insertRuns(experimentId, count);
  for (const [endpoint, stage] of [
    ["experiments/delete", "deleted"],
    ["experiments/restore", "active"],
  ] as const) {
    let isMoving = true;
    const moving = mlflow(endpoint, { experiment_id: experimentId }).finally(() => {
      isMoving = false;
    });
    const seen = new Set<number>();
    while (isMoving) {
      seen.add((await countByStage(experimentId))[stage] ?? 0);
      await scheduler.wait(0);
    }
    await moving;
    expect(await countByStage(experimentId)).toEqual({ [stage]: count });
    expect((await getExperiment(experimentId)).lifecycle_stage).toBe(stage);
    // Other clients saw the unfinished deletion, and never more than one slice of it at once.
    const steps = [...seen].toSorted((a, b) => a - b);
    expect(steps.length).toBeGreaterThan(3);
    expect(steps.every((moved) => moved === count || moved % RUNS_PER_SLICE === 0)).toBe(true);
  }
  expect(await moves()).toEqual([]);
});

describe("a move that was cut off", () => {
  test("is finished by its repeat, which is a 404 only after that", async () => {
    const experimentId = await newExperiment();
    await insertRuns(experimentId, 10);
    await begin(experimentId, "deleted");
    await mlflow("experiments/delete", { experiment_id: experimentId });
    expect(await countByStage(experimentId)).toEqual({ deleted: 10 });
    await expectMlflowError(send("experiments/delete", { experiment_id: experimentId }), "RESOURCE_DOES_NOT_EXIST");
  });

  test("ends where the experiment moves back", async () => {
    const experimentId = await newExperiment();
    await insertRuns(experimentId, 10);
    await begin(experimentId, "deleted");
    await mlflow("experiments/restore", { experiment_id: experimentId });
    expect(await moveSlice(env.DB, experimentId, "deleted")).toBe(false);
    expect(await countByStage(experimentId)).toEqual({ active: 10 });
    expect(await moves()).toEqual([]);
  });

  test("is finished before one of its runs moves on its own, whose move stays", async () => {
    const experimentId = await newExperiment();
    const runId = await newRun({ experiment_id: experimentId });
    await insertRuns(experimentId, 10);
    await begin(experimentId, "deleted");
    await mlflow("runs/restore", { run_id: runId });
    expect(await countByStage(experimentId)).toEqual({ active: 1, deleted: 10 });
    expect((await getRun(runId)).info.lifecycle_stage).toBe("active");
    await expectMlflowError(send("experiments/delete", { experiment_id: experimentId }), "RESOURCE_DOES_NOT_EXIST");
  });
});

test("a restored experiment has all its runs back, also those that were deleted before it, as in MLflow", async () => {
  const experimentId = await newExperiment();
  await insertRuns(experimentId, 3);
  const runId = await newRun({ experiment_id: experimentId });
  await mlflow("runs/delete", { run_id: runId });
  await mlflow("experiments/delete", { experiment_id: experimentId });
  await mlflow("experiments/restore", { experiment_id: experimentId });
  expect(await countByStage(experimentId)).toEqual({ active: 4 });
});

describe("a request makes a bounded number of calls", () => {
  const ctx = { env, db: env.DB, writes: env.DB } as unknown as ServiceContext;

  /** Continues the deletion by requests of at most `maxCalls` calls. @returns how many of them left work */
  const finish = async (experimentId: string, maxCalls: number): Promise<number> => {
    for (let left = 0; ; left++) {
      try {
        await finishMove(ctx, experimentId, "deleted", maxCalls);
        return left;
      } catch (error) {
        expect(error).toMatchObject({ code: "TEMPORARILY_UNAVAILABLE" });
      }
    }
  };

  test("to D1: the next request continues with the runs that are left", async () => {
    const experimentId = await newExperiment();
    await insertRuns(experimentId, 4 * RUNS_PER_SLICE + 1);
    await begin(experimentId, "deleted");
    await expect(finishMove(ctx, experimentId, "deleted", 3)).rejects.toMatchObject({
      code: "TEMPORARILY_UNAVAILABLE",
    });
    expect(await countByStage(experimentId)).toEqual({ deleted: 3 * RUNS_PER_SLICE, active: RUNS_PER_SLICE + 1 });
    expect(await finish(experimentId, 3)).toBe(0);
    expect(await countByStage(experimentId)).toEqual({ deleted: 4 * RUNS_PER_SLICE + 1 });
  });

  test("to objects: the next request continues with the objects that were not told", async () => {
    const experimentId = await newExperiment();
    await insertRuns(experimentId, 120);
    await env.DB.prepare("UPDATE runs SET live_epoch = 1 WHERE experiment_id = ?").bind(experimentId).run();
    await begin(experimentId, "deleted");
    expect(await finish(experimentId, 110)).toBe(1);
    expect(await moves()).toEqual([]);
  });
});

describe("an object that cannot be told", () => {
  const STATE = HAS_CELLS ? "cell_run" : "state";

  /** Hides the object's table of runs, or restores it. */
  const renameState = async (runId: string, from: string, to: string): Promise<void> => {
    await runInDurableObject(object(runId), (_object, { storage }) => {
      storage.sql.exec(`ALTER TABLE ${from} RENAME TO ${to}`);
    });
  };

  test.each(["experiments/delete", "runs/delete"])(
    "%s tells all others, answers 503, and can be repeated until all are told",
    async (endpoint) => {
      const experimentId = await newExperiment();
      const runIds: string[] = [];
      for (let i = 0; i < 3; i++) {
        const runId = await newRunWithObject({ experiment_id: experimentId });
        await log(runId, "a", 1);
        runIds.push(runId);
      }
      const [broken = "", ...rest] = runIds.toSorted();
      const others = rest.filter((runId) => !HAS_CELLS || cellOf(runId) !== cellOf(broken));
      await renameState(broken, STATE, `${STATE}_away`);
      await abort(broken);
      const message = endpoint === "runs/delete" ? { run_id: broken } : { experiment_id: experimentId };
      const failed = await send(endpoint, message);
      expect(failed.headers.get("Retry-After")).toBe("2");
      await expectMlflowError(failed, "TEMPORARILY_UNAVAILABLE");
      await expectMlflowError(send(endpoint, message), "TEMPORARILY_UNAVAILABLE");
      if (endpoint === "experiments/delete") {
        for (const runId of others) {
          const refused = send("runs/log-metric", { run_id: runId, key: "a", value: 2, timestamp: 2 });
          await expectMlflowError(refused, "INVALID_PARAMETER_VALUE");
        }
      }
      await renameState(broken, `${STATE}_away`, STATE);
      await mlflow(endpoint, message);
      const refused = send("runs/log-metric", { run_id: broken, key: "a", value: 2, timestamp: 2 });
      await expectMlflowError(refused, "INVALID_PARAMETER_VALUE");
      expect(await moves()).toEqual([]);
    },
  );

  test("is told once by each request, which then says that something is left", async () => {
    const experimentId = await newExperiment();
    const runId = await newRunWithObject({ experiment_id: experimentId });
    await log(runId, "a", 1);
    await renameState(runId, STATE, `${STATE}_away`);
    await abort(runId);
    await begin(experimentId, "deleted");
    const reports = vi.spyOn(console, "error");
    const ctx = { env, db: env.DB, writes: env.DB } as unknown as ServiceContext;
    await expect(finishMove(ctx, experimentId, "deleted")).rejects.toMatchObject({ code: "TEMPORARILY_UNAVAILABLE" });
    expect(reports.mock.calls.filter(([what]) => what === "deletion of runs")).toHaveLength(1);
    reports.mockRestore();
    await renameState(runId, `${STATE}_away`, STATE);
    await finishMove(ctx, experimentId, "deleted");
  });
});
