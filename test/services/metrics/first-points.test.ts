import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { findRun } from "../../../src/stores/d1/runs/runs.ts";
import { RunDurableObject } from "../../../src/stores/run/durable-object.ts";
import { encodePoints } from "../../../src/stores/run/points.ts";
import { parseSeries } from "../../../ui/src/api/series-frames.ts";
import {
  expectMlflowError,
  fetchWorker,
  historyOf,
  type Message,
  metricsOf,
  mlflow,
  newExperiment,
  searchRuns,
  send,
  type WireMetric,
} from "../../helpers/mlflow.ts";
import {
  abort,
  appendTo,
  hasObject,
  log,
  newUnmarkedRun as newRun,
  object,
  objectHolds,
} from "../../helpers/run-object.ts";

const valuesOf = async (runId: string, key: string) => (await historyOf(runId, key)).map(({ value }) => value);

async function chartOf(runId: string, message: Message) {
  const response = await fetchWorker("/ui-api/series", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ run_ids: [runId], ...message }),
  });
  const [series] = parseSeries(await response.arrayBuffer());
  return Array.from(series!.x, (x, index) => [x, series!.values[index]]);
}

describe("a run whose metrics have one point each", () => {
  test("has no object, and is read like any other", async () => {
    const experiment_id = await newExperiment();
    const runId = await newRun({ experiment_id, start_time: 100 });
    await log(runId, "acc", 0.5, 3, 150);
    await mlflow("runs/log-batch", {
      run_id: runId,
      params: [{ key: "p", value: "1" }],
      metrics: [
        { key: "loss", value: "NaN", step: 3, timestamp: 160 },
        { key: "great", value: 1e300, step: "9223372036854775807", timestamp: "9007199254740993" },
      ],
    });
    const acc = { key: "acc", value: 0.5, step: 3, timestamp: 150 };
    expect((await metricsOf(runId)).acc).toEqual(acc);
    expect((await searchRuns({ experiment_ids: [experiment_id], filter: "metrics.acc = 0.5" })).length).toBe(1);
    expect(await historyOf(runId, "acc")).toEqual([acc]);
    expect(await valuesOf(runId, "loss")).toEqual(["NaN"]);
    expect(await historyOf(runId, "none")).toEqual([]);
    const text = await (await send("metrics/get-history", { run_id: runId, metric_key: "great" })).text();
    expect(text).toContain("9223372036854775807");
    expect(text).toContain("9007199254740993");
    expect(text).toContain("1e+300");

    const bulk = await mlflow<{ metrics: WireMetric[] }>("metrics/get-history-bulk", {
      run_id: [runId],
      metric_key: "acc",
    });
    expect(bulk.metrics).toMatchObject([acc]);
    const sampled = (range: Message) =>
      mlflow<{ metrics?: WireMetric[] }>("metrics/get-history-bulk-interval", {
        run_ids: [runId],
        metric_key: "acc",
        max_results: 10,
        ...range,
      });
    expect((await sampled({})).metrics).toMatchObject([acc]);
    expect((await sampled({ start_step: 4, end_step: 9 })).metrics ?? []).toEqual([]);

    expect(await chartOf(runId, { metric_keys: ["acc"], x: "relative" })).toEqual([[50, 0.5]]);
    expect(await chartOf(runId, { metric_keys: ["loss"], x: "metric:acc" })).toEqual([[0.5, Number.NaN]]);
    expect(await hasObject(runId)).toBe(false);
  });

  test("is read by pages of one point", async () => {
    const runId = await newRun();
    await log(runId, "a", 1);
    const page = { run_id: runId, metric_key: "a", max_results: 1 };
    const first = await mlflow<{ metrics: WireMetric[]; next_page_token?: string }>("metrics/get-history", page);
    expect(first.metrics).toHaveLength(1);
    expect(first.next_page_token).toBeUndefined();
  });

  test("takes no point once it is deleted, nor points together with a refused param", async () => {
    const run_id = await newRun();
    await mlflow("runs/log-parameter", { run_id, key: "p", value: "1" });
    const metrics = [{ key: "a", value: 1, timestamp: 1 }];
    const refused = send("runs/log-batch", { run_id, params: [{ key: "p", value: "2" }], metrics });
    await expectMlflowError(refused, "INVALID_PARAMETER_VALUE");
    await mlflow("runs/delete", { run_id });
    const late = send("runs/log-metric", { run_id, key: "a", value: 1, timestamp: 1 });
    await expectMlflowError(late, "INVALID_PARAMETER_VALUE");
    await mlflow("runs/restore", { run_id });
    expect(await metricsOf(run_id)).toEqual({});
    expect(await valuesOf(run_id, "a")).toEqual([]);
  });
});

