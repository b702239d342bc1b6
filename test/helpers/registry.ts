import type { KeyValue } from "../../src/domain/entities.ts";
import { createRun, type Message, mlflow, newExperiment } from "./mlflow.ts";

export interface WireModelVersion {
  readonly name: string;
  readonly version: string;
  readonly creation_timestamp: number;
  readonly last_updated_timestamp: number;
  readonly current_stage: string;
  readonly description?: string;
  readonly source: string;
  readonly run_id?: string;
  readonly run_link?: string;
  readonly status: string;
  readonly tags?: readonly KeyValue[];
  readonly aliases?: readonly string[];
}

export interface WireRegisteredModel {
  readonly name: string;
  readonly creation_timestamp: number;
  readonly last_updated_timestamp: number;
  readonly description?: string;
  readonly latest_versions?: readonly WireModelVersion[];
  readonly tags?: readonly KeyValue[];
  readonly aliases?: readonly { readonly alias: string; readonly version: string }[];
}

/** @returns the name of a new registered model. */
export async function newModel(message: Message = {}): Promise<string> {
  const name = `model ${crypto.randomUUID()}`;
  await mlflow("registered-models/create", { name, ...message });
  return (message.name as string | undefined) ?? name;
}

export async function getModel(name: string): Promise<WireRegisteredModel> {
  const message = { name };
  return (await mlflow<{ registered_model: WireRegisteredModel }>("registered-models/get", message)).registered_model;
}

/** @returns the new version. Its source is in a new run unless the message names another source */
export async function newVersion(name: string, message: Message = {}): Promise<WireModelVersion> {
  const given = message.source === undefined ? { ...(await newSource()), ...message } : message;
  const created = { name, ...given };
  return (await mlflow<{ model_version: WireModelVersion }>("model-versions/create", created)).model_version;
}

/** Fields that name the folder `model` of a new run. */
export async function newSource(): Promise<{ readonly source: string; readonly run_id: string }> {
  const { info } = await createRun({ experiment_id: await newExperiment() });
  return { source: `${info.artifact_uri}/model`, run_id: info.run_id };
}

export async function getVersion(name: string, version: string): Promise<WireModelVersion> {
  const message = { name, version };
  return (await mlflow<{ model_version: WireModelVersion }>("model-versions/get", message)).model_version;
}

export async function searchVersions(filter: string, message: Message = {}): Promise<readonly WireModelVersion[]> {
  const asked = { filter, ...message };
  return (
    (await mlflow<{ model_versions?: readonly WireModelVersion[] }>("model-versions/search", asked)).model_versions ??
    []
  );
}
