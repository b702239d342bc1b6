import type { ModelVersionRecord, RegisteredModelRecord } from "../../../domain/records.ts";
import { Refused } from "../../transfer/http.ts";
import { type MlflowApi, type Tag, tagOf } from "./api.ts";
import type { Places } from "./places.ts";
import { DIGEST_TAG } from "./tags.ts";

const GONE = "Deleted_Internal";

const MODEL_ID = /\bm-[0-9a-f]{32}\b/;

/** MLflow checks only sources that it stores itself. */
const GONE_SOURCE = "s3://deleted/version";

/** Writes registered models. Version numbers stay: a version that is gone is made and deleted, so its number stays taken. */
export class RegistryWriter {
  readonly #api: MlflowApi;
  readonly #places: Places;

  constructor(api: MlflowApi, places: Places) {
    this.#api = api;
    this.#places = places;
  }

  /** The digest that the last export noted; undefined if the server has no such model. */
  async digestOf(name: string): Promise<string | undefined> {
    return tagOf((await this.#tagsOf(name)) ?? [], DIGEST_TAG);
  }

  /** @throws {Refused} if the server has another model with this name. */
  async write(record: RegisteredModelRecord, digest: string): Promise<void> {
    const { name, description, aliases } = record;
    const found = await this.#tagsOf(name);
    if (found !== undefined && tagOf(found, DIGEST_TAG) === undefined) {
      throw new Refused(400, "the server has another registered model with this name");
    }
    // Numbers of versions that are gone stay taken, and nobody tells them: so a changed model is made anew.
    if (found !== undefined) await this.#api.send("DELETE", "registered-models/delete", { name });
    await this.#api.post("registered-models/create", {
      ...{ name, description: description ?? undefined },
      tags: [...record.tags, { key: DIGEST_TAG, value: "part of it" }],
    });
    await this.#versions(record);
    for (const { alias, version } of aliases) {
      await this.#api.post("registered-models/alias", { name, alias, version: String(version) });
    }
    await this.#api.post("registered-models/set-tag", { name, key: DIGEST_TAG, value: digest });
  }

  async #versions({ name, versions }: RegisteredModelRecord): Promise<void> {
    let last = 0;
    for (const version of [...versions].sort((a, b) => a.version - b.version)) {
      while (last < version.version) {
        const isNext = last + 1 === version.version && version.currentStage !== GONE;
        const source = isNext ? version : undefined;
        last = await this.#create(name, source);
        if (!isNext) await this.#api.send("DELETE", "model-versions/delete", { name, version: String(last) });
      }
      if (version.currentStage === GONE) continue;
      const of = { name, version: String(version.version) };
      if (version.description !== null) {
        await this.#api.send("PATCH", "model-versions/update", { ...of, description: version.description });
      }
      if (version.currentStage === "None") continue;
      await this.#api.post("model-versions/transition-stage", {
        ...of,
        stage: version.currentStage,
        archiveExistingVersions: false,
      });
    }
  }

  /** @param version undefined makes a version of which only the number counts */
  async #create(name: string, version: ModelVersionRecord | undefined): Promise<number> {
    const run = version?.runId == null ? undefined : await this.#places.find("run", version.runId);
    const source = version === undefined ? GONE_SOURCE : await this.#moved(version);
    type Answer = { model_version: { version: string } };
    const { model_version: made } = await this.#api.post<Answer>("model-versions/create", {
      ...{ name, source },
      // Only a version that is tagged as a prompt's may have the source that MLflow gives to prompts.
      tags: version?.tags,
      // MLflow wants to know whose files these are.
      modelId: MODEL_ID.exec(source)?.[0],
      ...{ runId: run?.id ?? version?.runId ?? undefined, runLink: version?.runLink ?? undefined },
    });
    return Number(made.version);
  }

  /** A version's source, with the new id of its logged model or its run. */
  async #moved({ source, runId }: ModelVersionRecord): Promise<string> {
    const modelId = MODEL_ID.exec(source)?.[0];
    const model = modelId === undefined ? undefined : await this.#places.find("logged_model", modelId);
    const run = runId === null || !source.includes(runId) ? undefined : await this.#places.find("run", runId);
    if (/^(models|runs):/.test(source)) {
      const renamed = model === undefined ? source : source.replace(modelId!, model.id);
      return run === undefined ? renamed : renamed.replace(runId!, run.id);
    }
    const place = model ?? run;
    const below = /\/artifacts(\/.*)?$/.exec(source);
    return place === undefined || below === null ? source : place.artifactUri + (below[1] ?? "");
  }

  async #tagsOf(name: string): Promise<readonly Tag[] | undefined> {
    try {
      type Answer = { registered_model: { tags?: readonly Tag[] } };
      const { registered_model: model } = await this.#api.get<Answer>("registered-models/get", { name });
      return model.tags ?? [];
    } catch (error) {
      if (error instanceof Refused) return undefined;
      throw error;
    }
  }
}
