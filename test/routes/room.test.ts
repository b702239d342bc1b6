import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { MAX_TEXTS_BYTES } from "../../src/domain/limits.ts";
import {
  expectMlflowError,
  type Message,
  type Method,
  mlflow,
  newExperiment,
  newRun,
  send,
} from "../helpers/mlflow.ts";

/* A thing holds a bounded number of bytes in its tags, and in its params, so that an answer about it fits into memory. */

const PIECE = "x".repeat(100_000);

interface Thing {
  readonly table: string;
  /** The columns of the thing's key, and their values. */
  readonly id: Readonly<Record<string, string | number>>;
  readonly write: (key: string) => readonly [endpoint: string, message: Message, method?: Method];
}

async function newModel(): Promise<{ id: number; name: string }> {
  const name = `model ${crypto.randomUUID()}`;
  await mlflow("registered-models/create", { name });
  await mlflow("model-versions/create", { name, source: "s3://bucket/model" });
  const row = await env.DB.prepare("SELECT registered_model_id AS id FROM registered_models WHERE name = ?")
    .bind(name)
    .first<{ id: number }>();
  return { id: row!.id, name };
}

async function newLoggedModel(): Promise<string> {
  const { model } = await mlflow<{ model: { info: { model_id: string } } }>("logged-models", { experiment_id: "0" });
  return model.info.model_id;
}

const pair = (key: string) => ({ key, value: "v" });

const THINGS: Readonly<Record<string, () => Promise<Thing>>> = {
  "runs/set-tag": async () => {
    const run_id = await newRun();
    return { table: "tags", id: { run_id }, write: (key) => ["runs/set-tag", { run_id, ...pair(key) }] };
  },
  "runs/log-parameter": async () => {
    const run_id = await newRun();
    return { table: "params", id: { run_id }, write: (key) => ["runs/log-parameter", { run_id, ...pair(key) }] };
  },
  "runs/log-batch": async () => {
    const run_id = await newRun();
    return {
      table: "params",
      id: { run_id },
      write: (key) => ["runs/log-batch", { run_id, params: [pair(key)], tags: [pair(key)] }],
    };
  },
  "experiments/set-experiment-tag": async () => {
    const experiment_id = await newExperiment();
    return {
      table: "experiment_tags",
      id: { experiment_id: Number(experiment_id) },
      write: (key) => ["experiments/set-experiment-tag", { experiment_id, ...pair(key) }],
    };
  },
  "logged-models/…/tags": async () => {
    const model_id = await newLoggedModel();
    return {
      table: "logged_model_tags",
      id: { model_id },
      write: (key) => [`logged-models/${model_id}/tags`, { tags: [pair(key)] }, "PATCH"],
    };
  },
  "logged-models/…/params": async () => {
    const model_id = await newLoggedModel();
    return {
      table: "logged_model_params",
      id: { model_id },
      write: (key) => [`logged-models/${model_id}/params`, { params: [pair(key)] }],
    };
  },
  "registered-models/set-tag": async () => {
    const { id, name } = await newModel();
    return {
      table: "registered_model_tags",
      id: { registered_model_id: id },
      write: (key) => ["registered-models/set-tag", { name, ...pair(key) }],
    };
  },
  "model-versions/set-tag": async () => {
    const { id, name } = await newModel();
    return {
      table: "model_version_tags",
      id: { registered_model_id: id, version: 1 },
      write: (key) => ["model-versions/set-tag", { name, version: "1", ...pair(key) }],
    };
  },
};

/** Straight into D1, in place of many requests. */
async function fill({ table, id }: Thing): Promise<void> {
  const more = ["params", "tags", "logged_model_params", "logged_model_tags"].includes(table)
    ? { ...id, experiment_id: 0 }
    : id;
  const columns = [...Object.keys(more), "key", "value"];
  const sql = `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`;
  const count = Math.ceil(MAX_TEXTS_BYTES / PIECE.length);
  await env.DB.batch(
    Array.from({ length: count }, (_, index) =>
      env.DB.prepare(sql).bind(...Object.values(more), `full ${index}`, PIECE),
    ),
  );
}

