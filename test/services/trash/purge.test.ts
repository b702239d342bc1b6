import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { migrate } from "../../../src/stores/d1/connection/migrate.ts";
import { dyingAfter } from "../../helpers/dying.ts";
import { newModel, onModel } from "../../helpers/logged-models.ts";
import {
  createRun,
  expectMlflowError,
  fetchWorker,
  getExperiment,
  getRun,
  historyOf,
  metricsOf,
  mlflow,
  newExperiment,
  newRun,
  send,
} from "../../helpers/mlflow.ts";
import { HAS_CELLS, log, object } from "../../helpers/run-object.ts";
import { storedState } from "../../helpers/state.ts";
import {
  expireClaims,
  gc,
  keysBelow,
  measure,
  NOTHING_UNFINISHED,
  putFile,
  rowsWith,
  sendGc,
} from "../../helpers/trash.ts";

beforeAll(() => migrate(env.DB));

/** A run with data of every kind, whose history is in an object. */
async function fullRun(experimentId: string): Promise<string> {
  const runId = await newRun({ experiment_id: experimentId, run_name: "full" });
  await mlflow("runs/log-batch", {
    run_id: runId,
    params: [{ key: "lr", value: "0.1" }],
    tags: [{ key: "team", value: "vision" }],
    metrics: [1, 2, 3].map((step) => ({ key: "loss", value: 1 / step, step, timestamp: step })),
  });
  await mlflow("runs/log-inputs", {
    run_id: runId,
    datasets: [
      { dataset: { name: `only ${runId}`, digest: "d" }, tags: [{ key: "mlflow.data.context", value: "train" }] },
      { dataset: { name: "shared", digest: "s" } },
    ],
  });
  const model = await newModel({ experiment_id: experimentId, name: "m", source_run_id: runId });
  await mlflow("runs/outputs", { run_id: runId, models: [{ model_id: model.info.model_id, step: 1 }] });
  await getRun(runId);
  await putFile(`${experimentId}/${runId}/artifacts/plots/loss.png`, "0123456789");
  await putFile(`${experimentId}/${runId}/artifacts/model.bin`, "01234");
  return runId;
}

/** The number of rows that an object stores for a run. */
const storedOf = (runId: string) =>
  runInDurableObject(object(runId), (_object, { storage: { sql } }) => {
    if (!HAS_CELLS) return sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '_cf_%'").toArray().length;
    const [run] = sql.exec<{ number: number }>("SELECT number FROM cell_run WHERE run_id = ?", runId).toArray();
    return run === undefined ? 0 : 1;
  });

const lists = { runs: [], experiments: [], logged_models: [] };

