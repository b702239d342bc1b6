import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import type { TrashKind } from "../../../src/domain/trash.ts";
import { migrate } from "../../../src/stores/d1/connection/migrate.ts";
import { PURGED_TABLES } from "../../../src/stores/d1/trash/purged-rows.ts";

/** A column that refers to a thing, and the kinds of things whose deletion for good must deal with the row. */
const REFERENCES: Readonly<Record<string, readonly TrashKind[]>> = {
  run_id: ["run"],
  source_run_id: ["run"],
  run_ids: ["run"],
  model_id: ["logged_model"],
  experiment_id: ["experiment"],
  experiment_ids: ["experiment"],
  dataset_id: ["run"],
  resource_pattern: ["experiment"],
  object_key: ["run", "logged_model", "experiment"],
};

/** Rows that stay, or that another part deletes, with the reason. */
const BY_OTHER_MEANS: Readonly<Record<string, string>> = {
  "runs run_id run": "its own row goes first",
  "logged_models model_id logged_model": "its own row goes first",
  "experiments experiment_id experiment": "its own row goes first",
  "purges experiment_id experiment": "the row of what goes on, which is deleted last",
  // An experiment's runs and models are purged one by one, with their rows.
  ...Object.fromEntries(
    ["runs", "params", "tags", "latest_metrics", "logged_models", "logged_model_params", "logged_model_tags"].map(
      (table) => [`${table} experiment_id experiment`, "goes with its run or model"],
    ),
  ),
  "logged_model_metrics experiment_id experiment": "goes with its model",
  "logged_models source_run_id run": "a model outlives the run that logged it",
  "logged_model_metrics run_id run": "a model's points outlive the run that measured them",
  "model_versions run_id run": "versions stay, whatever they were made of",
  "model_versions model_id logged_model": "versions stay, whatever they were made of",
  "moved_things experiment_id experiment": "spares the files that a moved run left there, and goes with that run",
  "links run_ids run": "a trigger on runs",
  "links model_id logged_model": "a trigger on logged_models",
  "links experiment_ids experiment": "a trigger on experiments",
  "api_tokens experiment_ids experiment": "a limit of a token: an experiment's id is never given again",
};

beforeAll(() => migrate(env.DB));

test("every table that refers to a run, a model or an experiment is in the list of what goes with it, or says why not", async () => {
  const { results: tables } = await env.DB.prepare(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'",
  ).all<{ name: string }>();
  const columns = await env.DB.batch<{ name: string }>(
    tables.map(({ name }) => env.DB.prepare(`PRAGMA table_info("${name}")`)),
  );
  const open = tables.flatMap(({ name: table }, i) =>
    (columns[i]?.results ?? []).flatMap(({ name: column }) =>
      (REFERENCES[column] ?? [])
        .filter((kind) => !PURGED_TABLES[kind].some(({ name }) => name === table))
        .map((kind) => `${table} ${column} ${kind}`)
        .filter((reference) => BY_OTHER_MEANS[reference] === undefined),
    ),
  );
  expect(open).toEqual([]);
  expect(tables.length).toBeGreaterThan(25);
});

test("links to what is deleted for good are deleted by triggers", async () => {
  const { results } = await env.DB.prepare(
    "SELECT tbl_name FROM sqlite_schema WHERE type = 'trigger' AND sql LIKE '%DELETE FROM links%' ORDER BY tbl_name",
  ).all<{ tbl_name: string }>();
  expect(results.map(({ tbl_name }) => tbl_name)).toEqual(["experiments", "logged_models", "runs", "users"]);
});
