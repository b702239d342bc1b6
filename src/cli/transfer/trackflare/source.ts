import type { DatasetInput, KeyValue } from "../../../domain/entities.ts";
import { LOGGED_MODEL_STATUSES, RUN_STATUSES, STORED_STAGES } from "../../../domain/entities.ts";
import { type Int64, parseInt64 } from "../../../domain/int64.ts";
import type {
  ExperimentRecord,
  LoggedModelRecord,
  ModelVersionRecord,
  RegisteredModelRecord,
  RunRecord,
} from "../../../domain/records.ts";
import { readAccess } from "../../import/tracking-server/access.ts";
import { ProxiedArtifacts, proxiedPath } from "../../import/tracking-server/artifacts.ts";
import type { AccessRecord } from "../access.ts";
import type { Report } from "../report.ts";
import type { ArtifactFolder, Source, SourceLoggedModel, SourceRun } from "../source.ts";
import type { CellValue, Row, ServerRows, TableRows } from "./server-rows.ts";

/**
 * A Trackflare server, read by its tables. They have what MLflow's API omits: deleted logged models, when runs were deleted,
 * and the numbers of deleted versions.
 */
export class TrackflareSource implements Source {
  readonly title: string;
  readonly #rows: ServerRows;
  readonly #datasets = new Map<string, DatasetInput["dataset"]>();

  readonly #report: Report;

  constructor(rows: ServerRows, report: Report) {
    this.#rows = rows;
    this.#report = report;
    this.title = rows.server.url;
  }

  async countRuns(): Promise<undefined> {}

  async *experiments(): AsyncIterable<ExperimentRecord> {
    for await (const page of this.#rows.pages("experiments")) {
      const tags = this.#pairs(page, "experiment_tags", "experiment_id");
      for (const row of this.#rows.named(page, "experiments")) {
        yield {
          experimentId: text(row.experiment_id),
          name: text(row.name),
          artifactLocation: text(row.artifact_location),
          lifecycleStage: stage(row),
          creationTimeMs: number(row.creation_time),
          lastUpdateTimeMs: number(row.last_update_time),
          tags: tags.get(text(row.experiment_id)) ?? [],
        };
      }
    }
  }

