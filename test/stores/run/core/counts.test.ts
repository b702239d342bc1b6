import { expect, test } from "vitest";
import { encodePoints } from "../../../../src/stores/run/points.ts";
import { turn, World } from "./world.ts";

test("a job that logs ten metrics each 12 s, its instance gone in between, asks D1 once and writes at most a row a call there", async () => {
  const world = new World();
  const calls = 300;
  let rowsOfD1 = 0;
  for (let call = 0; call < calls; call++) {
    const metrics = Array.from({ length: 10 }, (_, i) => ({ key: `m${i}`, value: call, step: call, timestamp: call }));
    await world.cell.append(world.cell.own(), "a", encodePoints(metrics));
    world.restart();
    world.nowMs += 12_000;
    if (world.alarmMs !== null && world.alarmMs <= world.nowMs) await world.alarm();
  }
  // A metric's row and its two indexes.
  for (const flush of world.d1.writes.flat()) rowsOfD1 += 3 * flush.rows.length;
  expect(world.d1.marks).toBe(1);
  expect(world.d1.run("a").epoch).toBe(1);
  expect(rowsOfD1 / calls).toBeLessThanOrEqual(1);
  // The row of the points, which is deleted when it is folded. Blocks, alarms and the state are additional.
  expect((world.sqlite.rowsWritten + world.alarmsSet) / calls).toBeLessThanOrEqual(3);
  expect(world.alarmsSet / calls).toBeLessThan(0.2);
});

test("runs that begin at once share marks, and those that log at once share durable writes", async () => {
  const world = new World();
  const runIds = Array.from({ length: 64 }, (_, i) => `run ${i}`);
  await Promise.all(runIds.map((runId) => world.log(0, runId)));
  expect(world.d1.marks).toBeLessThanOrEqual(3);
  const before = world.syncs;
  for (let step = 1; step <= 10; step++) await Promise.all(runIds.map((runId) => world.log(step, runId)));
  expect(world.syncs - before).toBeLessThanOrEqual(30);
  for (const runId of runIds) expect(world.steps(runId)).toHaveLength(11);
});

test("a purge frees a run's rows and leaves its neighbours'; a full cell takes no new run", async () => {
  const world = new World();
  for (let step = 1; step <= 200; step++) await Promise.all(["a", "b"].map((runId) => world.log(step, runId)));
  await world.cell.purge("a");
  const left = (sql: string) => world.sqlite.rows<{ n: number }>(sql)[0]!.n;
  expect(left("SELECT count(*) AS n FROM journal WHERE run = 1")).toBe(0);
  expect(left("SELECT count(*) AS n FROM segment WHERE run = 1")).toBe(0);
  expect(left("SELECT count(*) AS n FROM block")).toBe(left("SELECT count(*) AS n FROM block_body"));
  expect(world.steps("b")).toHaveLength(200);
  world.storedBytes = 5_000_000_000;
  expect(world.cell.admit("new")).toBeUndefined();
  expect(await world.log(201, "b")).toBe(true);
});

test("one answer to a search holds the news of as many runs as fit, and the next answer the others", async () => {
  const world = new World();
  const runIds = ["a", "b", "c", "d", "e", "f"];
  const key = "k".repeat(1_800_000);
  for (const runId of runIds) await world.log(1, runId, key);
  const answered = (asked: readonly string[]) =>
    world.cell.news(asked.map((runId) => ({ runId }))).map(({ runId, news }) => `${runId}: ${news?.rows.length}`);
  // 8,000,000 characters are the most, and the run that exceeds them is the last.
  expect(answered(runIds)).toEqual(["a: 1", "b: 1", "c: 1", "d: 1", "e: 1"]);
  expect(answered(["f"])).toEqual(["f: 1"]);
});

test("runs that end one soon after another share writes to D1", async () => {
  const world = new World();
  const runIds = Array.from({ length: 30 }, (_, i) => `run ${i}`);
  for (const runId of runIds) await world.log(1, runId);
  await world.cell.flush(world.run("run 0"), true);
  expect(world.d1.run("run 0").epoch).toBe(undefined);
  const ends: Promise<boolean>[] = [];
  for (const runId of runIds.slice(1)) {
    ends.push(world.cell.flush(world.run(runId), true));
    await turn();
  }
  expect(await Promise.all(ends)).toEqual(ends.map(() => true));
  expect(world.d1.writes.length).toBeLessThanOrEqual(1 + Math.ceil(29 / 10));
  for (const runId of runIds) expect(world.d1.run(runId)).toMatchObject({ epoch: undefined });
  expect(world.d1.writes.flat().map(({ runId }) => runId)).toEqual(runIds);
});
