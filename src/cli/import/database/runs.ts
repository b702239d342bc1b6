import { type DatasetInput, type KeyValue, RUN_STATUSES, type RunStatus } from "../../../domain/entities.ts";
import type { Int64 } from "../../../domain/int64.ts";
import type { ModelOutput } from "../../../domain/logged-model.ts";
import type { RunRecord } from "../../../domain/records.ts";
import { RUN_NAME_TAG } from "../../../domain/run-names.ts";
import { type MetricSeries, toMetricSeries } from "../../transfer/metric-series.ts";
import type { Report } from "../../transfer/report.ts";
import { double, integer, text, time, truth } from "./sql-database.ts";
import { placeholders, type Row, type Tables } from "./tables.ts";

const RUNS_PER_PAGE = 200;

const RUN_COLUMNS = [
  ...["run_uuid", "experiment_id", "name", "user_id", "status", "start_time", "end_time", "deleted_time"],
  ...["lifecycle_stage", "artifact_uri"],
];

export interface DatabaseRun {
  readonly record: RunRecord;
  readonly metrics: readonly MetricSeries[];
}

/** The runs of these experiments, ordered by id, with their points. Only one run's points are in memory at a time. */
export async function* readRuns(
  tables: Tables,
  experimentIds: ReadonlySet<string>,
  report: Report,
): AsyncIterable<DatabaseRun> {
  for (let after = ""; ; ) {
    const rest = `WHERE run_uuid > ? ORDER BY run_uuid LIMIT ${RUNS_PER_PAGE}`;
    const page = await tables.read("runs", RUN_COLUMNS, rest, [after]);
    const ids = page.map((row) => text(row.run_uuid));
    const details = await readDetails(tables, ids);
    for (const row of page) {
      if (!experimentIds.has(text(row.experiment_id))) continue;
      const record = toRecord(row, details, report);
      if (record !== undefined) yield { record, metrics: await readMetrics(tables, record.runId) };
    }
    if (page.length < RUNS_PER_PAGE) return;
    after = ids.at(-1)!;
  }
}

interface Details {
  readonly params: ReadonlyMap<string, readonly KeyValue[]>;
  readonly tags: ReadonlyMap<string, readonly KeyValue[]>;
  readonly datasetInputs: ReadonlyMap<string, readonly DatasetInput[]>;
  readonly modelInputs: ReadonlyMap<string, readonly string[]>;
  readonly modelOutputs: ReadonlyMap<string, readonly ModelOutput[]>;
}

function toRecord(row: Row, details: Details, report: Report): RunRecord | undefined {
  const runId = text(row.run_uuid);
  const status = text(row.status);
  if (!isStatus(status)) {
    report.unreadable("runs", `run ${runId}`, `its status is '${status}'`);
    return undefined;
  }
  const tags = details.tags.get(runId) ?? [];
  return {
    runId,
    experimentId: text(row.experiment_id),
    runName: text(row.name) || (tags.find(({ key }) => key === RUN_NAME_TAG)?.value ?? ""),
    userId: text(row.user_id),
    status,
    startTimeMs: integer(row.start_time),
    endTimeMs: integer(row.end_time),
    artifactUri: text(row.artifact_uri),
    lifecycleStage: row.lifecycle_stage === "deleted" ? "deleted" : "active",
    deletedTimeMs: time(row.deleted_time),
    params: details.params.get(runId) ?? [],
    tags,
    datasetInputs: details.datasetInputs.get(runId) ?? [],
    modelInputs: details.modelInputs.get(runId) ?? [],
    modelOutputs: details.modelOutputs.get(runId) ?? [],
  };
}

function isStatus(status: string): status is RunStatus {
  return RUN_STATUSES.some((known) => known === status);
}

async function readDetails(tables: Tables, runIds: readonly string[]): Promise<Details> {
  const ofRuns = `WHERE run_uuid IN (${placeholders(runIds)}) ORDER BY run_uuid, "key"`;
  const pairs = async (table: string) => {
    const rows = runIds.length === 0 ? [] : await tables.read(table, ["run_uuid", "key", "value"], ofRuns, runIds);
    return grouped(rows, "run_uuid", (row) => ({ key: text(row.key), value: text(row.value) }));
  };
  const links = await readLinks(tables, runIds);
  return { params: await pairs("params"), tags: await pairs("tags"), ...links };
}