describe("a run that is deleted for good", () => {
  test("takes its rows, its history and its files with it, and nothing else", async () => {
    const experimentId = await newExperiment();
    const [runId, neighbour] = [await fullRun(experimentId), await fullRun(experimentId)];
    // Digests are written after the answers to the uploads.
    const digests = async () => (await rowsWith(neighbour)).filter((row) => row.startsWith("artifact_digests"));
    await expect.poll(digests).toHaveLength(2);
    const before = await rowsWith(neighbour);
    await mlflow("runs/delete", { run_id: runId });
    const answer = await gc({ run_ids: [runId] });
    expect(answer).toMatchObject({
      ...lists,
      runs: [{ run_id: runId, run_name: "full", experiment_id: experimentId }],
      kept: [],
      freed: { files: 2, bytes: 15 },
      artifacts_left: [],
      unfinished: NOTHING_UNFINISHED,
      failures: [],
    });
    // The model that the run made stays, and the answer says so.
    expect(await rowsWith(runId)).toEqual([expect.stringMatching(/^logged_models: /)]);
    expect(await storedOf(runId)).toBe(0);
    expect(await keysBelow(`${experimentId}/${runId}`)).toEqual([]);
    await expectMlflowError(send("runs/get", { run_id: runId }), "RESOURCE_DOES_NOT_EXIST");
    await expectMlflowError(send("runs/restore", { run_id: runId }), "RESOURCE_DOES_NOT_EXIST");
    expect(await rowsWith(neighbour)).toEqual(before);
    expect(await historyOf(neighbour, "loss")).toHaveLength(3);
    expect((await getRun(neighbour)).inputs.dataset_inputs).toHaveLength(2);
    expect(await keysBelow(`${experimentId}/${neighbour}`)).toHaveLength(2);
    expect(await rowsWith('"name":"shared"')).toHaveLength(1);
  });

  test("is told of as missing by the repeat", async () => {
    const runId = await newRun();
    await mlflow("runs/delete", { run_id: runId });
    await gc({ run_ids: [runId] });
    expect(await gc({ run_ids: [runId] })).toMatchObject({ ...lists, missing: { ...lists, runs: [runId] } });
    await expectMlflowError(sendGc({ run_ids: [runId], dry_run: true }), "RESOURCE_DOES_NOT_EXIST");
  });

  test("is refused while it is active, together with all that was asked for with it", async () => {
    const [active, deleted] = [await newRun(), await newRun()];
    await mlflow("runs/delete", { run_id: deleted });
    const before = await storedState();
    for (const dry_run of [false, true]) {
      const message = await expectMlflowError(
        sendGc({ run_ids: [deleted, active], dry_run }),
        "INVALID_PARAMETER_VALUE",
      );
      expect(message).toContain(`Run ${active} is not in the 'deleted' lifecycle stage`);
    }
    expect(await storedState()).toBe(before);
  });

  test("is refused while it is not old enough", async () => {
    const runId = await newRun();
    await mlflow("runs/delete", { run_id: runId });
    const message = await expectMlflowError(sendGc({ run_ids: [runId], older_than: "1h" }), "INVALID_PARAMETER_VALUE");
    expect(message).toBe(`Run ${runId} is not older than the required age. Only runs older than 1h can be deleted.`);
    await env.DB.prepare("UPDATE runs SET deleted_time = deleted_time - 3600001 WHERE run_id = ?").bind(runId).run();
    expect((await gc({ run_ids: [runId], older_than: "1h" })).runs).toHaveLength(1);
  });

  test.each(["", "1", "h", "1d 2h", "1h1d", "-1d", "1.2.3d", "d1"])("is refused with an age of '%s'", async (age) => {
    const runId = await newRun();
    await mlflow("runs/delete", { run_id: runId });
    const answer = sendGc({ run_ids: [runId], older_than: age || " " });
    expect(await expectMlflowError(answer, "INVALID_PARAMETER_VALUE")).toContain("Could not parse any time");
  });

  test("does not come back by an isolate that remembers it", async () => {
    const runId = await newRun();
    for (const step of [1, 2]) await log(runId, "loss", step, step);
    expect(await historyOf(runId, "loss")).toHaveLength(2);
    await mlflow("runs/delete", { run_id: runId });
    // Deleted by another isolate, so this isolate still remembers the run.
    await env.DB.prepare("DELETE FROM runs WHERE run_id = ?").bind(runId).run();
    await runInDurableObject(object(runId), (instance) => instance.purge(runId));
    expect(await storedOf(runId)).toBe(0);
    expect(await historyOf(runId, "loss")).toEqual([]);
    const live = await fetchWorker(`/ui-api/runs/${runId}/live`, { headers: { Upgrade: "websocket" } });
    await expectMlflowError(live, "RESOURCE_DOES_NOT_EXIST");
    const logged = { run_id: runId, key: "loss", value: 3, step: 3, timestamp: 3 };
    await expectMlflowError(send("runs/log-metric", logged), "RESOURCE_DOES_NOT_EXIST");
    await expectMlflowError(send("runs/log-metric", logged), "RESOURCE_DOES_NOT_EXIST");
    expect(await storedOf(runId)).toBe(0);
  });

  test("leaves files where only clients reach them, and says so", async () => {
    const experimentId = await newExperiment({ artifact_location: "s3://elsewhere/folder" });
    const run = await createRun({ experiment_id: experimentId });
    await mlflow("runs/delete", { run_id: run.info.run_id });
    const { runs } = await measure({ run_ids: [run.info.run_id] });
    expect(runs).toMatchObject([{ files: 0, bytes: 0, artifacts_left: run.info.artifact_uri }]);
    const answer = await gc({ run_ids: [run.info.run_id] });
    expect(answer).toMatchObject({ artifacts_left: [run.info.artifact_uri], unfinished: NOTHING_UNFINISHED });
  });

  test("leaves a folder that is not its own, as an imported run may name it", async () => {
    const experimentId = await newExperiment();
    const runId = await newRun({ experiment_id: experimentId });
    await putFile(`${experimentId}/shared/artifacts/data.csv`, "1,2");
    const uri = `mlflow-artifacts:/${experimentId}/shared/artifacts`;
    await env.DB.prepare("UPDATE runs SET artifact_uri = ? WHERE run_id = ?").bind(uri, runId).run();
    await mlflow("runs/delete", { run_id: runId });
    expect(await gc({ run_ids: [runId] })).toMatchObject({ artifacts_left: [uri], freed: { files: 0 } });
    expect(await keysBelow(`${experimentId}/shared`)).toHaveLength(1);
  });
});

