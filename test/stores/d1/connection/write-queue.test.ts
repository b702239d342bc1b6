import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { SERVED_ROOT } from "../../../../src/domain/artifact-location.ts";
import { CheckedDatabase } from "../../../../src/stores/d1/connection/checked-database.ts";
import { failedGuard } from "../../../../src/stores/d1/connection/guard.ts";
import { migrate } from "../../../../src/stores/d1/connection/migrate.ts";
import { QueuedDatabase } from "../../../../src/stores/d1/connection/queued-database.ts";
import { noteRegion } from "../../../../src/stores/d1/connection/region.ts";
import {
  type BoundStatement,
  FULL,
  MAX_WAITING,
  WriteQueue,
} from "../../../../src/stores/d1/connection/write-queue.ts";
import { mlflow, newRun } from "../../../helpers/mlflow.ts";

const guardActive = (runId: string): BoundStatement => ({
  sql: "INSERT INTO guard (name, holds) VALUES ('run_active', (SELECT lifecycle_stage = 'active' FROM runs WHERE run_id = ?))",
  values: [runId],
});

const setTag = (runId: string, value: string): BoundStatement => ({
  sql: `INSERT INTO tags (run_id, key, value, experiment_id) SELECT run_id, 'a', ?2, experiment_id FROM runs WHERE run_id = ?1
    ON CONFLICT DO UPDATE SET value = excluded.value RETURNING value`,
  values: [runId, value],
});

/** Whether the isolate knows the schema, or the first write checks it. */
const schema = () => new CheckedDatabase(env.DB, SERVED_ROOT);

async function tagOf(runId: string): Promise<string | undefined> {
  const sql = "SELECT value FROM tags WHERE run_id = ? AND key = 'a'";
  return (await env.DB.prepare(sql).bind(runId).first<{ value: string }>())?.value;
}

async function newDeletedRun(): Promise<string> {
  const runId = await newRun();
  await mlflow("runs/delete", { run_id: runId });
  return runId;
}

const newRuns = (count: number) => Promise.all(Array.from({ length: count }, () => newRun()));

/**
 * Sends transactions to the queue at the same moment. @returns their outcomes, and how many statements D1 got at a time
 * @param failure replaces D1's first answer
 */
async function atOnce(transactions: readonly (readonly BoundStatement[])[], failure?: Error) {
  const sizes: number[] = [];
  const watched: D1Database = Object.assign(Object.create(env.DB), {
    batch: async (statements: D1PreparedStatement[]) => {
      const isFirst = sizes.push(statements.length) === 1;
      const results = await env.DB.batch(statements);
      if (isFirst && failure) throw failure;
      return results;
    },
  });
  const outcomes = await runInDurableObject(env.WRITES.getByName("d1"), (_instance, state) => {
    const queue = new WriteQueue(state, { ...env, DB: watched });
    return Promise.allSettled(transactions.map((statements) => queue.batch(statements)));
  });
  return { sizes, outcomes };
}

/** The rows of each statement, or the error. */
function rowsOf(outcome: PromiseSettledResult<Awaited<ReturnType<WriteQueue["batch"]>>> | undefined): unknown {
  if (outcome?.status !== "fulfilled") return outcome?.reason;
  if (outcome.value === FULL) return FULL;
  return "refusal" in outcome.value ? outcome.value.refusal : outcome.value.map(({ results }) => results);
}

describe("more than may wait", () => {
  beforeAll(() => migrate(env.DB));

  const counted = { sql: "INSERT INTO tags VALUES (?, ?, '', 0)", values: ["waiting", ""] };
  const waiting = (count: number): BoundStatement[][] =>
    Array.from({ length: count }, (_, index) => [{ ...counted, values: ["waiting", String(index)] }]);

  test("is refused at once, and not written", async () => {
    const { outcomes } = await atOnce(waiting(MAX_WAITING + 3));
    const refused = outcomes.flatMap((outcome, index) => (rowsOf(outcome) === FULL ? [index] : []));
    expect(refused).toEqual([MAX_WAITING, MAX_WAITING + 1, MAX_WAITING + 2]);
    const row = await env.DB.prepare("SELECT count(*) AS written FROM tags WHERE run_id = 'waiting'").first();
    expect(row).toEqual({ written: MAX_WAITING });
  });

  test("is also counted by its characters; one alone is always taken", async () => {
    const long = (characters: number): BoundStatement[] => [
      { sql: "SELECT length(?) AS n", values: ["x".repeat(characters)] },
    ];
    const { outcomes } = await atOnce(Array.from({ length: 10 }, () => long(1_900_000)));
    expect(outcomes.map(rowsOf).filter((rows) => rows === FULL)).toHaveLength(2);
  });

  test("is counted anew for each group, by transactions and by characters", async () => {
    const long = [{ sql: "SELECT length(?) AS n", values: ["x".repeat(1_000_000)] }];
    await runInDurableObject(env.WRITES.getByName("d1"), async (_instance, state) => {
      const queue = new WriteQueue(state, env);
      for (let round = 0; round < 10; round++) {
        const outcomes = await Promise.all([1, 2, 3].map(() => queue.batch(long)));
        expect(outcomes).not.toContain(FULL);
      }
    });
  });

  test("is a 429, which says that nothing was written", async () => {
    const full = { getByName: () => ({ batch: async () => FULL }) } as unknown as Env["WRITES"];
    const db = new QueuedDatabase({ ...env, WRITES: full }, schema(), () => undefined);
    const [first, second] = await Promise.allSettled([db.prepare("SELECT 1").run(), db.prepare("SELECT 2").run()]);
    expect(first.status).toBe("fulfilled");
    expect(second).toMatchObject({ status: "rejected", reason: { code: "REQUEST_LIMIT_EXCEEDED", status: 429 } });
  });
});

