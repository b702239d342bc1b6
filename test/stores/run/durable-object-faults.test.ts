import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { encodePoints } from "../../../src/stores/run/points.ts";
import {
  expectMlflowError,
  historyOf,
  metricsOf,
  mlflow,
  newExperiment,
  send,
  type WireRun,
} from "../../helpers/mlflow.ts";
import {
  abort,
  alarmOf,
  appendTo,
  idInCell,
  latestRows,
  liveEpoch,
  log,
  newRunWithObject as newRun,
  newUnmarkedRun,
  object,
  runAlarm,
  runOf,
  seen,
  seenAs,
  withoutTable,
} from "../../helpers/run-object.ts";

describe("a point whose burst was cut off by a crash before D1 had let it through", () => {
  /** Ends the object after its points are durable, and before it reaches D1. */
  async function crashBeforeMark(runId: string, body: Uint8Array): Promise<void> {
    await withoutTable("runs", async () => {
      const crash = runInDurableObject(object(runId), async (instance, state) => {
        appendTo(instance, runId, body).catch(() => undefined);
        for (let turn = 0; turn < 10; turn++) await null;
        await state.storage.sync();
        state.abort("crash");
      });
      await expect(crash).rejects.toThrow("crash");
    });
  }

  const second = [{ key: "a", value: 2, step: 1, timestamp: 1 }];

  test("is gone for all who ask, until it is repeated", async () => {
    const experimentId = await newExperiment();
    const runId = await newRun({ experiment_id: experimentId });
    await log(runId, "a", 1);
    await runOf(runId).flush();
    await crashBeforeMark(runId, encodePoints(second));
    expect(await seen(experimentId, runId)).toEqual(seenAs(1));
    await log(runId, "b", 1);
    expect(await seen(experimentId, runId)).toEqual(seenAs(1));
    await log(runId, "a", 2, 1);
    await abort(runId);
    expect(await seen(experimentId, runId)).toEqual(seenAs(1, 2));
  });

  test("takes nothing from the first points of a run that got its object by it", async () => {
    const experimentId = await newExperiment();
    const runId = await newUnmarkedRun({ experiment_id: experimentId });
    await log(runId, "a", 1);
    await crashBeforeMark(runId, encodePoints(second));
    expect(await runAlarm(runId)).toBe(true);
    expect(await seen(experimentId, runId)).toEqual(seenAs(1));
    await log(runId, "a", 2, 1);
    expect(await seen(experimentId, runId)).toEqual(seenAs(1, 2));
  });

  test("is not in a run that was deleted meanwhile", async () => {
    const experimentId = await newExperiment();
    const runId = await newRun({ experiment_id: experimentId });
    await log(runId, "a", 1);
    await runOf(runId).flush();
    await crashBeforeMark(runId, encodePoints(second));
    await mlflow("runs/delete", { run_id: runId });
    await expectMlflowError(send("runs/log-metric", { run_id: runId, ...second[0] }), "INVALID_PARAMETER_VALUE");
    expect((await historyOf(runId, "a")).map((point) => point.value)).toEqual([1]);
    await mlflow("runs/restore", { run_id: runId });
    expect(await seen(experimentId, runId)).toEqual(seenAs(1));
  });
});

