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
  HAS_CELLS,
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
import { Random } from "./random.ts";

/** The run's number in its object. */
const numberOf = (runId: string) =>
  runInDurableObject(object(runId), (_object, { storage: { sql } }) =>
    HAS_CELLS ? Number(sql.exec("SELECT number FROM cell_run WHERE run_id = ?", runId).one().number) : 0,
  );

/** The rows that the run's object stores for the run of this number, and the rows of no run. */
const rowsOf = (runId: string, number: number) =>
  runInDurableObject(object(runId), (_object, { storage: { sql } }) => {
    const tables = sql.exec("SELECT name FROM sqlite_master WHERE name = 'journal'").toArray();
    // A run's own object frees its whole storage with the run, tables too.
    if (tables.length === 0) return { journal: 0, segment: 0, lost: 0 };
    const count = (from: string) => Number(sql.exec(`SELECT count(*) AS count FROM ${from}`).one().count);
    return {
      journal: count(`journal WHERE run = ${number}`),
      segment: count(`segment WHERE run = ${number}`),
      lost:
        count("block WHERE segment_id NOT IN (SELECT id FROM segment)") +
        count("block_body WHERE id NOT IN (SELECT body_id FROM block)"),
    };
  });

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

describe("latest values in D1", () => {
  test("are those of the greatest (step, timestamp, value), with the range of all numbers", async () => {
    const runId = await newRun();
    const points: [key: string, step: number, timestamp: number, value: number | string][] = [
      ["late", 5, 5, 1],
      ["late", 4, 9, 9],
      ["late", 5, 5, 0.5],
      ["late", 5, 4, 100],
      ["tie", 0, 0, 1],
      ["tie", 0, 0, 2],
      ["tie", 0, 0, 2],
      ["nan last", 1, 1, 7],
      ["nan last", 2, 1, "NaN"],
      ["nan first", 1, 1, "NaN"],
      ["nan first", 2, 1, -7],
      ["only nan", 1, 1, "NaN"],
      ["infinite", 1, 1, "-Infinity"],
      ["infinite", 2, 1, "Infinity"],
    ];
    const random = new Random(1);
    const shuffled = points
      .map((point) => ({ point, at: random.next() }))
      .sort((a, b) => a.at - b.at)
      .map(({ point }) => point);
    for (const [i, [key, step, timestamp, value]] of shuffled.entries()) {
      await log(runId, key, value, step, timestamp);
      if (i % 5 === 4) await runOf(runId).flush();
    }
    await runOf(runId).flush();
    const row = (key: string, value: number, step: number, timestamp: number, range: [number, number] | null) => ({
      key,
      value,
      is_nan: Number(key === "only nan" || key === "nan last"),
      step: String(step),
      timestamp: String(timestamp),
      min_value: range?.[0] ?? null,
      max_value: range?.[1] ?? null,
    });
    expect(await latestRows(runId)).toEqual([
      row("infinite", Number.MAX_VALUE, 2, 1, [-Number.MAX_VALUE, Number.MAX_VALUE]),
      row("late", 1, 5, 5, [0.5, 100]),
      row("nan first", -7, 2, 1, [-7, -7]),
      row("nan last", 0, 2, 1, [7, 7]),
      row("only nan", 0, 1, 1, null),
      row("tie", 2, 0, 0, [1, 2]),
    ]);
    expect((await metricsOf(runId))["nan last"]).toMatchObject({ value: "NaN", step: 2 });
  });

  test("keep steps and timestamps over the whole int64 range", async () => {
    const runId = await newRun();
    const [least, great, greatest] = ["-9223372036854775808", "9223372036854775806", "9223372036854775807"];
    for (const step of [greatest, great, least]) {
      await mlflow("runs/log-metric", { run_id: runId, key: "a", value: 1, timestamp: greatest, step });
      await mlflow("runs/log-metric", { run_id: runId, key: "b", value: 1, timestamp: 0, step: least });
    }
    const text = async () => await (await send("runs/get", { run_id: runId })).text();
    const expected =
      `"key":"a","value":1.0,"timestamp":${greatest},"step":${greatest}},` +
      `{"key":"b","value":1.0,"timestamp":0,"step":${least}`;
    expect(await text()).toContain(expected);
    await runOf(runId).flush();
    expect(await text()).toContain(expected);
    expect((await latestRows(runId)).map(({ step }) => step)).toEqual([greatest, least]);
  });

  test("are the doubles that were logged, bit for bit", async () => {
    const random = new Random(7);
    const bits = new DataView(new ArrayBuffer(8));
    const doubles = [
      5e-324,
      2.2250738585072014e-308,
      1e308,
      Number.MAX_VALUE,
      0.1 + 0.2,
      1 / 3,
      2 ** 53 + 2,
      1e22,
      1e23,
    ];
    while (doubles.length < 2000) {
      bits.setUint32(0, random.integer(0, 2 ** 32 - 1));
      bits.setUint32(4, random.integer(0, 2 ** 32 - 1));
      // A third of the values are denormal.
      if (doubles.length % 3 === 0) bits.setUint16(0, bits.getUint16(0) & 0x800f);
      const double = bits.getFloat64(0);
      if (Number.isFinite(double)) doubles.push(double);
    }
    const runId = await newRun();
    for (let from = 0; from < doubles.length; from += 1000) {
      const metrics = doubles
        .slice(from, from + 1000)
        .map((value, i) => ({ key: `key ${from + i}`, value, timestamp: 1, step: 1 }));
      await mlflow("runs/log-batch", { run_id: runId, metrics });
    }
    await runOf(runId).flush();
    const latest = await metricsOf(runId);
    const wrong = doubles.filter((double, i) => !Object.is(latest[`key ${i}`]?.value, double));
    expect(wrong).toEqual([]);
    const rows = new Map((await latestRows(runId)).map((row) => [row.key, row]));
    expect(doubles.filter((double, i) => rows.get(`key ${i}`)?.min_value !== double)).toEqual([]);
  });

  test("lose the sign of zero, which history keeps", async () => {
    const runId = await newRun();
    await log(runId, "a", "-0");
    expect(Object.is((await historyOf(runId, "a"))[0]?.value, -0)).toBe(true);
    expect((await metricsOf(runId)).a?.value).toBe(0);
  });

  test("are not taken over into the history of a run that had no first points", async () => {
    const runId = await newRun();
    await log(runId, "a", "-0");
    await runOf(runId).flush();
    // D1 has 0, which would be another point.
    expect((await historyOf(runId, "a")).map(({ value }) => Object.is(value, -0))).toEqual([true]);
  });

  test("do not come back once the run is purged", async () => {
    const runId = await newRun();
    await log(runId, "a", 1);
    await env.DB.prepare("DELETE FROM runs WHERE run_id = ?").bind(runId).run();
    await runOf(runId).flush();
    expect(await latestRows(runId)).toEqual([]);
    await runAlarm(runId);
    expect(await alarmOf(runId)).toBeNull();
  });

  test("are removed by a purge, with all else of the run, and nothing of its neighbours", async () => {
    const [runId, other] = [await newRun(), await newRun()];
    const metrics = Array.from({ length: 70 }, (_, step) => ({ key: "a", value: step, step, timestamp: step }));
    // More writes than the journal keeps, so some points are in segments.
    for (const point of metrics) {
      await Promise.all([runId, other].map((run_id) => mlflow("runs/log-metric", { run_id, ...point })));
    }
    const number = await numberOf(runId);
    expect((await rowsOf(runId, number)).segment).toBeGreaterThan(0);
    expect(await alarmOf(runId)).not.toBeNull();
    await env.DB.prepare("DELETE FROM runs WHERE run_id = ?").bind(runId).run();
    await runOf(runId).purge();
    expect(await runOf(runId).append(encodePoints(metrics))).toBe("refused");
    expect(await rowsOf(runId, number)).toEqual({ journal: 0, segment: 0, lost: 0 });
    // A cell stores the time of a run's alarm with the run. Its own alarm is for all of its runs.
    if (!HAS_CELLS) expect(await alarmOf(runId)).toBeNull();
    expect(await historyOf(other, "a")).toHaveLength(70);
    // A repeat changes nothing.
    await runOf(runId).purge();
    expect(await historyOf(other, "a")).toHaveLength(70);
  });

  test("are the same however often alarms and flushes run", async () => {
    const runId = await newRun();
    const model = new Map<string, number>();
    for (let i = 0; i < 10; i++) {
      const key = `key ${i % 3}`;
      model.set(key, i);
      await Promise.all([
        log(runId, key, i, i),
        runInDurableObject(object(runId), async (instance) => {
          await Promise.all([instance.alarm(), instance.flush(idInCell(runId)), instance.alarm()]);
        }),
      ]);
    }
    await runOf(runId).flush();
    expect((await latestRows(runId)).map(({ key, value }) => [key, value])).toEqual([...model].sort());
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
