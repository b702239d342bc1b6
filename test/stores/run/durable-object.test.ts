import { evictDurableObject, listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { encodePoints } from "../../../src/stores/run/points.ts";
import {
  expectMlflowError,
  historyOf,
  metricsOf,
  mlflow,
  newExperiment,
  searchRuns,
  send,
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
  object,
  runAlarm,
  runOf,
  seen,
  seenAs,
} from "../../helpers/run-object.ts";

describe("an acknowledged point is seen by get, history and search", () => {
  test("at once, and after the object was evicted or aborted", async () => {
    const experimentId = await newExperiment();
    const runId = await newRun({ experiment_id: experimentId });
    await log(runId, "a", 1, 1, 1);
    expect(await seen(experimentId, runId)).toEqual(seenAs(1));
    await log(runId, "a", 2, 2, 2);
    await evictDurableObject(object(runId));
    expect(await seen(experimentId, runId)).toEqual(seenAs(1, 2));
    await log(runId, "a", 3, 3, 3);
    await abort(runId);
    expect(await seen(experimentId, runId)).toEqual(seenAs(1, 2, 3));
  });

  test("when nobody asked before the abort", async () => {
    const experimentId = await newExperiment();
    const runId = await newRun({ experiment_id: experimentId });
    for (let i = 1; i <= 5; i++) {
      await log(runId, "a", i, i, i);
      await abort(runId);
    }
    expect(await seen(experimentId, runId)).toEqual(seenAs(1, 2, 3, 4, 5));
  });

  test("when it arrives while D1 is being told that the object has no more", async () => {
    const experimentId = await newExperiment();
    const runId = await newRun({ experiment_id: experimentId });
    for (let i = 1; i <= 20; i++) {
      await log(runId, "a", i, i, i);
      const flushed = runOf(runId).flush();
      const logged = log(runId, "a", i + 0.5, i, i);
      await Promise.all([flushed, logged]);
      if (i % 2 === 0) await abort(runId);
      expect((await seen(experimentId, runId)).searched).toBe(i + 0.5);
    }
  });

  test("when a search finds the object with nothing to tell, and a point comes before the mark is gone", async () => {
    const experimentId = await newExperiment();
    const runId = await newRun({ experiment_id: experimentId });
    for (let i = 1; i <= 20; i++) {
      await log(runId, "a", i, i, i);
      await runOf(runId).flush();
      await log(runId, "a", i + 0.25, i, i);
      const [, , found] = await Promise.all([
        searchRuns({ experiment_ids: [experimentId] }),
        log(runId, "a", i + 0.5, i, i),
        searchRuns({ experiment_ids: [experimentId] }),
      ]);
      expect(found).toHaveLength(1);
      await abort(runId);
      expect((await seen(experimentId, runId)).searched).toBe(i + 0.5);
    }
  });

  test("when D1 was written to while it became durable, and the object then died", async () => {
    const experimentId = await newExperiment();
    const runId = await newRun({ experiment_id: experimentId });
    for (let i = 1; i <= 5; i++) {
      await log(runId, "a", i, i, i);
      const body = encodePoints([{ key: "a", value: i + 0.5, step: i, timestamp: i }]);
      const isStored = await runInDurableObject(object(runId), async (instance) => {
        const appended = appendTo(instance, runId, body);
        // Only microtasks run here: the point is in the journal, and its commit is under way.
        for (let turn = 0; turn < 10; turn++) await null;
        const [isStored] = await Promise.all([appended, instance.flush(idInCell(runId))]);
        return isStored;
      });
      expect(isStored).toBe(true);
      await abort(runId);
      expect((await seen(experimentId, runId)).searched).toBe(i + 0.5);
    }
  });

  test("of 1,000 keys at once, three times over", async () => {
    const runId = await newRun();
    for (let step = 0; step < 3; step++) {
      const metrics = Array.from({ length: 1000 }, (_, i) => ({
        key: `key ${i}`,
        value: i + step,
        timestamp: 1,
        step,
      }));
      await mlflow("runs/log-batch", { run_id: runId, metrics });
      if (step === 1) await evictDurableObject(object(runId));
    }
    const latest = await metricsOf(runId);
    expect(Object.keys(latest)).toHaveLength(1000);
    for (let i = 0; i < 1000; i++) expect(latest[`key ${i}`]).toMatchObject({ value: i + 2, step: 2 });
    expect(await historyOf(runId, "key 999")).toHaveLength(3);
  });
});

describe("the mark in D1", () => {
  test("is there before the first acknowledgement, grows with each burst, and goes with the last flush", async () => {
    const runId = await newRun();
    expect(await liveEpoch(runId)).toBeNull();
    let before = 0;
    for (let i = 0; i < 3; i++) {
      await log(runId, "a", i, i);
      const epoch = await liveEpoch(runId);
      expect(epoch).toBeGreaterThan(before);
      before = epoch ?? 0;
      await log(runId, "a", i, i, 2);
      expect(await liveEpoch(runId)).toBe(epoch);
      await runOf(runId).flush();
      expect(await liveEpoch(runId)).toBeNull();
    }
  });

  test("goes when a run ends, with all values in D1", async () => {
    const runId = await newRun();
    await log(runId, "a", 1);
    await mlflow("runs/update", { run_id: runId, status: "FINISHED" });
    await expect.poll(() => liveEpoch(runId)).toBeNull();
    expect(await latestRows(runId)).toMatchObject([{ key: "a", value: 1 }]);
  });

  test("goes by alarms alone, which then stop", async () => {
    const runId = await newRun();
    await log(runId, "a", 1);
    expect(await runAlarm(runId)).toBe(true);
    expect(await latestRows(runId)).toMatchObject([{ key: "a", value: 1 }]);
    // Points came just now, so the burst continues until an alarm finds no new points.
    expect(await liveEpoch(runId)).not.toBeNull();
    await abort(runId);
    expect(await runAlarm(runId)).toBe(true);
    expect(await liveEpoch(runId)).toBeNull();
    expect(await alarmOf(runId)).toBeNull();
  });

  test("goes when an object died between mark and point", async () => {
    const runId = await newRun();
    await log(runId, "a", 1);
    await runOf(runId).flush();
    await env.DB.prepare("UPDATE runs SET live_epoch = 1 WHERE run_id = ?").bind(runId).run();
    expect((await metricsOf(runId)).a?.value).toBe(1);
    expect(await liveEpoch(runId)).toBeNull();
  });

  test("comes back with the point after the next flush, where D1 lost it, as by restoring a backup", async () => {
    const experimentId = await newExperiment();
    const runId = await newRun({ experiment_id: experimentId });
    await log(runId, "a", 1);
    await env.DB.prepare("UPDATE runs SET live_epoch = NULL WHERE run_id = ?").bind(runId).run();
    expect(await runAlarm(runId)).toBe(true);
    await log(runId, "a", 2, 1);
    expect(await liveEpoch(runId)).not.toBeNull();
    expect(await seen(experimentId, runId)).toEqual(seenAs(1, 2));
  });

  test("is never made for a run that does not exist, and neither is its object", async () => {
    const before = (await listDurableObjectIds(env.RUNS)).length;
    const run_id = crypto.randomUUID().replaceAll("-", "");
    await expectMlflowError(
      send("runs/log-metric", { run_id, key: "a", value: 1, timestamp: 1 }),
      "RESOURCE_DOES_NOT_EXIST",
    );
    await expectMlflowError(send("runs/get", { run_id }), "RESOURCE_DOES_NOT_EXIST");
    expect(await historyOf(run_id, "a")).toEqual([]);
    await mlflow("metrics/get-history-bulk", { run_id: [run_id], metric_key: "a" });
    await mlflow("metrics/get-history-bulk-interval", { run_ids: [run_id], metric_key: "a" });
    expect(await listDurableObjectIds(env.RUNS)).toHaveLength(before);
  });
});

describe("a run that is deleted while it logs", () => {
  test.each(["runs/delete", "experiments/delete"])("takes nothing after %s was acknowledged", async (endpoint) => {
    const experimentId = await newExperiment();
    const runId = await newRun({ experiment_id: experimentId });
    await log(runId, "a", 0);
    let isDeleted = false;
    const acknowledged = new Set([0]);
    const acceptedAfter: number[] = [];
    const clients = Array.from({ length: 4 }, async (_, client) => {
      for (let i = 1; i <= 15; i++) {
        const sentAfter = isDeleted;
        const value = client * 100 + i;
        const message = { run_id: runId, key: "a", value, timestamp: 1, step: value };
        const response = await send("runs/log-metric", message);
        await response.body?.cancel();
        if (response.status === 200) acknowledged.add(value);
        else expect(response.status).toBe(400);
        if (response.status === 200 && sentAfter) acceptedAfter.push(value);
      }
    });
    const deletion = mlflow(endpoint, { run_id: runId, experiment_id: experimentId }).then(() => {
      isDeleted = true;
    });
    await Promise.all([...clients, deletion]);
    expect(acceptedAfter).toEqual([]);
    expect(new Set((await historyOf(runId, "a")).map((point) => point.value))).toEqual(acknowledged);
    expect((await metricsOf(runId)).a?.value).toBe(Math.max(...acknowledged));
    await mlflow(endpoint.replace("delete", "restore"), { run_id: runId, experiment_id: experimentId });
    await log(runId, "a", 1000, 1000);
    expect((await metricsOf(runId)).a?.value).toBe(1000);
    expect(await historyOf(runId, "a")).toHaveLength(acknowledged.size + 1);
  });

  test("does not show a point that is then refused", async () => {
    const runId = await newRun();
    await log(runId, "a", 1);
    await mlflow("runs/delete", { run_id: runId });
    const body = encodePoints([{ key: "a", value: 2, step: 1, timestamp: 1 }]);
    await runInDurableObject(object(runId), async (instance) => {
      const appended = appendTo(instance, runId, body);
      // Only microtasks run here: the point is in the journal, and the call to D1 is under way.
      for (let turn = 0; turn < 10; turn++) await null;
      expect([...(await instance.read("a", { limit: 9 }, idInCell(runId))).values]).toEqual([1]);
      expect(await appended).toBe(false);
      expect([...(await instance.read("a", { limit: 9 }, idInCell(runId))).values]).toEqual([1]);
    });
  });

  test("takes nothing after a flush that finds a deletion of which the object was not told", async () => {
    const runId = await newRun();
    await log(runId, "a", 1);
    await env.DB.prepare("UPDATE runs SET lifecycle_stage = 'deleted' WHERE run_id = ?").bind(runId).run();
    expect(await runAlarm(runId)).toBe(true);
    await expectMlflowError(
      send("runs/log-metric", { run_id: runId, key: "a", value: 2, timestamp: 1 }),
      "INVALID_PARAMETER_VALUE",
    );
    expect((await historyOf(runId, "a")).map(({ value }) => value)).toEqual([1]);
  });

  test("takes nothing after a delete that met an object at rest", async () => {
    const runId = await newRun();
    await log(runId, "a", 1);
    await runOf(runId).flush();
    await mlflow("runs/delete", { run_id: runId });
    await expectMlflowError(
      send("runs/log-metric", { run_id: runId, key: "a", value: 2, timestamp: 1 }),
      "INVALID_PARAMETER_VALUE",
    );
    await abort(runId);
    expect(await historyOf(runId, "a")).toHaveLength(1);
    expect((await metricsOf(runId)).a?.value).toBe(1);
  });
});
