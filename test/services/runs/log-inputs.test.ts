import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import {
  expectMlflowError,
  fetchWorker,
  getRun,
  type Message,
  mlflow,
  newExperiment,
  newRun,
  send,
} from "../../helpers/mlflow.ts";
import { storedState } from "../../helpers/state.ts";

const refuse = (endpoint: string, message: Message) =>
  expectMlflowError(send(endpoint, message), "INVALID_PARAMETER_VALUE");

const dataset = (name: string, more: Message = {}) => ({
  dataset: { name, digest: "d", source_type: "local", source: "s", ...more },
});

test("inputs are a run's datasets with their tags, and those without schema have none", async () => {
  const run_id = await newRun();
  const tags = [{ key: "mlflow.data.context", value: "train" }, { key: "empty" }];
  await mlflow("runs/log-inputs", { run_id });
  await mlflow("runs/log-inputs", {
    run_id,
    datasets: [{ ...dataset("a", { schema: "{}", profile: "{}" }), tags }, dataset("b", { schema: "" })],
  });
  expect((await getRun(run_id)).inputs).toEqual({
    dataset_inputs: [
      {
        tags: [
          { key: "empty", value: "" },
          { key: "mlflow.data.context", value: "train" },
        ],
        dataset: { name: "a", digest: "d", source_type: "local", source: "s", schema: "{}", profile: "{}" },
      },
      { dataset: { name: "b", digest: "d", source_type: "local", source: "s" } },
    ],
  });
});

test("the first to log a dataset defines it, and the first to log an input tags it", async () => {
  const experiment_id = await newExperiment();
  const [first, second] = [await newRun({ experiment_id }), await newRun({ experiment_id })];
  const tagged = (value: string) => [{ key: "context", value }];
  await mlflow("runs/log-inputs", { run_id: first, datasets: [{ ...dataset("a"), tags: tagged("1") }] });
  for (const run_id of [first, second]) {
    const again = { ...dataset("a", { source: "other", schema: "{}" }), tags: tagged("2") };
    await mlflow("runs/log-inputs", { run_id, datasets: [again, { ...dataset("a"), tags: tagged("3") }] });
  }
  const inputs = async (run_id: string) => (await getRun(run_id)).inputs.dataset_inputs;
  expect(await inputs(first)).toEqual([{ ...dataset("a"), tags: tagged("1") }]);
  expect(await inputs(second)).toEqual([{ ...dataset("a"), tags: tagged("2") }]);
  const elsewhere = await newRun();
  await mlflow("runs/log-inputs", { run_id: elsewhere, datasets: [dataset("a", { source: "other" })] });
  expect(await inputs(elsewhere)).toEqual([dataset("a", { source: "other" })]);
});

test("a thousand datasets are three statements, and one that guards them", async () => {
  const run_id = await newRun();
  const wire = Array.from({ length: 1000 }, (_, index) => ({
    tags: [{ key: "context", value: String(index) }],
    dataset: { name: `dataset ${index % 999}`, digest: "d", source_type: "local", source: "s" },
  }));
  const sent: number[] = [];
  const counted: D1Database = Object.assign(Object.create(env.DB), {
    prepare: (sql: string) => env.DB.prepare(sql),
    batch: (statements: D1PreparedStatement[]) => {
      sent.push(statements.length);
      return env.DB.batch(statements);
    },
  });
  const body = JSON.stringify({ run_id, datasets: wire });
  const init = { method: "POST", headers: { "Content-Type": "application/json" }, body };
  for (let repeat = 0; repeat < 2; repeat++) {
    const answer = await fetchWorker("/api/2.0/mlflow/runs/log-inputs", init, { DB: counted });
    expect(answer.status).toBe(200);
  }
  expect(sent).toEqual([4, 4]);
  expect((await getRun(run_id)).inputs.dataset_inputs).toEqual(wire.slice(0, 999));
});

test("datasets as long as they may be are read back", async () => {
  const run_id = await newRun();
  const long = dataset("n".repeat(500), {
    digest: "d".repeat(36),
    source: "s".repeat(65_535),
    schema: "é".repeat(300_000),
    profile: '"'.repeat(200_000),
  });
  const tags = [{ key: "k".repeat(255), value: "v".repeat(500) }];
  await mlflow("runs/log-inputs", { run_id, datasets: [{ ...long, tags }, dataset("after")] });
  expect((await getRun(run_id)).inputs.dataset_inputs).toEqual([{ tags, ...long }, dataset("after")]);
});

test.each<[string, Message]>([
  ["a dataset name of 501 characters", dataset("n".repeat(501))],
  ["a digest of 37 characters", dataset("a", { digest: "d".repeat(37) })],
  ["a source of 65,536 characters", dataset("a", { source: "s".repeat(65_536) })],
  ["a schema of 1,048,576 characters", dataset("a", { schema: "s".repeat(1_048_576) })],
  ["a profile of 2 MB", dataset("a", { profile: "é".repeat(1_000_000) })],
  ["a tag name of 256 characters", { ...dataset("a"), tags: [{ key: "k".repeat(256), value: "v" }] }],
  ["a tag value of 501 characters", { ...dataset("a"), tags: [{ key: "k", value: "v".repeat(501) }] }],
  ["a tag without name", { ...dataset("a"), tags: [{ value: "v" }] }],
  ["no dataset", { tags: [] }],
  ["no digest", { dataset: { name: "a" } }],
])("inputs with %s write nothing", async (_what, input) => {
  const run_id = await newRun();
  const before = await storedState();
  await refuse("runs/log-inputs", { run_id, datasets: [dataset("fine"), input] });
  expect(await storedState()).toBe(before);
});
