import { createHash } from "node:crypto";
import type { ObservedRun } from "./checker.ts";
import type { Point } from "./ledger.ts";

/** The server refused a request, and a repeat would not help. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, what: string, answer: string) {
    super(`${what} was refused with ${status}: ${answer}`);
    this.status = status;
  }
}

/** The effect of the request is unknown: no complete answer, or a 5xx. MLflow's clients repeat such a request. */
export class Unanswered extends Error {}

export interface FoundRun {
  readonly runId: string;
  readonly name: string;
  readonly latest: ReadonlyMap<string, Point>;
}

interface WireRun {
  readonly info: { readonly run_id: string; readonly run_name: string };
  readonly data: {
    readonly metrics?: readonly WireMetric[];
    readonly params?: readonly KeyValue[];
    readonly tags?: readonly KeyValue[];
  };
}

interface WireMetric extends Omit<Point, "value"> {
  readonly value: number | string;
}

interface KeyValue {
  readonly key: string;
  readonly value: string;
}

interface WireFile {
  readonly path: string;
  readonly is_dir: boolean;
}

/** Runs of one page of a search: few, so that there are several pages. */
const RUNS_PER_PAGE = 15;

/** The needed part of MLflow's REST API. Each call is one attempt. It throws {@link Refusal} or {@link Unanswered}. */
export class Client {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async createExperiment(name: string): Promise<string> {
    return (await this.#post<{ experiment_id: string }>("experiments/create", { name })).experiment_id;
  }

