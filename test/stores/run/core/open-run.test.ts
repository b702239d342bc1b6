import { beforeEach, expect, test, vi } from "vitest";
import { MAX_FLUSH_DISTANCE_MS, MIN_FLUSH_DISTANCE_MS } from "../../../../src/stores/run/burst.ts";
import { OpenRun } from "../../../../src/stores/run/open-run.ts";
import { encodePoints } from "../../../../src/stores/run/points.ts";
import { Gate, turn, World } from "./world.ts";

/* One open run: its alarms, its watchers, and what it takes over from D1. */

let world: World;

beforeEach(() => {
  world = new World();
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});

function watch(): void {
  world.listeners.push({ send: () => undefined });
  world.run().sockets.recount();
}

test("while points come, D1 is told after 30 s, 2 minutes, and then every 8 minutes; a new burst begins with 30 s", async () => {
  const distances: number[] = [];
  for (let step = 1; step <= 5; step++) {
    await world.log(step);
    distances.push(world.alarmMs! - world.nowMs);
    await world.alarm();
  }
  const [first, most] = [MIN_FLUSH_DISTANCE_MS, MAX_FLUSH_DISTANCE_MS];
  expect([first, most]).toEqual([30_000, 480_000]);
  expect(distances).toEqual([first, 4 * first, most, most, most]);
  for (let alarms = 0; alarms < 3 && world.alarmMs !== null; alarms++) await world.alarm();
  expect(world.alarmMs).toBeNull();
  await world.log(6);
  expect(world.alarmMs! - world.nowMs).toBe(first);
  await world.alarm();
  expect(world.alarmMs! - world.nowMs).toBe(4 * first);
});

test("an alarm ends the burst only if no point came since the alarm before, even if D1 knows all", async () => {
  await world.log(1);
  await world.alarm();
  await world.log(2);
  await world.cell.flush(world.run(), false);
  await world.alarm();
  expect(world.d1.run("a").epoch).toBe(2);
  await world.alarm();
  expect([world.d1.run("a").epoch, world.alarmMs]).toEqual([undefined, null]);
});

test("the alarm of a watched run rests while nothing comes, and is set again by the next point", async () => {
  watch();
  await world.log(1);
  await world.alarm();
  await world.alarm();
  expect([world.alarmMs, world.d1.run("a").epoch]).toEqual([null, 2]);
  await world.log(2);
  expect(world.alarmMs).toBe(world.nowMs + MIN_FLUSH_DISTANCE_MS);
  await world.alarm();
  expect(world.d1.run("a").latest.get("loss")).toBe(2);
});

test("a point that comes while the alarm of a watched run is at work is told by the next alarm", async () => {
  watch();
  await world.log(1);
  const held = new Gate();
  world.d1.after = held;
  const rung = world.alarm();
  await turn();
  world.d1.after = undefined;
  await world.log(2);
  held.open();
  await rung;
  expect(world.alarmMs).not.toBeNull();
  await world.alarm();
  expect(world.d1.run("a").latest.get("loss")).toBe(2);
});

test("the first watcher of a run's own object marks the run, and what D1 held is taken over", async () => {
  world = new World({ isOwn: true });
  world.d1.first = [{ key: "loss", value: 0, step: 0, timestamp: 0 }];
  await world.run().markForWatcher("a");
  expect([world.d1.run("a").epoch, world.run().fields.runId, world.steps()]).toEqual([1, "a", [0]]);
});

test("an object that knows no run has nothing to tell D1", async () => {
  world = new World({ isOwn: true });
  expect(await world.cell.flush(world.run(), true)).toBe(true);
  expect(world.d1.writes).toEqual([]);
});

test("a search may ask for some metrics, and hears of the time of all", async () => {
  for (const [step, key] of ["a", "b", "c"].entries()) await world.log(step, "a", key);
  const [answer] = world.cell.news([{ runId: "a", keys: ["c", "a", "none"] }]);
  const { rows, lastTimestamp } = answer!.news!;
  expect([rows.map((row) => JSON.parse(row)[1]), lastTimestamp]).toEqual([["c", "a"], 2]);
});

