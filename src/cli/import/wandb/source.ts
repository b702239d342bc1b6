import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { KeyValue } from "../../../domain/entities.ts";
import type { ExperimentRecord, RegisteredModelRecord, RunRecord } from "../../../domain/records.ts";
import { RUN_NAME_TAG } from "../../../domain/run-names.ts";
import type { Report } from "../../transfer/report.ts";
import type { Source, SourceLoggedModel, SourceRun } from "../../transfer/source.ts";
import { UserError } from "../../user-error.ts";
import { derivedExperimentId, derivedRunId } from "../derived-ids.ts";
import { RunContent } from "./run-content.ts";
import { eventsOf, type Metadata, type RunHead } from "./run-log.ts";

/** The logs of one run, in the order in which they were written: a resumed run has several. */
interface Run {
  readonly head: RunHead;
  readonly experiment: string;
  readonly logs: string[];
}

/**
 * A folder of W&B's local runs, such as `./wandb`. Each project is an experiment. The ids are derived from W&B's, so every
 * import of a run gives the same run.
 */
export class WandbSource implements Source {
  readonly title: string;
  readonly #root: string;
  readonly #report: Report;
  readonly #runs: readonly Run[];

  /**
   * @param experiment the experiment of all runs; undefined for one for each project
   * @throws {UserError} unless there are logs of runs in the folder.
   */
  constructor(path: string, experiment: string | undefined, report: Report) {
    this.#root = resolve(path);
    this.#report = report;
    const logs = existsSync(this.#root) ? logsBelow(this.#root) : [];
    if (logs.length === 0) throw new UserError(`There are no runs of W&B (run-….wandb) in ${this.#root}.`);
    this.#runs = this.#group(logs, experiment);
    this.title = `the folder ${this.#root}`;
  }

  async countRuns(): Promise<number> {
    return this.#runs.length;
  }

  async *experiments(): AsyncIterable<ExperimentRecord> {
    const times = new Map<string, number[]>();
    for (const { experiment, head } of this.#runs) {
      times.set(experiment, [...(times.get(experiment) ?? []), head.startMs ?? 0]);
    }
    for (const [name, starts] of times) {
      yield {
        experimentId: derivedExperimentId(name),
        name,
        artifactLocation: "",
        lifecycleStage: "active",
        creationTimeMs: Math.min(...starts),
        lastUpdateTimeMs: Math.max(...starts),
        tags: [],
      };
    }
  }

  async *runs(): AsyncIterable<SourceRun> {
    for (const run of this.#runs) yield this.#readRun(run);
  }

  async *loggedModels(): AsyncIterable<SourceLoggedModel> {}

  async *registeredModels(): AsyncIterable<RegisteredModelRecord> {}

  async close(): Promise<void> {}

  /** Finds which logs are of one run. */
  #group(logs: readonly string[], experiment: string | undefined): Run[] {
    const runs = new Map<string, Run>();
    for (const log of logs) {
      const head = this.#headOf(log);
      if (head === undefined) continue;
      const key = JSON.stringify([head.entity, head.project, head.runId]);
      const run = runs.get(key);
      if (run !== undefined) run.logs.push(log);
      else runs.set(key, { head, experiment: experiment ?? (head.project || "uncategorized"), logs: [log] });
    }
    return [...runs.values()];
  }

  #headOf(log: string): RunHead | undefined {
    const problems: string[] = [];
    for (const event of eventsOf(log, (why) => problems.push(why))) if (event.kind === "run") return event.head;
    this.#report.unreadable("runs", this.#where(log), problems[0] ?? "it does not tell its run");
    return undefined;
  }

  #where(log: string): string {
    return `run ${log.slice(this.#root.length + 1)}`;
  }

  #readRun({ logs, experiment, head: { entity, project, runId } }: Run): SourceRun {
    const run = new RunContent((where, why) => this.#report.problem(`run ${project}/${runId}/${where}`, why));
    for (const log of logs) {
      for (const event of eventsOf(log, (why) => this.#report.problem(this.#where(log), why))) run.add(event);
      run.addFolder(join(log, "../files"));
    }
    const name = run.head?.name || runId;
    const metadata = { ...readMetadata(join(logs.at(-1)!, "../files/wandb-metadata.json")), ...run.metadata };
    const record: RunRecord = {
      runId: derivedRunId("wandb", experiment, entity, project, runId),
      experimentId: derivedExperimentId(experiment),
      runName: name,
      userId: metadata.username ?? "",
      status: run.status,
      startTimeMs: run.head?.startMs ?? run.firstMs ?? null,
      endTimeMs: run.lastMs ?? null,
      artifactUri: pathToFileURL(join(logs[0]!, "..")).href,
      lifecycleStage: "active",
      deletedTimeMs: null,
      params: run.params,
      tags: tagsOf(run.head!, name, metadata),
      datasetInputs: [],
      modelInputs: [],
      modelOutputs: [],
    };
    return { record, metrics: run.metrics, artifacts: run.artifacts() };
  }
}

/** Older clients write the metadata into a file only. */
function readMetadata(path: string): Metadata {
  try {
    return (JSON.parse(readFileSync(path, "utf8")) as Metadata | null) ?? {};
  } catch {
    // An unreadable file still arrives as one of the run's files.
    return {};
  }
}

/** A label of W&B's is a tag with the value `true`, so that `tags.baseline = 'true'` finds it. */
function tagsOf(head: RunHead, name: string, { username, program, git }: Metadata): KeyValue[] {
  const told: Record<string, string | undefined> = {
    ...Object.fromEntries(head.tags.map((label) => [label, "true"])),
    [RUN_NAME_TAG]: name,
    "mlflow.note.content": head.notes,
    "mlflow.user": username,
    "mlflow.source.name": program,
    "mlflow.source.git.commit": git?.commit,
    "mlflow.source.git.repoURL": git?.remote,
    "wandb.run_id": head.runId,
    "wandb.entity": head.entity,
    "wandb.project": head.project,
    "wandb.group": head.group,
    "wandb.job_type": head.jobType,
    "wandb.sweep_id": head.sweepId,
    "wandb.host": head.host,
  };
  return Object.entries(told).flatMap(([key, value]) =>
    typeof value === "string" && value !== "" ? { key, value } : [],
  );
}

/** Every `run-<id>.wandb` below a folder, in the order of the folders' names, which begin with the time. */
function logsBelow(root: string): string[] {
  const logs = readdirSync(root, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() && /^run-.+\.wandb$/.test(entry.name) ? [join(entry.parentPath, entry.name)] : [],
  );
  const time = (log: string) => /\d{8}_\d{6}/.exec(basename(join(log, "..")))?.[0] ?? "";
  return logs.sort((a, b) => (time(a) === time(b) ? (a < b ? -1 : 1) : time(a) < time(b) ? -1 : 1));
}
