import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Client, Refusal } from "./client.ts";
import { CrashingServer } from "./crashing-server.ts";
import { compareLatest, latestOf, type Point, pointText } from "./ledger.ts";

const CLIENTS = 8;
const DELETIONS = 12;
const MAX_PAUSE_MS = 4;

/** The run's stage when a request was sent, and when it was answered. */
type Stage = "active" | "changing" | "deleted";

interface Attempt {
  readonly points: readonly Point[];
  readonly sentIn: { readonly stage: Stage; readonly turn: number };
  readonly isAccepted: boolean;
  /** Whether no deletion or restoration was sent or answered meanwhile. */
  readonly isUndisturbed: boolean;
}

let server: CrashingServer;
let client: Client;

beforeAll(async () => {
  server = new CrashingServer();
  await server.start();
  client = new Client(server.url);
});

afterAll(() => server.dispose());

test("a run that is deleted while clients log: nothing is accepted after the delete's answer, everything after the restore's", async () => {
  const runId = await client.createRun("0", "deleted again and again");
  const attempts: Attempt[] = [];
  let now: Attempt["sentIn"] = { stage: "active", turn: 0 };
  const enter = (stage: Stage) => {
    now = { stage, turn: now.turn + 1 };
  };
  let isStopping = false;

  const work = async (number: number) => {
    for (let step = 0; !isStopping; step++) {
      const points = pointsOf(number, step);
      const sentIn = now;
      const isAccepted = await log(runId, points, step);
      attempts.push({ points, sentIn, isAccepted, isUndisturbed: sentIn === now });
      await sleep(step % (MAX_PAUSE_MS + 1));
    }
  };
  /** Waits until each stage has had some complete requests. */
  const settle = async () => {
    const met = () => attempts.filter(({ sentIn, isUndisturbed }) => sentIn === now && isUndisturbed).length;
    while (met() < CLIENTS) await sleep(1);
  };

  const working = Promise.all(Array.from({ length: CLIENTS }, (_, number) => work(number)));
  const controlling = (async () => {
    for (let i = 0; i < DELETIONS; i++) {
      await settle();
      enter("changing");
      await client.deleteRun(runId);
      enter("deleted");
      await settle();
      if (i === DELETIONS - 1) {
        expect(await latestAndHistoryDiffer(runId)).toEqual([]);
      }
      enter("changing");
      await client.restoreRun(runId);
      enter("active");
    }
    await settle();
  })();
  try {
    await Promise.race([controlling, working]);
  } finally {
    isStopping = true;
    await working;
  }

  const wrong = attempts.filter(
    ({ sentIn, isAccepted, isUndisturbed }) =>
      isUndisturbed && sentIn.stage !== "changing" && isAccepted !== (sentIn.stage === "active"),
  );
  expect(wrong.slice(0, 5)).toEqual([]);
  const accepted = attempts.flatMap(({ points, isAccepted }) => (isAccepted ? points : []));
  const histories = await readHistories(runId);
  expect([...histories.values()].flat().map(pointText).sort()).toEqual(accepted.map(pointText).sort());
  expect(await latestAndHistoryDiffer(runId)).toEqual([]);
});

test("a deleted run stays deleted after a crash, and takes points again once restored", async () => {
  const runId = await client.createRun("0", "deleted, killed, restored");
  const before = { key: "loss", timestamp: 1000, step: 0, value: 3 };
  const during = { ...before, step: 1 };
  const after = { ...before, step: 2 };
  await client.logMetric(runId, before);
  await client.deleteRun(runId);
  await server.crash("both");
  await expect(client.logMetric(runId, during)).rejects.toThrow("must be in the 'active' state");
  expect(await client.getLatest(runId)).toEqual(new Map([["loss", before]]));
  await client.restoreRun(runId);
  await client.logMetric(runId, after);
  await server.crash("workerd");
  expect(await client.getHistory(runId, "loss")).toEqual([before, after]);
  expect(await client.getLatest(runId)).toEqual(new Map([["loss", after]]));
});

function pointsOf(number: number, step: number): Point[] {
  const keys = step % 3 === 0 ? Array.from({ length: 20 }, (_, i) => `key ${i}`) : ["key 0"];
  return keys.map((key) => ({ key, timestamp: 1000 + number, step, value: number }));
}

/** @returns whether the server took the points; false if it answered that the run is not active */
async function log(runId: string, points: readonly Point[], step: number): Promise<boolean> {
  const [first] = points;
  try {
    if (points.length === 1 && first) await client.logMetric(runId, first);
    else await client.logBatch(runId, { metrics: points });
    return true;
  } catch (error) {
    if (error instanceof Refusal && error.message.includes("must be in the 'active' state")) return false;
    throw new Error(`Step ${step}: ${error}`, { cause: error });
  }
}

async function readHistories(runId: string): Promise<Map<string, Point[]>> {
  const histories = new Map<string, Point[]>();
  for (let i = 0; i < 20; i++) histories.set(`key ${i}`, await client.getHistory(runId, `key ${i}`));
  return histories;
}

/** Keys whose latest value is older than the history that was read before. */
async function latestAndHistoryDiffer(runId: string): Promise<string[]> {
  const histories = await readHistories(runId);
  const latest = await client.getLatest(runId);
  return [...histories].flatMap(([key, points]) => {
    const expected = latestOf(points);
    const actual = latest.get(key);
    if (expected === undefined) return [];
    return actual !== undefined && compareLatest(actual, expected) >= 0 ? [] : [key];
  });
}