describe("a run that is imported under an id that is being deleted for good", () => {
  const importRun = async (runId: string, experimentId: string) => {
    const record = {
      run_id: runId,
      experiment_id: experimentId,
      run_name: "again",
      user_id: "",
      status: "FINISHED",
      artifact_uri: `mlflow-artifacts:/${experimentId}/${runId}/artifacts`,
    };
    const write = async (name: string, records: readonly object[]) => {
      const body = JSON.stringify({ records });
      const headers = { "Content-Type": "application/json" };
      const response = await fetchWorker(`/api/2.0/trackflare/import/${name}`, { method: "POST", headers, body });
      expect(response.status, await response.clone().text()).toBe(200);
    };
    await write("runs", [record]);
    const metrics = [{ key: "loss", timestamps: [7, 8], steps: [7, 8], values: [0.7, 0.8] }];
    await write("points", [{ run_id: runId, metrics }]);
  };

  test("waits for the end of that, and keeps all that it brings", async () => {
    const experimentId = await newExperiment();
    const runId = await fullRun(experimentId);
    await mlflow("runs/delete", { run_id: runId });
    await gcThatDiesAfter(3, { run_ids: [runId] });
    await expireClaims();
    expect(await rowsWith(runId)).not.toEqual([]);
    await importRun(runId, experimentId);
    expect(Object.keys((await getRun(runId)).data)).toEqual(["metrics"]);
    expect((await historyOf(runId, "loss")).map(({ value }) => value)).toEqual([0.7, 0.8]);
    expect((await metricsOf(runId)).loss?.value).toBe(0.8);
    expect(await keysBelow(`${experimentId}/${runId}`)).toEqual([]);
    await gc({});
    expect((await historyOf(runId, "loss")).map(({ value }) => value)).toEqual([0.7, 0.8]);
  });

  test("tells D1 of its points, whatever isolates remember of the one before", async () => {
    const experimentId = await newExperiment();
    const runId = await newRun({ experiment_id: experimentId });
    for (let step = 0; step < 50; step++) await log(runId, "loss", step, step);
    expect((await metricsOf(runId)).loss?.value).toBe(49);
    await mlflow("runs/delete", { run_id: runId });
    await gc({ run_ids: [runId] });
    await importRun(runId, experimentId);
    await log(runId, "loss", 9, 9);
    expect((await metricsOf(runId)).loss?.value).toBe(9);
    expect(await historyOf(runId, "loss")).toHaveLength(3);
  });
});

/** @returns whether the call died */
async function gcThatDiesAfter(calls: number, message: Parameters<typeof sendGc>[0]): Promise<boolean> {
  const dying = dyingAfter(calls);
  const response = await sendGc(message, dying.env);
  await response.body?.cancel();
  return dying.isDead();
}

describe("a call that ends at any of its steps", () => {
  test.each(["run", "experiment"])("is finished by the next: %s", { timeout: 120_000 }, async (kind) => {
    const experimentIds: string[] = [];
    for (let calls = 0, isOver = false; !isOver; calls++) {
      const experimentId = await newExperiment();
      experimentIds.push(experimentId);
      const runId = await fullRun(experimentId);
      const other = await newRun({ experiment_id: experimentId });
      if (kind === "run") await mlflow("runs/delete", { run_id: runId });
      else await mlflow("experiments/delete", { experiment_id: experimentId });
      const message = kind === "run" ? { run_ids: [runId] } : { experiment_ids: [experimentId] };
      isOver = !(await gcThatDiesAfter(calls, message));
      await expireClaims();
      // A restoration either comes first and restores everything, or finds nothing.
      const restoring = await send(kind === "run" ? "runs/restore" : "experiments/restore", {
        run_id: runId,
        experiment_id: experimentId,
      });
      if (restoring.status === 200) {
        expect((await historyOf(runId, "loss")).length, `after ${calls} calls`).toBe(3);
        expect((await getRun(runId)).data.params).toHaveLength(1);
        expect(await keysBelow(`${experimentId}/${runId}`)).toHaveLength(2);
        continue;
      }
      expect(restoring.status).toBe(404);
      await expectMlflowError(send("runs/restore", { run_id: runId }), "RESOURCE_DOES_NOT_EXIST");
      expect(await gc({})).toMatchObject({ unfinished: NOTHING_UNFINISHED, failures: [] });
      expect(await keysBelow(`${experimentId}/${runId}`), `after ${calls} calls`).toEqual([]);
      expect(await storedOf(runId)).toBe(0);
      if (kind === "run") {
        expect(await rowsWith(runId)).toEqual([expect.stringMatching(/^logged_models: /)]);
        expect((await getRun(other)).info.lifecycle_stage).toBe("active");
      } else {
        expect(await rowsWith(runId, other, `"experiment_id":${experimentId}`)).toEqual([]);
      }
    }
    expect(experimentIds.length).toBeGreaterThan(8);
  });
});

