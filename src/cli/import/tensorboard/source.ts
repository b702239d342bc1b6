import { existsSync, openAsBlob, readdirSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { KeyValue } from "../../../domain/entities.ts";
import { toInt64 } from "../../../domain/int64.ts";
import type { ExperimentRecord, RegisteredModelRecord, RunRecord } from "../../../domain/records.ts";
import { RUN_NAME_TAG } from "../../../domain/run-names.ts";
import type { Report } from "../../transfer/report.ts";
import type { Source, SourceLoggedModel, SourceRun } from "../../transfer/source.ts";
import { UserError } from "../../user-error.ts";
import { derivedExperimentId, derivedRunId } from "../derived-ids.ts";
import { GrowingSeries } from "../growing-series.ts";
import { ListedArtifacts } from "../listed-artifacts.ts";
import { type SummaryValue, valuesOf } from "./event-file.ts";
import { sessionOf } from "./hparams.ts";

const EVENTS = /\.tfevents\./;

/**
 * A folder of TensorBoard's logs. It is one experiment. Each folder with event files is a run, named by its path. The ids are
 * derived from the names, so every import of a folder gives the same runs.
 */
export class TensorBoardSource implements Source {
  readonly title: string;
  readonly #root: string;
  readonly #experiment: string;
  readonly #report: Report;
  readonly #folders: readonly string[];

  /** @throws {UserError} unless there are event files in the folder. */
  constructor(path: string, experiment: string | undefined, report: Report) {
    this.#root = resolve(path);
    this.#report = report;
    this.#experiment = experiment ?? basename(this.#root);
    this.#folders = existsSync(this.#root) ? foldersWithEvents(this.#root, "") : [];
    if (this.#folders.length === 0) throw new UserError(`There are no event files of TensorBoard in ${this.#root}.`);
    this.title = `the folder ${this.#root}`;
  }

  async countRuns(): Promise<number> {
    return this.#folders.length;
  }

  async *experiments(): AsyncIterable<ExperimentRecord> {
    const times = this.#folders.flatMap((folder) =>
      eventFiles(join(this.#root, folder)).map((path) => Math.round(statSync(path).mtimeMs)),
    );
    yield {
      experimentId: derivedExperimentId(this.#experiment),
      name: this.#experiment,
      artifactLocation: "",
      lifecycleStage: "active",
      creationTimeMs: Math.min(...times),
      lastUpdateTimeMs: Math.max(...times),
      tags: [],
    };
  }

  async *runs(): AsyncIterable<SourceRun> {
    for (const folder of this.#folders) {
      const run = this.#readRun(folder);
      // A writer leaves a file even if it wrote nothing.
      if (run !== undefined) yield run;
    }
  }

  async *loggedModels(): AsyncIterable<SourceLoggedModel> {}

  async *registeredModels(): AsyncIterable<RegisteredModelRecord> {}

  async close(): Promise<void> {}

  #readRun(folder: string): SourceRun | undefined {
    const path = join(this.#root, folder);
    const name = folder || basename(this.#root);
    const run = new RunOfEvents();
    for (const file of eventFiles(path)) {
      const where = `run ${name}/${basename(file)}`;
      for (const value of valuesOf(file, (why) => this.#report.problem(where, why))) run.add(value, file);
    }
    if (run.firstMs === undefined) return undefined;
    const record: RunRecord = {
      runId: derivedRunId(this.#experiment, folder),
      experimentId: derivedExperimentId(this.#experiment),
      runName: name,
      userId: "",
      status: run.hasFailed ? "FAILED" : "FINISHED",
      startTimeMs: run.firstMs,
      endTimeMs: run.lastMs ?? null,
      artifactUri: pathToFileURL(path).href,
      lifecycleStage: "active",
      deletedTimeMs: null,
      params: run.params,
      tags: [{ key: RUN_NAME_TAG, value: name }],
      datasetInputs: [],
      modelInputs: [],
      modelOutputs: [],
    };
    return { record, metrics: run.series.all(), artifacts: run.files };
  }
}

/** The content of one run's event files. */
class RunOfEvents {
  readonly series = new GrowingSeries();
  readonly files = new ListedArtifacts();
  params: readonly KeyValue[] = [];
  hasFailed = false;
  firstMs: number | undefined;
  lastMs: number | undefined;

  add({ tag, wallTimeMs, step, content }: SummaryValue, eventFile: string): void {
    this.firstMs = Math.min(this.firstMs ?? wallTimeMs, wallTimeMs);
    this.lastMs = Math.max(this.lastMs ?? wallTimeMs, wallTimeMs);
    switch (content.kind) {
      case "scalar":
        this.series.add(tag, wallTimeMs, toInt64(step) ?? 0, content.value);
        break;
      case "text":
        this.files.addText(`text/${tag}/${step}.md`, content.texts.join("\n"));
        break;
      case "image": {
        const { offset, length, type } = content;
        this.files.add(`images/${tag}/${step}.${type}`, length, async () =>
          (await openAsBlob(eventFile)).slice(offset, offset + length),
        );
        break;
      }
      case "hparams": {
        const { params, hasFailed } = sessionOf(content.data);
        if (params.length > 0) this.params = [...new Map(params.map((param) => [param.key, param])).values()];
        this.hasFailed = hasFailed ?? this.hasFailed;
        break;
      }
      case "other":
    }
  }
}

function foldersWithEvents(root: string, below: string): string[] {
  const entries = readdirSync(join(root, below), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  const own = entries.some((entry) => entry.isFile() && EVENTS.test(entry.name)) ? [below] : [];
  const deeper = entries.filter((entry) => entry.isDirectory());
  return [...own, ...deeper.flatMap(({ name }) => foldersWithEvents(root, below === "" ? name : `${below}/${name}`))];
}

/** Ordered by name, because a name begins with the file's start time. */
function eventFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => EVENTS.test(name))
    .sort()
    .map((name) => join(folder, name));
}
