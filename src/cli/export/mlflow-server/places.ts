import type { RecordKind } from "../../../domain/records.ts";
import { type MlflowApi, type Tag, tagOf } from "./api.ts";
import { DIGEST_TAG, digestIn, OLD_ID_TAGS } from "./tags.ts";

type Kind = Exclude<RecordKind, "registered_model">;

/** The place of a record on the target server. */
export interface Place {
  readonly id: string;
  readonly artifactUri: string;
  /** Undefined while the record is not written completely. */
  readonly digest: string | undefined;
  readonly isDeleted: boolean;
}

interface Told {
  readonly info: {
    readonly run_id?: string;
    readonly model_id?: string;
    readonly artifact_uri?: string;
    readonly lifecycle_stage?: string;
    readonly tags?: readonly Tag[];
  };
  readonly data?: { readonly tags?: readonly Tag[] };
}

/** Finds what an export has written, by the tags with the ids before. */
export class Places {
  readonly #api: MlflowApi;
  readonly #places = new Map<string, Place>();
  #reading: Promise<void> | undefined;

  constructor(api: MlflowApi) {
    this.#api = api;
  }

  /** @param oldId the record's id at its source */
  async find(kind: Kind, oldId: string): Promise<Place | undefined> {
    this.#reading ??= this.#read();
    await this.#reading;
    return this.#places.get(`${kind} ${oldId}`);
  }

  /** The id on the target server; undefined if the record is not there. */
  async idOf(kind: Kind, oldId: string): Promise<string | undefined> {
    return (await this.find(kind, oldId))?.id;
  }

  add(kind: Kind, oldId: string, place: Place): void {
    this.#places.set(`${kind} ${oldId}`, place);
  }

  async #read(): Promise<void> {
    type Experiment = { experiment_id: string; lifecycle_stage: string; tags?: readonly Tag[] };
    const experiments: Experiment[] = [];
    const search = { viewType: "ALL", maxResults: 1000 };
    for await (const one of this.#api.search<Experiment>("experiments/search", "experiments", search))
      experiments.push(one);
    for (const { experiment_id: id, lifecycle_stage, tags } of experiments) {
      const oldId = tagOf(tags, OLD_ID_TAGS.experiment);
      if (oldId === undefined) continue;
      const isDeleted = lifecycle_stage === "deleted";
      const digest = digestIn(tagOf(tags, DIGEST_TAG), isDeleted);
      this.add("experiment", oldId, { id, artifactUri: "", digest, isDeleted });
      const runs = { experimentIds: [id], runViewType: "ALL", maxResults: 1000 };
      for await (const run of this.#api.search<Told>("runs/search", "runs", runs)) this.#note("run", run);
      for await (const model of this.#models(id)) this.#note("logged_model", model);
    }
  }

  /** Servers before MLflow 3 have no logged models. */
  async *#models(experimentId: string): AsyncGenerator<Told> {
    if (!(await this.#hasModels())) return;
    yield* this.#api.search<Told>("logged-models/search", "models", { experimentIds: [experimentId] });
  }

  async #hasModels(): Promise<boolean> {
    const version = await (await this.#api.server.fetch("/version")).text();
    return Number.parseInt(version, 10) >= 3;
  }

  #note(kind: Kind, { info, data }: Told): void {
    const tags = data?.tags ?? info.tags;
    const oldId = tagOf(tags, OLD_ID_TAGS[kind]);
    if (oldId === undefined) return;
    const isDeleted = info.lifecycle_stage === "deleted";
    this.add(kind, oldId, {
      id: info.run_id ?? info.model_id ?? "",
      artifactUri: info.artifact_uri ?? "",
      digest: digestIn(tagOf(tags, DIGEST_TAG), isDeleted),
      isDeleted,
    });
  }
}
