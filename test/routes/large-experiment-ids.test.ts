import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import {
  createRun,
  fetchWorker,
  getExperiment,
  getRun,
  historyOf,
  mlflow,
  newExperiment,
  searchRuns,
} from "../helpers/mlflow.ts";

/*
 * MLflow's file store gives experiments ids of 18 digits, which a double rounds: 712345678901234567 would become
 * 712345678901234600.
 */
const ID = "712345678901234567";

beforeAll(async () => {
  await newExperiment();
  await env.DB.prepare(
    `INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time)
     VALUES (CAST(? AS INTEGER), 'from a folder', 'mlflow-artifacts:/' || ?, 'active', 1, 1)`,
  )
    .bind(ID, ID)
    .run();
});

test("an experiment with an id of 18 digits is read, tagged and renamed", async () => {
  await mlflow("experiments/set-experiment-tag", { experiment_id: ID, key: "team", value: "vision" });
  await mlflow("experiments/update", { experiment_id: ID, new_name: "renamed" });
  expect(await getExperiment(ID)).toMatchObject({
    experiment_id: ID,
    name: "renamed",
    tags: [{ key: "team", value: "vision" }],
  });
  const found = await mlflow<{ experiments: { experiment_id: string }[] }>("experiments/search", { max_results: 100 });
  expect(found.experiments.map((experiment) => experiment.experiment_id)).toContain(ID);
});

test("its runs are logged to, found and shown", async () => {
  const { info } = await createRun({ experiment_id: ID, tags: [{ key: "mlflow.runName", value: "one" }] });
  expect(info.experiment_id).toBe(ID);
  await mlflow("runs/log-batch", {
    run_id: info.run_id,
    metrics: [
      { key: "loss", value: 1, step: 0, timestamp: 1 },
      { key: "loss", value: 0.5, step: 1, timestamp: 2 },
    ],
    params: [{ key: "lr", value: "0.1" }],
  });
  expect((await getRun(info.run_id)).info.experiment_id).toBe(ID);
  expect(await historyOf(info.run_id, "loss")).toHaveLength(2);
  const [run] = await searchRuns({ experiment_ids: [ID], filter: "metrics.loss < 0.7 AND params.lr = '0.1'" });
  expect(run?.info.experiment_id).toBe(ID);
  const table = await (
    await fetchWorker("/ui-api/runs", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ experiment_ids: [ID], columns: ["metrics.loss"] }),
    })
  ).json<{ runs: { experiment_id: string[] } }>();
  expect(table.runs.experiment_id).toEqual([ID]);
  const keys = await (await fetchWorker(`/ui-api/keys?experiment_ids=${ID}`)).json();
  expect(keys).toMatchObject({ runs: 1, metrics: [{ key: "loss" }], params: [{ key: "lr" }] });
});

test("its datasets, its models and its activity name it", async () => {
  const { info } = await createRun({ experiment_id: ID });
  const dataset = { name: "train", digest: "d1", source_type: "local", source: "{}" };
  await mlflow("runs/log-inputs", { run_id: info.run_id, datasets: [{ dataset }] });
  const answer = await fetchWorker("/ajax-api/2.0/mlflow/experiments/search-datasets", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ experiment_ids: [ID] }),
  });
  expect(await answer.json()).toMatchObject({ dataset_summaries: [{ experiment_id: ID, name: "train" }] });
  const made = await mlflow<{ model: { info: { model_id: string; experiment_id: string } } }>("logged-models", {
    experiment_id: ID,
    name: "m",
  });
  expect(made.model.info.experiment_id).toBe(ID);
  const list = await (await fetchWorker("/ui-api/experiments")).json<{
    experiments: { experiment_id: string; active_runs: number }[];
  }>();
  expect(list.experiments.find((experiment) => experiment.experiment_id === ID)?.active_runs).toBe(2);
});
