import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { fetchWorker, type Message, newExperiment } from "../helpers/mlflow.ts";

/* A creation makes one thing and answers it, even if D1's answer is lost on the way. */

const LOST = "D1_ERROR: Network connection lost.";

/** D1 that loses its first writes, or their answers. */
function losing(count: number, isDone: boolean): D1Database {
  let left = count;
  return Object.assign(Object.create(env.DB), {
    prepare: (sql: string) => env.DB.prepare(sql),
    batch: async (statements: D1PreparedStatement[]) => {
      const isLost = left-- > 0;
      if (!isLost || isDone) {
        const results = await env.DB.batch(statements);
        if (!isLost) return results;
      }
      throw new Error(LOST);
    },
  });
}

const countOf = async (table: string, name: string): Promise<number> => {
  const column = table === "runs" ? "run_name" : "name";
  const sql =
    table === "model_versions"
      ? "SELECT count(*) AS n FROM model_versions v JOIN registered_models m USING (registered_model_id) WHERE m.name = ?"
      : `SELECT count(*) AS n FROM ${table} WHERE ${column} = ?`;
  return (await env.DB.prepare(sql).bind(name).first<{ n: number }>())?.n ?? 0;
};

const CREATIONS: [table: string, path: string, message: (name: string) => Promise<Message>][] = [
  ["runs", "runs/create", async (run_name) => ({ experiment_id: await newExperiment(), run_name })],
  ["experiments", "experiments/create", async (name) => ({ name, tags: [{ key: "a", value: "b" }] })],
  ["registered_models", "registered-models/create", async (name) => ({ name })],
  ["logged_models", "logged-models", async (name) => ({ experiment_id: await newExperiment(), name })],
  [
    "model_versions",
    "model-versions/create",
    async (name) => {
      await post("registered-models/create", { name }, env.DB);
      return { name, source: "s3://bucket/model" };
    },
  ],
];

const post = (path: string, message: Message, db: D1Database) =>
  fetchWorker(
    `/api/2.0/mlflow/${path}`,
    { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(message) },
    { DB: db },
  );

test.each(
  CREATIONS.flatMap(([table, path, message]) =>
    [true, false].flatMap((isDone) => [1, 2].map((count) => ({ table, path, message, isDone, count }))),
  ),
)("one of $table is made where $count answers are lost, its own writes done: $isDone", async (creation) => {
  const { table, path, message, isDone, count } = creation;
  const name = `lost-${crypto.randomUUID()}`;
  const body = await message(name);
  // The isolate knows the schema already.
  await fetchWorker("/api/2.0/mlflow/experiments/get?experiment_id=0");
  const response = await post(path, body, losing(count, isDone));
  const text = await response.text();
  expect(response.status, text).toBe(200);
  expect(await countOf(table, name)).toBe(1);
  if (table === "runs") {
    const { run } = JSON.parse(text) as { run: { info: { run_id: string; run_name: string }; data: unknown } };
    expect(run.info.run_name).toBe(name);
    const { n } = (await env.DB.prepare("SELECT count(*) AS n FROM tags WHERE run_id = ?")
      .bind(run.info.run_id)
      .first())!;
    expect(n).toBe(1);
  }
});

test("a name that was taken before stays taken, whatever is lost", async () => {
  const name = `taken-${crypto.randomUUID()}`;
  await post("experiments/create", { name }, env.DB);
  await new Promise((resolve) => setTimeout(resolve, 2));
  const response = await post("experiments/create", { name }, losing(1, false));
  expect(await response.json()).toMatchObject({ error_code: "RESOURCE_ALREADY_EXISTS" });
});

test("where every answer is lost, the answer is a 503", async () => {
  const response = await post("experiments/create", { name: `never-${crypto.randomUUID()}` }, losing(100, false));
  expect(response.status).toBe(503);
});
