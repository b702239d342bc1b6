import { beforeEach, describe, expect, test, vi } from "vitest";
import { Gate, turn, World } from "./world.ts";

/** The numbers are the numbers of docs/architecture.md. */

let world: World;

beforeEach(() => {
  world = new World();
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});

describe.each([
  { place: "a cell", isOwn: false },
  { place: "a run's own object", isOwn: true },
])("interleaving in $place", ({ isOwn }) => {
  /** The epoch of the object's first mark: D1 has given a run of a cell an epoch already. */
  const firstEpoch = isOwn ? 1 : 2;

  beforeEach(() => {
    world = new World({ isOwn });
  });

  test("1: the instance ends after its commit and before D1 has the mark: the point is in no answer, until it is repeated", async () => {
    await world.log(1);
    await world.cell.flush(world.run(), true);
    world.d1.before = new Gate();
    void world.log(2);
    await turn();
    world.restart();
    world.d1.before = undefined;
    expect(world.steps()).toEqual([1]);
    expect(world.run().fields.unmarked).toBeUndefined();
    expect(await world.log(2)).toBe(true);
    expect(world.steps()).toEqual([1, 2]);
  });

  test("2: it ends after D1 has the mark and before it knows: the same, and the next search takes the mark away", async () => {
    world.d1.after = new Gate();
    void world.log(1);
    await turn();
    expect(world.d1.run("a").epoch).toBe(firstEpoch);
    world.restart();
    expect(world.steps()).toEqual([]);
    expect(await world.search()).toBeUndefined();
    expect(world.d1.run("a").epoch).toBeUndefined();
  });

  test("3: it ends in a burst: the next instance goes on without asking D1, and tells all", async () => {
    await world.log(1);
    await world.log(2);
    world.restart();
    expect(await world.log(3)).toBe(true);
    expect(world.d1.marks).toBe(1);
    expect(await world.search()).toBe(3);
  });

  test("4: a point arrives while the clear is under way: it marks anew, and the clear does not take that mark", async () => {
    await world.log(1);
    const held = new Gate();
    world.d1.before = held;
    const flushed = world.cell.flush(world.run(), true);
    await turn();
    world.d1.before = undefined;
    expect(await world.log(2)).toBe(true);
    held.open();
    await flushed;
    expect(world.d1.run("a").epoch).toBe(firstEpoch + 1);
    expect(await world.search()).toBe(2);
  });

  test("5: a flush fails while a point comes: both are told by the next one", async () => {
    await world.log(1);
    const held = new Gate();
    world.d1.before = held;
    const flushed = world.cell.flush(world.run(), false);
    await turn();
    world.d1.before = undefined;
    await world.log(2, "a", "other");
    world.d1.fails = true;
    held.open();
    await expect(flushed).rejects.toThrow("D1 fails");
    world.d1.fails = false;
    await world.cell.flush(world.run(), false);
    expect([...world.d1.run("a").latest]).toEqual([
      ["loss", 1],
      ["other", 2],
    ]);
  });

  test("6: the run is deleted while its mark is under way: D1 is asked again, and the point is refused", async () => {
    const held = new Gate();
    world.d1.after = held;
    const logged = world.log(1);
    await turn();
    world.d1.run("a").isActive = false;
    world.endBurst();
    world.d1.after = undefined;
    held.open();
    expect(await logged).toBe(false);
    expect(world.steps()).toEqual([]);
    expect(world.run().fields.unmarked).toBeUndefined();
  });

  test("7: the run is deleted in a burst: the next point asks D1, also in the instance after", async () => {
    await world.log(1);
    world.d1.run("a").isActive = false;
    world.endBurst();
    world.restart();
    expect(await world.log(3)).toBe(false);
    world.d1.run("a").isActive = true;
    expect(await world.log(2)).toBe(true);
    // The refused point is in no answer.
    expect(await world.search()).toBe(2);
    expect(world.d1.run("a").epoch).toBe(world.run().fields.epoch);
  });

  test("8: nobody told the object of the deletion: the next flush reads it, and the next point is refused", async () => {
    await world.log(1);
    world.d1.run("a").isActive = false;
    await world.cell.flush(world.run(), false);
    expect(await world.log(2)).toBe(false);
  });

  test("9: a search finds nothing to tell, and a point comes before it clears the mark", async () => {
    await world.log(1);
    await world.search();
    world.nowMs += 1_000_000;
    const news = world.news({ epoch: firstEpoch, through: world.run().news.through });
    expect(news).toMatchObject({ rows: [], isIdle: true });
    await world.log(2);
    world.d1.clear("a", news?.epoch);
    expect(await world.search()).toBe(2);
  });

  test("10: D1 is away when an alarm comes: it comes again, until D1 knows all and the mark is gone", async () => {
    await world.log(1);
    world.d1.fails = true;
    for (let i = 0; i < 8; i++) {
      await world.alarm();
      // Not at once: the platform would call the object again and again.
      expect(world.alarmMs).toBeGreaterThan(world.nowMs);
    }
    world.d1.fails = false;
    for (let i = 0; i < 3 && world.alarmMs !== null; i++) await world.alarm();
    expect(world.alarmMs).toBeNull();
    expect(world.d1.run("a")).toMatchObject({ epoch: undefined });
    expect(world.d1.run("a").latest.get("loss")).toBe(1);
  });

  test("a burst that cannot begin because D1 is away leaves no point", async () => {
    world.d1.fails = true;
    await expect(world.log(1)).rejects.toThrow("D1 fails");
    world.d1.fails = false;
    expect([world.steps(), world.run().fields.unmarked]).toEqual([[], undefined]);
    expect(await world.log(2)).toBe(true);
    expect(world.steps()).toEqual([2]);
  });

  test("a burst that begins while the one before ends keeps its alarm, though a search has told D1 all meanwhile", async () => {
    await world.log(1);
    const held = new Gate();
    world.d1.after = held;
    const ended = world.cell.flush(world.run(), true);
    await turn();
    world.d1.after = undefined;
    await world.log(2);
    const news = world.news()!;
    world.d1.take("a", news.rows);
    world.news(news);
    held.open();
    await ended;
    expect(world.run().fields.dueMs).toBe(world.nowMs + 30_000);
  });

  if (!isOwn) {
    test("11: a mark under way keeps its own run's points waiting, and no other run's that is in a burst", async () => {
      await world.log(0, "other");
      const held = new Gate();
      world.d1.before = held;
      const first = world.log(1, "slow");
      const second = world.log(2, "slow");
      await turn();
      world.d1.before = undefined;
      expect(await world.log(1, "other")).toBe(true);
      expect(world.steps("slow")).toEqual([]);
      held.open();
      expect(await Promise.all([first, second])).toEqual([true, true]);
      expect(world.steps("slow")).toEqual([1, 2]);
    });
  }

  test("12: two searches hand out the same news, and only what one has written is dropped", async () => {
    await world.log(1);
    const first = world.news();
    await world.log(2);
    // The second search dies before it writes.
    world.news();
    const third = world.news(first);
    expect(third?.rows).toHaveLength(1);
    expect(third?.rows[0]).toContain("[2,0]");
  });

  test("13: a run ends while a burst begins: the flush does not clear the mark that is under way", async () => {
    const held = new Gate();
    world.d1.after = held;
    const logged = world.log(1);
    await turn();
    world.d1.after = undefined;
    await world.cell.flush(world.run(), true);
    held.open();
    expect(await logged).toBe(true);
    expect(world.d1.run("a").epoch).toBe(firstEpoch);
    expect(await world.search()).toBe(1);
  });

  if (!isOwn) {
    test("13: … and the flush first waits for the run's last end: the mark was not under way when the run ended", async () => {
      await world.log(1);
      const rest = new Gate();
      world.rest = rest;
      await world.cell.flush(world.run(), true);
      const ended = world.cell.flush(world.run(), true);
      const mark = new Gate();
      world.d1.after = mark;
      const logged = world.log(2);
      while (world.d1.marks < 2) await turn();
      world.d1.after = undefined;
      rest.open();
      await ended;
      mark.open();
      expect(await logged).toBe(true);
      expect(await world.search()).toBe(2);
    });
  }

  test("14: a search asks after D1 has the mark and before the object knows: it does not clear the mark", async () => {
    const held = new Gate();
    world.d1.after = held;
    const logged = world.log(1);
    await turn();
    world.d1.after = undefined;
    expect(world.d1.run("a").epoch).toBe(firstEpoch);
    await world.search();
    expect(world.d1.run("a").epoch).toBe(firstEpoch);
    held.open();
    expect(await logged).toBe(true);
    expect(await world.search()).toBe(1);
  });

  test("15: a search is written and confirmed while a flush is under way: the flush does not put the object back", async () => {
    await world.log(1);
    const held = new Gate();
    world.d1.after = held;
    const flushed = world.cell.flush(world.run(), false);
    await turn();
    world.d1.after = undefined;
    await world.log(2);
    const news = world.news()!;
    const { through } = news;
    world.d1.take("a", news.rows);
    world.news(news);
    held.open();
    await flushed;
    expect(world.run().fields.flushedThrough).toBe(through);
    world.restart();
    expect(world.news()).toMatchObject({ rows: [], flushedThrough: through });
  });

  test.each([
    { end: "a run's end", does: () => world.cell.flush(world.run(), true) },
    { end: "an alarm", does: () => world.alarm() },
  ])("16: a burst begins while $end ends the burst before: the alarm of the new burst stays", async ({ does }) => {
    await world.log(1);
    await world.alarm();
    const ending = new Gate();
    world.d1.after = ending;
    const ended = does();
    await turn();
    const beginning = new Gate();
    world.d1.after = beginning;
    const logged = world.log(2);
    await turn();
    world.d1.after = undefined;
    ending.open();
    await ended;
    beginning.open();
    expect(await logged).toBe(true);
    expect(world.alarmMs).toBeGreaterThan(world.nowMs);
    for (let alarms = 0; alarms < 3 && world.alarmMs !== null; alarms++) await world.alarm();
    expect(world.d1.run("a")).toMatchObject({ epoch: undefined });
    expect(world.d1.run("a").latest.get("loss")).toBe(2);
  });
});

