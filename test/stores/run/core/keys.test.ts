import { expect, test } from "vitest";
import { MetricKeys } from "../../../../src/stores/run/keys.ts";
import { migrateObject } from "../../../../src/stores/run/migrations.ts";
import { SqliteStorage } from "./sqlite-storage.ts";

function keysOf(sqlite: SqliteStorage): MetricKeys {
  migrateObject(sqlite.storage);
  return new MetricKeys(sqlite.storage.sql);
}

test("a key keeps its number; known keys ask no SQL, new keys once for each thousand", () => {
  const sqlite = new SqliteStorage();
  const keys = keysOf(sqlite);
  const ask = (...asked: string[]) => {
    const before = sqlite.statements;
    const ids = keys.ensureIds(new Set(asked));
    return { ids: asked.map((key) => ids.get(key)), statements: sqlite.statements - before };
  };
  const first = ask("a", "b");
  expect(first.statements).toBe(2);
  expect(ask("b", "a")).toEqual({ ids: first.ids.toReversed(), statements: 0 });
  const more = ask("b", "c");
  expect(more).toEqual({ ids: [first.ids[1], expect.any(Number)], statements: 2 });
  expect(new Set([...first.ids, ...more.ids]).size).toBe(3);
  const many = ask(...Array.from({ length: 2500 }, (_, number) => `key ${number}`));
  expect([new Set(many.ids).size, many.statements]).toEqual([2500, 6]);
  expect([keys.findId("c"), keys.findId("key 2499"), keys.findId("none")]).toEqual([
    more.ids[1],
    many.ids.at(-1),
    undefined,
  ]);
  const [from, to] = [first.ids[1]!, more.ids[1]!];
  expect([...keys.between(from, to)]).toEqual([
    [from, "b"],
    [to, "c"],
  ]);
  // The next instance finds the same numbers.
  expect(keysOf(sqlite).ensureIds(new Set(["a", "c"]))).toEqual(
    new Map([
      ["a", first.ids[0]],
      ["c", more.ids[1]],
    ]),
  );
});

test("20,000 keys are remembered, and no more", () => {
  const sqlite = new SqliteStorage();
  let keys = keysOf(sqlite);
  const ask = (from: number, to: number) => {
    const asked = Array.from({ length: to - from }, (_, at) => `key ${from + at}`);
    const before = sqlite.statements;
    expect(keys.ensureIds(new Set(asked)).size).toBe(asked.length);
    return sqlite.statements - before;
  };
  expect([ask(0, 19_999), ask(19_999, 20_000), ask(0, 20_000)]).toEqual([40, 2, 0]);
  // One more: the others are forgotten.
  expect([ask(20_000, 20_001), ask(20_000, 20_001), ask(0, 1)]).toEqual([2, 0, 2]);
  // So many at once that not all are remembered.
  keys = new MetricKeys(sqlite.storage.sql);
  expect([ask(0, 20_001), ask(0, 20_001)]).toEqual([42, 2]);
});
