import { describe, expect, test } from "vitest";
import {
  expectMlflowError,
  fetchWorker,
  historyOf,
  type Message,
  mlflow,
  newRun,
  postText,
  send,
  type WireMetric,
} from "../helpers/mlflow.ts";

const refuse = (endpoint: string, message: Message) =>
  expectMlflowError(send(endpoint, message), "INVALID_PARAMETER_VALUE");

interface Point {
  readonly step: number;
  readonly timestamp: number;
  readonly value: number | string;
}

async function logPoints(run_id: string, points: readonly Point[], key = "m"): Promise<void> {
  await mlflow("runs/log-batch", { run_id, metrics: points.map((point) => ({ key, ...point })) });
}

const asNumber = (value: number | string) => (value === "NaN" ? 0 : Number(value));

/** Orders points by the given parts. A NaN comes after a number with equal other parts. */
function sorted(points: readonly Point[], parts: readonly ("step" | "timestamp")[]): Point[] {
  return [...points].sort((a, b) => {
    for (const part of parts) if (a[part] !== b[part]) return a[part] - b[part];
    return asNumber(a.value) - asNumber(b.value) || Number(a.value === "NaN") - Number(b.value === "NaN");
  });
}

/** Unordered points with ties in each part. */
const POINTS: readonly Point[] = [
  ...Array.from({ length: 40 }, (_, i) => ({ step: ((i * 3) % 17) - 3, timestamp: (i * 7) % 13, value: (i % 5) - 1 })),
  { step: 1, timestamp: 1, value: "NaN" },
  { step: 2, timestamp: 0, value: "NaN" },
];

const wire = (points: readonly Point[], key = "m") => points.map((point) => ({ key, ...point }));

describe("log-metric", () => {
  test.each<[unknown, number | string]>([
    [0, 0],
    [-1.5, -1.5],
    ["2.5", 2.5],
    [5e-324, 5e-324],
    ["NaN", "NaN"],
    ["Infinity", Number.MAX_VALUE],
    ["-Infinity", -Number.MAX_VALUE],
  ])("value %j is read back as %j", async (value, shown) => {
    const run_id = await newRun();
    await mlflow("runs/log-metric", { run_id, key: "m", value, timestamp: 1 });
    expect(await historyOf(run_id, "m")).toEqual([{ key: "m", value: shown, timestamp: 1, step: 0 }]);
  });

  test("steps and timestamps are exact over the whole int64 range, as numbers and as text", async () => {
    const run_id = await newRun();
    const steps = ["-9223372036854775808", "-9007199254740993", "0", "9007199254740993", "9223372036854775807"];
    for (const [i, step] of steps.entries()) {
      const timestamp = step.replace("-", "").replace("9223372036854775808", "0");
      const given = i % 2 === 0 ? step : `"${step}"`;
      const body = `{"run_id":"${run_id}","key":"m","value":1,"timestamp":${timestamp},"step":${given}}`;
      expect((await postText("runs/log-metric", body)).status).toBe(200);
    }
    const text = await (await send("metrics/get-history", { run_id, metric_key: "m" })).text();
    const logged = [...text.matchAll(/"timestamp":(\d+),"step":(-?\d+)/g)].map(([, , step]) => step);
    expect(logged.sort()).toEqual([...steps].sort());
  });

  test.each<[string, Message]>([
    ["no key", { key: "" }],
    ["no value", { value: null }],
    ["an empty value", { value: "" }],
    ["a value that is no number", { value: "abc" }],
    ["a value that is nearly infinite", { value: "infinit" }],
    ["true for a value", { value: true }],
    ["a list for a value", { value: [1] }],
    ["no timestamp", { timestamp: null }],
    ["a negative timestamp", { timestamp: -1 }],
    ["a timestamp between milliseconds", { timestamp: 1.5 }],
    ["a timestamp beyond int64", { timestamp: "9223372036854775808" }],
    ["a step between integers", { step: 0.5 }],
    ["a step beyond int64", { step: "-9223372036854775809" }],
    ["a long key", { key: "k".repeat(251) }],
  ])("refuses %s", async (_what, message) => {
    const run_id = await newRun();
    await refuse("runs/log-metric", { run_id, key: "m", value: 1, timestamp: 1, ...message });
    expect(await historyOf(run_id, "m")).toEqual([]);
  });

  test("the same point again is the same point, and any difference makes another", async () => {
    const run_id = await newRun();
    const point = { run_id, key: "m", value: 1, timestamp: 1, step: 1 };
    const others = [{ value: 2 }, { timestamp: 2 }, { step: 2 }, { value: "NaN" }, { value: 0 }];
    for (const change of [{}, {}, ...others, ...others]) await mlflow("runs/log-metric", { ...point, ...change });
    expect(await historyOf(run_id, "m")).toHaveLength(6);
    await mlflow("runs/log-metric", { ...point, key: "other" });
    expect(await historyOf(run_id, "m")).toHaveLength(6);
  });
});

