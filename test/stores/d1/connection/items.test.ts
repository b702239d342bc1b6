import { env } from "cloudflare:test";
import { beforeAll, expect, test } from "vitest";
import { type ItemReader, readItem, readItemList } from "../../../../src/stores/d1/connection/items.ts";
import { migrate } from "../../../../src/stores/d1/connection/migrate.ts";
import { EXPERIMENTS } from "../../../../src/stores/d1/experiments/experiments.ts";
import { LOGGED_MODELS } from "../../../../src/stores/d1/logged-models/logged-models.ts";
import { MODEL_VERSIONS } from "../../../../src/stores/d1/registry/model-version-records.ts";
import { REGISTERED_MODELS } from "../../../../src/stores/d1/registry/registered-models.ts";
import { randomSource } from "../../../search/population.ts";

/* The items of a list are read in slices, whatever the size of each. */

interface Read {
  /** How many of the transactions were made. */
  transactions: number;
  /** Rows that D1 has read for the statement with the most, and for all. */
  mostRows: number;
  rows: number;
}

/** A database that counts its transactions. */
function counted(): { readonly db: D1Database; readonly read: Read } {
  const read: Read = { transactions: 0, mostRows: 0, rows: 0 };
  const batch = async (statements: D1PreparedStatement[]) => {
    const results = await env.DB.batch(statements);
    read.transactions++;
    for (const { meta } of results) {
      read.mostRows = Math.max(read.mostRows, meta.rows_read);
      read.rows += meta.rows_read;
    }
    return results;
  };
  return { db: { prepare: (sql: string) => env.DB.prepare(sql), batch } as unknown as D1Database, read };
}

async function readAll<Item>(db: D1Database, reader: ItemReader<Item>, sql: string): Promise<Item[]> {
  const found: Item[] = [];
  for await (const slice of readItemList(db, { sql: `${sql} LIMIT -1`, values: [] }, reader)) found.push(...slice);
  return found;
}

/** An item with more than one answer holds. */
const LARGE = 30;

const MODELS = "SELECT registered_model_id AS c0 FROM registered_models ORDER BY registered_model_id";

/** Adds a registered model with these tags. */
async function addModel(name: string, tags: number, length: number): Promise<void> {
  await env.DB.batch([
    env.DB.prepare("INSERT INTO registered_models (name, creation_time, last_update_time) VALUES (?, 1, 1)").bind(name),
    env.DB.prepare(
      `INSERT INTO registered_model_tags WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
       SELECT registered_model_id, 'tag ' || i, printf('%.*c', ?3, 'x') FROM registered_models, n WHERE name = ?1 AND ?2 > 0`,
    ).bind(name, tags, length),
  ]);
}

beforeAll(() => migrate(env.DB));

test("one large item among two hundred small ones takes a few transactions more", async () => {
  await env.DB.prepare("DELETE FROM registered_models").run();
  for (let i = 0; i < 200; i++) await addModel(`model ${i}`, i === 2 ? 40 : 1, i === 2 ? 100_000 : 10);
  const { db, read } = counted();
  const models = await readAll(db, REGISTERED_MODELS, MODELS);
  expect(models.map(({ name }) => name)).toEqual(Array.from({ length: 200 }, (_, i) => `model ${i}`));
  expect(models[2]?.tags).toHaveLength(40);
  expect(read.transactions).toBeLessThanOrEqual(12);
});

test("a statement reads a bounded number of rows, and all of them few more than there are", async () => {
  await env.DB.batch([
    env.DB.prepare("DELETE FROM registered_models"),
    env.DB.prepare("DELETE FROM registered_model_tags"),
  ]);
  const [count, tags] = [20, 4000];
  for (let i = 0; i < count; i++) await addModel(`model ${i}`, tags, 10);
  const { db, read } = counted();
  const models = await readAll(db, REGISTERED_MODELS, MODELS);
  expect(models.map((model) => model.tags.length)).toEqual(Array(count).fill(tags));
  expect(read.transactions).toBeLessThanOrEqual(7);
  // D1 counts a row three times: in its table, and twice in the window.
  expect(read.mostRows).toBeLessThan(3 * 20_100);
  expect(read.rows).toBeLessThan(2 * 3 * count * tags);
});

