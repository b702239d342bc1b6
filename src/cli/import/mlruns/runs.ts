import { join } from "node:path";
import { z } from "zod";
import { type DatasetInput, RUN_STATUSES } from "../../../domain/entities.ts";
import type { ModelOutput } from "../../../domain/logged-model.ts";
import type { RunRecord } from "../../../domain/records.ts";
import { RUN_NAME_TAG } from "../../../domain/run-names.ts";
import { type MetricSeries, toMetricSeries } from "../../transfer/metric-series.ts";
import type { Report } from "../../transfer/report.ts";
import { filesBelow, foldersIn, meta, readMeta, readPairs, tryReadText, Unreadable } from "./files.ts";
import { readPoints } from "./points.ts";

const RunMeta = z.object({
  run_id: meta.id.optional(),
  run_uuid: meta.id.optional(),
  experiment_id: meta.id.optional(),
  /** Called `name` before MLflow 2.0. */
  run_name: meta.text,
  name: meta.text,
  user_id: meta.text,
  status: meta.integer.pipe(z.number().min(1).max(RUN_STATUSES.length)),
  start_time: meta.time,
  end_time: meta.time,
  deleted_time: meta.time,
  artifact_uri: meta.text,
  lifecycle_stage: meta.stage,
});

const DatasetMeta = z.object({
  name: meta.id,
  digest: meta.id,
  source_type: meta.text,
  source: meta.text,
  schema: meta.text,
  profile: meta.text,
});

const LinkMeta = z.object({
  source_type: meta.text,
  source_id: meta.text,
  destination_id: meta.text,
  step: meta.time,
  tags: z.record(z.string(), meta.text).nullish(),
});

/** Why the second of two runs with one id is not read. */
export const TWICE = "another experiment has a run of this id";

/** Reads the runs of one experiment's folder. */
export class RunReader {
  readonly #experimentId: string;
  readonly #path: string;
  readonly #report: Report;
  readonly #isRunOf: (experimentId: string, name: string) => boolean;
  readonly #datasets = new Map<string, DatasetInput["dataset"]>();

  /** @param isRunOf whether the folder of another experiment has a run of this name */
  constructor(
    experimentId: string,
    path: string,
    report: Report,
    isRunOf: (experimentId: string, name: string) => boolean,
  ) {
    this.#experimentId = experimentId;
    this.#path = path;
    this.#report = report;
    this.#isRunOf = isRunOf;
  }

  /** @throws {Unreadable} if the folder is not a run. */
  read(name: string): { readonly record: RunRecord; readonly metrics: readonly MetricSeries[] } {
    const folder = join(this.#path, name);
    const fields = readMeta(folder, RunMeta);
    const told = fields.run_id ?? fields.run_uuid;
    if (told !== undefined && told !== name) throw new Unreadable(`meta.yaml is of run ${told}`);
    // Somebody copied the run by hand. MLflow reads it only where its meta.yaml says that it is.
    const home = fields.experiment_id;
    if (home !== undefined && home !== this.#experimentId && this.#isRunOf(home, name)) {
      throw new Unreadable(TWICE);
    }
    const where = `run ${name}`;
    const onProblem = (below: string) => (key: string, why: string) =>
      this.#report.problem(`${where}/${below}/${key}`, why);
    const tags = readPairs(join(folder, "tags"), onProblem("tags"));
    const nameTag = tags.find(({ key }) => key === RUN_NAME_TAG)?.value;
    const record: RunRecord = {
      runId: name,
      experimentId: this.#experimentId,
      runName: fields.run_name || fields.name || nameTag || "",
      userId: fields.user_id,
      status: RUN_STATUSES[fields.status - 1]!,
      startTimeMs: fields.start_time,
      endTimeMs: fields.end_time,
      artifactUri: fields.artifact_uri,
      lifecycleStage: fields.lifecycle_stage,
      deletedTimeMs: fields.deleted_time,
      params: readPairs(join(folder, "params"), onProblem("params")),
      tags,
      ...this.#readLinks(folder, where),
    };
    return { record, metrics: this.#readMetrics(join(folder, "metrics"), where) };
  }

  #readMetrics(folder: string, where: string): MetricSeries[] {
    return filesBelow(folder).flatMap((key) => {
      const text = tryReadText(join(folder, key), (why) => this.#report.problem(`${where}/metrics/${key}`, why));
      const onProblem = (line: number, why: string) =>
        this.#report.problem(`${where}/metrics/${key} line ${line}`, why);
      const points = readPoints(text, onProblem);
      if (points.length === 0) return [];
      return toMetricSeries({
        key,
        timestamps: points.map(({ timestamp }) => timestamp),
        steps: points.map(({ step }) => step),
        values: points.map(({ value }) => value),
      });
    });
  }

  #readLinks(folder: string, where: string): Pick<RunRecord, "datasetInputs" | "modelInputs" | "modelOutputs"> {
    const datasetInputs: DatasetInput[] = [];
    const modelInputs: string[] = [];
    const modelOutputs: ModelOutput[] = [];
    for (const below of ["inputs", "outputs"] as const) {
      for (const name of foldersIn(join(folder, below))) {
        try {
          const link = readMeta(join(folder, below, name), LinkMeta);
          if (below === "outputs") modelOutputs.push({ modelId: link.destination_id, step: link.step ?? 0 });
          else if (link.source_type.startsWith("MODEL")) modelInputs.push(link.source_id);
          else {
            const tags = Object.entries(link.tags ?? {}).map(([key, value]) => ({ key, value }));
            datasetInputs.push({ dataset: this.#dataset(link.source_id), tags });
          }
        } catch (error) {
          if (!(error instanceof Unreadable)) throw error;
          this.#report.problem(`${where}/${below}/${name}`, error.message);
        }
      }
    }
    return { datasetInputs, modelInputs, modelOutputs };
  }

  /** @throws {Unreadable} */
  #dataset(id: string): DatasetInput["dataset"] {
    const known = this.#datasets.get(id);
    if (known !== undefined) return known;
    const fields = readMeta(join(this.#path, "datasets", id), DatasetMeta);
    const { name, digest, source, source_type: sourceType, schema, profile } = fields;
    const dataset = { name, digest, source, sourceType, schema, profile };
    this.#datasets.set(id, dataset);
    return dataset;
  }
}