test("a watched run keeps its mark however long it is silent, and the first search after the last watcher clears it", async () => {
  world.listeners.push({ send: () => undefined });
  const { sockets } = world.run();
  sockets.recount();
  await world.run().markForWatcher("a");
  world.nowMs += 1_000_000;
  await world.search();
  expect(world.d1.run("a").epoch).toBe(2);
  world.listeners.pop();
  sockets.recount();
  await world.search();
  expect(world.d1.run("a").epoch).toBeUndefined();
});

test("D1 that lost its mark, as a restored backup has, gets it again with the point after the next flush", async () => {
  await world.log(1);
  world.d1.run("a").epoch = undefined;
  await world.cell.flush(world.run(), false);
  await world.log(2);
  expect(world.d1.run("a").epoch).toBe(3);
  expect(await world.search()).toBe(2);
});

test("a mark of an object that knew nothing of the cell, as an older version leaves it, hides no point and goes with the next burst", async () => {
  await world.log(1);
  world.d1.run("a").epoch = 99;
  await world.cell.flush(world.run(), true);
  expect(world.d1.run("a").epoch).toBe(99);
  expect(await world.search()).toBe(1);
  await world.log(2);
  expect(await world.search()).toBe(2);
  await world.cell.flush(world.run(), true);
  expect(world.d1.run("a").epoch).toBeUndefined();
});

test("points that come while D1 is asked for the run's mark wait for that mark, and ask for none of their own", async () => {
  const world = new World();
  const held = new Gate();
  world.d1.before = held;
  const first = world.log(1);
  for (let turns = 0; turns < 5; turns++) await turn();
  const later = [world.log(2), world.log(3)];
  for (let turns = 0; turns < 5; turns++) await turn();
  world.d1.before = undefined;
  held.open();
  expect(await Promise.all([first, ...later])).toEqual([true, true, true]);
  expect(world.d1.marks).toBe(1);
  expect(world.steps()).toEqual([1, 2, 3]);
});
