import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { parseSeries, type Series } from "../../../ui/src/api/series-frames.ts";
import { expectMlflowError, fetchWorker, type Message, mlflow, newExperiment, newRun } from "../../helpers/mlflow.ts";
import { newUnmarkedRun } from "../../helpers/run-object.ts";

const headers = { "Content-Type": "application/json" };
const post = (body: Message) => fetchWorker("/ui-api/series", { method: "POST", headers, body: JSON.stringify(body) });

async function series(body: Message): Promise<Series[]> {
  const response = await post(body);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": "application/octet-stream",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": expect.stringContaining("default-src 'none'"),
  });
  return parseSeries(await response.arrayBuffer());
}

const points = ({ x, values }: Series) => Array.from(x, (at, index) => [at, values[index]]);

const logAll = (
  run_id: string,
  key: string,
  values: readonly (readonly [step: number, time: number, value: unknown])[],
) =>
  mlflow("runs/log-batch", {
    run_id,
    metrics: values.map(([step, timestamp, value]) => ({ key, step, timestamp, value })),
  });

test("many runs and metrics in one answer, in the order asked for, on every axis", async () => {
  const experimentId = await newExperiment();
  const a = await newRun({ experiment_id: experimentId, start_time: 1000 });
  const b = await newRun({ experiment_id: experimentId, start_time: 0 });
  await logAll(a, "lößt/a b", [
    [0, 1500, 1],
    [2, 1600, "Infinity"],
    [-1, 1700, "NaN"],
  ]);
  await logAll(a, "epoch", [
    [0, 1500, 10],
    [2, 1600, 20],
  ]);
  await logAll(b, "lößt/a b", [[5, 77, 3]]);
  const ask = (of: Message) =>
    series({ run_ids: [b, "0123456789abcdef0123456789abcdef", a], metric_keys: ["lößt/a b", "none"], ...of });

  const byStep = await ask({ x: "step" });
  expect(byStep.map(({ run_id, key }) => [run_id, key])).toEqual([
    [b, "lößt/a b"],
    [b, "none"],
    [a, "lößt/a b"],
    [a, "none"],
  ]);
  expect(byStep.map(points)).toEqual([
    [[5, 3]],
    [],
    [
      [-1, Number.NaN],
      [0, 1],
      [2, Number.POSITIVE_INFINITY],
    ],
    [],
  ]);
  expect(byStep.map(({ total }) => total)).toEqual([1, 0, 3, 0]);

  const byTime = await ask({ x: "time" });
  expect([...byTime[2]!.x]).toEqual([1500, 1600, 1700]);
  const relative = await ask({ x: "relative" });
  expect([...relative[2]!.x]).toEqual([500, 600, 700]);
  expect(relative[2]!.origin).toBe(1000);
  // Without a start, relative times begin at the first point.
  expect([relative[0]!.origin, ...relative[0]!.x]).toEqual([77, 0]);
  const byMetric = await ask({ x: "metric:epoch" });
  expect(points(byMetric[2]!)).toEqual([
    [10, 1],
    [20, Number.POSITIVE_INFINITY],
  ]);
  const zoomed = await ask({ x: "step", from: 0, to: 1.5 });
  expect(zoomed.map(({ total }) => total)).toEqual([0, 0, 1, 0]);
});