describe("while D1 fails", () => {
  test("points are kept, alarms go on, and D1 is told when it is back", async () => {
    const runId = await newRun();
    await log(runId, "a", 1, 1);
    await withoutTable("latest_metrics", async () => {
      for (let i = 0; i < 5; i++) {
        expect(await runAlarm(runId)).toBe(true);
        expect(await alarmOf(runId)).not.toBeNull();
        await log(runId, "a", 2 + i, 2 + i);
      }
      await evictDurableObject(object(runId));
      await runAlarm(runId);
      expect(await alarmOf(runId)).not.toBeNull();
    });
    expect(await liveEpoch(runId)).not.toBeNull();
    await runAlarm(runId);
    expect(await latestRows(runId)).toMatchObject([{ key: "a", value: 6, min_value: 1, max_value: 6 }]);
    expect((await historyOf(runId, "a")).map((point) => point.value)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("an alarm that meets a flush under way sets the next one", async () => {
    const runId = await newRun();
    await log(runId, "a", 1, 1);
    await withoutTable("latest_metrics", async () => {
      await runInDurableObject(object(runId), async (instance, state) => {
        await state.storage.deleteAlarm();
        const [flushed] = await Promise.allSettled([instance.flush(idInCell(runId)), instance.alarm()]);
        expect(flushed.status).toBe("rejected");
      });
      expect(await alarmOf(runId)).not.toBeNull();
    });
    expect((await metricsOf(runId)).a?.value).toBe(1);
  });

  test("a point whose burst cannot be marked is refused, and history and latest values agree ever after", async () => {
    const experimentId = await newExperiment();
    const runId = await newRun({ experiment_id: experimentId });
    await log(runId, "a", 1, 1);
    await runOf(runId).flush();
    const message = { run_id: runId, key: "a", value: 2, timestamp: 1, step: 2 };
    await withoutTable("runs", async () => {
      for (let i = 0; i < 2; i++) await expectMlflowError(send("runs/log-metric", message), "INTERNAL_ERROR");
    });
    // Another point, written to D1. It must not hide the first point.
    await log(runId, "b", 1, 1);
    await runOf(runId).flush();
    await abort(runId);
    const history = await historyOf(runId, "a");
    expect(history.map((point) => point.value)).toEqual([1]);
    expect(await seen(experimentId, runId)).toEqual(seenAs(1));
    // The client's repeat completes it.
    await mlflow("runs/log-metric", message);
    await mlflow("runs/log-metric", message);
    expect(await seen(experimentId, runId)).toEqual(seenAs(1, 2));
  });
});

describe("an object that cannot read its own history, as after a rollback to a version before its format,", () => {
  /** Makes the journal unreadable, or readable again. */
  const setFormat = (runId: string, format: number) =>
    runInDurableObject(object(runId), (_instance, { storage }) => {
      const byte = format.toString(16).padStart(2, "0");
      storage.sql.exec(`UPDATE journal SET body = CAST(x'${byte}' || substr(body, 2) AS BLOB)`);
    });

  const searchResponse = (experimentId: string) => send("runs/search", { experiment_ids: [experimentId] });

  test("refuses all, keeps its mark, and is as it was once it can", async () => {
    const experimentId = await newExperiment();
    const runId = await newRun({ experiment_id: experimentId });
    const other = await newRun({ experiment_id: experimentId });
    await log(runId, "a", 1);
    await log(runId, "a", 2, 1);
    await setFormat(runId, 99);
    await abort(runId);
    const epoch = await liveEpoch(runId);
    const message = { run_id: runId, key: "a", value: 3, timestamp: 1, step: 2 };
    for (let i = 0; i < 3; i++) {
      await log(other, "a", i, i);
      const response = await searchResponse(experimentId);
      expect(response.status).toBe(200);
      expect(response.headers.get("X-Trackflare-Max-Staleness-Seconds")).not.toBeNull();
      const { runs } = await response.json<{ runs: WireRun[] }>();
      expect(runs.map(({ info }) => info.run_id).sort()).toEqual([runId, other].sort());
      expect(runs.find(({ info }) => info.run_id === other)?.data.metrics).toMatchObject([{ key: "a", value: i }]);
      await expectMlflowError(send("runs/get", { run_id: runId }), "INTERNAL_ERROR");
      await expectMlflowError(send("runs/log-metric", message), "INTERNAL_ERROR");
      expect(await liveEpoch(runId)).toBe(epoch);
      await runAlarm(runId);
      expect(await alarmOf(runId)).not.toBeNull();
    }
    await setFormat(runId, 1);
    expect(await seen(experimentId, runId)).toEqual(seenAs(1, 2));
    expect((await searchResponse(experimentId)).headers.get("X-Trackflare-Max-Staleness-Seconds")).toBeNull();
    await mlflow("runs/log-metric", message);
    await abort(runId);
    expect(await seen(experimentId, runId)).toEqual(seenAs(1, 2, 3));
  });

  test("tells D1 by its alarm once it can", async () => {
    const runId = await newRun();
    await log(runId, "a", 1);
    await setFormat(runId, 99);
    await abort(runId);
    for (let i = 0; i < 3; i++) expect(await runAlarm(runId)).toBe(true);
    await setFormat(runId, 1);
    expect(await runAlarm(runId)).toBe(true);
    expect(await latestRows(runId)).toMatchObject([{ key: "a", value: 1 }]);
  });
});
