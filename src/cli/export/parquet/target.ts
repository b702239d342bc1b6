import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { ExperimentRecord, RunRecord } from "../../../domain/records.ts";
import type { MetricSeries } from "../../transfer/metric-series.ts";
import { recordJson } from "../../transfer/record-json.ts";
import type { Item, RunItem, Target, WrittenArtifacts } from "../../transfer/target.ts";
import { UserError } from "../../user-error.ts";
import { TableFile, unfinished } from "./table-file.ts";

const RUNS = {
  run_id: "text",
  experiment_id: "text",
  experiment_name: "text",
  run_name: "text",
  user_id: "text",
  status: "text",
  lifecycle_stage: "text",
  start_time: "time",
  end_time: "time",
  deleted_time: "time",
  artifact_uri: "text",
  params: "text",
  tags: "text",
  metrics: "text",
  datasets: "text",
  model_inputs: "text",
  model_outputs: "text",
} as const;

const POINTS = { run_id: "text", key: "text", timestamp: "int64", step: "int64", value: "double" } as const;

const RUNS_PER_GROUP = 10_000;
const POINTS_PER_GROUP = 500_000;

/** Runs and points as two Parquet files, for pandas, DuckDB and Polars. The files hold nothing else. */
export class ParquetTarget implements Target {
  readonly title: string;
  readonly artifactHome = { uri: "mlflow-artifacts:", isForAll: false };
  readonly isServer = false;
  readonly takesOnlyRuns = true;
  readonly #runs: TableFile<keyof typeof RUNS>;
  readonly #points: TableFile<keyof typeof POINTS>;
  readonly #experimentNames = new Map<string, string>();

  private constructor(folder: string, runs: TableFile<keyof typeof RUNS>, points: TableFile<keyof typeof POINTS>) {
    this.title = `the folder ${folder}`;
    this.#runs = runs;
    this.#points = points;
  }

  /** @throws {UserError} if the folder holds anything but a Parquet export. */
  static async open(place: string): Promise<ParquetTarget> {
    const folder = resolve(place);
    const paths = ["runs.parquet", "points.parquet"].map((name) => join(folder, name)) as [string, string];
    const ours = new Set([...paths, ...paths.map(unfinished)]);
    const others = existsSync(folder) ? readdirSync(folder).filter((name) => !ours.has(join(folder, name))) : [];
    if (others.length > 0) {
      throw new UserError(`${folder} holds ${others[0]}, which no export has written. Name a new folder.`);
    }
    mkdirSync(folder, { recursive: true });
    return new ParquetTarget(
      folder,
      await TableFile.create(paths[0], RUNS, RUNS_PER_GROUP),
      await TableFile.create(paths[1], POINTS, POINTS_PER_GROUP),
    );
  }

  /** Each export writes the file again. */
  async known(): Promise<never[]> {
    return [];
  }

  async writeExperiments(items: readonly Item<ExperimentRecord>[]): Promise<void> {
    for (const { record } of items) this.#experimentNames.set(record.experimentId, record.name);
  }

  async writeRuns(items: readonly RunItem[]): Promise<WrittenArtifacts> {
    for (const { record, metrics } of items) {
      this.#writeRun(record, metrics);
      for (const series of metrics) this.#writeSeries(record.runId, series);
    }
    return { files: 0, bytes: 0 };
  }

  async writeLoggedModels(): Promise<WrittenArtifacts> {
    return { files: 0, bytes: 0 };
  }

  async writeRegisteredModels(): Promise<void> {}

  async finish(): Promise<void> {
    this.#runs.finish();
    this.#points.finish();
  }

  async close(): Promise<void> {}

  #writeRun(record: RunRecord, metrics: readonly MetricSeries[]): void {
    const pairs = (of: RunRecord["params"]) =>
      JSON.stringify(Object.fromEntries(of.map(({ key, value }) => [key, value])));
    this.#runs.add({
      run_id: record.runId,
      experiment_id: record.experimentId,
      experiment_name: this.#experimentNames.get(record.experimentId) ?? null,
      run_name: record.runName,
      user_id: record.userId,
      status: record.status,
      lifecycle_stage: record.lifecycleStage,
      start_time: record.startTimeMs,
      end_time: record.endTimeMs,
      deleted_time: record.deletedTimeMs,
      artifact_uri: record.artifactUri,
      params: pairs(record.params),
      tags: pairs(record.tags),
      metrics: `{${metrics.map((series) => `${JSON.stringify(series.key)}:${recordJson(lastValue(series))}`).join(",")}}`,
      datasets: recordJson(record.datasetInputs),
      model_inputs: recordJson(record.modelInputs),
      model_outputs: recordJson(record.modelOutputs),
    });
  }

  #writeSeries(runId: string, { key, timestamps, steps, values }: MetricSeries): void {
    values.forEach((value, i) => {
      this.#points.add({ run_id: runId, key, timestamp: timestamps[i]!, step: steps[i]!, value });
    });
  }
}

/** MLflow's latest point: the greatest step, then the greatest timestamp, then the greatest value. */
function lastValue({ timestamps, steps, values }: MetricSeries): number {
  let last = 0;
  const isLater = (i: number) => {
    if (steps[i] !== steps[last]) return steps[i]! > steps[last]!;
    if (timestamps[i] !== timestamps[last]) return timestamps[i]! > timestamps[last]!;
    return values[i]! > values[last]! || Number.isNaN(values[last]);
  };
  for (let i = 1; i < values.length; i++) if (isLater(i)) last = i;
  return values[last]!;
}
