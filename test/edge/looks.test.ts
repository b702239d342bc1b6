import { beforeAll, expect, test, vi } from "vitest";
import { type Cost, Isolate } from "./edge.ts";

/* Reading a page writes nothing: the answers of live runs' objects are merged with D1's answer in memory. */

const RUNS = 20;
const METRICS = 10;

let isolate: Isolate;
let experimentId: string;
let runIds: string[];

beforeAll(async () => {
  isolate = await Isolate.start();
  const { answer } = await isolate.api("POST", "experiments/create", { name: crypto.randomUUID() });
  experimentId = (answer as { experiment_id: string }).experiment_id;
  runIds = [];
  for (let index = 0; index < RUNS; index++) {
    const created = await isolate.api("POST", "runs/create", { experiment_id: experimentId, start_time: index });
    runIds.push((created.answer as { run: { info: { run_id: string } } }).run.info.run_id);
  }
  for (const step of [0, 1]) await logAll(step);
});

async function logAll(step: number): Promise<void> {
  for (const run_id of runIds) {
    const metrics = Array.from({ length: METRICS }, (_, i) => ({
      key: `m${i}`,
      value: step + i,
      step,
      timestamp: step,
    }));
    const same = { key: "same", value: 7, step, timestamp: step };
    await isolate.api("POST", "runs/log-batch", { run_id, metrics: [...metrics, same] });
  }
}

const objectCalls = ({ trips }: Cost) => trips.filter(({ to }) => to === "runs").length;
const table = (body: object) => isolate.call("POST", "/ui-api/runs", { experiment_ids: [experimentId], ...body });

interface Table {
  readonly total?: number;
  readonly runs: Readonly<Record<string, readonly unknown[]>>;
  readonly columns: Readonly<Record<string, readonly unknown[]>>;
}

test("a count of runs asks no object", async () => {
  const count = await table({ columns: [], max_results: 1, count: true });
  expect([count.rounds, count.d1Written, objectCalls(count)]).toEqual([1, 0, 0]);
  expect((count.answer as Table).total).toBe(RUNS);
});

test("a table without metrics is one round trip, one with metrics two; only the listed runs are asked", async () => {
  await logAll(2);
  const plain = await table({ columns: ["params.lr", "tags.team"], max_results: 5 });
  expect([plain.rounds, plain.d1Written, objectCalls(plain)]).toEqual([1, 0, 0]);
  const shown = await table({ columns: ["metrics.m1", "max(metrics.m2)", "min(metrics.m2)"], max_results: 5 });
  expect([shown.rounds, shown.d1Written, objectCalls(shown)]).toEqual([2, 0, 5]);
  const { runs, columns } = shown.answer as Table;
  expect(columns).toEqual({
    "metrics.m1": Array(5).fill(3),
    "max(metrics.m2)": Array(5).fill(4),
    "min(metrics.m2)": Array(5).fill(2),
  });
  expect(runs.last_metric_time).toEqual(Array(5).fill(2));
});

test("runs that a filter names are the only ones asked", async () => {
  const filter = `attributes.run_id IN ('${runIds[3]}')`;
  const one = await table({ columns: ["metrics.m1"], filter });
  expect([one.rounds, one.d1Written, objectCalls(one)]).toEqual([2, 0, 1]);
  const byMetric = await table({ columns: ["metrics.m1"], filter: `${filter} AND metrics.m1 > 0` });
  expect(objectCalls(byMetric)).toBe(1);
});

test("of an order by a metric that metric is written, once, and no other", async () => {
  await logAll(3);
  const body = { columns: ["metrics.m1", "metrics.m2"], order_by: ["metrics.m1 DESC"], max_results: 5 };
  const first = await table(body);
  // Three written rows: the row, its entry in the index of values, and the mark's index.
  expect([first.rounds, objectCalls(first)]).toEqual([3, RUNS]);
  expect(first.d1Written).toBeLessThanOrEqual(3 * RUNS);
  expect((first.answer as Table).columns).toEqual({ "metrics.m1": Array(5).fill(4), "metrics.m2": Array(5).fill(5) });
  const next = await table(body);
  expect([next.rounds, next.d1Written]).toEqual([2, 0]);
  expect(next.answer).toEqual(first.answer);
});

test("a live look writes nothing, and hears of points; a search in between changes nothing that it tells", async () => {
  // A run that has been quiet for two seconds is told once more.
  const clock = vi.spyOn(Date, "now").mockReturnValue(Date.now());
  const look = (cursor: string) => isolate.call("POST", "/ui-api/live", { run_ids: runIds, cursor });
  const cursorOf = ({ answer }: Cost) => (answer as { cursor: string }).cursor;
  await logAll(4);
  const first = await look("");
  expect([first.d1Written, first.rounds]).toEqual([0, 2]);
  const search = { experiment_ids: [experimentId], filter: "metrics.m1 > 0" };
  expect((await isolate.api("POST", "runs/search", search)).d1Written).toBeGreaterThan(0);
  const second = await look(cursorOf(first));
  expect([second.d1Written, (second.answer as { runs: unknown[] }).runs]).toEqual([0, []]);
  await isolate.api("POST", "runs/log-metric", { run_id: runIds[2], key: "m1", value: 9, step: 5, timestamp: 5 });
  const third = await look(cursorOf(second));
  expect((third.answer as { runs: { run_id: string }[] }).runs.map(({ run_id }) => run_id)).toEqual([runIds[2]]);
  clock.mockReturnValue(Date.now() + 2000);
  const quiet = await look(cursorOf(third));
  expect((quiet.answer as { runs: unknown[] }).runs).toHaveLength(RUNS);
  expect(((await look(cursorOf(quiet))).answer as { runs: unknown[] }).runs).toEqual([]);
  clock.mockRestore();
});

test("keys, group curves and MLflow's own search write nothing", async () => {
  await logAll(6);
  const run_id = runIds[0]!;
  await isolate.api("POST", "runs/log-metric", { run_id, key: "new", value: 1, timestamp: 1 });
  const keys = await isolate.call("GET", "/ui-api/keys", { experiment_ids: experimentId });
  expect(keys.d1Written).toBe(0);
  const { metrics } = keys.answer as { metrics: { key: string; runs: number; differs: boolean }[] };
  expect(metrics).toContainEqual({ key: "new", runs: 1, differs: true });
  expect(metrics).toContainEqual({ key: "same", runs: RUNS, differs: false });
  const search = await isolate.api("POST", "runs/search", { experiment_ids: [experimentId] });
  expect([search.rounds, search.d1Written]).toEqual([2, 0]);
});
