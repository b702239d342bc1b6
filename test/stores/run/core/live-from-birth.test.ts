import { beforeEach, expect, test, vi } from "vitest";
import { BIRTH_EPOCH, MIN_FLUSH_DISTANCE_MS, QUIET_MS } from "../../../../src/stores/run/burst.ts";
import { MAX_OPEN_RUNS } from "../../../../src/stores/run/cell-runs.ts";
import { Gate, turn, World } from "./world.ts";

/* D1 creates a run of a cell with a mark. The cell learns of the mark with the first point. */

let world: World;

beforeEach(() => {
  world = new World();
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});

test("the first points of a new run ask D1 nothing, and searches find them", async () => {
  const createdMs = world.create();
  expect(await world.logNew(1, createdMs)).toBe(true);
  expect(await world.logNew(2, createdMs)).toBe(true);
  expect([world.d1.marks, world.d1.writes.length]).toEqual([0, 0]);
  expect(await world.search()).toBe(2);
  // The alarms write to D1 and end the burst, as for any run.
  await world.alarm();
  await world.alarm();
  expect(world.d1.run("a")).toMatchObject({ epoch: undefined });
  expect(await world.logNew(3, createdMs)).toBe(true);
  expect([world.d1.marks, world.d1.run("a").epoch]).toEqual([1, BIRTH_EPOCH + 1]);
});

test("the first point of a new run sets the alarm, in a cell where nothing else is due", async () => {
  await world.logNew(1, world.create());
  for (let alarms = 0; alarms < 3; alarms++) await world.alarm();
  expect(world.alarmMs).toBeNull();
  await world.logNew(1, world.create("b"), "b");
  expect(world.alarmMs).toBe(world.nowMs + MIN_FLUSH_DISTANCE_MS);
});

test("an instance that ends after the first point leaves a run that is live", async () => {
  await world.logNew(1, world.create());
  world.restart();
  expect(await world.log(2)).toBe(true);
  expect(world.d1.marks).toBe(0);
  expect(await world.search()).toBe(2);
});

test("a run whose creation another Worker knows of is marked with a greater epoch", async () => {
  world.create();
  expect(await world.log(1)).toBe(true);
  expect([world.d1.marks, world.d1.run("a").epoch]).toEqual([1, BIRTH_EPOCH + 1]);
});

test("a run without points has no news, is not stale, and takes nothing in the cell until it is quiet", async () => {
  const createdMs = world.create();
  const ask = () => world.cell.news([{ runId: "a" }])[0]?.news;
  const nothing = { rows: [], epoch: BIRTH_EPOCH, through: 0, flushedThrough: 0 };
  expect(ask()).toEqual({ ...nothing, isIdle: false });
  world.nowMs += QUIET_MS - 1;
  expect([ask(), world.rows()]).toEqual([{ ...nothing, isIdle: false }, []]);
  world.nowMs++;
  expect(ask()).toEqual({ ...nothing, isIdle: true });
  // The searcher clears the mark only now. A point that came before has marked the run again.
  expect(await world.logNew(1, createdMs)).toBe(true);
  world.d1.clear("a", BIRTH_EPOCH);
  expect(await world.search()).toBe(1);
  expect(world.d1.marks).toBe(1);
});

test("a cell remembers as many runs without points as it keeps open, and lets no mark of another go", () => {
  const ask = (number: number) => world.cell.news([{ runId: `run ${number}` }])[0]?.news?.isIdle;
  for (let number = 0; number <= MAX_OPEN_RUNS; number++) ask(number);
  world.nowMs += QUIET_MS;
  expect([ask(MAX_OPEN_RUNS), ask(MAX_OPEN_RUNS - 1), ask(0)]).toEqual([false, true, true]);
});

test("a run that had points, and is created again under its id, is new again", async () => {
  const ask = () => world.cell.news([{ runId: "a" }])[0]?.news?.isIdle;
  const createdMs = world.create();
  ask();
  await world.logNew(1, createdMs);
  ask();
  await world.cell.purge("a");
  world.nowMs += QUIET_MS;
  expect(ask()).toBe(false);
});

test("a run that is live since its creation has no points in D1, and D1 is never asked for them", async () => {
  world.d1.first = [{ key: "loss", value: 0, step: 0, timestamp: 0 }];
  await world.logNew(1, world.create());
  await world.run().takeFirstPoints();
  world.restart();
  await world.run().takeFirstPoints();
  await world.cell.flush(world.run(), true);
  await world.log(2);
  expect([world.d1.marks, world.d1.firstAsked, world.steps()]).toEqual([1, 0, [1, 2]]);
});

