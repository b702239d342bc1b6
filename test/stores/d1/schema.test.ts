import { env } from "cloudflare:test";
import { is } from "drizzle-orm";
import { getTableConfig, SQLiteTable } from "drizzle-orm/sqlite-core";
import { beforeAll, describe, expect, test } from "vitest";
import { migrate } from "../../../src/stores/d1/connection/migrate.ts";
import * as schema from "../../../src/stores/d1/schema/tables.ts";

/* Compares the schema with the tables that the migrations make. This file lists what drizzle cannot express. */

const WITH_ROWID = [
  "d1_migrations",
  "datasets",
  "experiment_moves",
  "experiments",
  "logged_models",
  "registered_models",
  "role_permissions",
  "roles",
  "run_documents",
  "runs",
  "sign_ins",
  "user_roles",
  "users",
];

const VIEWS = ["guard", "new_runs"];

const TRIGGERS = [
  "audit_log_no_delete",
  "audit_log_no_update",
  "experiments_delete_links",
  "experiments_insert_purged",
  "guard_first_points",
  "guard_location_free",
  "guard_not_purged",
  "guard_run_active",
  "input_tags_insert_document",
  "inputs_insert_document",
  "latest_metrics_insert_document",
  "latest_metrics_update_document",
  "logged_models_delete_links",
  "logged_models_insert_purged",
  "model_inputs_insert_document",
  "model_outputs_insert_document",
  "model_outputs_update_document",
  "new_runs_insert",
  "params_immutable",
  "params_insert_document",
  "registered_models_delete_grants",
  "roles_delete_grants",
  "runs_delete_count",
  "runs_delete_links",
  "runs_insert_count",
  "runs_insert_purged",
  "runs_mark_object",
  "runs_restore_purged",
  "runs_update_count",
  "tags_delete_document",
  "tags_insert_document",
  "tags_update_document",
  "users_delete_grants",
  "users_delete_identities",
  "users_delete_links",
  "users_delete_sign_ins",
  "users_delete_tokens",
  "users_insert_role",
  "users_stamp_sign_ins",
];

const TABLES = Object.values(schema)
  .filter((value) => is(value, SQLiteTable))
  .map(getTableConfig);

interface Master {
  readonly type: "table" | "index" | "view" | "trigger";
  readonly name: string;
  readonly tbl_name: string;
  readonly sql: string | null;
}

let master: readonly Master[] = [];

beforeAll(async () => {
  await migrate(env.DB);
  const { results } = await env.DB.prepare("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name").all();
  master = (results as unknown as Master[]).filter(({ name }) => !/^(sqlite_|_cf_)/.test(name));
});

const namesOf = (type: Master["type"]) => master.filter((one) => one.type === type).map(({ name }) => name);

test("the database has the schema's tables and no other", () => {
  expect(namesOf("table")).toEqual([...TABLES.map(({ name }) => name), "d1_migrations"].toSorted());
});

describe.each(TABLES.map((table) => ({ name: table.name, table })))("$name", ({ name, table }) => {
  test("has the schema's columns and key", async () => {
    const { results } = await env.DB.prepare(`PRAGMA table_info("${name}")`).all<{
      name: string;
      type: string;
      notnull: number;
      pk: number;
    }>();
    const key = table.primaryKeys[0]?.columns.map((column) => column.name) ?? [];
    expect(
      results
        .map((column) => ({
          name: column.name,
          type: column.type.toLowerCase(),
          isRequired: column.notnull === 1,
          place: column.pk,
        }))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    ).toEqual(
      table.columns
        .map((column) => ({
          name: column.name,
          type: column.getSQLType(),
          isRequired: column.notNull,
          place: column.primary ? 1 : key.indexOf(column.name) + 1,
        }))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    );
  });

  test("has the schema's indexes and no other", () => {
    const made = master.filter((one) => one.type === "index" && one.tbl_name === name);
    const parts = made.map(({ name, sql }) => {
      const [, unique, columns = "", where] =
        /^CREATE (UNIQUE )?INDEX .*? ON .*? \((.*?)\)(?: WHERE (.*))?$/s.exec(sql ?? "") ?? [];
      return {
        name,
        isUnique: unique !== undefined,
        columns:
          columns
            .match(/(?:substr|coalesce)\([^)]*\)|`\w+`|\w+ DESC/g)
            ?.map((column) => column.replace(/^(substr|coalesce).*/, "$1").replaceAll("`", "")) ?? [],
        isPartial: where !== undefined,
      };
    });
    expect(parts).toEqual(
      table.indexes
        .map(({ config }) => ({
          name: config.name,
          isUnique: config.unique,
          columns: config.columns.map((column) =>
            "name" in column ? column.name : textOf(column.queryChunks).replace(/^(substr|coalesce).*/, "$1"),
          ),
          isPartial: config.where !== undefined,
        }))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    );
  });
});

/** The text of SQL without parameters. */
function textOf(chunks: readonly unknown[]): string {
  return chunks.flatMap((chunk) => (chunk as { readonly value: readonly string[] }).value).join("");
}

test("every other table is its own key's index", () => {
  const withRowid = master.filter(({ type, sql }) => type === "table" && !/WITHOUT ROWID$/.test(sql ?? ""));
  expect(withRowid.map(({ name }) => name)).toEqual(WITH_ROWID);
});

test("the views and triggers are those that are written by hand", () => {
  expect(namesOf("view")).toEqual(VIEWS);
  expect(namesOf("trigger")).toEqual(TRIGGERS);
});
