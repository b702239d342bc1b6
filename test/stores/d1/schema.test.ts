import { env } from "cloudflare:test";
import { is, type SQL } from "drizzle-orm";
import {
  getTableConfig,
  type IndexColumn,
  type SQLiteColumn,
  SQLiteSyncDialect,
  SQLiteTable,
} from "drizzle-orm/sqlite-core";
import { beforeAll, expect, test } from "vitest";
import { migrate } from "../../../src/stores/d1/connection/migrate.ts";
import * as schema from "../../../src/stores/d1/schema/tables.ts";
import triggers from "../../../src/stores/d1/schema/triggers.sql";

/*
 * Compares the SQL of a migrated database with the schema: Drizzle's tables and indexes, and the views and triggers of
 * triggers.sql. White space, the quotes of names and the order of columns do not count.
 */

const TABLES = Object.values(schema)
  .filter((value) => is(value, SQLiteTable))
  .map(getTableConfig);

/** The SQL of what the migrations make, by name; without the tables of SQLite, D1 and wrangler. */
const made: Record<"table" | "index" | "view" | "trigger", Record<string, string>> = {
  ...{ table: {}, index: {}, view: {}, trigger: {} },
};

beforeAll(async () => {
  await migrate(env.DB);
  const { results } = await env.DB.prepare("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL").all<{
    type: keyof typeof made;
    name: string;
    sql: string;
  }>();
  for (const { type, name, sql } of results) {
    if (!/^(sqlite_|_cf_|d1_migrations)/.test(name)) made[type][name] = plain(sql);
  }
});

const plain = (sql: string): string => sql.replace(/[`"]/g, "").replace(/\s+/g, " ").trim();

const textOf = (sql: SQL): string => new SQLiteSyncDialect().sqlToQuery(sql).sql;

test("the tables are the schema's", () => {
  const partsOf = ([name, sql]: [string, string]) => {
    const [, columns = "", key, options] =
      /^CREATE TABLE \w+ \((.*?)(PRIMARY KEY\(.*?\))?\s*\)([^)]*)$/.exec(sql) ?? [];
    return [
      name,
      {
        columns: columns
          .split(",")
          .map((column) => column.trim())
          .filter(Boolean)
          .sort(),
        key,
        options,
      },
    ];
  };
  expect(Object.fromEntries(Object.entries(made.table).map(partsOf))).toEqual(
    Object.fromEntries(
      TABLES.map(({ name, columns, primaryKeys }) => [
        name,
        {
          columns: columns.map(columnSql).sort(),
          key: primaryKeys[0] && `PRIMARY KEY(${primaryKeys[0].columns.map((column) => column.name).join(", ")})`,
          options: schema.TABLES_WITH_ROWID.includes(name) ? "" : " WITHOUT ROWID",
        },
      ]),
    ),
  );
});

function columnSql(column: SQLiteColumn): string {
  return [
    `${column.name} ${column.getSQLType()}`,
    column.primary && "PRIMARY KEY",
    "autoIncrement" in column && column.autoIncrement && "AUTOINCREMENT",
    column.default !== undefined &&
      `DEFAULT ${typeof column.default === "string" ? `'${column.default}'` : column.default}`,
    column.notNull && "NOT NULL",
  ]
    .filter((word) => word)
    .join(" ");
}

test("the indexes are the schema's", () => {
  const wanted = TABLES.flatMap(({ name: table, indexes }) =>
    indexes.map(({ config: { name, unique, columns, where } }) => [
      name,
      `CREATE ${unique ? "UNIQUE " : ""}INDEX ${name} ON ${table} (${columns.map(indexedSql).join(",")})${
        where ? ` WHERE ${textOf(where)}` : ""
      }`,
    ]),
  );
  expect(made.index).toEqual(Object.fromEntries(wanted));
});

function indexedSql(column: IndexColumn | SQL): string {
  return "name" in column ? column.name : textOf(column as SQL);
}

test("the views and triggers are those of triggers.sql", () => {
  const wanted = triggers
    .replaceAll(/^--.*\n/gm, "")
    .split(/;\n(?:\n|$)/)
    .map(plain)
    .filter(Boolean)
    .map((sql) => [/^CREATE \w+ (\w+)/.exec(sql)?.[1], sql]);
  expect({ ...made.view, ...made.trigger }).toEqual(Object.fromEntries(wanted));
});