test("what D1 did not begin is a 429 too, and any other failure stays what it was", async () => {
  for (const [text, reason] of [
    ["D1_ERROR: D1 DB is overloaded. Requests queued for too long.", { status: 429 }],
    ["D1_ERROR: Network connection lost.", { message: "D1_ERROR: Network connection lost." }],
  ] as const) {
    const failing: D1Database = Object.assign(Object.create(env.DB), {
      batch: () => Promise.reject(new Error(text)),
    });
    const db = new QueuedDatabase({ ...env, DB: failing }, schema(), () => undefined);
    await expect(db.prepare("SELECT 1").run()).rejects.toMatchObject(reason);
  }
});

describe("transactions that arrive together", () => {
  test("are one, and each is answered its own rows", async () => {
    const runIds = await newRuns(20);
    const { sizes, outcomes } = await atOnce(runIds.map((id, i) => [guardActive(id), setTag(id, `${i}`)]));
    expect(sizes).toEqual([40]);
    expect(outcomes.map(rowsOf)).toEqual(runIds.map((_, i) => [[], [{ value: `${i}` }]]));
    expect(await Promise.all(runIds.map(tagOf))).toEqual(runIds.map((_, i) => `${i}`));
  });

  test("are several where they are too many or too large for one", async () => {
    const runIds = await newRuns(60);
    const many = await atOnce(runIds.map((id) => [setTag(id, "many"), guardActive(id)]));
    expect(many.sizes).toEqual([50, 50, 20]);
    const long = "x".repeat(400_000);
    const large = await atOnce(runIds.slice(0, 6).map((id) => [setTag(id, long)]));
    expect(large.sizes).toEqual([2, 2, 2]);
    expect(await Promise.all(runIds.map(async (id) => (await tagOf(id))?.length))).toEqual([
      ...Array(6).fill(long.length),
      ...Array(54).fill(4),
    ]);
  });

  test("stay apart where one is refused: it alone, and whole", async () => {
    const [first, second, third] = await newRuns(3);
    const deleted = await newDeletedRun();
    const { sizes, outcomes } = await atOnce([
      [setTag(first!, "1")],
      [setTag(second!, "2")],
      [setTag(second!, "lost"), guardActive(deleted)],
      [setTag(third!, "3")],
    ]);
    expect(sizes).toEqual([5, 2, 3, 2, 1]);
    expect(outcomes.map(rowsOf)).toEqual([
      [[{ value: "1" }]],
      [[{ value: "2" }]],
      expect.stringContaining("guard:run_active"),
      [[{ value: "3" }]],
    ]);
    expect(await Promise.all([first!, second!, third!].map(tagOf))).toEqual(["1", "2", "3"]);
  });

  test.each([
    ["D1's answer is lost", "D1_ERROR: Network connection lost."],
    ["the disk fails", "D1_ERROR: disk I/O error: SQLITE_IOERR"],
  ])("all fail, and none is repeated, where %s", async (_, message) => {
    const runIds = await newRuns(3);
    const lost = new Error(message);
    const { sizes, outcomes } = await atOnce(
      runIds.map((id) => [setTag(id, "1")]),
      lost,
    );
    expect(sizes).toEqual([3]);
    expect(outcomes.map(rowsOf)).toEqual([lost, lost, lost]);
  });
});

test("those who write at once through one Worker, some refused, are each told the right thing", async () => {
  const runIds = await newRuns(30);
  await Promise.all(runIds.filter((_, i) => i % 3 === 0).map((run_id) => mlflow("runs/delete", { run_id })));
  const pending: Promise<unknown>[] = [];
  const db = new QueuedDatabase(env, schema(), (work) => pending.push(work));
  const outcomes = await Promise.allSettled(
    runIds.map(async (id, i) => {
      const statements = [guardActive(id), setTag(id, `${i}`)];
      const [, tag] = await db.batch(statements.map(({ sql, values }) => db.prepare(sql).bind(...values)));
      return tag;
    }),
  );
  await Promise.all(pending);
  outcomes.forEach((outcome, i) => {
    if (i % 3 === 0) expect(failedGuard((outcome as PromiseRejectedResult).reason)).toBe("run_active");
    else
      expect(outcome).toEqual({ status: "fulfilled", value: { results: [{ value: `${i}` }], meta: { changes: 1 } } });
  });
});

test("the queue has its name and its place by the region that D1's answers name, and keeps both where none is named", async () => {
  const runIds = await newRuns(4);
  const named: unknown[] = [];
  const WRITES = new Proxy(env.WRITES, {
    get: (namespace, method) => {
      const member: unknown = Reflect.get(namespace, method);
      if (method !== "getByName" || typeof member !== "function") return member;
      return (...args: unknown[]) => {
        named.push(args);
        return member.apply(namespace, args) as unknown;
      };
    },
  });
  for (const region of ["WEUR", "nowhere", undefined]) {
    noteRegion(region);
    const pending: Promise<unknown>[] = [];
    const db = new QueuedDatabase({ ...env, WRITES }, schema(), (work) => pending.push(work));
    const writes = runIds.map((id) => setTag(id, String(region)));
    await Promise.all(
      writes.map(({ sql, values }) =>
        db
          .prepare(sql)
          .bind(...values)
          .run(),
      ),
    );
    await Promise.all(pending);
  }
  // Of four writes at once the first goes to D1 directly.
  expect(named).toEqual(Array(9).fill(["d1-weur", { locationHint: "weur" }]));
});
