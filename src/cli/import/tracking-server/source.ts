import { IS_PROMPT_TAG } from "../../../domain/prompts.ts";
import type { ExperimentRecord, RegisteredModelRecord, RunRecord } from "../../../domain/records.ts";
import { slices } from "../../../domain/slices.ts";
import type { AccessRecord } from "../../transfer/access.ts";
import { Refused, type TrackingServer } from "../../transfer/http.ts";
import type { MetricSeries } from "../../transfer/metric-series.ts";
import type { Report } from "../../transfer/report.ts";
import type { ArtifactFolder, Source, SourceLoggedModel, SourceRun } from "../../transfer/source.ts";
import { readAccess } from "./access.ts";
import { ProxiedArtifacts, proxiedPath, RunArtifacts } from "./artifacts.ts";
import { BulkHistories } from "./histories.ts";
import {
  pairs,
  timeMs,
  toExperiment,
  toLoggedModel,
  toRun,
  toSeries,
  toVersion,
  type WireExperiment,
  type WireLoggedModel,
  type WirePair,
  type WirePoint,
  type WireRun,
  type WireVersion,
} from "./wire.ts";

const API = "/api/2.0/mlflow";
/** How many runs' long histories are requested at a time, within a page of runs. */
const RUNS_AT_A_TIME = 8;
const RUNS_PER_PAGE = 100;
const POINTS_PER_PAGE = 25_000;

interface WireModel {
  readonly name: string;
  readonly description?: string;
  readonly creation_timestamp?: number | bigint | string;
  readonly last_updated_timestamp?: number | bigint | string;
  readonly tags?: readonly WirePair[];
  readonly aliases?: readonly { readonly alias: string; readonly version: string }[];
}

/** A tracking server that answers MLflow's API: any MLflow from 1.28 on, and Trackflare. */
export class TrackingServerSource implements Source {
  readonly title: string;
  readonly #server: TrackingServer;
  readonly #report: Report;
  readonly #histories: BulkHistories;
  /** The MLflow version that the server reports; 1 if it reports none. */
  readonly #majorVersion: number;
  readonly #experimentIds: string[] = [];

  private constructor(server: TrackingServer, majorVersion: number, report: Report) {
    this.#server = server;
    this.#histories = new BulkHistories(server);
    this.#majorVersion = majorVersion;
    this.#report = report;
    this.title = server.url;
  }

  /** @throws {UserError} if no tracking server answers. */
  static async open(server: TrackingServer, report: Report): Promise<TrackingServerSource> {
    const version = await server.fetch("/version").then(
      (response) => response.text(),
      (error: unknown) => {
        if (error instanceof Refused) return "1";
        throw error;
      },
    );
    return new TrackingServerSource(server, Number.parseInt(version, 10) || 1, report);
  }

  async countRuns(): Promise<undefined> {}

  async *experiments(): AsyncIterable<ExperimentRecord> {
    const message = { view_type: "ALL", max_results: 1000 };
    for await (const wire of this.#all<WireExperiment>("POST", `${API}/experiments/search`, "experiments", message)) {
      const experiment = toExperiment(wire);
      this.#experimentIds.push(experiment.experimentId);
      yield experiment;
    }
  }

  async *runs(): AsyncIterable<SourceRun> {
    for (const id of this.#experimentIds) {
      const message = { experiment_ids: [id], run_view_type: "ALL", max_results: RUNS_PER_PAGE };
      let page: WireRun[] = [];
      for await (const wire of this.#all<WireRun>("POST", `${API}/runs/search`, "runs", message)) {
        page.push(wire);
        if (page.length < RUNS_PER_PAGE) continue;
        yield* this.#readRuns(page);
        page = [];
      }
      yield* this.#readRuns(page);
    }
  }