describe("get-history", () => {
  test("is by timestamp, step and value, whole where no page is asked for", async () => {
    const run_id = await newRun();
    await logPoints(run_id, POINTS);
    expect(await historyOf(run_id, "m")).toEqual(wire(sorted(POINTS, ["timestamp", "step"])));
  });

  test.each([1, 5, 41, 42, 43, 100_000])("comes in pages of %i, each point once", async (max_results) => {
    const run_id = await newRun();
    await logPoints(run_id, POINTS);
    const points: WireMetric[] = [];
    let page_token: string | undefined;
    let pages = 0;
    do {
      const page: { metrics: WireMetric[]; next_page_token?: string } = await mlflow("metrics/get-history", {
        run_id,
        metric_key: "m",
        max_results,
        ...(page_token !== undefined && { page_token }),
      });
      expect(page.metrics.length).toBeLessThanOrEqual(max_results);
      points.push(...page.metrics);
      page_token = page.next_page_token;
      pages++;
    } while (page_token !== undefined);
    expect(points).toEqual(wire(sorted(POINTS, ["timestamp", "step"])));
    expect(pages).toBe(Math.ceil(POINTS.length / max_results));
  });

  test("goes on from a token to the end without max_results, and each point once while others arrive", async () => {
    const run_id = await newRun();
    await logPoints(run_id, POINTS);
    const message = { run_id, metric_key: "m" };
    const first = await mlflow<{ metrics: WireMetric[]; next_page_token: string }>("metrics/get-history", {
      ...message,
      max_results: 10,
    });
    await logPoints(run_id, [{ step: -100, timestamp: 0, value: -100 }]);
    const rest = await mlflow<{ metrics: WireMetric[] }>("metrics/get-history", {
      ...message,
      page_token: first.next_page_token,
    });
    expect([...first.metrics, ...rest.metrics]).toEqual(wire(sorted(POINTS, ["timestamp", "step"])));
  });

  test("of an unknown run or metric is empty", async () => {
    const run_id = await newRun();
    for (const message of [
      { run_id, metric_key: "m" },
      { run_id: "0".repeat(32), metric_key: "m" },
      { run_id, metric_key: "m", max_results: 5 },
    ]) {
      expect(await mlflow("metrics/get-history", message)).toEqual({});
    }
  });

  test("refuses pages of nothing and tokens that are none", async () => {
    const run_id = await newRun();
    await logPoints(run_id, POINTS);
    const token = (parts: unknown) => btoa(JSON.stringify(parts));
    for (const message of [
      { max_results: 0 },
      { max_results: -1 },
      { max_results: "x" },
      { max_results: 1, page_token: "zzz" },
      { page_token: "zzz" },
      { page_token: token({}) },
      { page_token: token(["1", "2"]) },
      { page_token: token(["1", "2", "x"]) },
      { page_token: token(["1", "2.5", "3"]) },
      { page_token: token([1, 2, 3]) },
    ]) {
      await refuse("metrics/get-history", { run_id, metric_key: "m", ...message });
    }
    await refuse("metrics/get-history", { run_id });
    await refuse("metrics/get-history", { metric_key: "m" });
  });

  test("of 60,000 points comes whole", async () => {
    const run_id = await newRun();
    for (let batch = 0; batch < 60; batch++) {
      const points = Array.from({ length: 1000 }, (_, i) => ({ step: batch * 1000 + i, timestamp: 1, value: i }));
      await logPoints(run_id, points);
    }
    const points = await historyOf(run_id, "m");
    expect(points.map((point) => point.step)).toEqual(Array.from({ length: 60_000 }, (_, i) => i));
  });
});

