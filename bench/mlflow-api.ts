import { type Connection, render } from "./http/connection.ts";
import type { Answer } from "./http/response-parser.ts";

/*
 * The part of MLflow's REST API that the workloads call. Requests are rendered by hand, and only the status of answers is
 * checked, so that the same few lines work with every server.
 */

export const API = "/api/2.0/mlflow";

/** MLflow's own limit of a page of history. */
const HISTORY_PAGE_POINTS = 25_000;

/** MLflow's own limit of a page of runs. */
const SEARCH_PAGE_RUNS = 50_000;

export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

export interface MetricPoint {
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
}

export interface RunAnswer {
  readonly info: { readonly run_id: string; readonly run_name: string; readonly artifact_uri: string };
  readonly data: {
    readonly metrics?: readonly MetricPoint[];
    readonly params?: readonly KeyValue[];
    readonly tags?: readonly KeyValue[];
  };
}

export interface RunPage {
  readonly runs?: readonly RunAnswer[];
}

export interface HistoryPage {
  readonly metrics?: readonly MetricPoint[];
  readonly next_page_token?: string;
}

/** @throws unless the answer's status is 200. */
export function requireOk(answer: Answer, what: string): void {
  if (answer.status === 200) return;
  throw new WrongAnswer(`${what} was answered with ${answer.status}: ${answer.body.toString("utf8", 0, 500)}`);
}

/** The body as JSON. The caller knows its shape, and checks the values. */
export function parseBody<T>(answer: Answer, what: string): T {
  requireOk(answer, what);
  return JSON.parse(answer.body.toString("utf8")) as T;
}

export async function postJson<T>(connection: Connection, path: string, body: unknown): Promise<T> {
  const request = render("POST", API + path, connection.port, JSON.stringify(body), connection.authorization);
  return parseBody<T>(await connection.send(request), path);
}

export async function createExperiment(connection: Connection, name: string): Promise<string> {
  const answer = await postJson<{ experiment_id: string }>(connection, "/experiments/create", { name });
  return answer.experiment_id;
}

export async function experimentIdByName(connection: Connection, name: string): Promise<string> {
  const path = `/experiments/get-by-name?experiment_name=${name}`;
  const answer = await connection.send(render("GET", API + path, connection.port, undefined, connection.authorization));
  return parseBody<{ experiment: { experiment_id: string } }>(answer, path).experiment.experiment_id;
}

export async function createRun(
  connection: Connection,
  experimentId: string,
  runName: string,
  startTimeMs: number,
  tags: readonly KeyValue[] = [],
): Promise<RunAnswer["info"]> {
  const body = { experiment_id: experimentId, run_name: runName, start_time: startTimeMs, tags };
  return (await postJson<{ run: RunAnswer }>(connection, "/runs/create", body)).run.info;
}

export async function createUser(connection: Connection, username: string, password: string): Promise<void> {
  await postJson(connection, "/users/create", { username, password });
}

export async function createRuns(connection: Connection, experimentId: string, count: number): Promise<string[]> {
  const runIds: string[] = [];
  for (let index = 0; index < count; index++) {
    runIds.push((await createRun(connection, experimentId, `run-${index}`, FIRST_TIMESTAMP_MS + index)).run_id);
  }
  return runIds;
}

/** All runs of an experiment, in one page: FastTrackML 0.6.0 cannot read many of its own page tokens. */
export async function allRuns(connection: Connection, experimentId: string): Promise<readonly RunAnswer[]> {
  const search = { experiment_ids: [experimentId], max_results: SEARCH_PAGE_RUNS };
  const { runs = [] } = await postJson<RunPage>(connection, "/runs/search", search);
  return runs;
}

export interface MetricHistory {
  readonly points: readonly MetricPoint[];
  /** The time from sending each request to its last byte, summed over the pages, without parsing the JSON. */
  readonly httpMs: number;
}

/** A metric's whole history, in pages of 25,000 points. FastTrackML has no pages and answers all points at once. */
export async function metricHistory(connection: Connection, runId: string, key: string): Promise<MetricHistory> {
  const points: MetricPoint[] = [];
  let httpMs = 0;
  let token: string | undefined;
  do {
    const query = new URLSearchParams({ run_id: runId, metric_key: key, max_results: String(HISTORY_PAGE_POINTS) });
    if (token) query.set("page_token", token);
    const path = `${API}/metrics/get-history?${query}`;
    const request = render("GET", path, connection.port, undefined, connection.authorization);
    const start = performance.now();
    const answer = await connection.send(request);
    httpMs += performance.now() - start;
    const page = parseBody<HistoryPage>(answer, "get-history");
    for (const point of page.metrics ?? []) points.push(point);
    token = page.next_page_token;
  } while (token);
  return { points, httpMs };
}

/** The first timestamp, in milliseconds since 1970. All timestamps have 13 digits. */
export const FIRST_TIMESTAMP_MS = 1_700_000_000_000;

/** A multiple of 2^-16, so that sums of values are exact in any order. */
export function fraction(index: number): number {
  return ((index * 40_503) % 65_536) / 65_536;
}

/** A wrong answer. Its time does not count. */
export class WrongAnswer extends Error {}

export function requireEqual(actual: unknown, expected: unknown, what: string): void {
  if (!Object.is(actual, expected)) throw new WrongAnswer(`${what}: expected ${expected}, answered ${actual}`);
}
