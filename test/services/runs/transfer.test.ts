import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { migrate } from "../../../src/stores/d1/connection/migrate.ts";
import { dyingAfter } from "../../helpers/dying.ts";
import { getModel, newModel, onModelOk } from "../../helpers/logged-models.ts";
import {
  expectMlflowError,
  fetchWorker,
  getRun,
  historyOf,
  type Message,
  metricsOf,
  mlflow,
  newExperiment,
  newRun,
  paramsOf,
  searchRuns,
  tagsOf,
} from "../../helpers/mlflow.ts";
import { log } from "../../helpers/run-object.ts";
import { storedState } from "../../helpers/state.ts";
import { gc, keysBelow, putFile } from "../../helpers/trash.ts";

beforeAll(() => migrate(env.DB));

interface Copied {
  readonly runs: readonly { readonly run_id: string; readonly source_run_id: string }[];
  readonly artifacts_left: readonly string[];
  readonly next_page_token?: string;
}

const sendTo = (what: "move" | "copy", message: Message, settings?: Partial<Env>): Promise<Response> =>
  fetchWorker(
    `/api/2.0/trackflare/runs/${what}`,
    { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(message) },
    settings,
  );

async function ask<T>(what: "move" | "copy", message: Message): Promise<T> {
  const response = await sendTo(what, message);
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return JSON.parse(text) as T;
}

const move = (message: Message) => ask<object>("move", message);

/** Copies until nothing is left. @returns the copies' ids */
async function copy(message: Message): Promise<string[]> {
  for (let page_token: string | undefined; ; ) {
    const answer: Copied = await ask<Copied>("copy", { ...message, page_token });
    page_token = answer.next_page_token;
    if (page_token === undefined) return answer.runs.map(({ run_id }) => run_id);
  }
}

/** The logged model that a run has as its output. */
async function modelOf(runId: string): Promise<string> {
  const { outputs } = (await getRun(runId)) as unknown as { outputs?: { model_outputs: { model_id: string }[] } };
  return outputs?.model_outputs[0]?.model_id ?? "";
}

const textOf = async (key: string) => await (await fetchWorker(`/api/2.0/mlflow-artifacts/artifacts/${key}`)).text();

/** A run with data of every kind. */
async function fullRun(experimentId: string, name = "full"): Promise<{ runId: string; modelId: string }> {
  const runId = await newRun({ experiment_id: experimentId, run_name: name });
  await mlflow("runs/log-batch", {
    run_id: runId,
    params: [{ key: "lr", value: "0.1" }],
    tags: [{ key: "team", value: "vision" }],
    metrics: [1, 2, 3].map((step) => ({ key: "loss", value: 1 / step, step, timestamp: step })),
  });
  await log(runId, "accuracy", 0.5);
  await mlflow("runs/log-inputs", {
    run_id: runId,
    datasets: [{ dataset: { name: "train", digest: "d" }, tags: [{ key: "mlflow.data.context", value: "train" }] }],
  });
  const { info } = await newModel({
    ...{ experiment_id: experimentId, name: "net", source_run_id: runId },
    params: [{ key: "C", value: "1" }],
    tags: [{ key: "kind", value: "linear" }],
  });
  await mlflow("runs/outputs", { run_id: runId, models: [{ model_id: info.model_id, step: 2 }] });
  await mlflow("runs/log-metric", {
    ...{ run_id: runId, key: "f1", value: 0.75, timestamp: 1, step: 0, model_id: info.model_id },
    ...{ dataset_name: "train", dataset_digest: "d" },
  });
  await putFile(`${experimentId}/${runId}/artifacts/plots/loss.png`, "0123456789");
  await putFile(`${experimentId}/${runId}/artifacts/notes.txt`, "01234");
  await putFile(`${experimentId}/models/${info.model_id}/artifacts/MLmodel`, "flavors");
  await mlflow("runs/update", { run_id: runId, status: "FINISHED", end_time: 9 });
  return { runId, modelId: info.model_id };
}

