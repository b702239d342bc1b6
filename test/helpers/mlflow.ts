import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { KeyValue } from "../../src/domain/entities.ts";
import type { ErrorCode } from "../../src/domain/errors.ts";
import worker from "../../src/index.ts";

/** The address of the tests' Worker. No socket listens there. */
export const ORIGIN = "http://localhost";

export type Message = Readonly<Record<string, unknown>>;

export type Method = "GET" | "POST" | "PATCH" | "DELETE";

/** Endpoints that read their message from the query. */
const GETS = new Set([
  "experiments/get",
  "experiments/get-by-name",
  "experiments/list",
  "runs/get",
  "metrics/get-history",
  "metrics/get-history-bulk",
  "metrics/get-history-bulk-interval",
  "registered-models/get",
  "registered-models/search",
  "model-versions/get",
  "model-versions/get-download-uri",
  "model-versions/search",
]);

/**
 * Sends a request to the Worker under test, with its real bindings. Calls the Worker directly, because `exports.default` of
 * the test pool imports the Worker again for each request, each time more slowly.
 * @param target a path, or a URL with another host.
 * @param settings replace settings of the test's Worker, which is open to local requests
 */
export async function fetchWorker(target: string, init?: RequestInit, settings?: Partial<Env>): Promise<Response> {
  const request = new Request(new URL(target, ORIGIN).href, init);
  return await worker.fetch(request, settings ? { ...env, ...settings } : env, createExecutionContext());
}

/** Sends one message as MLflow's clients do: in the query of a GET, otherwise as JSON. */
export function send(
  endpoint: string,
  message: Message = {},
  method: Method = GETS.has(endpoint) ? "GET" : "POST",
): Promise<Response> {
  const path = `/api/2.0/mlflow/${endpoint}`;
  if (method !== "GET") {
    const headers = { "Content-Type": "application/json" };
    return fetchWorker(path, { method, headers, body: JSON.stringify(message) });
  }
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(message)) {
    for (const one of Array.isArray(value) ? value : [value]) query.append(name, String(one));
  }
  return fetchWorker(query.size > 0 ? `${path}?${query}` : path);
}

/** Posts a body unchanged. */
export function postText(endpoint: string, body: string, contentType = "application/json"): Promise<Response> {
  return fetchWorker(`/api/2.0/mlflow/${endpoint}`, {
    method: "POST",
    headers: { "Content-Type": contentType },
    body,
  });
}

/** The answer to a message that must succeed. */
export async function mlflow<T = Message>(endpoint: string, message: Message = {}, method?: Method): Promise<T> {
  const response = await send(endpoint, message, method);
  const text = await response.text();
  expect(response.status, `${endpoint} ${JSON.stringify(message).slice(0, 300)}: ${text.slice(0, 300)}`).toBe(200);
  expect(response.headers.get("Content-Type")).toBe("application/json");
  return JSON.parse(text) as T;
}

const STATUS: Partial<Record<ErrorCode, number>> = {
  BAD_REQUEST: 400,
  INVALID_PARAMETER_VALUE: 400,
  RESOURCE_ALREADY_EXISTS: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  ENDPOINT_NOT_FOUND: 404,
  RESOURCE_DOES_NOT_EXIST: 404,
  REQUEST_TOO_LARGE: 413,
  INTERNAL_ERROR: 500,
  TEMPORARILY_UNAVAILABLE: 503,
};

/**
 * Expects MLflow's error with this code, and the status that clients expect for it.
 * @returns the error's message
 */
export async function expectMlflowError(answer: Response | Promise<Response>, code: ErrorCode): Promise<string> {
  const response = await answer;
  const text = await response.text();
  expect(response.headers.get("Content-Type"), text).toBe("application/json");
  const body = JSON.parse(text) as { error_code: string; message: string };
  expect({ status: response.status, code: body.error_code }, text).toEqual({ status: STATUS[code], code });
  expect(Object.keys(body).sort()).toEqual(["error_code", "message"]);
  return body.message;
}

export interface WireExperiment {
  readonly experiment_id: string;
  readonly name: string;
  readonly artifact_location: string;
  readonly lifecycle_stage: string;
  readonly creation_time: number;
  readonly last_update_time: number;
  readonly tags?: readonly KeyValue[];
}

export interface WireMetric {
  readonly key: string;
  readonly value: number | string;
  readonly timestamp: number;
  readonly step: number;
  readonly run_id?: string;
}

export interface WireRunInfo {
  readonly run_id: string;
  readonly run_uuid: string;
  readonly run_name: string;
  readonly experiment_id: string;
  readonly user_id: string;
  readonly status: string;
  readonly start_time?: number;
  readonly end_time?: number;
  readonly artifact_uri: string;
  readonly lifecycle_stage: string;
}

export interface WireRun {
  readonly info: WireRunInfo;
  readonly data: {
    readonly metrics?: readonly WireMetric[];
    readonly params?: readonly KeyValue[];
    readonly tags?: readonly KeyValue[];
  };
  readonly inputs: { readonly dataset_inputs?: readonly { readonly tags?: readonly KeyValue[]; dataset: Message }[] };
  readonly outputs: Message;
}

export async function newExperiment(message: Message = {}): Promise<string> {
  const name = `experiment ${crypto.randomUUID()}`;
  return (await mlflow<{ experiment_id: string }>("experiments/create", { name, ...message })).experiment_id;
}

export async function getExperiment(experimentId: string): Promise<WireExperiment> {
  const answer = { experiment_id: experimentId };
  return (await mlflow<{ experiment: WireExperiment }>("experiments/get", answer)).experiment;
}

export async function createRun(message: Message): Promise<WireRun> {
  return (await mlflow<{ run: WireRun }>("runs/create", message)).run;
}

/** @returns the id of a new run, in a new experiment unless the message names one */
export async function newRun(message: Message = {}): Promise<string> {
  const run = await createRun({ experiment_id: message.experiment_id ?? (await newExperiment()), ...message });
  return run.info.run_id;
}

export async function getRun(runId: string): Promise<WireRun> {
  return (await mlflow<{ run: WireRun }>("runs/get", { run_id: runId })).run;
}

export async function tagsOf(runId: string): Promise<Record<string, string>> {
  return asRecord((await getRun(runId)).data.tags);
}

export async function paramsOf(runId: string): Promise<Record<string, string>> {
  return asRecord((await getRun(runId)).data.params);
}

/** The run's latest values by key. */
export async function metricsOf(runId: string): Promise<Record<string, WireMetric>> {
  return Object.fromEntries((await getRun(runId)).data.metrics?.map((metric) => [metric.key, metric]) ?? []);
}

export async function historyOf(runId: string, key: string): Promise<readonly WireMetric[]> {
  const message = { run_id: runId, metric_key: key };
  return (await mlflow<{ metrics?: readonly WireMetric[] }>("metrics/get-history", message)).metrics ?? [];
}

export async function searchRuns(message: Message): Promise<readonly WireRun[]> {
  return (await mlflow<{ runs?: readonly WireRun[] }>("runs/search", message)).runs ?? [];
}

function asRecord(pairs: readonly KeyValue[] = []): Record<string, string> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, value]));
}
