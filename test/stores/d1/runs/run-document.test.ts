import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { getRun, type Message, mlflow, newExperiment, searchRuns, send } from "../../../helpers/mlflow.ts";
import { abort, log, newRunWithObject, object, runOf } from "../../../helpers/run-object.ts";
import { Random } from "../../run/random.ts";

describe("what a run answers", () => {
  const documentOf = async (runId: string) =>
    (
      await env.DB.prepare("SELECT document FROM run_documents WHERE run_id = ? AND document NOT LIKE 'claim:%'")
        .bind(runId)
        .first<{ document: string }>()
    )?.document;

  test.each<[string, string, Message]>([
    ["a param", "runs/log-parameter", { key: "p", value: "1" }],
    ["a new tag", "runs/set-tag", { key: "t", value: "1" }],
    ["a changed tag", "runs/set-tag", { key: "old", value: "2" }],
    ["a deleted tag", "runs/delete-tag", { key: "old" }],
    ["a name", "runs/update", { run_name: "renamed" }],
    ["an input", "runs/log-inputs", { datasets: [{ dataset: { name: "d", digest: "d" } }] }],
    ["a metric", "runs/log-metric", { key: "m", value: 2, timestamp: 2 }],
  ])("is stored once the run is at rest, until %s changes it", async (_what, endpoint, message) => {
    const experimentId = await newExperiment();
    const run_id = await newRunWithObject({ experiment_id: experimentId, tags: [{ key: "old", value: "1" }] });
    await log(run_id, "m", 1);
    await runOf(run_id).flush();
    const before = await getRun(run_id);
    await expect.poll(() => documentOf(run_id)).toBeDefined();
    expect(await getRun(run_id)).toEqual(before);
    await mlflow(endpoint, { run_id, ...message });
    await runOf(run_id).flush();
    expect(await documentOf(run_id)).toBeUndefined();
    const after = await getRun(run_id);
    expect(after).not.toEqual(before);
    await expect.poll(() => documentOf(run_id)).toBeDefined();
    expect(await searchRuns({ experiment_ids: [experimentId] })).toEqual([after]);
  });

  test.each([1, 2, 3])("is what a naive model says, whatever was written and read before (seed %i)", async (seed) => {
    const random = new Random(seed);
    const experimentId = await newExperiment();
    const run_id = await newRunWithObject({ experiment_id: experimentId, run_name: "name" });
    const params = new Map<string, string>();
    const tags = new Map([["mlflow.runName", "name"]]);
    const metrics = new Map<string, { value: number; step: number; timestamp: number }>();
    const inputs: string[] = [];
    let status = "RUNNING";
    let name = "name";
    const key = () => `key ${random.integer(0, 4)}`;
    const value = () => String(random.integer(0, 3));
    const writes: (() => Promise<unknown>)[] = [
      () => {
        const [at, text] = [key(), value()];
        if (!params.has(at)) params.set(at, text);
        return send("runs/log-parameter", { run_id, key: at, value: text });
      },
      () => {
        const [at, text] = [key(), value()];
        tags.set(at, text);
        return mlflow("runs/set-tag", { run_id, key: at, value: text });
      },
      () => {
        const at = key();
        tags.delete(at);
        return send("runs/delete-tag", { run_id, key: at });
      },
      () => {
        name = `name ${value()}`;
        tags.set("mlflow.runName", name);
        return mlflow("runs/update", { run_id, run_name: name });
      },
      () => {
        status = random.of(["RUNNING", "FINISHED"]);
        return mlflow("runs/update", { run_id, status });
      },
      () => {
        const points = Array.from({ length: random.integer(1, 3) }, () => ({
          key: key(),
          value: random.integer(-3, 3) / 4,
          step: random.integer(0, 3),
          timestamp: random.integer(0, 2),
        }));
        for (const { key: at, ...point } of points) {
          const old = metrics.get(at);
          const order = ["step", "timestamp", "value"] as const;
          const differing = old && order.find((part) => old[part] !== point[part]);
          if (!old || (differing && point[differing] > old[differing])) metrics.set(at, point);
        }
        return mlflow("runs/log-batch", { run_id, metrics: points });
      },
      () => {
        const dataset = key();
        if (!inputs.includes(dataset)) inputs.push(dataset);
        return mlflow("runs/log-inputs", { run_id, datasets: [{ dataset: { name: dataset, digest: "d" } }] });
      },
    ];
    const upsets: (() => Promise<unknown>)[] = [
      () => runOf(run_id).flush(),
      () => runDurableObjectAlarm(object(run_id)),
      () => abort(run_id),
    ];
    const sorted = (map: ReadonlyMap<string, string>) =>
      [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([at, text]) => ({ key: at, value: text }));
    const check = async () => {
      const run = await getRun(run_id);
      expect(run.info).toMatchObject({ run_name: name, status });
      expect({ ...run.data, inputs: run.inputs.dataset_inputs?.map(({ dataset }) => dataset.name) ?? [] }).toEqual({
        ...(params.size > 0 && { params: sorted(params) }),
        tags: sorted(tags),
        ...(metrics.size > 0 && {
          metrics: [...metrics].sort(([a], [b]) => (a < b ? -1 : 1)).map(([at, point]) => ({ key: at, ...point })),
        }),
        inputs,
      });
      expect(await searchRuns({ experiment_ids: [experimentId] })).toEqual([run]);
    };
    for (let i = 0; i < 40; i++) {
      await random.of(writes)();
      if (random.chance(0.3)) await random.of(upsets)();
      if (random.chance(0.6)) await check();
    }
    await check();
  });
});
