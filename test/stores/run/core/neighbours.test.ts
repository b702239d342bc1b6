import { expect, test } from "vitest";
import { encodePoints } from "../../../../src/stores/run/points.ts";
import { turn, World } from "./world.ts";

/** Counts the effects of a cell's runs on each other. */

const BODIES = 500;

/** 1,000 points among those of all other bodies, so that a merge must write each point anew. */
const body = (number: number) =>
  encodePoints(
    Array.from({ length: 1000 }, (_, i) => {
      const at = i * BODIES + number;
      return { key: "loss", value: at, step: at, timestamp: at };
    }),
  );

test("a run that grows to half a million points holds its neighbours up by a bounded step at a time", async () => {
  const world = new World();
  await world.log(0, "small");
  let blocksOfTurn = 0;
  const most = { early: 0, late: 0 };
  let stretch: keyof typeof most = "early";
  const endTurn = () => {
    most[stretch] = Math.max(most[stretch], blocksOfTurn);
    blocksOfTurn = 0;
  };
  world.sqlite.onStatement = (sql) => {
    if (sql.startsWith("INSERT INTO block_body")) blocksOfTurn++;
  };
  world.onYield = endTurn;
  for (let part = 0; part < 50; part++) {
    if (part === 25) stretch = "late";
    // Enough points at once that the journal must be folded.
    for (let i = 0; i < 10; i++) {
      await world.cell.append(world.run("large"), "large", body(part * 10 + i));
      endTurn();
    }
    // The neighbour's point waits only for the large run's work of one turn.
    let turns = 0;
    world.onYield = () => {
      turns++;
      endTurn();
    };
    expect(await world.log(part + 1, "small")).toBe(true);
    world.onYield = endTurn;
    expect(turns).toBeLessThanOrEqual(3);
  }
  // A merge takes 131,072 points at most, in blocks of 6,144 and more.
  expect(most.late).toBeLessThanOrEqual(22);
  expect(most.late).toBeLessThanOrEqual(2 * most.early);
  expect(world.steps("small")).toHaveLength(51);
  expect(world.run("large").history.read("loss", { limit: 1_000_000 }).values).toHaveLength(500_000);
});

test("merges that an earlier instance left undone are made up for one a turn", async () => {
  const world = new World();
  const { history } = world.run("large");
  for (let segment = 0; segment < 24; segment++) {
    history.append([body(segment)]);
    history.foldJournal();
  }
  let written = 0;
  let most = 0;
  let turns = 0;
  world.sqlite.onStatement = (sql) => {
    if (sql.startsWith("INSERT INTO segment")) most = Math.max(most, ++written);
  };
  world.onYield = () => {
    written = 0;
    turns++;
  };
  for (let step = 1; step <= 64; step++) await world.log(step, "large", "other");
  for (let rest = 0; rest < 10; rest++) await turn();
  expect([most, turns]).toEqual([1, 4]);
  // Three of eight segments each, and the fold's own.
  expect(world.sqlite.rows("SELECT 1 FROM segment")).toHaveLength(4);
});

test("of more runs than a cell keeps open the least used are closed, and those at work are not", async () => {
  const world = new World();
  await world.log(1, "first");
  await world.log(1, "used");
  const atWork = world.run("at work");
  let end = () => {};
  const work = atWork.during(() => new Promise<void>((resolve) => (end = resolve)));
  for (let i = 0; i < 2100; i++) {
    world.run(`run ${i}`);
    world.run("used");
  }
  const isOpen = (runId: string) => {
    const before = world.sqlite.statements;
    const run = world.run(runId);
    // The only read: whether the cell has the run.
    return { run, wasOpen: world.sqlite.statements - before === 0 };
  };
  expect(isOpen("used").wasOpen).toBe(true);
  expect(isOpen("run 2099").wasOpen).toBe(true);
  expect(isOpen("at work")).toEqual({ run: atWork, wasOpen: true });
  expect(isOpen("first").wasOpen).toBe(false);
  expect(isOpen("run 0").wasOpen).toBe(false);
  // Closed runs are still in their bursts: they continue without asking D1, and all their values are written to D1.
  const { marks } = world.d1;
  expect(await world.log(2, "first")).toBe(true);
  expect(world.d1.marks).toBe(marks);
  expect(await world.search("first")).toBe(2);
  end();
  await work;
});

test("what D1 has not seen is bounded over all runs of a cell: from 20,000 metrics on, the cell tells D1 by itself", async () => {
  const world = new World();
  const runIds = Array.from({ length: 30 }, (_, i) => `run ${i}`);
  const metrics = Array.from({ length: 1000 }, (_, i) => ({ key: `m${i}`, value: 1, step: 1, timestamp: 1 }));
  for (let round = 0; round < 6; round++) {
    for (const runId of runIds) await world.cell.append(world.run(runId), runId, encodePoints(metrics));
  }
  await turn();
  const unseen = runIds.reduce((sum, runId) => sum + world.run(runId).news.size, 0);
  // The answer also has the news since the last look.
  expect(unseen).toBeLessThanOrEqual(26_000);
  expect(world.d1.writes.length).toBeGreaterThan(0);
});