async function readLinks(tables: Tables, runIds: readonly string[]) {
  const columns = ["input_uuid", "source_type", "source_id", "destination_type", "destination_id", "step"];
  const list = placeholders(runIds);
  const rows =
    runIds.length === 0
      ? []
      : await tables.read(
          "inputs",
          columns,
          `WHERE (destination_type = 'RUN' AND destination_id IN (${list}))
             OR (source_type IN ('RUN_INPUT', 'RUN_OUTPUT') AND source_id IN (${list})) ORDER BY input_uuid`,
          [...runIds, ...runIds],
        );
  const ofDatasets = rows.filter((row) => row.source_type === "DATASET" && row.destination_type === "RUN");
  const datasets = await readDatasets(tables, [...new Set(ofDatasets.map((row) => text(row.source_id)))]);
  const inputIds = ofDatasets.map((row) => text(row.input_uuid));
  const tagRows =
    inputIds.length === 0
      ? []
      : await tables.read(
          "input_tags",
          ["input_uuid", "name", "value"],
          `WHERE input_uuid IN (${placeholders(inputIds)}) ORDER BY input_uuid, name`,
          inputIds,
        );
  const tagsOf = grouped(tagRows, "input_uuid", (row) => ({ key: text(row.name), value: text(row.value) }));
  const toInput = (row: Row): DatasetInput[] => {
    const dataset = datasets.get(text(row.source_id));
    return dataset === undefined ? [] : [{ dataset, tags: tagsOf.get(text(row.input_uuid)) ?? [] }];
  };
  const datasetInputs = new Map(
    [...Map.groupBy(ofDatasets, (row) => text(row.destination_id))].map(([id, of]) => [id, of.flatMap(toInput)]),
  );
  const ofType = (type: string) => rows.filter((row) => row.source_type === type);
  return {
    datasetInputs,
    modelInputs: grouped(ofType("RUN_INPUT"), "source_id", (row) => text(row.destination_id)),
    modelOutputs: grouped(ofType("RUN_OUTPUT"), "source_id", (row) => ({
      modelId: text(row.destination_id),
      step: integer(row.step) ?? 0,
    })),
  };
}

async function readDatasets(tables: Tables, ids: readonly string[]): Promise<Map<string, DatasetInput["dataset"]>> {
  if (ids.length === 0) return new Map();
  const columns = [
    ...["dataset_uuid", "name", "digest", "dataset_source_type", "dataset_source", "dataset_schema", "dataset_profile"],
  ];
  const rows = await tables.read("datasets", columns, `WHERE dataset_uuid IN (${placeholders(ids)})`, ids);
  return new Map(
    rows.map((row) => [
      text(row.dataset_uuid),
      {
        name: text(row.name),
        digest: text(row.digest),
        sourceType: text(row.dataset_source_type),
        source: text(row.dataset_source),
        schema: text(row.dataset_schema),
        profile: text(row.dataset_profile),
      },
    ]),
  );
}

interface Points {
  readonly timestamps: Int64[];
  readonly steps: Int64[];
  readonly values: number[];
}

async function readMetrics(tables: Tables, runId: string): Promise<MetricSeries[]> {
  const columns = ["key", "value", "timestamp", "step", "is_nan"];
  const rows = await tables.readValues("metrics", columns, "WHERE run_uuid = ?", [runId]);
  const byKey = new Map<string, Points>();
  for (const [name, value, timestamp, step, isNan] of rows) {
    const key = text(name);
    let points = byKey.get(key);
    if (points === undefined) {
      points = { timestamps: [], steps: [], values: [] };
      byKey.set(key, points);
    }
    points.timestamps.push(integer(timestamp) ?? 0);
    points.steps.push(integer(step) ?? 0);
    points.values.push(truth(isNan) ? Number.NaN : double(value));
  }
  return [...byKey.keys()].sort().map((key) => toMetricSeries({ key, ...inOrder(byKey.get(key)!) }));
}

/**
 * Points by timestamp, step and value, so that a later import reads the same. A table mostly has them in this order, and the
 * database would need more time to sort them than to read them.
 */
function inOrder(points: Points): Points {
  const { timestamps, steps, values } = points;
  const compare = (a: number, b: number): number => {
    if (timestamps[a] !== timestamps[b]) return timestamps[a]! < timestamps[b]! ? -1 : 1;
    if (steps[a] !== steps[b]) return steps[a]! < steps[b]! ? -1 : 1;
    return compareValues(values[a]!, values[b]!);
  };
  const order = [...values.keys()];
  if (order.every((index) => index === 0 || compare(index - 1, index) <= 0)) return points;
  order.sort(compare);
  return {
    timestamps: order.map((index) => timestamps[index]!),
    steps: order.map((index) => steps[index]!),
    values: order.map((index) => values[index]!),
  };
}

/** NaN is after all numbers. */
function compareValues(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a - b;
}

export function grouped<T>(rows: readonly Row[], by: string, to: (row: Row) => T): Map<string, T[]> {
  return new Map([...Map.groupBy(rows, (row) => text(row[by]))].map(([id, of]) => [id, of.map(to)]));
}