  async createRun(experimentId: string, runName: string): Promise<string> {
    const body = { experiment_id: experimentId, run_name: runName, start_time: 1 };
    return (await this.#post<{ run: WireRun }>("runs/create", body)).run.info.run_id;
  }

  async logMetric(runId: string, point: Point): Promise<void> {
    await this.#post("runs/log-metric", { run_id: runId, ...metricToWire(point) });
  }

  async logBatch(
    runId: string,
    batch: { readonly metrics: readonly Point[]; readonly params?: KeyValue[]; readonly tags?: KeyValue[] },
  ): Promise<void> {
    await this.#post("runs/log-batch", { run_id: runId, ...batch, metrics: batch.metrics.map(metricToWire) });
  }

  async logParam(runId: string, param: KeyValue): Promise<void> {
    await this.#post("runs/log-parameter", { run_id: runId, ...param });
  }

  async setTag(runId: string, tag: KeyValue): Promise<void> {
    await this.#post("runs/set-tag", { run_id: runId, ...tag });
  }

  async endRun(runId: string): Promise<void> {
    await this.#post("runs/update", { run_id: runId, status: "FINISHED", end_time: 1 });
  }

  async deleteRun(runId: string): Promise<void> {
    await this.#post("runs/delete", { run_id: runId });
  }

  async restoreRun(runId: string): Promise<void> {
    await this.#post("runs/restore", { run_id: runId });
  }

  async putArtifact(
    experimentId: string,
    runId: string,
    path: string,
    content: Uint8Array<ArrayBuffer>,
  ): Promise<void> {
    const target = `/api/2.0/mlflow-artifacts/artifacts/${experimentId}/${runId}/artifacts/${path}`;
    await this.#send(target, { method: "PUT", body: content });
  }

  /** The run's latest metrics as `runs/get` says. */
  async getLatest(runId: string): Promise<Map<string, Point>> {
    return latestFromWire(await this.#getRun(runId));
  }

  async getHistory(runId: string, key: string): Promise<Point[]> {
    const query = new URLSearchParams({ run_id: runId, metric_key: key });
    const { metrics } = await this.#get<{ metrics?: readonly WireMetric[] }>(`metrics/get-history?${query}`);
    return (metrics ?? []).map(metricFromWire);
  }

  /** Every run of the answer, page by page. */
  async searchRuns(
    experimentId: string,
    query: { readonly filter?: string; readonly order_by?: readonly string[] } = {},
  ): Promise<FoundRun[]> {
    const found: FoundRun[] = [];
    let page_token: string | undefined;
    do {
      const body = { experiment_ids: [experimentId], max_results: RUNS_PER_PAGE, page_token, ...query };
      const page = await this.#post<{ runs?: readonly WireRun[]; next_page_token?: string }>("runs/search", body);
      for (const run of page.runs ?? []) {
        found.push({ runId: run.info.run_id, name: run.info.run_name, latest: latestFromWire(run) });
      }
      page_token = page.next_page_token;
    } while (page_token !== undefined);
    return found;
  }

  /**
   * Reads everything of a run.
   * @param found the run as a search answered it
   * @param keys metrics to read in addition to the run's metrics in that answer
   */
  async observeRun({ runId, name, latest: foundLatest }: FoundRun, keys: ReadonlySet<string>): Promise<ObservedRun> {
    const run = await this.#getRun(runId);
    const latest = latestFromWire(run);
    const history = new Map<string, Point[]>();
    for (const key of new Set([...keys, ...latest.keys(), ...foundLatest.keys()])) {
      history.set(key, await this.getHistory(runId, key));
    }
    const digests = new Map<string, string>();
    for (const path of await this.#listFiles(runId, "")) {
      const query = new URLSearchParams({ run_id: runId, path });
      digests.set(path, digestOf(await this.#send(`/get-artifact?${query}`)));
    }
    return {
      name,
      history,
      latest: { "runs/get": latest, "runs/search": foundLatest },
      registers: { params: valuesFromWire(run.data.params), tags: valuesFromWire(run.data.tags), artifacts: digests },
    };
  }

  async #listFiles(runId: string, path: string): Promise<string[]> {
    const query = new URLSearchParams({ run_id: runId, path });
    const { files = [] } = await this.#get<{ files?: readonly WireFile[] }>(`artifacts/list?${query}`);
    const paths: string[] = [];
    for (const file of files) paths.push(...(file.is_dir ? await this.#listFiles(runId, file.path) : [file.path]));
    return paths;
  }

  async #getRun(runId: string): Promise<WireRun> {
    return (await this.#get<{ run: WireRun }>(`runs/get?${new URLSearchParams({ run_id: runId })}`)).run;
  }

  #get<T>(path: string): Promise<T> {
    return this.#sendJson(path);
  }

  #post<T>(path: string, body: object): Promise<T> {
    const headers = { "Content-Type": "application/json" };
    return this.#sendJson(path, { method: "POST", headers, body: JSON.stringify(body) });
  }

  async #sendJson<T>(path: string, init?: RequestInit): Promise<T> {
    const text = (await this.#send(`/api/2.0/mlflow/${path}`, init)).toString();
    try {
      return JSON.parse(text) as T;
    } catch (e) {
      console.error("BAD", path, text.length, text.slice(-300));
      throw e;
    }
  }

  async #send(path: string, init: RequestInit = {}): Promise<Buffer> {
    let status: number;
    let answer: Buffer;
    try {
      const response = await fetch(this.#url + path, init);
      status = response.status;
      answer = Buffer.from(await response.arrayBuffer());
    } catch (error) {
      throw new Unanswered(`${path}: ${error}`, { cause: error });
    }
    if (status >= 500) throw new Unanswered(`${path}: ${status} ${answer}`);
    if (status >= 400) throw new Refusal(status, path, answer.toString());
    return answer;
  }
}

export function digestOf(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function metricToWire({ value, ...point }: Point): WireMetric {
  return { ...point, value: Number.isNaN(value) ? "NaN" : value };
}

function metricFromWire({ key, timestamp, step, value }: WireMetric): Point {
  return { key, timestamp: Number(timestamp), step: Number(step), value: Number(value) };
}

function latestFromWire(run: WireRun): Map<string, Point> {
  return new Map(run.data.metrics?.map((metric) => [metric.key, metricFromWire(metric)]));
}

function valuesFromWire(values: readonly KeyValue[] = []): Map<string, string> {
  return new Map(values.map(({ key, value }) => [key, value]));
}