  async *loggedModels(): AsyncIterable<SourceLoggedModel> {
    if (this.#majorVersion < 3) return;
    for (const id of this.#experimentIds) {
      const message = { experiment_ids: [id] };
      for await (const wire of this.#all<WireLoggedModel>("POST", `${API}/logged-models/search`, "models", message)) {
        const record = toLoggedModel(wire);
        const path = proxiedPath(record.artifactUri);
        yield { record, artifacts: path === undefined ? undefined : new ProxiedArtifacts(this.#server, path) };
      }
    }
  }

  async *registeredModels(): AsyncIterable<RegisteredModelRecord> {
    const filters = ["", `tags.\`${IS_PROMPT_TAG}\` = 'true'`].slice(0, this.#majorVersion >= 3 ? 2 : 1);
    for (const filter of filters) {
      const message = { max_results: "100", ...(filter !== "" && { filter }) };
      for await (const model of this.#all<WireModel>(
        "GET",
        `${API}/registered-models/search`,
        "registered_models",
        message,
      )) {
        yield {
          name: model.name,
          description: model.description ?? null,
          creationTimeMs: timeMs(model.creation_timestamp),
          lastUpdateTimeMs: timeMs(model.last_updated_timestamp),
          tags: pairs(model.tags),
          aliases: (model.aliases ?? []).map(({ alias, version }) => ({ alias, version: Number(version) })),
          versions: await this.#versions(model.name, filter),
        };
      }
    }
  }

  async access(): Promise<AccessRecord | undefined> {
    return await readAccess(this.#server, this.#report);
  }

  async close(): Promise<void> {}

  async *#readRuns(wires: readonly WireRun[]): AsyncGenerator<SourceRun> {
    const runs = wires.map((wire) => {
      const record = toRun(wire);
      return { record, runId: record.runId, keys: (wire.data?.metrics ?? []).map(({ key }) => key).sort() };
    });
    const known = await this.#histories.read(runs);
    for (const some of slices(runs, RUNS_AT_A_TIME)) {
      yield* await Promise.all(
        some.map(async ({ record: found, runId, keys }) => {
          const record = await this.#withModelInputs(found);
          const metrics = await Promise.all(keys.map((key) => known.get(runId)?.get(key) ?? this.#history(runId, key)));
          return { record, metrics, artifacts: this.#artifacts(record) };
        }),
      );
    }
  }

  /** Reads the run itself, because a search omits the models that a run used. */
  async #withModelInputs(record: RunRecord): Promise<RunRecord> {
    if (this.#majorVersion < 3) return record;
    const { run } = await this.#server.get<{ run: WireRun }>(`${API}/runs/get`, { run_id: record.runId });
    return { ...record, modelInputs: toRun(run).modelInputs };
  }

  async #history(runId: string, key: string): Promise<MetricSeries> {
    const message = { run_id: runId, run_uuid: runId, metric_key: key, max_results: String(POINTS_PER_PAGE) };
    const points = await gather(this.#all<WirePoint>("GET", `${API}/metrics/get-history`, "metrics", message));
    return toSeries(key, points);
  }

  async #versions(name: string, filter: string) {
    const quoted = name.includes("'") ? `"${name}"` : `'${name}'`;
    const message = { filter: `name = ${quoted}${filter === "" ? "" : ` AND ${filter}`}`, max_results: "1000" };
    const wires = await gather(
      this.#all<WireVersion>("GET", `${API}/model-versions/search`, "model_versions", message),
    );
    const versions = await Promise.all(wires.map(async (wire) => toVersion(wire, await this.#location(wire))));
    return versions.sort((a, b) => a.version - b.version);
  }

  /** The place of a version's files; undefined for a version without files, such as a prompt. */
  async #location({ name, version }: WireVersion): Promise<string | undefined> {
    try {
      const query = { name, version };
      const answer = await this.#server.get<{ artifact_uri?: string }>(`${API}/model-versions/get-download-uri`, query);
      return answer.artifact_uri;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#report.problem(`registered model ${name}/version ${version}`, `where its files lie: ${error.message}`);
      return undefined;
    }
  }

  #artifacts(record: RunRecord): ArtifactFolder {
    const path = proxiedPath(record.artifactUri);
    return path === undefined ? new RunArtifacts(this.#server, record.runId) : new ProxiedArtifacts(this.#server, path);
  }

  /** All items of a paged list. */
  async *#all<Item>(
    method: "GET" | "POST",
    path: string,
    list: string,
    message: Readonly<Record<string, string | number | readonly string[]>>,
  ): AsyncGenerator<Item> {
    for (let token = ""; ; ) {
      const asked = { ...message, ...(token !== "" && { page_token: token }) };
      const page =
        method === "POST"
          ? await this.#server.post<Record<string, unknown>>(path, JSON.stringify(asked))
          : await this.#server.get<Record<string, unknown>>(path, asked as Record<string, string>);
      yield* (page[list] ?? []) as Item[];
      token = String(page.next_page_token ?? "");
      if (token === "") return;
    }
  }
}

async function gather<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}