describe("an experiment that is deleted for good", () => {
  test("takes runs and models of any stage, and all below its location, and leaves its name free", async () => {
    const name = `experiment ${crypto.randomUUID()}`;
    const experimentId = await newExperiment({ name, tags: [{ key: "team", value: "vision" }] });
    const runId = await fullRun(experimentId);
    await mlflow("runs/delete", { run_id: runId });
    const other = await fullRun(experimentId);
    const model = await newModel({ experiment_id: experimentId, name: "m", params: [{ key: "C", value: "1" }] });
    await putFile(`${experimentId}/models/${model.info.model_id}/artifacts/MLmodel`, "x");
    await putFile(`${experimentId}/notes/read.me`, "x");
    await mlflow("experiments/delete", { experiment_id: experimentId });
    const measured = await measure({ experiment_ids: [experimentId] });
    expect(measured.experiments).toMatchObject([
      { run_count: 2, logged_model_count: 3, files: 6, bytes: 32, points: 6 },
    ]);
    const answer = await gc({ experiment_ids: [experimentId] });
    expect(answer).toMatchObject({ freed: { files: 6, bytes: 32 }, unfinished: NOTHING_UNFINISHED, failures: [] });
    expect(await keysBelow(`${experimentId}/`)).toEqual([]);
    expect(await rowsWith(runId, other, model.info.model_id, `"experiment_id":${experimentId}`)).toEqual([]);
    expect(await storedOf(runId)).toBe(0);
    await expectMlflowError(send("experiments/get", { experiment_id: experimentId }), "RESOURCE_DOES_NOT_EXIST");
    expect(await newExperiment({ name })).not.toBe(experimentId);
  });

  test("is refused while it is active, and while a run of it was restored", async () => {
    const experimentId = await newExperiment();
    const runId = await newRun({ experiment_id: experimentId });
    await expectMlflowError(sendGc({ experiment_ids: [experimentId] }), "INVALID_PARAMETER_VALUE");
    await mlflow("experiments/delete", { experiment_id: experimentId });
    await mlflow("runs/restore", { run_id: runId });
    const message = await expectMlflowError(sendGc({ experiment_ids: [experimentId] }), "INVALID_PARAMETER_VALUE");
    expect(message).toContain("1 of its runs were restored");
    expect((await getRun(runId)).info.lifecycle_stage).toBe("active");
    await mlflow("runs/delete", { run_id: runId });
    expect((await gc({ experiment_ids: [experimentId] })).experiments).toHaveLength(1);
  });

  test("is never the one that every server has", async () => {
    await mlflow("experiments/delete", { experiment_id: "0" });
    const message = await expectMlflowError(sendGc({ experiment_ids: ["0"] }), "INVALID_PARAMETER_VALUE");
    expect(message).toContain("every server has");
    await mlflow("experiments/restore", { experiment_id: "0" });
    expect((await getExperiment("0")).lifecycle_stage).toBe("active");
  });

  test("leaves its location free, once its files are gone", async () => {
    const location = `mlflow-artifacts:/team-${crypto.randomUUID()}`;
    const experimentId = await newExperiment({ artifact_location: location });
    const runId = await newRun({ experiment_id: experimentId });
    await putFile(`${location.slice(18)}/${runId}/artifacts/a`, "a");
    await mlflow("experiments/delete", { experiment_id: experimentId });
    await gcThatDiesAfter(6, { experiment_ids: [experimentId] });
    await expectMlflowError(send("experiments/get", { experiment_id: experimentId }), "RESOURCE_DOES_NOT_EXIST");
    const create = { name: `e ${crypto.randomUUID()}`, artifact_location: location };
    await expectMlflowError(send("experiments/create", create), "INVALID_PARAMETER_VALUE");
    await expireClaims();
    await gc({});
    expect(await keysBelow(location.slice(18))).toEqual([]);
    expect(await newExperiment(create)).not.toBe(experimentId);
  });
});

