import { expect } from "vitest";
import type { KeyValue } from "../../src/domain/entities.ts";
import { fetchWorker, type Message, mlflow, type WireMetric } from "./mlflow.ts";

export interface WireModel {
  readonly info: {
    readonly model_id: string;
    readonly experiment_id: string;
    readonly name: string;
    readonly status: string;
    readonly artifact_uri: string;
    readonly creation_timestamp_ms: number;
    readonly last_updated_timestamp_ms: number;
    readonly tags?: readonly KeyValue[];
  };
  readonly data: {
    readonly params?: readonly KeyValue[];
    readonly metrics?: readonly (WireMetric & { readonly model_id: string; readonly dataset_name?: string })[];
  };
}

/** A request about one model: `path` is below the model's path, or empty. */
export function onModel(method: string, path: string, body?: Message): Promise<Response> {
  return fetchWorker(`/api/2.0/mlflow/logged-models/${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
  });
}

/** The answer to a request that must succeed. */
export async function onModelOk<T = Message>(method: string, path: string, body?: Message): Promise<T> {
  const response = await onModel(method, path, body);
  const text = await response.text();
  expect(response.status, `${method} ${path}: ${text}`).toBe(200);
  return JSON.parse(text) as T;
}

export async function newModel(message: Message): Promise<WireModel> {
  return (await mlflow<{ model: WireModel }>("logged-models", message)).model;
}

export async function getModel(modelId: string): Promise<WireModel> {
  return (await onModelOk<{ model: WireModel }>("GET", modelId)).model;
}
