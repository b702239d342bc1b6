import { expect, test } from "vitest";
import { shuffledBody, turn, World } from "./world.ts";

/** Counts the effects of a cell's runs on each other. */

test("merges that an earlier instance left undone are made up for one a turn", async () => {
  const world = new World();
  const { history } = world.run("large");
  for (let segment = 0; segment < 24; segment++) {
    history.append([shuffledBody(segment)]);
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