test("a logged model that is deleted for good takes its rows and files, and no run tells of it", async () => {
  const experimentId = await newExperiment();
  const runId = await newRun({ experiment_id: experimentId });
  const model = await newModel({
    experiment_id: experimentId,
    name: "m",
    source_run_id: runId,
    params: [{ key: "C", value: "1" }],
    tags: [{ key: "a", value: "b" }],
  });
  const modelId = model.info.model_id;
  await mlflow("runs/outputs", { run_id: runId, models: [{ model_id: modelId, step: 1 }] });
  await log(runId, "loss", 1);
  await mlflow("runs/log-metric", { run_id: runId, key: "acc", value: 1, timestamp: 1, model_id: modelId });
  expect((await getRun(runId)).outputs).toMatchObject({ model_outputs: [{ model_id: modelId }] });
  await putFile(`${experimentId}/models/${modelId}/artifacts/MLmodel`, "flavors");
  await expectMlflowError(sendGc({ logged_model_ids: [modelId] }), "INVALID_PARAMETER_VALUE");
  await (await onModel("DELETE", modelId)).body?.cancel();
  expect((await measure({ logged_model_ids: [modelId] })).logged_models).toMatchObject([{ files: 1, bytes: 7 }]);
  expect(await gc({ logged_model_ids: [modelId] })).toMatchObject({
    logged_models: [{ model_id: modelId, name: "m" }],
    freed: { files: 1, bytes: 7 },
  });
  expect(await rowsWith(modelId)).toEqual([]);
  expect(await keysBelow(`${experimentId}/models`)).toEqual([]);
  expect((await getRun(runId)).outputs).toEqual({});
});

test("all of the trash goes but what was deleted later than asked for, restored, or never is", async () => {
  await gc({ all: true });
  const experimentId = await newExperiment();
  const runIds: string[] = [];
  for (let i = 0; i < 5; i++) {
    const runId = await newRun({ experiment_id: experimentId });
    await mlflow("runs/delete", { run_id: runId });
    runIds.push(runId);
  }
  const [young = "", unknown = "", ...old] = runIds;
  await env.DB.prepare("UPDATE runs SET deleted_time = 1000 WHERE run_id IN (SELECT value FROM json_each(?))")
    .bind(JSON.stringify(old))
    .run();
  await env.DB.prepare("UPDATE runs SET deleted_time = NULL WHERE run_id = ?").bind(unknown).run();
  const keptId = await newExperiment();
  const restored = await newRun({ experiment_id: keptId });
  const deletedThere = await newRun({ experiment_id: keptId });
  await mlflow("experiments/delete", { experiment_id: keptId });
  await mlflow("runs/restore", { run_id: restored });
  await env.DB.prepare("UPDATE experiments SET last_update_time = 1000 WHERE experiment_id = ?").bind(keptId).run();
  await env.DB.prepare("UPDATE runs SET deleted_time = 1000 WHERE run_id = ?").bind(deletedThere).run();

  const asked = { all: true, older_than: "1d" };
  const measured = await measure(asked);
  const idsOf = (runs: readonly { run_id: string }[]) => runs.map(({ run_id }) => run_id).toSorted();
  expect(idsOf(measured.runs)).toEqual([...old, deletedThere].toSorted());
  expect(measured.kept).toMatchObject([{ experiment_id: keptId }]);
  const answer = await gc(asked);
  expect(idsOf(answer.runs)).toEqual([...old, deletedThere].toSorted());
  expect(answer.kept).toMatchObject([{ experiment_id: keptId, reason: expect.stringContaining("restored") }]);
  expect(answer.next_page_token).toBeUndefined();
  for (const runId of [young, unknown]) expect((await getRun(runId)).info.lifecycle_stage).toBe("deleted");
  expect((await getRun(restored)).info.lifecycle_stage).toBe("active");

  expect(idsOf((await gc({ all: true })).runs)).toEqual([unknown, young].toSorted());
  await expectMlflowError(sendGc({ all: true, run_ids: [restored] }), "INVALID_PARAMETER_VALUE");
  await expectMlflowError(sendGc({ all: true, page_token: "x" }), "INVALID_PARAMETER_VALUE");
});