test("what a searcher confirms late does not take back what a flush has confirmed", async () => {
  await world.log(1);
  const early = world.news()!;
  await world.log(2);
  const { through } = world.run().news;
  await world.cell.flush(world.run(), false);
  expect(world.news(early)).toMatchObject({ rows: [], flushedThrough: through });
});

test("the end of a watched run tells D1 and keeps the mark", async () => {
  watch();
  await world.log(1);
  await world.cell.flush(world.run(), true);
  expect(world.d1.run("a").latest.get("loss")).toBe(1);
  expect(world.d1.run("a").epoch).toBe(2);
});

test("a run that ends has no alarm any more", async () => {
  await world.log(1);
  await world.cell.flush(world.run(), true);
  expect(world.run().fields.dueMs).toBeUndefined();
  expect(world.sqlite.rows("SELECT due_ms FROM cell_run")).toEqual([{ due_ms: null }]);
});

test("a search that finds a silent run with nothing to tell ends its burst and its alarm", async () => {
  await world.log(1);
  world.nowMs += 100_000;
  await world.log(2);
  await world.cell.flush(world.run(), false);
  world.nowMs += 119_999;
  await world.search();
  expect(world.d1.run("a").epoch).toBe(2);
  world.nowMs++;
  await world.search();
  expect(world.d1.run("a").epoch).toBeUndefined();
  expect(world.run().fields).toMatchObject({ isMarked: false, dueMs: undefined });
});

test("a search does not end the burst of a silent run with something to tell", async () => {
  await world.log(1);
  world.nowMs += 1_000_000;
  expect(world.news()).toMatchObject({ isIdle: false });
  // That search died before it could show what it was told.
  expect(await world.search()).toBe(1);
});

test("a run that an earlier version left without the time of its alarm has an alarm in the next instance", async () => {
  world = new World({ isOwn: true });
  await world.log(1);
  world.sqlite.rows("UPDATE state SET value = '{\"isMarked\":true}' WHERE key = 'burst'");
  world.alarmMs = null;
  world.restart();
  world.run();
  await turn();
  expect(world.alarmMs).toBe(world.nowMs + MIN_FLUSH_DISTANCE_MS);
});

test("an alarm that the platform lost is set again by the next instance", async () => {
  await world.log(1);
  const { dueMs } = world.run().fields;
  world.nowMs += 7;
  world.alarmMs = null;
  world.restart();
  world.run();
  await turn();
  expect(world.alarmMs).toBe(dueMs);
});

test("who begins to watch while a burst begins waits for its mark, and asks for none", async () => {
  const held = new Gate();
  world.d1.before = held;
  const logged = world.log(1);
  await turn();
  watch();
  const watched = world.run().markForWatcher("a");
  await turn();
  held.open();
  await Promise.all([logged, watched]);
  expect([world.d1.marks, world.d1.run("a").epoch]).toEqual([1, 2]);
});

test("what D1 held before is taken over once, with the first mark", async () => {
  world = new World({ isOwn: true });
  world.d1.first = [{ key: "loss", value: 0, step: 0, timestamp: 0 }];
  // An object without a run has nothing to take over.
  await world.run().takeFirstPoints();
  expect(world.d1.firstAsked).toBe(0);
  await world.log(1);
  expect(world.steps()).toEqual([0, 1]);
  await world.run().takeFirstPoints();
  await world.cell.flush(world.run(), true);
  await world.log(2);
  world.restart();
  await world.run().takeFirstPoints();
  expect([world.steps(), world.run().history.pointCount, world.d1.firstAsked]).toEqual([[0, 1, 2], 3, 1]);
});

test("an instance that ended between its mark and taking over: the next reader asks D1 for what it held", async () => {
  world = new World({ isOwn: true });
  world.d1.first = [{ key: "loss", value: 0, step: 0, timestamp: 0 }];
  world.d1.after = new Gate();
  void world.log(1);
  await turn();
  world.restart();
  world.d1.after = undefined;
  await Promise.all([world.run().takeFirstPoints(), world.run().takeFirstPoints()]);
  expect([world.steps(), world.run().history.pointCount]).toEqual([[0], 1]);
});

