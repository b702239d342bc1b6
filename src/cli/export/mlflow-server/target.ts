import type {
  ExperimentRecord,
  LoggedModelRecord,
  RecordDigest,
  RegisteredModelRecord,
} from "../../../domain/records.ts";
import { ArtifactUploads } from "../../import/artifact-uploads.ts";
import { Refused, type TrackingServer } from "../../transfer/http.ts";
import type { Report } from "../../transfer/report.ts";
import type { Item, RunItem, Target, WrittenArtifacts } from "../../transfer/target.ts";
import { MlflowApi, type Tag, tagOf } from "./api.ts";
import { type Place, Places } from "./places.ts";
import { RegistryWriter } from "./registry.ts";
import { DIGEST_TAG, notedDigest, OLD_ID_TAGS } from "./tags.ts";

/** MLflow's limits for one request of runs/log-batch. */
const [MOST_METRICS, MOST_PARAMS, MOST_TAGS] = [1000, 100, 100];
const RUNS_AT_A_TIME = 8;
const PARENT_TAG = "mlflow.parentRunId";

/**
 * MLflow's own server, written by its REST API. The API sets neither ids nor times of creation, so the old ids are tags, and a
 * second export finds by the tags what is there.
 */
export class MlflowServerTarget implements Target {
  readonly title: string;
  readonly artifactHome = { uri: "mlflow-artifacts:", isForAll: true };
  readonly isServer = true;
  readonly #api: MlflowApi;
  readonly #report: Report;
  readonly #uploads: ArtifactUploads;
  readonly #places: Places;
  readonly #registry: RegistryWriter;
  /** What is done when all runs and models have their new ids. */
  readonly #afterwards: (() => Promise<void>)[] = [];

  constructor(server: TrackingServer, report: Report) {
    this.#api = new MlflowApi(server);
    this.#report = report;
    this.#uploads = new ArtifactUploads(server, report);
    this.#places = new Places(this.#api);
    this.#registry = new RegistryWriter(this.#api, this.#places);
    this.title = server.url;
    report.note(
      "MLflow's API gives everything a new id and a new time of creation. The ids before are in the tags trackflare.experiment_id, trackflare.run_id and trackflare.model_id. By way of a folder and `mlflow migrate-filestore` the ids stay.",
    );
  }