describe("get-history-bulk", () => {
  const bulk = async (message: Message) =>
    (await mlflow<{ metrics: WireMetric[] }>("metrics/get-history-bulk", { metric_key: "m", ...message })).metrics;

  test("is run by run in the order of their ids, each by timestamp, step and value, up to a limit", async () => {
    const runIds = [await newRun(), await newRun()];
    for (const run_id of runIds) await logPoints(run_id, POINTS);
    const all = [...runIds]
      .sort()
      .flatMap((run_id) => wire(sorted(POINTS, ["timestamp", "step"])).map((point) => ({ ...point, run_id })));
    expect(await bulk({ run_id: runIds })).toEqual(all);
    expect(await bulk({ run_id: [...runIds].reverse(), max_results: 50 })).toEqual(all.slice(0, 50));
    expect(await bulk({ run_id: runIds, max_results: 0 })).toEqual([]);
    expect(await bulk({ run_id: runIds.slice(0, 1), max_results: 1_000_000 })).toHaveLength(POINTS.length);
    expect(await bulk({ run_id: [...runIds, "0".repeat(32)] })).toEqual(all);
  });

  test("of nothing is an empty list, and of 101 runs is refused", async () => {
    expect(await bulk({ run_id: ["0".repeat(32)] })).toEqual([]);
    const ids = Array.from({ length: 101 }, (_, i) => i.toString(16).padStart(32, "0"));
    expect(await bulk({ run_id: ids.slice(1) })).toEqual([]);
    await refuse("metrics/get-history-bulk", { metric_key: "m", run_id: ids });
    await refuse("metrics/get-history-bulk", { metric_key: "m" });
    await refuse("metrics/get-history-bulk", { run_id: ids.slice(1) });
    await refuse("metrics/get-history-bulk", { metric_key: "m", run_id: ids.slice(1), max_results: "x" });
  });
});

describe("get-history-bulk-interval", () => {
  const sample = async (message: Message) =>
    (await mlflow<{ metrics?: WireMetric[] }>("metrics/get-history-bulk-interval", { metric_key: "m", ...message }))
      .metrics ?? [];

  /** SQL's NTILE(count): the first point of each bucket, and the last point in place of the last bucket's first. */
  function sampled(points: readonly Point[], count: number): Point[] {
    if (points.length <= count) return [...points];
    const larger = points.length % count;
    const size = Math.floor(points.length / count);
    const starts = Array.from({ length: count }, (_, bucket) => bucket * size + Math.min(bucket, larger));
    starts[count - 1] = points.length - 1;
    return starts.map((start) => points[start]!);
  }

  test("is each run by step, timestamp and value, in the order asked for", async () => {
    const runIds = [await newRun(), await newRun()];
    for (const run_id of runIds) await logPoints(run_id, POINTS);
    for (const ids of [runIds, [...runIds].reverse(), [...runIds, ...runIds]]) {
      expect(await sample({ run_ids: ids })).toEqual(
        ids.flatMap((run_id) => wire(sorted(POINTS, ["step", "timestamp"])).map((point) => ({ ...point, run_id }))),
      );
    }
  });

  test.each([1, 2, 3, 7, 41, 42, 2500])("of %i points spreads them evenly", async (max_results) => {
    const run_id = await newRun();
    await logPoints(run_id, POINTS);
    const expected = sampled(sorted(POINTS, ["step", "timestamp"]), max_results);
    expect(await sample({ run_ids: [run_id], max_results })).toEqual(
      wire(expected).map((point) => ({ ...point, run_id })),
    );
  });

  test("keeps to a range of steps, both ends included", async () => {
    const run_id = await newRun();
    await logPoints(run_id, POINTS);
    const steps = async (start_step: number, end_step: number) =>
      (await sample({ run_ids: [run_id], start_step, end_step })).map((point) => point.step);
    const within = (start: number, end: number) =>
      sorted(POINTS, ["step"]).flatMap(({ step }) => (step >= start && step <= end ? [step] : []));
    for (const [start, end] of [
      [0, 5],
      [5, 5],
      [-3, -1],
      [1000, 2000],
      [-1000, 1000],
    ] as const) {
      expect(await steps(start, end)).toEqual(within(start, end));
    }
  });

  test("refuses half a range, a range backwards, and too much", async () => {
    const run_ids = [await newRun()];
    for (const message of [
      { start_step: 1 },
      { end_step: 1 },
      { start_step: 2, end_step: 1 },
      { start_step: "x", end_step: 1 },
      { max_results: 0 },
      { max_results: 2501 },
      { run_ids: [] },
      { run_ids: Array.from({ length: 101 }, (_, i) => `run${i}`) },
      { metric_key: "" },
    ]) {
      await refuse("metrics/get-history-bulk-interval", { run_ids, metric_key: "m", ...message });
    }
    expect(await sample({ run_ids: ["0".repeat(32)] })).toEqual([]);
  });

  test("takes a list of one, and run_ids[] as old UIs write it", async () => {
    const run_id = await newRun();
    await logPoints(run_id, POINTS);
    const one = await sample({ run_ids: [run_id] });
    const path = "/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?metric_key=m";
    for (const query of [`&run_ids=${run_id}`, `&run_ids[]=${run_id}`, `&run_ids%5B%5D=${run_id}`]) {
      expect(await (await fetchWorker(path + query)).json()).toEqual({ metrics: one });
    }
  });
});
