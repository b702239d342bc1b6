import { randomInt } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkSummaries } from "./checker.ts";
import { Client } from "./client.ts";
import { crashRounds } from "./crash-rounds.ts";
import { CrashingServer } from "./crashing-server.ts";
import { Database } from "./database.ts";

/** A round takes three to five seconds on two slow cores, mostly for the restart of the server. */
test.each([
  { cells: 1, rounds: 5 },
  { cells: 4, rounds: 3 },
])(
  "kill -9 under load over $cells cells, again and again: nothing acknowledged is lost, nothing is there twice",
  async ({ cells, rounds }) => {
    const seed = Number(process.env.TRACKFLARE_FAULTS_SEED ?? randomInt(1_000_000));
    const load = { clients: 12, runs: 12, maxPauseMs: 10 };
    const report = await crashRounds({ seed, ...load, cells, goesOn: (round) => round < rounds });
    expect(report.problems.slice(0, 20), `TRACKFLARE_FAULTS_SEED=${seed}`).toEqual([]);
    expect(report.rounds).toBe(rounds);
    expect(report.acknowledgedPoints).toBeGreaterThan(0);
    expect(report.repeats, "requests that a crash cut off").toBeGreaterThan(0);
  },
);

let server: CrashingServer;
let client: Client;
let runId: string;

const point = (step: number, value: number) => ({ key: "loss", timestamp: 1_750_000_000_000 + step, step, value });

beforeEach(async () => {
  server = new CrashingServer();
  await server.start();
  client = new Client(server.url);
  runId = await client.createRun("0", "a run");
});

afterEach(() => server.dispose());

test("a run's object tells D1 after a crash by its own alarm, though nobody asks", async () => {
  const points = [point(0, 2), point(1, 5), point(2, 3)];
  for (const each of points) await client.logMetric(runId, each);
  await server.crash("both");
  const database = new Database(server.dataDir);
  try {
    // The first alarm writes to D1. A later alarm clears the mark, after minutes of silence.
    const problems = () => checkSummaries(new Map([["loss", points]]), database.latestMetrics(runId));
    await expect.poll(problems, { timeout: 90_000 }).toEqual([]);
  } finally {
    database.close();
  }
});

test("a crash right after each acknowledgement: the point is there, and a repeat of it changes nothing", async () => {
  const points = [point(5, 1), point(4, 2), point(5, 0.5), point(6, Number.NaN)];
  const latest = [points[0], points[0], points[0], points[3]];
  for (const [index, each] of points.entries()) {
    await client.logMetric(runId, each);
    await server.crash("workerd");
    const [found] = await client.searchRuns("0");
    expect(found?.latest.get("loss")).toEqual(latest[index]);
    await client.logMetric(runId, each);
    expect(await client.getLatest(runId)).toEqual(new Map([["loss", latest[index]]]));
  }
  expect(await client.getHistory(runId, "loss")).toEqual([points[1], points[2], points[0], points[3]]);
});