test("steps with one value of the metric on the x axis are one point, by their mean or the latest of them", async () => {
  const runId = await newRun();
  const epochs = [3, 3, 2, 2, 2];
  await logAll(
    runId,
    "epoch",
    epochs.map((epoch, step) => [step, step, epoch]),
  );
  await logAll(runId, "m", [
    [0, 0, 1],
    [1, 1, 3],
    [2, 2, 10],
    [3, 3, "NaN"],
    [4, 4, 20],
  ]);
  const ask = async (of: Message) =>
    (await series({ run_ids: [runId], metric_keys: ["m"], x: "metric:epoch", ...of }))[0]!;
  const means = await ask({ same_x: "mean" });
  expect(points(means)).toEqual([
    [2, 15],
    [3, 2],
  ]);
  expect([...means.spreads]).toEqual([Math.sqrt(50), Math.SQRT2]);
  // The latest step, although the first point has the greatest x.
  expect(means.last).toEqual({ step: 4, value: 20 });
  expect(points(await ask({ same_x: "last" }))).toEqual([
    [2, 20],
    [3, 3],
  ]);
  const all = await ask({});
  expect([all.x.length, all.spreads.length]).toEqual([5, 0]);
  expect(all.last).toEqual({ step: 4, value: 20 });
  // With more distinct x than a chart has buckets, the axis is continuous, and the points are shown in buckets.
  const many = await newRun();
  const index = Array.from({ length: 900 }, (_, step) => step);
  await logAll(
    many,
    "tokens",
    index.map((step) => [step, step, step * 7]),
  );
  await logAll(
    many,
    "m",
    index.map((step) => [step, step, step]),
  );
  const [bucketed] = await series({
    ...{ run_ids: [many], metric_keys: ["m"], x: "metric:tokens" },
    ...{ same_x: "mean", buckets: 100 },
  });
  expect([bucketed!.total, bucketed!.means.length, bucketed!.spreads.length]).toEqual([900, 100, 0]);
  expect(bucketed!.last).toEqual({ step: 899, value: 899 });
});

test("a long series is told by its extremes and its means", async () => {
  const runId = await newRun();
  const count = 3000;
  for (let from = 0; from < count; from += 1000) {
    const values = Array.from(
      { length: 1000 },
      (_, index) => [from + index, from + index, (from + index) % 10] as const,
    );
    await logAll(runId, "m", values);
  }
  await logAll(runId, "m", [[1234, 1234, 99]]);
  const [found] = await series({ run_ids: [runId], metric_keys: ["m"], buckets: 20 });
  expect(found!.total).toBe(count + 1);
  expect(found!.x.length).toBeLessThanOrEqual(80);
  expect(found!.x[found!.values.indexOf(99)]).toBe(1234);
  expect(found!.means).toHaveLength(20);
  expect(found!.means[0]).toBeCloseTo(4.5, 1);
});

test("where D1 alone knows a metric, its latest point is told, and no object is made", async () => {
  const experimentId = await newExperiment();
  const runId = await newUnmarkedRun({ experiment_id: experimentId, start_time: 100 });
  await env.DB.prepare(
    `INSERT INTO latest_metrics (run_id, key, value, is_nan, step, timestamp, min_value, max_value, experiment_id)
     VALUES (?, 'm', 2.5, 0, 7, 150, 2.5, 2.5, ?)`,
  )
    .bind(runId, Number(experimentId))
    .run();
  const only = async (of: Message) => points((await series({ run_ids: [runId], metric_keys: ["m"], ...of }))[0]!);
  expect(await only({ x: "step" })).toEqual([[7, 2.5]]);
  expect(await only({ x: "relative" })).toEqual([[50, 2.5]]);
  expect(await only({ x: "step", from: 8 })).toEqual([]);
});

test("what cannot be a chart is refused", async () => {
  const runId = await newRun();
  // A call that names no resource is refused.
  await expectMlflowError(post({ run_ids: [], metric_keys: ["m"] }), "PERMISSION_DENIED");
  for (const wrong of [
    { metric_keys: [] },
    { run_ids: Array.from({ length: 101 }, (_, index) => `run${index}`) },
    { metric_keys: Array.from({ length: 101 }, (_, index) => `m${index}`) },
    { buckets: 0 },
    { buckets: 10_001 },
    { metric_keys: Array.from({ length: 100 }, (_, index) => `m${index}`), buckets: 3000 },
    { x: "colour" },
    { from: "soon" },
  ]) {
    const asked = post({ run_ids: [runId], metric_keys: ["m"], ...wrong });
    await expectMlflowError(asked, "INVALID_PARAMETER_VALUE");
  }
});
