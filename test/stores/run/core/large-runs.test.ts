import { expect, test } from "vitest";
import { encodePoints } from "../../../../src/stores/run/points.ts";
import { shuffledBody, turn, World } from "./world.ts";

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
      await world.cell.append(world.run("large"), "large", shuffledBody(part * 10 + i));
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

test("idle searches beside 20 live runs of 5,000 metrics are told nothing twice", async () => {
  const world = new World();
  const runIds = Array.from({ length: 20 }, (_, i) => `run ${i}`);
  for (const runId of runIds) {
    for (let from = 0; from < 5000; from += 1000) {
      const metrics = Array.from({ length: 1000 }, (_, i) => ({
        key: `m${from + i}`,
        value: 1,
        step: 1,
        timestamp: 1,
      }));
      await world.cell.append(world.run(runId), runId, encodePoints(metrics));
    }
  }
  const confirmed = new Map<string, { epoch: number; through: number }>();
  const search = () => {
    let rows = 0;
    for (const runId of runIds) {
      const [answer] = world.cell.news([{ runId, confirmed: confirmed.get(runId) }]);
      const { epoch, through, rows: told } = answer!.news!;
      rows += told.length;
      confirmed.set(runId, { epoch, through });
    }
    return rows;
  };
  // More news than an object holds, so it has written a part to D1 by itself.
  const flushed = world.d1.writes.flat().reduce((sum, { rows }) => sum + rows.length, 0);
  expect(search() + flushed).toBeGreaterThanOrEqual(100_000);
  expect(search()).toBe(0);
  world.restart();
  expect(search()).toBe(0);
  await world.log(2, "run 7", "m3");
  expect(search()).toBe(1);
  expect(search()).toBe(0);
});
