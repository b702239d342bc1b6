import { expect, test } from "vitest";
import { fetchWorker, mlflow, newExperiment, newRun } from "../../helpers/mlflow.ts";

interface Found {
  readonly experiments: readonly { readonly experiment_id: string; readonly name: string }[];
  readonly runs: readonly { readonly run_id: string; readonly experiment_id: string; readonly run_name: string }[];
  readonly models: readonly { readonly name: string }[];
}

async function find(text: string): Promise<Found> {
  const response = await fetchWorker(`/ui-api/find?${new URLSearchParams({ text })}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Found;
}

test("experiments, runs and models by part of their name, whatever its case", async () => {
  const experimentId = await newExperiment({ name: "Needle-experiment" });
  const runId = await newRun({ experiment_id: experimentId, run_name: "the needle run" });
  await mlflow("registered-models/create", { name: "a NEEDLE model" });
  expect(await find("nEEdle")).toEqual({
    experiments: [{ experiment_id: experimentId, name: "Needle-experiment" }],
    runs: [{ run_id: runId, experiment_id: experimentId, run_name: "the needle run" }],
    models: [{ name: "a NEEDLE model" }],
  });
});

test("a run by its whole id and by its start, an experiment by its id", async () => {
  const experimentId = await newExperiment();
  const runId = await newRun({ experiment_id: experimentId, run_name: "by id" });
  for (const text of [runId, runId.toUpperCase(), runId.slice(0, 12)]) {
    expect((await find(text)).runs.map((run) => run.run_id)).toEqual([runId]);
  }
  expect((await find(experimentId)).experiments[0]?.experiment_id).toBe(experimentId);
});

test("not what is deleted, nor prompts; signs of patterns and quotes are text, of any length", async () => {
  const gone = await newExperiment({ name: "gone-needle" });
  await newRun({ experiment_id: gone, run_name: "gone-needle run" });
  await mlflow("experiments/delete", { experiment_id: gone });
  const tags = [{ key: "mlflow.prompt.is_prompt", value: "true" }];
  await mlflow("registered-models/create", { name: "gone-needle prompt", tags });
  const nothing = { experiments: [], runs: [], models: [] };
  expect(await find("gone-needle")).toEqual(nothing);
  for (const text of ["%", "gone_needle", "' OR 1=1 --", "", " ", "x".repeat(500)]) {
    expect(await find(text)).toEqual(nothing);
  }
  const odd = await newExperiment({ name: `100%_'"\\` });
  expect((await find(`%_'"\\`)).experiments.map((found) => found.experiment_id)).toEqual([odd]);
});

test("at most eight of each, names that start with the text first", async () => {
  for (let i = 0; i < 9; i++) await newExperiment({ name: `a many-${i}` });
  await newExperiment({ name: "many" });
  const { experiments } = await find("many");
  expect(experiments).toHaveLength(8);
  expect(experiments[0]?.name).toBe("many");
});
