import { expect, test } from "vitest";
import type { OpenRun } from "../../../../src/stores/run/open-run.ts";
import { encodePoints } from "../../../../src/stores/run/points.ts";
import { Gate, turn, World } from "./world.ts";

/* A run is removed while work of its own is under way. */

function stored(world: World): object[] {
  return world.sqlite.rows("SELECT run AS row FROM journal UNION ALL SELECT number FROM cell_run");
}

test("a removal waits for the run's work in flight, and nothing of the run is left", async () => {
  const world = new World();
  await world.log(1);
  const run: OpenRun = world.run();
  const held = new Gate();
  const work = run.during(async () => {
    await held.pass();
    // As a reader does that takes over the points that D1 held.
    run.history.append([encodePoints([{ key: "loss", value: 2, step: 2, timestamp: 2 }])]);
  });
  let isOver = false;
  const removal = world.cell.purge("a").then(() => {
    isOver = true;
  });
  for (let turns = 0; turns < 20; turns++) await turn();
  expect(isOver).toBe(false);
  held.open();
  await Promise.all([work, removal]);
  expect(stored(world)).toEqual([]);
});

test("a run that is being removed takes no points, although D1 would mark it", async () => {
  const world = new World();
  await world.log(1);
  const held = new Gate();
  const work = world.run().during(() => held.pass());
  const removal = world.cell.purge("a");
  expect(await world.log(2)).toBe(false);
  held.open();
  await Promise.all([work, removal]);
  expect(stored(world)).toEqual([]);
  expect(world.d1.marks).toBe(1);
});

test("a point is refused if the run is removed after D1 took its mark and before the object knows", async () => {
  const world = new World();
  const held = new Gate();
  world.d1.after = held;
  const logged = world.log(1);
  await turn();
  world.d1.run("a").isActive = false;
  const removal = world.cell.purge("a");
  await turn();
  world.d1.after = undefined;
  held.open();
  expect(await logged).toBe(false);
  await removal;
  expect(stored(world)).toEqual([]);
});

test("a run that was removed takes no points of a caller that found it before", async () => {
  const world = new World();
  await world.log(1);
  const run = world.run();
  await world.cell.purge("a");
  const body = encodePoints([{ key: "loss", value: 2, step: 2, timestamp: 2 }]);
  expect(await world.cell.append(run, "a", body)).toBe(false);
  expect(stored(world)).toEqual([]);
});

test("a run that is not open, and could not be opened, is removed with everything stored for it", async () => {
  const world = new World();
  for (let step = 1; step <= 70; step++) await world.log(step);
  await world.log(1, "b");
  world.restart();
  world.sqlite.rows("UPDATE cell_run SET state = 'no JSON' WHERE run_id = 'a'");
  await world.cell.purge("a");
  expect(world.rows()).toEqual(["b"]);
  expect(world.sqlite.rows("SELECT 1 FROM segment")).toEqual([]);
  expect(stored(world)).toHaveLength(2);
  // A run that the cell does not have is none that it must remove.
  await world.cell.purge("a");
  expect(world.steps("b")).toEqual([1]);
});

test("a long removal gives turns away: a neighbour's point is stored before it is over", async () => {
  const world = new World();
  for (let step = 1; step <= 5 * 64; step++) await world.log(step);
  expect(world.sqlite.rows("SELECT 1 FROM segment")).toHaveLength(5);
  let turns = 0;
  world.onYield = () => turns++;
  let isOver = false;
  const removal = world.cell.purge("a").then(() => {
    isOver = true;
  });
  expect(await world.log(1, "b")).toBe(true);
  expect(isOver).toBe(false);
  await removal;
  // One turn a segment.
  expect(turns).toBeGreaterThanOrEqual(5);
  expect(world.steps("b")).toEqual([1]);
});
