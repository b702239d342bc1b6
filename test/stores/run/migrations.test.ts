import { env, runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { MIGRATIONS, migrateObject } from "../../../src/stores/run/migrations.ts";

test("an object's migrations are applied once, and those of a newer version are left alone", async () => {
  await runInDurableObject(env.RUNS.get(env.RUNS.newUniqueId()), (_object, { storage }) => {
    const newer = [...MIGRATIONS, { id: 1000, sql: "CREATE TABLE added (a); INSERT INTO added VALUES (1)" }];
    migrateObject(storage, newer);
    migrateObject(storage, MIGRATIONS);
    migrateObject(storage, newer);
    expect(storage.sql.exec("SELECT a FROM added").toArray()).toEqual([{ a: 1 }]);
  });
});

test("a migration that was changed after it was applied is refused", async () => {
  await runInDurableObject(env.RUNS.get(env.RUNS.newUniqueId()), (_object, { storage }) => {
    migrateObject(storage);
    const altered = [{ id: 1, sql: "CREATE TABLE other (a)" }];
    expect(() => migrateObject(storage, altered)).toThrow("Migration 1 of the run's object was applied with other SQL");
  });
});

test("a migration that fails leaves nothing behind", async () => {
  await runInDurableObject(env.RUNS.get(env.RUNS.newUniqueId()), (_object, { storage }) => {
    const broken = [...MIGRATIONS, { id: 1000, sql: "CREATE TABLE half (a); INSERT INTO nowhere VALUES (1)" }];
    expect(() => migrateObject(storage, broken)).toThrow("no such table: nowhere");
    expect(storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'half'").toArray()).toEqual([]);
  });
});
