import { LOGGED_MODEL_STATUSES, STORED_STAGES } from "../../../domain/entities.ts";
import type { LoggedModelRecord, ModelVersionRecord, RegisteredModelRecord } from "../../../domain/records.ts";
import { grouped } from "./runs.ts";
import { integer, nullableText, text, time } from "./sql-database.ts";
import { placeholders, type Row, type Tables } from "./tables.ts";

const MODELS_PER_PAGE = 200;

/** Logged models, which exist from MLflow 3 on. */
export async function* readLoggedModels(
  tables: Tables,
  experimentIds: ReadonlySet<string>,
): AsyncIterable<LoggedModelRecord> {
  const columns = [
    ...["model_id", "experiment_id", "name", "artifact_location", "creation_timestamp_ms", "last_updated_timestamp_ms"],
    ...["status", "lifecycle_stage", "model_type", "source_run_id", "status_message"],
  ];
  for (let after = ""; ; ) {
    const page = await tables.read(
      "logged_models",
      columns,
      `WHERE model_id > ? ORDER BY model_id LIMIT ${MODELS_PER_PAGE}`,
      [after],
    );
    const ids = page.map((row) => text(row.model_id));
    if (ids.length === 0) return;
    const ofModels = `WHERE model_id IN (${placeholders(ids)}) ORDER BY model_id`;
    const params = await tables.read(
      "logged_model_params",
      ["model_id", "param_key", "param_value"],
      `${ofModels}, param_key`,
      ids,
    );
    const tags = await tables.read(
      "logged_model_tags",
      ["model_id", "tag_key", "tag_value"],
      `${ofModels}, tag_key`,
      ids,
    );
    const metrics = await tables.read(
      "logged_model_metrics",
      [
        ...["model_id", "metric_name", "metric_timestamp_ms", "metric_step", "metric_value", "run_id"],
        ...["dataset_name", "dataset_digest"],
      ],
      `${ofModels}, metric_name, metric_timestamp_ms, metric_step, run_id`,
      ids,
    );
    const paramsOf = grouped(params, "model_id", (row) => ({ key: text(row.param_key), value: text(row.param_value) }));
    const tagsOf = grouped(tags, "model_id", (row) => ({ key: text(row.tag_key), value: text(row.tag_value) }));
    const metricsOf = grouped(metrics, "model_id", toMetric);
    for (const row of page) {
      if (!experimentIds.has(text(row.experiment_id))) continue;
      const modelId = text(row.model_id);
      yield {
        modelId,
        experimentId: text(row.experiment_id),
        name: text(row.name),
        modelType: text(row.model_type),
        sourceRunId: text(row.source_run_id),
        status: LOGGED_MODEL_STATUSES[Number(row.status)] ?? "LOGGED_MODEL_STATUS_UNSPECIFIED",
        statusMessage: nullableText(row.status_message),
        artifactUri: text(row.artifact_location),
        lifecycleStage: row.lifecycle_stage === "deleted" ? "deleted" : "active",
        creationTimeMs: time(row.creation_timestamp_ms) ?? 0,
        lastUpdateTimeMs: time(row.last_updated_timestamp_ms) ?? 0,
        params: paramsOf.get(modelId) ?? [],
        tags: tagsOf.get(modelId) ?? [],
        metrics: metricsOf.get(modelId) ?? [],
      };
    }
    after = ids.at(-1)!;
  }
}

/** The table of metrics has no column for NaN, so NULL stands for NaN. */
function toMetric(row: Row): LoggedModelRecord["metrics"][number] {
  return {
    modelId: text(row.model_id),
    runId: text(row.run_id),
    key: text(row.metric_name),
    value: row.metric_value === null ? Number.NaN : Number(row.metric_value),
    timestamp: integer(row.metric_timestamp_ms) ?? 0,
    step: integer(row.metric_step) ?? 0,
    datasetName: nullableText(row.dataset_name) ?? undefined,
    datasetDigest: nullableText(row.dataset_digest) ?? undefined,
  };
}

/** Registered models of the default workspace, one by one with all of their versions. */
export async function* readRegisteredModels(tables: Tables): AsyncIterable<RegisteredModelRecord> {
  const isOurs = (table: string) => tables.inDefaultWorkspace(table);
  const models = await tables.read(
    "registered_models",
    ["name", "description", "creation_time", "last_updated_time"],
    `WHERE ${isOurs("registered_models")} ORDER BY name`,
  );
  for (const model of models) {
    const name = text(model.name);
    const read = (table: string, columns: readonly string[], order: string) =>
      tables.read(table, columns, `WHERE name = ? AND ${isOurs(table)} ORDER BY ${order}`, [name]);
    const tags = await read("registered_model_tags", ["key", "value"], '"key"');
    const aliases = await read("registered_model_aliases", ["alias", "version"], "alias");
    const versions = await read(
      "model_versions",
      [
        ...["version", "current_stage", "description", "source", "storage_location", "run_id", "run_link"],
        ...["creation_time", "last_updated_time"],
      ],
      "version",
    );
    const versionTags = await read("model_version_tags", ["version", "key", "value"], 'version, "key"');
    const tagsOf = grouped(versionTags, "version", (row) => ({ key: text(row.key), value: text(row.value) }));
    yield {
      name,
      description: nullableText(model.description),
      creationTimeMs: time(model.creation_time) ?? 0,
      lastUpdateTimeMs: time(model.last_updated_time) ?? 0,
      tags: tags.map((row) => ({ key: text(row.key), value: text(row.value) })),
      aliases: aliases.map((row) => ({ alias: text(row.alias), version: Number(row.version) })),
      versions: versions.map((row): ModelVersionRecord => {
        const stage = STORED_STAGES.find((known) => known === row.current_stage) ?? "None";
        return {
          version: Number(row.version),
          currentStage: stage,
          description: nullableText(row.description),
          source: text(row.source),
          storageLocation: nullableText(row.storage_location),
          runId: nullableText(row.run_id),
          runLink: nullableText(row.run_link),
          creationTimeMs: time(row.creation_time) ?? 0,
          lastUpdateTimeMs: time(row.last_updated_time) ?? 0,
          tags: tagsOf.get(String(row.version)) ?? [],
        };
      }),
    };
  }
}