async function expectFull(runId: string, experimentId: string, modelId: string): Promise<void> {
  const run = await getRun(runId);
  expect(run.info).toMatchObject({ experiment_id: experimentId, run_name: "full", status: "FINISHED", end_time: 9 });
  expect(await paramsOf(runId)).toEqual({ lr: "0.1" });
  expect(await tagsOf(runId)).toMatchObject({ team: "vision" });
  expect((await historyOf(runId, "loss")).map(({ value }) => value)).toEqual([1, 1 / 2, 1 / 3]);
  expect(await historyOf(runId, "accuracy")).toHaveLength(1);
  expect(run).toMatchObject({
    inputs: {
      dataset_inputs: [
        { dataset: { name: "train", digest: "d" }, tags: [{ key: "mlflow.data.context", value: "train" }] },
      ],
    },
    outputs: { model_outputs: [{ model_id: modelId, step: 2 }] },
  });
  const model = await getModel(modelId);
  expect(model).toMatchObject({
    info: { experiment_id: experimentId, name: "net", source_run_id: runId },
    data: { params: [{ key: "C", value: "1" }] },
  });
  expect(JSON.stringify(model)).toContain('"f1"');
  // Searches find the run in the new experiment.
  for (const filter of [
    "params.lr = '0.1'",
    "tags.team = 'vision'",
    "metrics.loss < 0.4",
    "metrics.accuracy = 0.5",
    "dataset.name = 'train'",
  ]) {
    const found = await searchRuns({ experiment_ids: [experimentId], filter });
    expect(
      found.map(({ info }) => info.run_id),
      filter,
    ).toContain(runId);
  }
  const models = await onModelOk<{ models: readonly { info: { model_id: string } }[] }>("POST", "/search", {
    ...{ experiment_ids: [experimentId], filter: "params.C = '1' AND tags.kind = 'linear' AND metrics.f1 > 0.5" },
  });
  expect(models.models.map(({ info }) => info.model_id)).toContain(modelId);
}

describe("a run that is moved to another experiment", () => {
  test("takes everything along under its own id, logs on, and leaves nothing", async () => {
    const [from, to] = [await newExperiment(), await newExperiment()];
    const { runId, modelId } = await fullRun(from);
    await move({ run_ids: [runId], experiment_id: to });
    await expectFull(runId, to, modelId);
    expect(await searchRuns({ experiment_ids: [from] })).toEqual([]);
    const { info } = await getRun(runId);
    expect(await textOf(`${info.artifact_uri.replace("mlflow-artifacts:/", "")}/notes.txt`)).toBe("01234");
    await log(runId, "loss", 0.1, 4, 4);
    expect(await historyOf(runId, "loss")).toHaveLength(4);
    expect((await metricsOf(runId)).loss?.value).toBe(0.1);
    // A repeat changes nothing.
    const state = await storedState([runId]);
    await move({ run_ids: [runId], experiment_id: to });
    expect(await storedState([runId])).toBe(state);
    // The run moves back.
    await move({ run_ids: [runId], experiment_id: from });
    expect((await searchRuns({ experiment_ids: [from] })).map((run) => run.info.run_id)).toEqual([runId]);
    const { results } = await env.DB.prepare("SELECT * FROM moved_things WHERE id IN (?, ?)")
      .bind(runId, modelId)
      .all();
    expect(results).toEqual([]);
  });

  test("may be running: what is logged before, meanwhile and afterwards is its", async () => {
    const [from, to] = [await newExperiment(), await newExperiment()];
    const runId = await newRun({ experiment_id: from });
    const steps = Array.from({ length: 40 }, (_, step) => step);
    const logging = Promise.all(
      steps.map((step) =>
        mlflow("runs/log-batch", {
          run_id: runId,
          metrics: [{ key: "loss", value: step, step, timestamp: step }],
          params: [{ key: `p${step}`, value: "1" }],
        }),
      ),
    );
    await move({ run_ids: [runId], experiment_id: to });
    await logging;
    expect(await historyOf(runId, "loss")).toHaveLength(steps.length);
    for (const filter of ["metrics.loss = 39", ...steps.map((step) => `params.p${step} = '1'`)]) {
      expect(await searchRuns({ experiment_ids: [to], filter }), filter).toHaveLength(1);
    }
  });

  test("keeps its files when the old experiment is deleted for good", async () => {
    const [from, to] = [await newExperiment(), await newExperiment()];
    const { runId, modelId } = await fullRun(from);
    const { runId: gone } = await fullRun(from, "gone");
    await move({ run_ids: [runId], experiment_id: to });
    await mlflow("experiments/delete", { experiment_id: from });
    const answer = await gc({ experiment_ids: [from] });
    expect(answer.experiments).toHaveLength(1);
    expect(await keysBelow(`${from}/${gone}`)).toEqual([]);
    expect(await keysBelow(`${from}/${runId}`)).toHaveLength(2);
    expect(await keysBelow(`${from}/models/${modelId}`)).toHaveLength(1);
    await expectFull(runId, to, modelId);
    await mlflow("runs/delete", { run_id: runId });
    await gc({ run_ids: [runId] });
    expect(await keysBelow(`${from}/${runId}`)).toEqual([]);
    const { results } = await env.DB.prepare("SELECT * FROM moved_things WHERE id = ?").bind(runId).all();
    expect(results).toEqual([]);
  });

  test("stays where one of all is missing or in the trash", async () => {
    const [from, to] = [await newExperiment(), await newExperiment()];
    const { runId } = await fullRun(from);
    const deleted = await newRun({ experiment_id: from });
    await mlflow("runs/delete", { run_id: deleted });
    const before = await storedState([runId, deleted]);
    for (const [run_ids, experiment_id, code] of [
      [[runId, deleted], to, "INVALID_PARAMETER_VALUE"],
      [[runId, "0".repeat(32)], to, "RESOURCE_DOES_NOT_EXIST"],
      [[runId], "999999", "RESOURCE_DOES_NOT_EXIST"],
      [[], to, "INVALID_PARAMETER_VALUE"],
    ] as const) {
      await expectMlflowError(sendTo("move", { run_ids, experiment_id }), code);
      await expectMlflowError(sendTo("copy", { run_ids, experiment_id, copy_id: "c" }), code);
    }
    await mlflow("experiments/delete", { experiment_id: to });
    await expectMlflowError(sendTo("move", { run_ids: [runId], experiment_id: to }), "INVALID_PARAMETER_VALUE");
    await expectMlflowError(
      sendTo("copy", { run_ids: [runId], experiment_id: to, copy_id: "c" }),
      "INVALID_PARAMETER_VALUE",
    );
    expect((await searchRuns({ experiment_ids: [from] })).map(({ info }) => info.run_id)).toEqual([runId]);
    expect(before).not.toBe("");
  });
});

