import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import type { ExperimentRecord, LoggedModelRecord, RegisteredModelRecord } from "../../../domain/records.ts";
import type { Kind, Report } from "../../transfer/report.ts";
import type { ArtifactFolder, Source, SourceLoggedModel, SourceRun } from "../../transfer/source.ts";
import { UserError } from "../../user-error.ts";
import { LocalArtifacts, localFolder } from "../local-artifacts.ts";
import { foldersIn, meta, readMeta, readPairs, Unreadable } from "./files.ts";
import { readLoggedModel } from "./logged-models.ts";
import { readRegisteredModel } from "./registered-models.ts";
import { RunReader, TWICE } from "./runs.ts";

const TRASH = ".trash";
/** A folder beside the experiments; in each experiment, a folder beside the runs. */
const MODELS = "models";
/** Folders beside an experiment's runs that are not runs. */
const NOT_RUNS: ReadonlySet<string> = new Set(["tags", "datasets", "traces", MODELS]);

const ExperimentMeta = z.object({
  experiment_id: meta.id,
  name: meta.id,
  artifact_location: meta.text,
  lifecycle_stage: meta.stage,
  creation_time: meta.time,
  last_update_time: meta.time,
});

interface ExperimentFolder {
  readonly id: string;
  readonly path: string;
}

/** MLflow's file store: the folder `mlruns`, or the folder that contains it. */
export class MlrunsSource implements Source {
  readonly title: string;
  readonly #root: string;
  readonly #report: Report;
  /** The experiments with a readable meta.yaml, ordered by id. */
  readonly #experiments = new Map<string, ExperimentFolder>();
  readonly #seenRuns = new Set<string>();

  /** @throws {UserError} unless the folder is a file store. */
  constructor(path: string, report: Report) {
    this.#root = fileStoreIn(path);
    this.#report = report;
    this.title = `the folder ${this.#root}`;
  }

  async countRuns(): Promise<number> {
    return this.#experimentFolders().reduce((sum, { path }) => sum + runFolders(path).length, 0);
  }

  async *experiments(): AsyncIterable<ExperimentRecord> {
    for (const folder of this.#experimentFolders()) {
      const experiment = this.#try("experiments", `experiment ${folder.id}`, () => this.#readExperiment(folder));
      if (experiment === undefined) continue;
      this.#experiments.set(folder.id, folder);
      yield experiment;
    }
  }

  async *runs(): AsyncIterable<SourceRun> {
    const isRunOf = (experimentId: string, name: string) => {
      const path = this.#experiments.get(experimentId)?.path;
      return path !== undefined && existsSync(join(path, name, "meta.yaml"));
    };
    for (const experiment of this.#experiments.values()) {
      const reader = new RunReader(experiment.id, experiment.path, this.#report, isRunOf);
      for (const name of runFolders(experiment.path)) {
        const where = `run ${experiment.id}/${name}`;
        const run = this.#try("runs", where, () => {
          if (this.#seenRuns.has(name)) throw new Unreadable(TWICE);
          return reader.read(name);
        });
        if (run === undefined) continue;
        this.#seenRuns.add(name);
        yield { ...run, artifacts: this.#artifacts(where, join(experiment.path, name), run.record.artifactUri) };
      }
    }
  }

  async *loggedModels(): AsyncIterable<SourceLoggedModel> {
    for (const experiment of this.#experiments.values()) {
      for (const name of foldersIn(join(experiment.path, MODELS))) {
        const path = join(experiment.path, MODELS, name);
        const where = `logged model ${name}`;
        const onProblem = (below: string, why: string) => this.#report.problem(`${where}/${below}`, why);
        const record = this.#try(
          "logged models",
          where,
          (): LoggedModelRecord => readLoggedModel(path, experiment.id, onProblem),
        );
        if (record !== undefined) yield { record, artifacts: this.#artifacts(where, path, record.artifactUri) };
      }
    }
  }

  async *registeredModels(): AsyncIterable<RegisteredModelRecord> {
    for (const name of foldersIn(join(this.#root, MODELS))) {
      const where = `registered model ${name}`;
      const onProblem = (below: string, why: string) => this.#report.problem(`${where}/${below}`, why);
      const model = this.#try("registered models", where, () =>
        readRegisteredModel(join(this.#root, MODELS, name), onProblem),
      );
      if (model !== undefined) yield model;
    }
  }

  async close(): Promise<void> {}

  #experimentFolders(): ExperimentFolder[] {
    const inFolder = (folder: string) =>
      foldersIn(folder)
        .filter((name) => name !== TRASH && !(folder === this.#root && name === MODELS))
        .map((id) => ({ id, path: join(folder, id) }));
    const seen = new Set<string>();
    return [...inFolder(this.#root), ...inFolder(join(this.#root, TRASH))].filter(({ id, path }) => {
      if (!seen.has(id)) return seen.add(id);
      this.#report.unreadable(
        "experiments",
        `experiment folder ${path}`,
        "another folder has an experiment of this id",
      );
      return false;
    });
  }

  /** The artifacts are in the run's folder, even if the whole file store was moved, or at the run's URI. */
  #artifacts(where: string, folder: string, artifactUri: string): ArtifactFolder | undefined {
    const beside = join(folder, "artifacts");
    const found = existsSync(beside) ? beside : localFolder(artifactUri);
    if (found === undefined) return undefined;
    // MLflow creates a run's folder with the run, and a model's folder with the model's first file.
    if (!existsSync(found) && where.startsWith("run ")) this.#report.problem(`${where}/artifacts`, "it is missing");
    return new LocalArtifacts(found);
  }

  #readExperiment({ id, path }: ExperimentFolder): ExperimentRecord {
    const fields = readMeta(path, ExperimentMeta);
    if (fields.experiment_id !== id) throw new Unreadable(`meta.yaml is of experiment ${fields.experiment_id}`);
    return {
      experimentId: id,
      name: fields.name,
      artifactLocation: fields.artifact_location,
      lifecycleStage: fields.lifecycle_stage,
      creationTimeMs: fields.creation_time ?? 0,
      lastUpdateTimeMs: fields.last_update_time ?? fields.creation_time ?? 0,
      tags: readPairs(join(path, "tags"), (key, why) => this.#report.problem(`experiment ${id}/tags/${key}`, why)),
    };
  }

  /** The result of `read`. If the thing is unreadable, reports and counts it, and returns undefined. */
  #try<T>(kind: Kind, where: string, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      this.#report.unreadable(kind, where, error.message);
      return undefined;
    }
  }
}

function fileStoreIn(path: string): string {
  const root = resolve(path);
  for (const folder of [root, join(root, "mlruns")]) {
    const holds = [...foldersIn(folder), ...foldersIn(join(folder, TRASH)).map((name) => join(TRASH, name))];
    if (holds.some((name) => existsSync(join(folder, name, "meta.yaml")))) return folder;
  }
  const what = existsSync(root) && statSync(root).isDirectory() ? "has no experiments in it" : "is no folder";
  throw new UserError(`${root} ${what}. Name the folder that MLflow logged to, mostly called mlruns.`);
}

function runFolders(experiment: string): string[] {
  return foldersIn(experiment).filter((name) => !NOT_RUNS.has(name));
}
