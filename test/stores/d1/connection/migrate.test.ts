import { env } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import { MIGRATIONS, migrate } from "../../../../src/stores/d1/connection/migrate.ts";
import { reset } from "./empty-database.ts";

/** D1 that counts its statements, and whose batches may fail. */
function watched(fails: () => boolean) {
  const asked: string[] = [];
  const db: D1Database = Object.assign(Object.create(env.DB), {
    prepare: (sql: string) => {
      asked.push(sql);
      return env.DB.prepare(sql);
    },
    batch: (statements: D1PreparedStatement[]) =>
      fails() ? Promise.reject(new Error("D1_ERROR: out of paper")) : env.DB.batch(statements),
  });
  return { db, asked };
}

test("migrating twice, or from two Workers at once, is migrating once", async () => {
  await Promise.all([migrate(env.DB), migrate(env.DB)]);
  await migrate(env.DB);
  const { results } = await env.DB.prepare("SELECT name FROM experiments").all();
  expect(results).toEqual([{ name: "Default" }]);
});

test("one read decides that there is nothing to do", async () => {
  await migrate(env.DB);
  const { db, asked } = watched(() => false);
  await migrate(db);
  expect(asked).toEqual(["SELECT name FROM d1_migrations"]);
});

test("the default experiment of a new database is older than what the first request creates", async () => {
  await reset();
  const sinceMs = Date.now() - 5000;
  await migrate(env.DB, sinceMs);
  const row = await env.DB.prepare("SELECT creation_time, last_update_time FROM experiments").first();
  expect(row).toEqual({ creation_time: sinceMs - 1, last_update_time: sinceMs - 1 });
});

test("a migration that fails is a 503 that names the command, and is not tried again at each request", async () => {
  await reset();
  let isFailing = true;
  let batches = 0;
  const { db } = watched(() => {
    batches++;
    return isFailing;
  });
  vi.useFakeTimers({ toFake: ["Date"] });
  try {
    const refused = { status: 503, message: expect.stringContaining("npx wrangler d1 migrations apply DB --remote") };
    for (let request = 0; request < 5; request++) await expect(migrate(db)).rejects.toMatchObject(refused);
    expect(batches).toBe(1);
    vi.setSystemTime(Date.now() + 11_000);
    for (let request = 0; request < 5; request++) await expect(migrate(db)).rejects.toMatchObject(refused);
    expect(batches).toBe(2);
    // The next pause is twice as long.
    vi.setSystemTime(Date.now() + 11_000);
    await expect(migrate(db)).rejects.toMatchObject(refused);
    expect(batches).toBe(2);
    isFailing = false;
    vi.setSystemTime(Date.now() + 11_000);
    await migrate(db);
  } finally {
    vi.useRealTimers();
  }
  const { results } = await env.DB.prepare("SELECT name FROM experiments").all();
  expect(results).toEqual([{ name: "Default" }]);
});

test("no migration rewrites a table of a size that grows: an additive step and a back-fill in slices do the same", () => {
  // Earlier migrations were made when no database was large.
  const checked = MIGRATIONS.filter(({ name }) => name > "0022");
  expect(checked.length).toBeGreaterThan(4);
  const rewrites = /\b(UPDATE|DELETE FROM|INSERT INTO|REPLACE INTO|DROP TABLE|DROP COLUMN|RENAME TO)\b/i;
  for (const { name, sql } of checked) {
    for (const statement of sql.split("--> statement-breakpoint")) {
      // A trigger's statements change single rows.
      if (/CREATE TRIGGER/i.test(statement)) continue;
      expect(rewrites.test(statement), `${name}: ${statement}`).toBe(false);
    }
  }
});