  async known(digests: readonly RecordDigest[]) {
    const known: RecordDigest[] = [];
    for (const one of digests) if ((await this.#digestOf(one)) === one.digest) known.push(one);
    return known;
  }

  async #digestOf({ kind, id }: RecordDigest): Promise<string | undefined> {
    if (kind === "registered_model") return await this.#registry.digestOf(id);
    return (await this.#places.find(kind, id))?.digest;
  }

  async writeExperiments(items: readonly Item<ExperimentRecord>[]): Promise<void> {
    for (const { record, digest } of items) {
      const { name, tags, experimentId: oldId } = record;
      const found = await this.#places.find("experiment", oldId);
      const experimentId = found?.id ?? (await this.#createExperiment(record));
      if (found?.isDeleted === true) await this.#api.post("experiments/restore", { experimentId });
      if (found !== undefined) await this.#api.post("experiments/update", { experimentId, newName: name });
      const tag = (one: Tag) => this.#api.post("experiments/set-experiment-tag", { experimentId, ...one });
      for (const one of [...tags, { key: OLD_ID_TAGS.experiment, value: oldId }]) await tag(one);
      this.#places.add("experiment", oldId, { id: experimentId, artifactUri: "", digest: undefined, isDeleted: false });
      this.#afterwards.push(async () => {
        const isDeleted = record.lifecycleStage === "deleted";
        await tag({ key: DIGEST_TAG, value: notedDigest(digest, isDeleted) });
        // Its runs can only be written before.
        if (isDeleted) await this.#api.post("experiments/delete", { experimentId });
      });
    }
  }

  async #createExperiment({ name, experimentId }: ExperimentRecord): Promise<string> {
    // Every server has this one from the beginning.
    if (name === "Default" && experimentId === "0") return "0";
    return (await this.#api.post<{ experiment_id: string }>("experiments/create", { name })).experiment_id;
  }

  async writeRuns(items: readonly RunItem[]): Promise<WrittenArtifacts> {
    const places: Place[] = [];
    for (let from = 0; from < items.length; from += RUNS_AT_A_TIME) {
      places.push(...(await Promise.all(items.slice(from, from + RUNS_AT_A_TIME).map((item) => this.#writeRun(item)))));
    }
    const moved = items.map((item, index) => ({
      ...item,
      record: { ...item.record, artifactUri: places[index]!.artifactUri },
    }));
    const uploads = await this.#upload(moved, ({ record }) => `run ${record.runId}`);
    for (const [index, item] of items.entries()) {
      const end = () => this.#endRun(item, places[index]!.id, uploads.areWhole[index]!);
      const { modelInputs, modelOutputs, tags } = item.record;
      const isReady = modelInputs.length + modelOutputs.length === 0 && tagOf(tags, PARENT_TAG) === undefined;
      if (isReady) await end();
      else this.#afterwards.push(end);
    }
    return uploads;
  }

  /** Writes a run with its points. It is active until it is ended. */
  async #writeRun({ record, metrics }: RunItem): Promise<Place> {
    const found = await this.#places.find("run", record.runId);
    if (found?.isDeleted === true) await this.#api.post("runs/restore", { runId: found.id });
    const place = found ?? (await this.#createRun(record));
    this.#places.add("run", record.runId, { ...place, isDeleted: false });
    const runId = place.id;
    const log = (message: object) => this.#api.post("runs/log-batch", { runId, ...message });
    for (const params of piecesOf(record.params, MOST_PARAMS)) await log({ params });
    const tags = record.tags.filter(({ key }) => key !== PARENT_TAG);
    for (const piece of piecesOf(tags, MOST_TAGS)) await log({ tags: piece });
    const points = metrics.flatMap(({ key, timestamps, steps, values }) =>
      Array.from(values, (value, index) => ({ key, value, timestamp: timestamps[index]!, step: steps[index]! })),
    );
    for (const piece of piecesOf(points, MOST_METRICS)) await log({ metrics: piece });
    const datasets = record.datasetInputs;
    if (datasets.length > 0) await this.#api.post("runs/log-inputs", { runId, datasets });
    return place;
  }

  async #createRun({ runId, experimentId, runName, userId, startTimeMs }: RunItem["record"]): Promise<Place> {
    const { run } = await this.#api.post<{ run: { info: { run_id: string; artifact_uri?: string } } }>("runs/create", {
      experimentId: await this.#places.idOf("experiment", experimentId),
      ...{ runName, userId, startTime: startTimeMs ?? undefined },
      tags: [{ key: OLD_ID_TAGS.run, value: runId }],
    });
    return { id: run.info.run_id, artifactUri: run.info.artifact_uri ?? "", digest: undefined, isDeleted: false };
  }

  async #endRun({ record, digest }: RunItem, runId: string, isWhole: boolean): Promise<void> {
    const { status, endTimeMs, runName, lifecycleStage, tags } = record;
    const models = await this.#newIds(record.modelInputs);
    if (models.length > 0)
      await this.#api.post("runs/log-inputs", { runId, models: models.map((modelId) => ({ modelId })) });
    const outputs = await Promise.all(
      record.modelOutputs.map(async ({ modelId, step }) => ({
        modelId: await this.#places.idOf("logged_model", modelId),
        step,
      })),
    );
    const there = outputs.filter(({ modelId }) => modelId !== undefined);
    if (there.length > 0) await this.#api.post("runs/outputs", { runId, models: there });
    const parent = tagOf(tags, PARENT_TAG);
    const links =
      parent === undefined ? [] : [{ key: PARENT_TAG, value: (await this.#places.find("run", parent))?.id ?? parent }];
    await this.#api.post("runs/update", { runId, status, runName, endTime: endTimeMs ?? undefined });
    const isDeleted = lifecycleStage === "deleted";
    const value = notedDigest(isWhole ? digest : `part of ${digest}`, isDeleted);
    await this.#api.post("runs/log-batch", { runId, tags: [...links, { key: DIGEST_TAG, value }] });
    if (isDeleted) await this.#api.post("runs/delete", { runId });
  }

  async #newIds(modelIds: readonly string[]): Promise<string[]> {
    const places = await Promise.all(modelIds.map((id) => this.#places.find("logged_model", id)));
    return places.flatMap((place) => place?.id ?? []);
  }

  async writeLoggedModels(items: readonly Item<LoggedModelRecord>[]): Promise<WrittenArtifacts> {
    if (items.some(({ record }) => record.lifecycleStage === "deleted")) {
      throw new Refused(400, "MLflow's API does not show deleted logged models, so this one is left out");
    }
    const moved: Item<LoggedModelRecord>[] = [];
    for (const item of items)
      moved.push({ ...item, record: { ...item.record, artifactUri: await this.#writeModel(item.record) } });
    const uploads = await this.#upload(moved, ({ record }) => `logged model ${record.modelId}`);
    for (const [index, { record, digest }] of items.entries()) {
      const value = uploads.areWhole[index] ? digest : `part of ${digest}`;
      const modelId = await this.#places.idOf("logged_model", record.modelId);
      await this.#api.send("PATCH", `logged-models/${modelId}/tags`, { modelId, tags: [{ key: DIGEST_TAG, value }] });
    }
    return uploads;
  }

  /** @returns where the model's files are */
  async #writeModel(record: LoggedModelRecord): Promise<string> {
    const found = await this.#places.find("logged_model", record.modelId);
    const place = found ?? (await this.#createModel(record));
    this.#places.add("logged_model", record.modelId, place);
    const modelId = place.id;
    if (found !== undefined)
      await this.#api.send("PATCH", `logged-models/${modelId}/tags`, { modelId, tags: record.tags });
    for (const { runId, key, value, timestamp, step, datasetName, datasetDigest } of record.metrics) {
      const run = await this.#places.find("run", runId);
      const metric = { key, value, timestamp, step, modelId, datasetName, datasetDigest, runId: run?.id };
      if (run !== undefined && !run.isDeleted)
        await this.#api.post("runs/log-batch", { runId: run.id, metrics: [metric] });
      else this.#report.problem(`logged model ${record.modelId}/metrics/${key}`, `its run ${runId} is not there`);
    }
    if (record.status !== "LOGGED_MODEL_STATUS_UNSPECIFIED") {
      await this.#api.send("PATCH", `logged-models/${modelId}`, { modelId, status: record.status });
    }
    return place.artifactUri;
  }

  async #createModel({
    experimentId,
    modelId,
    name,
    modelType,
    sourceRunId,
    params,
    tags,
  }: LoggedModelRecord): Promise<Place> {
    const source = sourceRunId === "" ? undefined : await this.#places.find("run", sourceRunId);
    const { model } = await this.#api.post<{ model: { info: { model_id: string; artifact_uri: string } } }>(
      "logged-models",
      {
        experimentId: await this.#places.idOf("experiment", experimentId),
        ...{ name, modelType, params, sourceRunId: source?.id },
        tags: [...tags, { key: OLD_ID_TAGS.logged_model, value: modelId }],
      },
    );
    return { id: model.info.model_id, artifactUri: model.info.artifact_uri, digest: undefined, isDeleted: false };
  }

  /** Copies files, where the server stores files itself. */
  async #upload<R extends { readonly artifactUri: string }>(
    items: readonly Item<R>[],
    nameOf: (item: Item<R>) => string,
  ) {
    const isHere = ({ record }: Item<R>) => record.artifactUri.startsWith("mlflow-artifacts:");
    const without = items.map((item) => (isHere(item) ? item : { ...item, artifacts: [] }));
    const uploads = await this.#uploads.write(without, nameOf);
    const areWhole = items.map((item, index) => {
      if (isHere(item) || item.artifacts.length === 0) return uploads.areWhole[index]!;
      this.#report.count("artifacts", "failed", item.artifacts.length);
      this.#report.problem(
        `${nameOf(item)}/artifacts`,
        `the server gives it the place ${item.record.artifactUri}, which only its clients reach`,
      );
      return false;
    });
    return { ...uploads, areWhole };
  }

  async writeRegisteredModels(items: readonly Item<RegisteredModelRecord>[]): Promise<void> {
    for (const { record, digest } of items) await this.#registry.write(record, digest);
  }

  async finish(): Promise<void> {
    for (const step of this.#afterwards) await step();
  }

  async close(): Promise<void> {}
}

function* piecesOf<T>(list: readonly T[], most: number): Generator<readonly T[]> {
  for (let from = 0; from < list.length; from += most) yield list.slice(from, from + most);
}
