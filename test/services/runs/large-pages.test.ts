import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { fetchWorker, newExperiment } from "../../helpers/mlflow.ts";

/** How many runs each statement read, of those that read runs with their documents by ids. */
const reads: number[] = [];

const watched: D1Database = Object.assign(Object.create(env.DB), {
  batch: (statements: D1PreparedStatement[]) => env.DB.batch(statements),
  prepare: (sql: string) => {
    const statement = env.DB.prepare(sql);
    if (!sql.includes("j CROSS JOIN runs r ON r.run_id = j.value LEFT JOIN run_documents")) return statement;
    const { bind } = statement;
    return Object.assign(statement, {
      bind: (...values: [string]) => {
        reads.push(JSON.parse(values[0]).length);
        return bind.apply(statement, values);
      },
    });
  },
});

/** How many runs each statement of a search read. */
async function readsOf(experiment_id: string): Promise<readonly number[]> {
  reads.length = 0;
  const body = JSON.stringify({ experiment_ids: [experiment_id], max_results: 5000 });
  const init = { method: "POST", headers: { "Content-Type": "application/json" }, body };
  const response = await fetchWorker("/api/2.0/mlflow/runs/search", init, { DB: watched });
  expect(((await response.json()) as { runs: unknown[] }).runs).toHaveLength(RUNS);
  return [...reads];
}

const RUNS = 2500;

test("a statement renders few documents of a large page, and reads a thousand that are stored", async () => {
  const experimentId = await newExperiment();
  await env.DB.prepare(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
     INSERT INTO runs (run_id, experiment_id, run_name, user_id, status, start_time, artifact_uri, lifecycle_stage, has_object)
     SELECT printf('large%027d', i), ?1, 'a run', '', 'FINISHED', i, '', 'active', FALSE FROM n`,
  )
    .bind(Number(experimentId), RUNS)
    .run();
  // A document that is shorter than a claim is never stored.
  await env.DB.prepare(
    "INSERT INTO tags (run_id, key, value, experiment_id) SELECT run_id, 'a key', 'a value', ?1 FROM runs WHERE experiment_id = ?1",
  )
    .bind(Number(experimentId))
    .run();
  expect(await readsOf(experimentId)).toEqual(Array.from({ length: RUNS / 250 }, () => 250));
  // What is rendered is stored after the answer.
  const stored = env.DB.prepare(
    "SELECT count(*) AS n FROM run_documents WHERE run_id LIKE 'large%' AND document NOT LIKE 'claim:%'",
  );
  await expect.poll(() => stored.first(), { timeout: 30_000 }).toEqual({ n: RUNS });
  expect(await readsOf(experimentId)).toEqual([250, 1000, 1000, 250]);
});