async function keys({ table, id }: Thing): Promise<string[]> {
  const where = Object.keys(id).map((column) => `${column} = ?`);
  const { results } = await env.DB.prepare(`SELECT key FROM ${table} WHERE ${where.join(" AND ")} ORDER BY key`)
    .bind(...Object.values(id))
    .all<{ key: string }>();
  return results.map(({ key }) => key);
}

test.each(Object.keys(THINGS))("%s adds to a thing until it holds 4 MB", async (name) => {
  const thing = await THINGS[name]!();
  await mlflow(...thing.write("before"));
  await fill(thing);
  const full = await keys(thing);
  expect(full).toContain("before");
  const [endpoint, message, method] = thing.write("after");
  expect(await expectMlflowError(send(endpoint, message, method), "INVALID_PARAMETER_VALUE")).toMatch(/takes no more/);
  expect(await keys(thing)).toEqual(full);
  await env.DB.prepare(`DELETE FROM ${thing.table} WHERE key = 'full 0'`).run();
  await mlflow(endpoint, message, method);
  expect(await keys(thing)).toContain("after");
});

test("a refused batch leaves neither its params nor its tags, and another thing takes tags meanwhile", async () => {
  const thing = await THINGS["runs/log-batch"]!();
  await fill(thing);
  const other = await newRun();
  const [refused, taken] = await Promise.all([
    send(...thing.write("after")),
    send("runs/set-tag", { run_id: other, ...pair("t") }),
  ]);
  await expectMlflowError(refused, "INVALID_PARAMETER_VALUE");
  expect(taken.status).toBe(200);
  expect(await keys({ ...thing, table: "tags" })).not.toContain("after");
});

test("runs/log-inputs adds datasets to a run until they hold 4 MB", async () => {
  const experimentId = await newExperiment();
  const runId = await newRun({ experiment_id: experimentId });
  const log = (name: string) => {
    const dataset = { name, digest: "d", source_type: "local", source: "s", profile: "p".repeat(1000) };
    return send("runs/log-inputs", { run_id: runId, datasets: [{ dataset }] });
  };
  const names = async () => {
    const found = await mlflow<{ run: { inputs: { dataset_inputs: { dataset: { name: string } }[] } } }>("runs/get", {
      run_id: runId,
    });
    return found.run.inputs.dataset_inputs.map(({ dataset }) => dataset.name);
  };
  expect((await log("before")).status).toBe(200);
  const pieces = Array.from({ length: 4 }, (_, index) => `full ${index}`);
  await env.DB.batch([
    ...pieces.map((name) =>
      env.DB.prepare(
        `INSERT INTO datasets (experiment_id, name, digest, source_type, source, profile)
         VALUES (CAST(? AS INTEGER), ?, 'd', 'local', 's', ?)`,
      ).bind(experimentId, name, "x".repeat(MAX_TEXTS_BYTES / 4)),
    ),
    env.DB.prepare(
      `INSERT INTO inputs (run_id, dataset_id)
       SELECT ?, dataset_id FROM datasets WHERE experiment_id = CAST(? AS INTEGER) AND name <> 'before'`,
    ).bind(runId, experimentId),
  ]);
  expect(await expectMlflowError(log("after"), "INVALID_PARAMETER_VALUE")).toMatch(/takes no more/);
  expect(await names()).toEqual(["before", ...pieces]);
  await env.DB.prepare(
    "DELETE FROM inputs WHERE dataset_id IN (SELECT dataset_id FROM datasets WHERE name = 'full 0')",
  ).run();
  expect((await log("after")).status).toBe(200);
  expect(await names()).toEqual(["before", ...pieces.slice(1), "after"]);
});
