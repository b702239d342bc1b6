import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { fetchWorker, historyOf, type Message, mlflow, newRun } from "../../helpers/mlflow.ts";
import { HAS_CELLS, newUnmarkedRun } from "../../helpers/run-object.ts";

/*
 * A round trip to D1 costs more than its content, so these tests fix the number of round trips.
 * test/stores/run/core/counts.test.ts counts the objects' calls to D1.
 */

/** The statements of each transaction that the Worker sent to D1. */
let asked: number[] = [];

const counted: D1Database = Object.assign(Object.create(env.DB), {
  prepare: (sql: string) => countedStatement(env.DB.prepare(sql)),
  batch: (statements: D1PreparedStatement[]) => {
    asked.push(statements.length);
    return env.DB.batch(statements);
  },
});

function countedStatement(statement: D1PreparedStatement): D1PreparedStatement {
  const { bind } = statement;
  const counts = (name: "all" | "first" | "run" | "raw") => ({
    [name]: (...args: never[]) => {
      asked.push(1);
      return (Object.getPrototypeOf(statement)[name] as (...args: never[]) => unknown).apply(statement, args);
    },
  });
  return Object.assign(statement, {
    bind: (...values: unknown[]) => countedStatement(bind.apply(statement, values)),
    ...counts("all"),
    ...counts("first"),
    ...counts("run"),
    ...counts("raw"),
  });
}

/** The answer to a message, and the transactions that the Worker sent for it. */
async function cost<T>(endpoint: string, message: Message): Promise<{ answer: T; transactions: number[] }> {
  asked = [];
  const response = await fetchWorker(
    `/api/2.0/mlflow/${endpoint}`,
    { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(message) },
    { DB: counted },
  );
  expect(response.status).toBe(200);
  return { answer: await response.json<T>(), transactions: asked };
}

// The very first request applies the migrations.
beforeAll(() => newRun());

const metricsAt = (step: number) =>
  Array.from({ length: 5 }, (_, i) => ({ key: `m${i}`, value: step, timestamp: 1 + step, step }));

test("a short run asks D1 once for its creation and its end, outside of a cell for its first points, and for nothing else", async () => {
  const { answer, transactions } = await cost<{ run: { info: { run_id: string } } }>("runs/create", {
    experiment_id: "0",
  });
  expect(transactions).toEqual([1]);
  const { run_id } = answer.run.info;
  const first = HAS_CELLS ? [] : [1];
  expect((await cost("runs/log-batch", { run_id, metrics: metricsAt(0) })).transactions).toEqual(first);
  expect((await cost("runs/log-batch", { run_id, metrics: metricsAt(1) })).transactions).toEqual([]);
  expect((await cost("runs/log-batch", { run_id, metrics: metricsAt(2) })).transactions).toEqual([]);
  expect((await cost("runs/update", { run_id, status: "FINISHED" })).transactions).toEqual([1]);
  expect((await historyOf(run_id, "m4")).map(({ value }) => value)).toEqual([0, 1, 2]);
});

test("points that turn out to be no first ones are no error of the transaction that D1 was asked for", async () => {
  const run_id = await newUnmarkedRun({ experiment_id: "0" });
  await mlflow("runs/log-metric", { run_id, key: "a", value: 1, timestamp: 1 });
  // A further metric: the Worker asks D1, because this isolate may not know all of the run's metrics.
  await env.DB.prepare(
    "INSERT INTO latest_metrics SELECT run_id, 'b', value, is_nan, step, timestamp, min_value, max_value, first_value, first_is_nan, first_step, first_timestamp, experiment_id FROM latest_metrics WHERE run_id = ?",
  )
    .bind(run_id)
    .run();
  const metrics = [{ key: "b", value: 2, timestamp: 2, step: 1 }];
  const params = [{ key: "p", value: "1" }];
  const { transactions } = await cost("runs/log-batch", { run_id, metrics, params });
  expect(transactions).toHaveLength(1);
  expect((await historyOf(run_id, "b")).map(({ value }) => value)).toEqual([1, 2]);
});
