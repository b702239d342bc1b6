import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ApiError } from "../../../ui/src/api/client.ts";
import type { LivePoints } from "../../../ui/src/api/live.ts";
import type { Series, SeriesSearch } from "../../../ui/src/api/series.ts";
import { SeriesStore } from "../../../ui/src/charts/series-store.ts";

type Point = [step: number, value: number];

/** Answers as the server does, from the points that tests log. */
class Runs {
  readonly searches: SeriesSearch[] = [];
  readonly points = new Map<string, Point[]>();
  failure: Error | undefined;
  /** Holds answers back. Their content is the state at the time of the request. */
  gate: Promise<unknown> = Promise.resolve();

  log(runId: string, ...points: Point[]): LivePoints[] {
    this.points.set(runId, [...(this.points.get(runId) ?? []), ...points]);
    const [steps, values] = [points.map(([step]) => step), points.map(([, value]) => value)];
    return [{ run_id: runId, key: "loss", steps, timestamps: steps.map((step) => 1000 + step), values }];
  }

  readonly read = async (search: SeriesSearch): Promise<Series[]> => {
    this.searches.push(search);
    if (this.failure !== undefined) throw this.failure;
    const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = search;
    const answer = search.run_ids.flatMap((run_id) =>
      search.metric_keys.map((key): Series => {
        const found = (this.points.get(run_id) ?? []).filter(([step]) => step >= from && step <= to);
        const x = Float64Array.from(found, ([step]) => step);
        const values = Float64Array.from(found, ([, value]) => value);
        const none = new Float64Array();
        return {
          run_id,
          key,
          total: x.length,
          origin: 0,
          x,
          values,
          mean_x: none,
          means: none,
          spreads: none,
          last: undefined,
        };
      }),
    );
    await this.gate;
    return answer;
  };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Resolves when every request has been answered. */
const settled = () => vi.advanceTimersByTimeAsync(200);

function stepsOf(store: SeriesStore, runId: string): number[] {
  return [...(store.snapshot("loss").runs.find((run) => run.runId === runId)?.points.x ?? [])];
}

it("charts that appear together are read by one request, and a run that is added by one for itself", async () => {
  const runs = new Runs();
  runs.log("a", [1, 1]);
  const store = new SeriesStore(runs.read);
  store.show(["a", "b"], { x: "step", buckets: 100 });
  store.want("loss");
  store.want("acc");
  await settled();
  expect(runs.searches.map(({ run_ids, metric_keys }) => [run_ids, metric_keys])).toEqual([
    [
      ["a", "b"],
      ["loss", "acc"],
    ],
  ]);
  store.show(["a", "b", "c"], { x: "step", buckets: 100 });
  await settled();
  expect(runs.searches[1]?.run_ids).toEqual(["c"]);
  expect(store.snapshot("loss").runs.map(({ runId }) => runId)).toEqual(["a", "b", "c"]);
});

it("a zoom reads its range, and lines go on beside it", async () => {
  const runs = new Runs();
  runs.log("a", [0, 1], [50, 2], [100, 3]);
  const store = new SeriesStore(runs.read);
  store.want("loss");
  store.show(["a"], { x: "step", buckets: 100 });
  await settled();
  runs.points.get("a")!.splice(1, 0, [45, 9]);
  store.show(["a"], { x: "step", buckets: 100, zoom: [40, 60] });
  await settled();
  expect(runs.searches.at(-1)).toMatchObject({ from: 39, to: 61 });
  expect(stepsOf(store, "a")).toEqual([0, 45, 50, 100]);
  store.show(["a"], { x: "step", buckets: 100 });
  expect(stepsOf(store, "a")).toEqual([0, 50, 100]);
});

it("points that are logged while a series is on its way are neither lost nor doubled", async () => {
  const runs = new Runs();
  runs.log("a", [0, 1]);
  const store = new SeriesStore(runs.read);
  store.want("loss");
  store.show(["a"], { x: "step", buckets: 100 });
  await settled();
  const gate = Promise.withResolvers<void>();
  runs.gate = gate.promise;
  store.receive(runs.log("a", [1, 1]));
  store.reload("a");
  await settled();
  store.receive(runs.log("a", [2, 1]));
  gate.resolve();
  await settled();
  expect(stepsOf(store, "a")).toEqual([0, 1, 2]);
  store.receive(runs.log("a", [3, 1]));
  await settled();
  expect(stepsOf(store, "a")).toEqual([0, 1, 2, 3]);
});

it("what was missed while the socket was lost is there after it is read anew, zoomed or not", async () => {
  const runs = new Runs();
  runs.log("a", [0, 1]);
  const store = new SeriesStore(runs.read);
  store.want("loss");
  store.show(["a"], { x: "step", buckets: 100, zoom: [0, 10] });
  await settled();
  store.receive(runs.log("a", [1, 1]));
  runs.log("a", [2, 1]);
  store.receive(runs.log("a", [3, 1]));
  await settled();
  expect(stepsOf(store, "a")).toEqual([0, 1, 3]);
  store.reload("a");
  await settled();
  expect(stepsOf(store, "a")).toEqual([0, 1, 2, 3]);
});

it("a failure is told, and tried again when asked", async () => {
  const runs = new Runs();
  runs.log("a", [0, 1]);
  runs.failure = new Error("away");
  const store = new SeriesStore(runs.read);
  store.want("loss");
  store.show(["a"], { x: "step", buckets: 100 });
  await settled();
  expect(store.snapshot("loss")).toMatchObject({ error: runs.failure, isLoading: false });
  runs.failure = undefined;
  store.retry("loss");
  await settled();
  expect(store.snapshot("loss")).toMatchObject({ error: undefined, isLoading: false });
  expect(stepsOf(store, "a")).toEqual([0]);
});

it("what may pass by itself is tried again by itself, and what was there before stays", async () => {
  const runs = new Runs();
  runs.log("a", [0, 1]);
  const store = new SeriesStore(runs.read);
  store.want("loss");
  store.show(["a"], { x: "step", buckets: 100 });
  await settled();
  runs.failure = new ApiError(503, "TEMPORARILY_UNAVAILABLE", "away");
  store.receive(runs.log("a", [1, 1]));
  runs.log("a", [2, 1]);
  store.reload("a");
  await settled();
  expect(store.snapshot("loss").error).toBe(runs.failure);
  expect(stepsOf(store, "a")).toEqual([0, 1]);
  runs.failure = undefined;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(store.snapshot("loss").error).toBeUndefined();
  expect(stepsOf(store, "a")).toEqual([0, 1, 2]);
});

it("an earlier zoom that is answered late is not taken for the present one", async () => {
  const runs = new Runs();
  runs.log("a", [0, 1], [50, 2], [100, 3]);
  const store = new SeriesStore(runs.read);
  store.want("loss");
  store.show(["a"], { x: "step", buckets: 100 });
  await settled();
  runs.points.get("a")!.push([55, 9]);
  const gate = Promise.withResolvers<void>();
  runs.gate = gate.promise;
  store.show(["a"], { x: "step", buckets: 100, zoom: [0, 20] });
  await settled();
  runs.gate = Promise.resolve();
  store.show(["a"], { x: "step", buckets: 100, zoom: [40, 60] });
  await settled();
  gate.resolve();
  await settled();
  expect(stepsOf(store, "a")).toEqual([0, 50, 55, 100]);
});

it("over a hundred runs are read in parts", async () => {
  const runs = new Runs();
  const store = new SeriesStore(runs.read);
  store.want("loss");
  store.show(
    Array.from({ length: 130 }, (_, index) => `run-${index}`),
    { x: "step", buckets: 100 },
  );
  await settled();
  expect(runs.searches.map(({ run_ids }) => run_ids.length)).toEqual([100, 30]);
});