  async *runs(): AsyncIterable<SourceRun> {
    for await (const page of this.#rows.pages("runs")) {
      const records = await this.#runRecords(page);
      const points = this.#rows.points(records.map(({ runId }) => runId));
      let next = await points.next();
      for (const record of records) {
        const of = next.done || next.value.runId !== record.runId ? undefined : next.value;
        if (of !== undefined) next = await points.next();
        yield { record, metrics: of?.metrics ?? [], artifacts: this.#artifacts(record.artifactUri) };
      }
    }
  }

  async *loggedModels(): AsyncIterable<SourceLoggedModel> {
    for await (const page of this.#rows.pages("logged_models")) {
      const params = this.#pairs(page, "logged_model_params", "model_id");
      const tags = this.#pairs(page, "logged_model_tags", "model_id");
      const metrics = this.#children(page, "logged_model_metrics", "model_id");
      for (const row of this.#rows.named(page, "logged_models")) {
        const modelId = text(row.model_id);
        const record: LoggedModelRecord = {
          modelId,
          experimentId: text(row.experiment_id),
          name: text(row.name),
          modelType: text(row.model_type),
          sourceRunId: text(row.source_run_id),
          status: LOGGED_MODEL_STATUSES.find((of) => of === row.status) ?? "LOGGED_MODEL_STATUS_UNSPECIFIED",
          statusMessage: nullable(row.status_message),
          artifactUri: text(row.artifact_uri),
          lifecycleStage: stage(row),
          creationTimeMs: number(row.creation_time),
          lastUpdateTimeMs: number(row.last_update_time),
          params: params.get(modelId) ?? [],
          tags: tags.get(modelId) ?? [],
          metrics: (metrics.get(modelId) ?? []).map((metric) => ({
            modelId,
            runId: text(metric.run_id),
            key: text(metric.key),
            value: metric.is_nan === "1" ? Number.NaN : Number(metric.value),
            timestamp: integer(metric.timestamp) ?? 0,
            step: integer(metric.step) ?? 0,
            datasetName: nullable(metric.dataset_name) ?? undefined,
            datasetDigest: nullable(metric.dataset_digest) ?? undefined,
          })),
        };
        yield { record, artifacts: this.#artifacts(record.artifactUri) };
      }
    }
  }

  async *registeredModels(): AsyncIterable<RegisteredModelRecord> {
    for await (const page of this.#rows.pages("registered_models")) {
      const id = "registered_model_id";
      const tags = this.#pairs(page, "registered_model_tags", id);
      const aliases = this.#children(page, "registered_model_aliases", id);
      const versions = this.#children(page, "model_versions", id);
      const versionTags = this.#children(page, "model_version_tags", id);
      for (const row of this.#rows.named(page, "registered_models")) {
        const of = text(row[id]);
        yield {
          name: text(row.name),
          description: nullable(row.description),
          creationTimeMs: number(row.creation_time),
          lastUpdateTimeMs: number(row.last_update_time),
          tags: tags.get(of) ?? [],
          aliases: (aliases.get(of) ?? []).map(({ alias, version }) => ({
            alias: text(alias),
            version: number(version),
          })),
          versions: (versions.get(of) ?? []).map((version) =>
            toVersion(
              version,
              (versionTags.get(of) ?? []).filter((tag) => tag.version === version.version),
            ),
          ),
        };
      }
    }
  }

  async access(): Promise<AccessRecord | undefined> {
    return await readAccess(this.#rows.server, this.#report);
  }

  async close(): Promise<void> {}

  async #runRecords(page: TableRows): Promise<RunRecord[]> {
    const params = this.#pairs(page, "params", "run_id");
    const tags = this.#pairs(page, "tags", "run_id");
    const inputs = this.#children(page, "inputs", "run_id");
    const inputTags = this.#children(page, "input_tags", "run_id");
    const modelInputs = this.#children(page, "model_inputs", "run_id");
    const modelOutputs = this.#children(page, "model_outputs", "run_id");
    const datasetIds = [...inputs.values()].flat().map((input) => text(input.dataset_id));
    if (datasetIds.some((id) => !this.#datasets.has(id))) await this.#readDatasets();
    return this.#rows.named(page, "runs").map((row): RunRecord => {
      const runId = text(row.run_id);
      return {
        runId,
        experimentId: text(row.experiment_id),
        runName: text(row.run_name),
        userId: text(row.user_id),
        status: RUN_STATUSES.find((of) => of === row.status) ?? "RUNNING",
        startTimeMs: integer(row.start_time),
        endTimeMs: integer(row.end_time),
        artifactUri: text(row.artifact_uri),
        lifecycleStage: stage(row),
        deletedTimeMs: row.deleted_time == null ? null : number(row.deleted_time),
        params: params.get(runId) ?? [],
        tags: tags.get(runId) ?? [],
        datasetInputs: (inputs.get(runId) ?? []).flatMap((input) => {
          const dataset = this.#datasets.get(text(input.dataset_id));
          const of = (inputTags.get(runId) ?? []).filter((tag) => tag.dataset_id === input.dataset_id);
          return dataset === undefined ? [] : [{ dataset, tags: of.map(toPair) }];
        }),
        modelInputs: (modelInputs.get(runId) ?? []).map((input) => text(input.model_id)),
        modelOutputs: (modelOutputs.get(runId) ?? []).map((output) => ({
          modelId: text(output.model_id),
          step: integer(output.step) ?? 0,
        })),
      };
    });
  }

  /** Datasets are few, and many runs share one. */
  async #readDatasets(): Promise<void> {
    for await (const page of this.#rows.pages("datasets")) {
      for (const row of this.#rows.named(page, "datasets")) {
        this.#datasets.set(text(row.dataset_id), {
          name: text(row.name),
          digest: text(row.digest),
          sourceType: text(row.source_type),
          source: text(row.source),
          schema: text(row.schema),
          profile: text(row.profile),
        });
      }
    }
  }

  #artifacts(uri: string): ArtifactFolder | undefined {
    const path = proxiedPath(uri);
    return path === undefined ? undefined : new ProxiedArtifacts(this.#rows.server, path);
  }

  #children(page: TableRows, table: string, by: string): Map<string, Row[]> {
    return Map.groupBy(this.#rows.named(page, table), (row) => text(row[by]));
  }

  #pairs(page: TableRows, table: string, by: string): Map<string, KeyValue[]> {
    return new Map([...this.#children(page, table, by)].map(([id, rows]) => [id, rows.map(toPair)]));
  }
}

function toPair({ key, value }: Row): KeyValue {
  return { key: text(key), value: text(value) };
}

function toVersion(row: Row, tags: readonly Row[]): ModelVersionRecord {
  const source = text(row.source);
  const location = nullable(row.storage_location);
  return {
    version: number(row.version),
    currentStage: STORED_STAGES.find((of) => of === row.current_stage) ?? "None",
    description: nullable(row.description),
    source,
    storageLocation: location,
    runId: nullable(row.run_id),
    runLink: nullable(row.run_link),
    creationTimeMs: number(row.creation_time),
    lastUpdateTimeMs: number(row.last_update_time),
    tags: tags.map(toPair),
  };
}

function stage({ lifecycle_stage }: Row): "active" | "deleted" {
  return lifecycle_stage === "deleted" ? "deleted" : "active";
}

function text(value: CellValue | undefined): string {
  return value == null ? "" : String(value);
}

function nullable(value: CellValue | undefined): string | null {
  return value == null ? null : String(value);
}

function integer(value: CellValue | undefined): Int64 | null {
  return value == null ? null : (parseInt64(String(value)) ?? null);
}

/** A time or a count, which fits a number exactly. */
function number(value: CellValue | undefined): number {
  return Number(integer(value) ?? 0);
}