describe("a run that is copied to another experiment", () => {
  test("has everything under a new id, says its origin, and has files of its own", async () => {
    const [from, to] = [await newExperiment(), await newExperiment()];
    const { runId, modelId } = await fullRun(from);
    const message = { run_ids: [runId], experiment_id: to, copy_id: "first" };
    const [copyId = ""] = await copy(message);
    expect(copyId).not.toBe(runId);
    const copiedModel = await modelOf(copyId);
    await expectFull(copyId, to, copiedModel);
    expect(copiedModel).not.toBe(modelId);
    expect(await tagsOf(copyId)).toMatchObject({ "trackflare.copiedFrom": runId });
    await expectFull(runId, from, modelId);
    // A repeat with the same id finds the same copy. Another id makes another copy.
    expect(await copy(message)).toEqual([copyId]);
    expect(await searchRuns({ experiment_ids: [to] })).toHaveLength(1);
    expect(await copy({ ...message, copy_id: "second" })).not.toEqual([copyId]);
    await mlflow("runs/delete", { run_id: runId });
    await gc({ run_ids: [runId] });
    expect(await textOf(`${to}/${copyId}/artifacts/plots/loss.png`)).toBe("0123456789");
    expect(await textOf(`${to}/models/${copiedModel}/artifacts/MLmodel`)).toBe("flavors");
    expect(await historyOf(copyId, "loss")).toHaveLength(3);
  });

  test("continues by tokens, and children find the copy of their parent", async () => {
    const [from, to] = [await newExperiment(), await newExperiment()];
    const parent = await newRun({ experiment_id: from });
    const child = await newRun({ experiment_id: from, tags: [{ key: "mlflow.parentRunId", value: parent }] });
    for (const run_id of [parent, child]) await mlflow("runs/update", { run_id, status: "FINISHED" });
    for (let step = 0; step < 40; step++) {
      const metrics = Array.from({ length: 1000 }, (_, i) => ({
        key: "loss",
        value: i,
        step: step * 1000 + i,
        timestamp: i,
      }));
      await mlflow("runs/log-batch", { run_id: parent, metrics });
    }
    const [copiedParent = "", copiedChild = ""] = await copy({
      ...{ run_ids: [parent, child], experiment_id: to, copy_id: "c" },
    });
    expect(await tagsOf(copiedChild)).toMatchObject({ "mlflow.parentRunId": copiedParent });
    expect((await metricsOf(copiedParent)).loss?.step).toBe(39_999);
    const { metrics } = await mlflow<{ metrics: unknown[] }>(
      "metrics/get-history",
      {
        ...{ run_id: copiedParent, metric_key: "loss" },
      },
      "GET",
    );
    expect(metrics).toHaveLength(40_000);
    await expectMlflowError(
      sendTo("copy", { run_ids: [parent], experiment_id: to, copy_id: "c", page_token: "none" }),
      "INVALID_PARAMETER_VALUE",
    );
  });

  test("is to be repeated where the bucket fails in the middle of a file", async () => {
    const [from, to] = [await newExperiment(), await newExperiment()];
    const { runId } = await fullRun(from);
    const get = async (key: string) => {
      const object = await env.ARTIFACTS.get(key);
      if (object === null) return null;
      await object.body.cancel();
      const body = new ReadableStream({
        type: "bytes",
        pull: (controller) => controller.error(new Error("Network connection lost.")),
      });
      return { body, size: object.size, httpEtag: object.httpEtag };
    };
    const failing = new Proxy(env.ARTIFACTS, {
      get: (bucket, name) => {
        const value = Reflect.get(bucket, name);
        if (name === "get") return get;
        return typeof value === "function" ? value.bind(bucket) : value;
      },
    });
    const message = { run_ids: [runId], experiment_id: to, copy_id: "c" };
    await expectMlflowError(sendTo("copy", message, { ARTIFACTS: failing }), "TEMPORARILY_UNAVAILABLE");
    const [copyId = ""] = await copy(message);
    expect(await textOf(`${to}/${copyId}/artifacts/notes.txt`)).toBe("01234");
  });

  test("must have ended", async () => {
    const [from, to] = [await newExperiment(), await newExperiment()];
    const runId = await newRun({ experiment_id: from });
    await expectMlflowError(
      sendTo("copy", { run_ids: [runId], experiment_id: to, copy_id: "c" }),
      "INVALID_PARAMETER_VALUE",
    );
    expect(await searchRuns({ experiment_ids: [to] })).toEqual([]);
  });
});

