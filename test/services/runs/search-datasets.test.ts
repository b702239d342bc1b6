import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { findDatasetSummaries } from "../../../src/stores/d1/runs/dataset-summaries.ts";
import { expectMlflowError, fetchWorker, mlflow, newExperiment, newRun, send } from "../../helpers/mlflow.ts";

const search = (experimentIds: readonly string[]) =>
  mlflow("experiments/search-datasets", { experiment_ids: experimentIds });

async function logDataset(runId: string, name: string, digest: string, context?: string): Promise<void> {
  const tags = [{ key: "other", value: "x" }, ...(context ? [{ key: "mlflow.data.context", value: context }] : [])];
  const dataset = { name, digest, source_type: "local", source: "/" };
  await mlflow("runs/log-inputs", { run_id: runId, datasets: [{ dataset, tags }] });
}

test("each dataset is told once for each of its contexts", async () => {
  const [first, second] = [await newExperiment(), await newExperiment()];
  const runs = [await newRun({ experiment_id: first }), await newRun({ experiment_id: first })];
  for (const runId of runs) await logDataset(runId, "b", "1", "training");
  await logDataset(await newRun({ experiment_id: first }), "b", "1", "eval");
  await logDataset(runs[0]!, "b", "2");
  await logDataset(runs[0]!, "a", "1", "training");
  await logDataset(await newRun({ experiment_id: second }), "c", "1", "training");
  const of = (experiment_id: string, name: string, digest: string, context?: string) => ({
    ...{ experiment_id, name, digest },
    ...(context && { context }),
  });
  const ofFirst = [
    of(first, "a", "1", "training"),
    of(first, "b", "1", "eval"),
    of(first, "b", "1", "training"),
    of(first, "b", "2"),
  ];
  expect(await search([first])).toEqual({ dataset_summaries: ofFirst });
  expect(await search([second, first, "98765"])).toEqual({
    dataset_summaries: [...ofFirst, of(second, "c", "1", "training")],
  });
  for (const usesAtOnce of [1, 2, 3]) {
    const found = await findDatasetSummaries(env.DB, [Number(first), Number(second)], 1000, usesAtOnce);
    expect(found).toEqual(
      [...ofFirst, of(second, "c", "1", "training")].map(({ experiment_id: experimentId, ...summary }) => ({
        ...{ experimentId, context: null },
        ...summary,
      })),
    );
  }
  const response = await fetchWorker("/ajax-api/2.0/mlflow/experiments/search-datasets", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ experiment_ids: [first] }),
  });
  expect(await response.json()).toEqual({ dataset_summaries: ofFirst });
});

test("a thousand are told at most", async () => {
  const experimentId = await newExperiment();
  const runId = await newRun({ experiment_id: experimentId });
  for (const half of [0, 1]) {
    const datasets = Array.from({ length: 505 }, (_, i) => ({
      dataset: { name: `d${half}`, digest: String(i), source_type: "s", source: "s" },
    }));
    await mlflow("runs/log-inputs", { run_id: runId, datasets });
  }
  const { dataset_summaries: summaries } = await search([experimentId]);
  expect(summaries).toHaveLength(1000);
});

test("no experiments, more than twenty, or what is no id, are refused", async () => {
  for (const experiment_ids of [undefined, [], Array.from({ length: 21 }, String), ["x"]]) {
    await expectMlflowError(send("experiments/search-datasets", { experiment_ids }), "INVALID_PARAMETER_VALUE");
  }
  expect(await search(["98765"])).toEqual({});
});