test("what a searcher confirms of an object that was there before under this id does not count", async () => {
  await world.log(1);
  const { through } = world.news()!;
  const news = world.news({ epoch: 3, through });
  expect(news?.rows).toHaveLength(1);
  expect(news?.flushedThrough).toBe(0);
  expect(world.news({ epoch: 2, through })).toMatchObject({ rows: [], flushedThrough: through });
});

test("after a flush searchers are told how far D1 has everything, by the next instance too, which tells nothing again", async () => {
  await world.log(1);
  expect(world.news()?.flushedThrough).toBe(0);
  const { through } = world.run().news;
  await world.cell.flush(world.run(), false);
  expect(world.news()).toMatchObject({ rows: [], through, flushedThrough: through });
  world.restart();
  expect(world.news()).toMatchObject({ rows: [], flushedThrough: through });
});

test("points whose folding fails are stored, and the next point folds them", async () => {
  for (let step = 1; step < 64; step++) await world.log(step);
  const rows = () => world.sqlite.rows("SELECT 1 FROM journal").length;
  world.sqlite.onStatement = (sql) => {
    if (sql.startsWith("INSERT INTO segment")) throw new Error("the disk is full");
  };
  expect(await world.log(64)).toBe(true);
  expect([rows(), world.steps()]).toEqual([64, Array.from({ length: 64 }, (_, i) => i + 1)]);
  expect(console.error).toHaveBeenCalledWith("folding of run", "a", expect.any(Error));
  world.sqlite.onStatement = () => {};
  expect(await world.log(65)).toBe(true);
  expect([rows(), world.steps().length]).toEqual([0, 65]);
});

test("segments are merged after enough folds, without a call", async () => {
  for (let step = 1; step <= 8 * 64; step++) await world.log(step);
  for (let turns = 0; turns < 5; turns++) await turn();
  expect(world.sqlite.rows("SELECT points FROM segment")).toEqual([{ points: 512 }]);
});

test("a merge that fails is an error of no point, and is tried again after the next fold", async () => {
  world.sqlite.onStatement = (sql) => {
    if (sql.startsWith("SELECT max(last_journal_id) AS last FROM block WHERE segment_id IN (SELECT value")) {
      throw new Error("the disk fails");
    }
  };
  for (let step = 1; step <= 8 * 64; step++) expect(await world.log(step)).toBe(true);
  for (let turns = 0; turns < 5; turns++) await turn();
  expect(console.error).toHaveBeenCalledWith("merge of run", "a", new Error("the disk fails"));
  world.sqlite.onStatement = () => {};
  for (let step = 1; step <= 64; step++) await world.log(step);
  for (let turns = 0; turns < 5; turns++) await turn();
  expect(world.sqlite.rows("SELECT points FROM segment ORDER BY id")).toEqual([{ points: 64 }, { points: 512 }]);
});

test("a run that cannot be read has no news, and the others have theirs", async () => {
  await world.log(1, "broken");
  await world.log(2, "whole");
  world.restart();
  world.sqlite.rows("UPDATE cell_run SET state = 'no JSON' WHERE run_id = 'broken'");
  const answers = world.cell.news([{ runId: "broken" }, { runId: "whole" }]);
  expect(answers.map(({ runId, news }) => [runId, news?.rows.length])).toEqual([
    ["broken", undefined],
    ["whole", 1],
  ]);
  expect(console.error).toHaveBeenCalledWith("news of run", "broken", expect.any(Error));
});

test("a run is found by its id; without an id, or a run of this id, the object's own run is", async () => {
  expect(world.cell.isStored).toBe(false);
  await world.log(1);
  expect([world.cell.isStored, world.cell.find("a") === world.run("a")]).toEqual([true, true]);
  expect([world.cell.find(), world.cell.find("none")].map((run) => run === world.cell.own())).toEqual([true, true]);
});