test("a run is worth nothing only while nothing is under way for it", async () => {
  const held = new Gate();
  const run = world.run();
  const work = run.during(() => held.pass());
  expect(world.cell.isWorthless(run)).toBe(false);
  held.open();
  await work;
  expect(world.cell.isWorthless(run)).toBe(true);
});

test("a deletion that an instance hears of before it opens the run counts: the next point asks D1", async () => {
  await world.logNew(1, world.create());
  world.restart();
  world.cell.endBursts(["a"]);
  expect(await world.log(2)).toBe(true);
  expect(world.d1.marks).toBe(1);
});

test("a search of a new run's first seconds does not count once the run has points", async () => {
  const createdMs = world.create();
  world.cell.news([{ runId: "a" }]);
  await world.logNew(1, createdMs);
  world.nowMs += QUIET_MS - 1;
  await world.logNew(2, createdMs);
  world.nowMs += 1;
  expect(world.cell.news([{ runId: "a" }])[0]?.news).toMatchObject({ isIdle: false });
});

test("the end of a run without points takes its mark, and its next point marks it anew", async () => {
  const createdMs = world.create();
  await world.cell.flush(world.cell.admitMarked("a"), true);
  expect(world.d1.run("a").epoch).toBeUndefined();
  world.restart();
  expect(await world.logNew(1, createdMs)).toBe(true);
  expect([world.d1.marks, world.d1.run("a").epoch]).toEqual([1, BIRTH_EPOCH + 1]);
});

test("a point that comes while the mark of a run without points is cleared is not lost to searches", async () => {
  const createdMs = world.create();
  const held = new Gate();
  world.d1.before = held;
  const flushed = world.cell.flush(world.cell.admitMarked("a"), true);
  await turn();
  world.d1.before = undefined;
  expect(await world.logNew(1, createdMs)).toBe(true);
  held.open();
  await flushed;
  expect(await world.search()).toBe(1);
});

test("a run that was deleted before its first point refuses it, in the next instance too, however often", async () => {
  const createdMs = world.create();
  world.d1.run("a").isActive = false;
  world.cell.endBursts(["a"]);
  world.restart();
  for (const step of [1, 2]) {
    expect(await world.logNew(step, createdMs)).toBe(false);
    if (world.cell.isWorthless(world.run())) await world.cell.forget(world.run());
  }
  world.d1.run("a").isActive = true;
  expect(await world.logNew(3, createdMs)).toBe(true);
  expect(world.steps()).toEqual([3]);
});

test("a point of a run that was deleted for good is refused, whether the cell had the run or not, and leaves nothing", async () => {
  for (const hadPoints of [true, false]) {
    const createdMs = world.create();
    if (hadPoints) await world.logNew(1, createdMs);
    world.d1.run("a").isActive = false;
    world.cell.endBursts(["a"]);
    await world.cell.purge("a");
    world.restart();
    expect(world.rows()).toEqual([]);
    const late = [2, 3].map((step) => world.logNew(step, createdMs));
    expect(await Promise.all(late)).toEqual([false, false]);
    expect(world.cell.isWorthless(world.run())).toBe(true);
    await world.cell.forget(world.run());
    expect(world.rows()).toEqual([]);
    world.d1.runs.clear();
  }
  // Runs that are created much later are live from their creation again.
  world.nowMs += 60_001;
  const marks = world.d1.marks;
  expect(await world.logNew(1, world.create("b"), "b")).toBe(true);
  expect(world.d1.marks).toBe(marks);
});

test("clocks of machines differ: a run that seems younger than what was forgotten by less than a minute asks D1", async () => {
  await world.cell.purge("x");
  world.nowMs += 60_000;
  await world.logNew(1, world.create());
  expect(world.d1.marks).toBe(1);
});

test("a full cell that refused a new run does not take it by its birth once there is room", async () => {
  const createdMs = world.create();
  world.storedBytes = 4_000_000_000;
  expect(world.cell.admit("a", createdMs)).toBeUndefined();
  world.restart();
  world.storedBytes = 0;
  // D1 has moved the run to another cell meanwhile.
  world.d1.run("a").isActive = false;
  expect(await world.logNew(1, createdMs)).toBe(false);
});

test("the flush of a run that D1 no longer has says so", async () => {
  await world.logNew(1, world.create());
  expect(await world.cell.flush(world.run(), true)).toBe(true);
  world.d1.gone.add("a");
  expect(await world.cell.flush(world.run(), true)).toBe(false);
});