describe("a refused point leaves nothing in the object of a deleted run", () => {
  const message = (run_id: string, values: (number | string)[]) => ({
    run_id,
    metrics: values.map((value, step) => ({ key: "a", value, step, timestamp: 1 })),
  });

  test.each([
    ["a first point", [1]],
    ["two points of a metric", [1, 2]],
    ["−0", ["-0.0"]],
  ])("%s", async (_what, values) => {
    for (const isKnown of [true, false]) {
      const runId = await newRun();
      if (isKnown) await log(runId, "known", 1);
      await mlflow("runs/delete", { run_id: runId });
      await expectMlflowError(send("runs/log-batch", message(runId, values)), "INVALID_PARAMETER_VALUE");
      expect(await objectHolds(runId)).toBe(false);
      await mlflow("runs/restore", { run_id: runId });
      await mlflow("runs/log-batch", message(runId, values));
      expect(await valuesOf(runId, "a")).toHaveLength(values.length);
    }
  });

  test("of a metric that has one", async () => {
    const runId = await newRun();
    await log(runId, "a", 1);
    await mlflow("runs/delete", { run_id: runId });
    const late = send("runs/log-metric", { run_id: runId, key: "a", value: 2, step: 1, timestamp: 1 });
    await expectMlflowError(late, "INVALID_PARAMETER_VALUE");
    expect(await objectHolds(runId)).toBe(false);
  });
});

describe("an object is made, and has the points that were there before,", () => {
  test("by a metric's second point", async () => {
    const runId = await newRun();
    await log(runId, "a", 2, 2, 2);
    await log(runId, "b", "NaN", "9223372036854775807", 5);
    await log(runId, "a", 1, 1, 1);
    expect(await hasObject(runId)).toBe(true);
    expect(await valuesOf(runId, "a")).toEqual([1, 2]);
    expect(await valuesOf(runId, "b")).toEqual(["NaN"]);
    await log(runId, "c", 3);
    expect(await valuesOf(runId, "c")).toEqual([3]);
    expect(await metricsOf(runId)).toMatchObject({ a: { value: 2 }, b: { value: "NaN" }, c: { value: 3 } });
  });

  test.each([
    ["two points of a metric at once", [1, 2]],
    ["−0, whose sign D1 would lose", [-0]],
  ])("by %s", async (_what, values) => {
    const run_id = await newRun();
    await log(run_id, "a", 1, 0);
    const metrics = values.map((value, step) => ({
      key: "b",
      value: value === 0 ? "-0.0" : value,
      step,
      timestamp: 1,
    }));
    await mlflow("runs/log-batch", { run_id, metrics });
    expect(await hasObject(run_id)).toBe(true);
    expect(await valuesOf(run_id, "a")).toEqual([1]);
    expect(await valuesOf(run_id, "b")).toEqual(values);
  });

  test("by the metric after the thousandth", async () => {
    const run_id = await newRun();
    const batch = (from: number, count: number) => ({
      run_id,
      metrics: Array.from({ length: count }, (_, index) => ({ key: `m${from + index}`, value: index, timestamp: 1 })),
    });
    await mlflow("runs/log-batch", batch(0, 999));
    await mlflow("runs/log-batch", batch(999, 1));
    expect(await hasObject(run_id)).toBe(false);
    await mlflow("runs/log-batch", batch(1000, 1));
    expect(await hasObject(run_id)).toBe(true);
    expect(await valuesOf(run_id, "m998")).toEqual([998]);
    expect(Object.keys(await metricsOf(run_id))).toHaveLength(1001);
  });

  test("by a second point, and not by one who watches the run", async () => {
    const runId = await newRun();
    await log(runId, "a", 1);
    const watch = () => fetchWorker(`/ui-api/runs/${runId}/live`, { headers: { Upgrade: "websocket" } });
    expect((await watch()).status).toBe(400);
    expect(await hasObject(runId)).toBe(false);
    await log(runId, "a", 2, 1);
    expect(await hasObject(runId)).toBe(true);
    const { status, webSocket } = await watch();
    expect(status).toBe(101);
    webSocket?.accept();
    webSocket?.close();
    expect(await valuesOf(runId, "a")).toEqual([1, 2]);
  });

  test("when a point is repeated, which is there once", async () => {
    const runId = await newRun();
    for (let i = 0; i < 3; i++) await log(runId, "a", 1);
    expect(await valuesOf(runId, "a")).toEqual([1]);
  });

  test("when many come at once", async () => {
    const runId = await newRun();
    await Promise.all(Array.from({ length: 20 }, (_, step) => log(runId, `m${step % 3}`, step, step, step)));
    const values = await Promise.all([0, 1, 2].map((key) => valuesOf(runId, `m${key}`)));
    expect(values.flat().sort((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 20 }, (_, step) => step));
  });

  test.each([true, false])("even if it was not told that D1 has its mark (it died of it: %s)", async (dies) => {
    const runId = await newRun();
    await log(runId, "a", 1);
    const body = encodePoints([{ key: "a", value: 2, step: 1, timestamp: 1 }]);
    const withoutAnswer: D1Database = Object.assign(Object.create(env.DB), {
      batch: async (statements: D1PreparedStatement[]) => {
        await env.DB.batch(statements);
        throw new Error("the answer is lost");
      },
    });
    await runInDurableObject(object(runId), async (_instance, state) => {
      const instance = new RunDurableObject(state, { ...env, DB: withoutAnswer });
      await expect(appendTo(instance, runId, body)).rejects.toThrow("the answer is lost");
    });
    expect((await findRun(env.DB, runId))?.hasObject).toBe(true);
    if (dies) await abort(runId);
    expect(await valuesOf(runId, "a")).toEqual([1]);
    await log(runId, "a", 3, 2);
    expect(await valuesOf(runId, "a")).toEqual([1, 3]);
  });
});