describe("a call that ends at any of its steps", () => {
  /** @returns whether the call completed */
  async function die(what: "move" | "copy", message: Message, calls: number): Promise<boolean> {
    const dying = dyingAfter(calls);
    await (await sendTo(what, message, dying.env)).body?.cancel();
    return !dying.isDead();
  }

  test("is finished by its repeat: move", { timeout: 120_000 }, async () => {
    const experiments = [await newExperiment(), await newExperiment()];
    const { runId, modelId } = await fullRun(experiments[0]!);
    let tried = 0;
    for (let isOver = false; !isOver; tried++) {
      const [from, to] = [experiments[tried % 2]!, experiments[(tried + 1) % 2]!];
      const message = { run_ids: [runId], experiment_id: to };
      isOver = await die("move", message, tried);
      const { info } = await getRun(runId);
      expect([from, to]).toContain(info.experiment_id);
      if (info.experiment_id === from) await expectFull(runId, from, modelId);
      await move(message);
      await expectFull(runId, to, modelId);
    }
    expect(tried).toBeGreaterThan(5);
  });

  test("is finished by its repeat: copy", { timeout: 240_000 }, async () => {
    const from = await newExperiment();
    const { runId, modelId } = await fullRun(from);
    let tried = 0;
    for (let isOver = false; !isOver; tried++) {
      const to = await newExperiment();
      const message = { run_ids: [runId], experiment_id: to, copy_id: "c" };
      isOver = await die("copy", message, tried);
      // A copy that is not complete does not look complete.
      const seen = await searchRuns({ experiment_ids: [to] });
      for (const { info } of seen)
        if (info.status !== "SCHEDULED") await expectFull(info.run_id, to, await modelOf(info.run_id));
      const [copyId = ""] = await copy(message);
      await expectFull(copyId, to, await modelOf(copyId));
      expect((await searchRuns({ experiment_ids: [to] })).map(({ info }) => info.run_id)).toEqual([copyId]);
      expect(await textOf(`${to}/${copyId}/artifacts/plots/loss.png`)).toBe("0123456789");
      expect(await textOf(`${to}/models/${await modelOf(copyId)}/artifacts/MLmodel`)).toBe("flavors");
    }
    expect(tried).toBeGreaterThan(20);
    await expectFull(runId, from, modelId);
  });
});
