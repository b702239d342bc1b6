import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { encodePoints } from "../../../src/stores/run/points.ts";
import { historyOf, metricsOf, mlflow, send } from "../../helpers/mlflow.ts";
import {
  alarmOf,
  HAS_CELLS,
  idInCell,
  latestRows,
  log,
  newRunWithObject as newRun,
  object,
  runAlarm,
  runOf,
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