test("the end of an object's own run waits for the work in flight, and takes no more points", async () => {
  world = new World({ isOwn: true });
  await world.cell.end();
  const run = world.run();
  await world.log(1);
  const held = new Gate();
  const work = run.during(() => held.pass());
  let isOver = false;
  const ended = world.cell.end().then(() => {
    isOver = true;
  });
  for (let turns = 0; turns < 5; turns++) await turn();
  expect([isOver, await world.log(2)]).toEqual([false, false]);
  held.open();
  await Promise.all([work, ended]);
  expect([isOver, run.isLive]).toEqual([true, false]);
});

test("a run whose points wait for their message is not closed", async () => {
  watch();
  await world.log(1);
  expect(world.run().isAtRest).toBe(false);
  await vi.waitFor(() => expect(world.run().isAtRest).toBe(true));
});

test("watchers get each point once, when it is stored", async () => {
  const sent: (string | Uint8Array)[] = [];
  world.listeners.push({ send: (message) => sent.push(message) });
  world.run().sockets.recount();
  await world.log(1);
  await world.log(2);
  await vi.waitFor(() => expect(sent).toHaveLength(2));
  const body = (step: number) => encodePoints([{ key: "loss", value: step, step, timestamp: step }]);
  expect(sent).toEqual([body(1), body(2)]);
});

test("one run's many points that D1 has not seen are bounded: the cell tells D1 by itself", async () => {
  const points = (from: number) =>
    encodePoints(
      Array.from({ length: 10_000 }, (_, i) => ({ key: "loss", value: 1, step: from + i, timestamp: from + i })),
    );
  await world.log(1, "other");
  for (let part = 0; part < 50; part++) await world.cell.append(world.run(), "a", points(part * 10_000));
  await turn();
  expect(world.d1.writes).toEqual([]);
  await world.cell.append(world.run(), "a", points(500_000));
  await turn();
  // Only the run itself: its neighbour has little to tell.
  expect(world.d1.writes.flat().map(({ runId }) => runId)).toEqual(["a"]);
  expect(world.d1.run("a").epoch).toBe(2);
});

test("from 20,001 metrics on that D1 has not seen, over all runs, the cell tells D1 of the runs that have some", async () => {
  // Each body is large enough that the cell looks at its runs.
  const append = (runId: string, from: number) => {
    const keys = Array.from({ length: 1000 }, (_, i) => `${from + i}`.padEnd(250, "."));
    const metrics = keys.map((key) => ({ key, value: 1, step: 1, timestamp: 1 }));
    return world.cell.append(world.run(runId), runId, encodePoints(metrics));
  };
  await world.log(1, "told");
  await world.cell.flush(world.run("told"), false);
  world.d1.writes = [];
  for (let from = 0; from < 10_000; from += 1000) for (const runId of ["a", "b"]) await append(runId, from);
  await turn();
  expect(world.d1.writes).toEqual([]);
  world.d1.fails = true;
  await append("a", 10_000);
  const rest = () => vi.waitFor(() => expect([world.run("a").isAtRest, world.run("b").isAtRest]).toEqual([true, true]));
  await rest();
  for (const runId of ["a", "b"]) {
    expect(console.error).toHaveBeenCalledWith("flush of run", runId, expect.objectContaining({ message: "D1 fails" }));
  }
  world.d1.fails = false;
  await append("b", 10_000);
  await rest();
  const told = world.d1.writes.flat().map(({ runId, rows }) => [runId, rows.length]);
  expect(told.sort()).toEqual([
    ["a", 11_000],
    ["b", 11_000],
  ]);
  expect(world.d1.run("a").epoch).toBe(2);
});

test("a small point after many is not a reason to look at all runs of the cell again", async () => {
  await world.log(1, "other");
  const many = Array.from({ length: 20_000 }, (_, step) => ({ key: "loss", value: 1, step, timestamp: step }));
  await world.cell.append(world.run(), "a", encodePoints(many));
  const looks = vi.spyOn(OpenRun.prototype, "news", "get");
  for (let step = 0; step < 20; step++) await world.log(step);
  expect(looks).not.toHaveBeenCalled();
  looks.mockRestore();
});