test("items of any sizes are read whole and in order, by any number of transactions", {
  timeout: 120_000,
}, async () => {
  const random = randomSource(11);
  const texts = (key: string, item: number) =>
    Array.from({ length: item === LARGE ? 15 : random.below(3) }, (_, i) => [
      `${key}${random.below(1000)}-${i}`,
      "é".repeat(item === LARGE ? 100_000 : random.pick([1, 100, 10_000, 100_000])),
    ]);
  const insert = async (
    table: string,
    columns: string,
    of: readonly unknown[],
    pairs: readonly (readonly string[])[],
  ) => {
    const marks = [...of, 1, 2].map(() => "?").join(", ");
    const statement = env.DB.prepare(`INSERT INTO ${table} (${columns}) VALUES (${marks})`);
    if (pairs.length > 0) await env.DB.batch(pairs.map(([key, value]) => statement.bind(...of, key, value)));
  };
  await env.DB.batch(
    ["registered_models", "registered_model_tags", "experiments"].map((table) =>
      env.DB.prepare(`DELETE FROM ${table}`),
    ),
  );
  for (let i = 1; i <= 60; i++) {
    await env.DB.batch([
      env.DB.prepare(
        `INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time)
         VALUES (?1, printf('e%d', ?1), '', 'active', 1, 1)`,
      ).bind(i),
      env.DB.prepare(
        `INSERT INTO logged_models (model_id, experiment_id, name, status, artifact_uri, lifecycle_stage, creation_time, last_update_time)
         VALUES (printf('m-%d', ?1), 1, 'model', 'LOGGED_MODEL_READY', '', 'active', 1, 1)`,
      ).bind(i),
      env.DB.prepare(
        `INSERT INTO logged_model_metrics (model_id, key, timestamp, step, run_id, value, is_nan, experiment_id)
         SELECT printf('m-%d', ?1), 'k' || value % 3, value, value, '', value, FALSE, 1 FROM json_each('[3,1,2,7]')`,
      ).bind(i),
      env.DB.prepare(
        `INSERT INTO registered_models (registered_model_id, name, creation_time, last_update_time) VALUES (?1, printf('r%d', ?1), 1, 1)`,
      ).bind(i),
      env.DB.prepare(
        `INSERT INTO model_versions (registered_model_id, version, current_stage, source, creation_time, last_update_time)
         SELECT ?1, value, iif(value % 2, 'Staging', 'None'), '', 1, 1 FROM json_each('[1,2,3,10]')`,
      ).bind(i),
      env.DB.prepare(
        "INSERT INTO registered_model_aliases (registered_model_id, alias, version) SELECT ?1, 'a' || value, value FROM json_each('[10,2]')",
      ).bind(i),
    ]);
    await insert("experiment_tags", "experiment_id, key, value", [i], texts("t", i));
    await insert("logged_model_tags", "model_id, experiment_id, key, value", [`m-${i}`, 1], texts("t", i));
    await insert("logged_model_params", "model_id, experiment_id, key, value", [`m-${i}`, 1], texts("p", i));
    await insert("registered_model_tags", "registered_model_id, key, value", [i], texts("t", i));
    for (const version of [2, 10]) {
      await insert("model_version_tags", "registered_model_id, version, key, value", [i, version], texts("t", i));
    }
  }
  const lists: readonly [ItemReader<unknown>, string][] = [
    [EXPERIMENTS, "SELECT CAST(experiment_id AS TEXT) AS c0 FROM experiments ORDER BY experiment_id DESC"],
    [LOGGED_MODELS, "SELECT model_id AS c0 FROM logged_models ORDER BY model_id"],
    [REGISTERED_MODELS, MODELS],
    [MODEL_VERSIONS, "SELECT registered_model_id || '/' || version AS c0 FROM model_versions ORDER BY version, 1"],
  ];
  for (const [reader, sql] of lists) {
    const { results } = await env.DB.prepare(sql).all<{ c0: string }>();
    const alone = await Promise.all(results.map(({ c0 }) => readItem(env.DB, reader, c0)));
    for (const itemsPerRead of [3, 17, 1000]) {
      const { db, read } = counted();
      expect(await readAll(db, { ...reader, itemsPerRead }, sql), sql).toEqual(alone);
      expect(read.transactions, sql).toBeGreaterThan(2);
    }
  }
  const keysOf = (rows: readonly { readonly key: string }[]) => rows.map(({ key }) => key);
  for (const experiment of await readAll(env.DB, EXPERIMENTS, lists[0]![1])) {
    expect(keysOf(experiment.tags)).toEqual(keysOf(experiment.tags).toSorted());
  }
  const [model] = await readAll(env.DB, REGISTERED_MODELS, MODELS);
  expect(model?.latestVersions.map(({ version }) => version)).toEqual([3, 10]);
  expect(model?.aliases).toEqual([
    { alias: "a10", version: 10 },
    { alias: "a2", version: 2 },
  ]);
});

test("the loops of each query are the list, and then searches by primary keys: that is the order of its rows", async () => {
  const readers: readonly ItemReader<unknown>[] = [EXPERIMENTS, LOGGED_MODELS, REGISTERED_MODELS, MODEL_VERSIONS];
  const lists = [
    "json_each(?1)",
    "(SELECT row_number() OVER () - 1 AS key, value FROM (SELECT value FROM json_each(?1)) LIMIT 9)",
  ];
  for (const { sql } of readers.flatMap(({ queries }) => lists.flatMap((list) => queries(list)))) {
    const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .bind('["1"]')
      .all<{ parent: number; detail: string }>();
    const loops = results.filter(
      ({ parent, detail }) => parent === 0 && !/^(CO-ROUTINE|MATERIALIZE|CORRELATED|REUSE)/.test(detail),
    );
    expect(loops[0]?.detail, sql).toMatch(/^SCAN j\b/);
    for (const { detail } of loops.slice(1)) {
      expect(detail, sql).toMatch(
        /^SCAN s VIRTUAL TABLE|^SEARCH \w USING ((INTEGER )?PRIMARY KEY|INDEX sqlite_autoindex_)/,
      );
    }
  }
});
