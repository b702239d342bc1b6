import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { historyOf, mlflow, newExperiment, newRun, searchRuns } from "../../helpers/mlflow.ts";
import { HAS_CELLS, object, runOf } from "../../helpers/run-object.ts";

const log = (run_id: string, value: number | string, step: number, timestamp = 1) =>
  mlflow("runs/log-metric", { run_id, key: "a", value, step, timestamp });

test("searches filter and sort by the first value, however late its point is logged", async () => {
  const experimentId = await newExperiment();
  const [low, high, nan, none] = await Promise.all(
    Array.from({ length: 4 }, () => newRun({ experiment_id: experimentId })),
  );
  await log(low!, 9, 1);
  await log(low!, 1, 0);
  await log(high!, 5, 0, 2);
  await log(high!, 0, 3, 1);
  await log(nan!, "NaN", 0);
  await log(nan!, 3, 1);
  const found = async (filter: string, order = "first(metrics.a)") =>
    (await searchRuns({ experiment_ids: [experimentId], filter, order_by: [order] })).map((run) => run.info.run_id);
  for (let round = 0; round < 2; round++) {
    expect(await found("")).toEqual([low, high, nan, none]);
    expect(await found("", "FIRST(metrics.a) DESC")).toEqual([high, low, nan, none]);
    expect(await found("first(metrics.a) >= 1")).toEqual([low, high]);
    expect(await found("first(metrics.a) != 5")).toEqual([low, nan]);
    await Promise.all([low, high, nan].map((runId) => runOf(runId!).flush()));
  }
  await log(high!, 0.5, -1, 7);
  expect(await found("first(metrics.a) < 2")).toEqual([high, low]);
});

// The earlier version had no cells.
const testOfOwnObject = (what: string, run: () => Promise<void>) => HAS_CELLS || test(what, run);

testOfOwnObject(
  "a run of the version that knew no first values gets them once its object has started again",
  async () => {
    const experimentId = await newExperiment();
    const runId = await newRun({ experiment_id: experimentId });
    await log(runId, 4, 0);
    await log(runId, 2, 1);
    await runOf(runId).flush();
    await env.DB.prepare(
      `UPDATE latest_metrics SET first_value = NULL, first_is_nan = NULL, first_step = NULL, first_timestamp = NULL
     WHERE run_id = ?`,
    )
      .bind(runId)
      .run();
    const aborted = runInDurableObject(object(runId), async (_object, state) => {
      state.storage.sql.exec("DELETE FROM object_migration WHERE id = 2");
      await state.storage.deleteAlarm();
      await state.storage.sync();
      state.abort("the new version starts");
    });
    await expect(aborted).rejects.toThrow("the new version starts");
    const found = () => searchRuns({ experiment_ids: [experimentId], filter: "first(metrics.a) = 4" });
    expect(await found()).toEqual([]);
    expect(await historyOf(runId, "a")).toHaveLength(2);
    expect(await runDurableObjectAlarm(object(runId))).toBe(true);
    expect(await found()).toHaveLength(1);
    expect(await runDurableObjectAlarm(object(runId))).toBe(false);
  },
);
