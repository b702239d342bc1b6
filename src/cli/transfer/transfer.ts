import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { ExperimentRecord, LoggedModelRecord, RecordKind, RegisteredModelRecord } from "../../domain/records.ts";
import { counted } from "../counted.ts";
import { UserError } from "../user-error.ts";
import { Refused } from "./http.ts";
import type { MetricSeries } from "./metric-series.ts";
import type { Progress } from "./progress.ts";
import { recordJson } from "./record-json.ts";
import { type ArtifactMode, Relocation } from "./relocation.ts";
import type { Kind, Report } from "./report.ts";
import type { ArtifactFile, ArtifactFolder, Source } from "./source.ts";
import type { Item, RunItem, Target, WrittenArtifacts } from "./target.ts";

/** What is written in one go. */
const MOST_RECORDS = 200;
const MOST_POINTS = 60_000;
/** Groups that are under way while the next is read: the one is work of the source's machine, the other of the target's. */
const GROUPS_UNDER_WAY = 3;

export interface TransferOptions {
  readonly artifacts: ArtifactMode;
}

/**
 * Reads the whole source, and writes to the target what the target lacks. It reports what cannot be read or written, with
 * the reason, and continues with the rest. It can be started again after any interruption.
 */
export async function transfer(
  source: Source,
  target: Target,
  report: Report,
  options: TransferOptions,
  progress: Progress,
): Promise<void> {
  await new Transfer(source, target, report, options.artifacts, progress).run();
}

class Transfer {
  readonly #source: Source;
  readonly #target: Target;
  readonly #report: Report;
  readonly #mode: ArtifactMode;
  readonly #relocation: Relocation;
  readonly #progress: Progress;
  /** Experiments that could not be written. Their runs and models cannot be written either. */
  readonly #refusedExperiments = new Set<string>();
  /** Runs and logged models whose kept files are in a store of a server, and could not be listed. */
  #unseen = 0;

  constructor(source: Source, target: Target, report: Report, mode: ArtifactMode, progress: Progress) {
    this.#source = source;
    this.#target = target;
    this.#report = report;
    this.#mode = mode;
    this.#relocation = new Relocation(mode, target.artifactHome);
    this.#progress = progress;
  }

  async run(): Promise<void> {
    await this.#experiments();
    await this.#runs();
    if (this.#target.takesOnlyRuns !== true) {
      await this.#loggedModels();
      await this.#registeredModels();
    }
    await this.#access();
    await this.#target.finish();
    if (this.#unseen === 0) return;
    this.#report.problem(
      "artifacts",
      `those of ${counted(this.#unseen, "record")} are kept at mlflow-artifacts:/, and nobody looked whether the server that is written to has them`,
    );
  }

  async #experiments(): Promise<void> {
    const write = async (items: readonly Item<ExperimentRecord>[]) => {
      await this.#target.writeExperiments(items);
      return NO_FILES;
    };
    const writer = this.#writer("experiments", "experiment", write);
    for await (const experiment of this.#source.experiments()) {
      const record = this.#relocation.experiment(experiment);
      await writer.add(experiment.experimentId, { record, digest: digestOf(record), ...NO_ARTIFACTS }, 0);
    }
    await writer.end();
    for (const id of writer.refused) this.#refusedExperiments.add(id);
  }

  async #runs(): Promise<void> {
    const writer = this.#writer("runs", "run", (items: readonly RunItem[]) => this.#target.writeRuns(items));
    for await (const run of this.#source.runs()) {
      const { runId, experimentId } = run.record;
      if (this.#isLost("runs", `run ${runId}`, experimentId)) continue;
      const record = this.#relocation.run(run);
      const artifacts = await this.#artifacts(`run ${runId}`, record.artifactUri, run.artifacts);
      const digest = digestOf(record, run.metrics, artifacts.artifacts);
      const points = run.metrics.reduce((sum, { values }) => sum + values.length, 0);
      await writer.add(runId, { record, digest, metrics: run.metrics, ...artifacts }, points);
    }
    await writer.end();
  }

  async #loggedModels(): Promise<void> {
    const write = (items: readonly Item<LoggedModelRecord>[]) => this.#target.writeLoggedModels(items);
    const writer = this.#writer("logged models", "logged_model", write);
    for await (const model of this.#source.loggedModels()) {
      const { modelId, experimentId } = model.record;
      if (this.#isLost("logged models", `logged model ${modelId}`, experimentId)) continue;
      const record = this.#relocation.loggedModel(model);
      const artifacts = await this.#artifacts(`logged model ${modelId}`, record.artifactUri, model.artifacts);
      await writer.add(modelId, { record, digest: digestOf(record, [], artifacts.artifacts), ...artifacts }, 0);
    }
    await writer.end();
  }

  async #registeredModels(): Promise<void> {
    const write = async (items: readonly Item<RegisteredModelRecord>[]) => {
      await this.#target.writeRegisteredModels(items);
      return NO_FILES;
    };
    const writer = this.#writer("registered models", "registered_model", write);
    for await (const model of this.#source.registeredModels()) {
      const record = this.#relocation.registeredModel(model);
      await writer.add(model.name, { record, digest: digestOf(record), ...NO_ARTIFACTS }, 0);
    }
    await writer.end();
  }

  /** Last, because a grant names an experiment or a model. */
  async #access(): Promise<void> {
    if (this.#target.writeAccess === undefined) return;
    const access = await this.#source.access?.();
    if (access !== undefined) await this.#target.writeAccess(access);
  }

  #writer<I extends Item<unknown>>(
    kind: Kind,
    recordKind: RecordKind,
    write: (items: readonly I[]) => Promise<WrittenArtifacts>,
  ): GroupWriter<I> {
    return new GroupWriter(kind, recordKind, this.#target, this.#report, this.#progress, write);
  }

  #isLost(kind: Kind, where: string, experimentId: string): boolean {
    if (!this.#refusedExperiments.has(experimentId)) return false;
    this.#report.unreadable(kind, where, `its experiment ${experimentId} could not be written`);
    return true;
  }

  /** The files of what is to be copied, or is kept in a store that a server has to have; none where clients reach them. */
  async #artifacts(where: string, artifactUri: string, folder: ArtifactFolder | undefined): Promise<ItemArtifacts> {
    const isKept = this.#mode === "keep";
    const isProxied = artifactUri.startsWith("mlflow-artifacts:");
    if (isKept && !this.#target.isServer) return NO_ARTIFACTS;
    if (folder === undefined && isProxied && isKept) this.#unseen++;
    if (folder === undefined && isProxied && !isKept) {
      this.#report.problem(where, `its artifacts at ${artifactUri} are not to be found: see --artifacts-from`);
    }
    if (folder === undefined || (isKept && !isProxied)) return NO_ARTIFACTS;
    const artifacts: ArtifactFile[] = [];
    try {
      for await (const file of folder.list()) artifacts.push(file);
    } catch (error) {
      if (error instanceof UserError) throw error;
      this.#report.problem(`${where}/artifacts`, error instanceof Error ? error.message : String(error));
    }
    return { artifacts, isKept, open: (path) => folder.open(path) };
  }
}

type ItemArtifacts = Pick<Item<unknown>, "artifacts" | "isKept" | "open">;

const NO_FILES: WrittenArtifacts = { files: 0, bytes: 0 };

const NO_ARTIFACTS: ItemArtifacts = {
  artifacts: [],
  isKept: false,
  open: () => Promise.reject(new Error("There are no artifacts")),
};

/** Tells one content from another, whoever reads it when. */
function digestOf(
  record: unknown,
  metrics: readonly MetricSeries[] = [],
  artifacts: readonly ArtifactFile[] = [],
): string {
  const hash = createHash("sha256").update(recordJson(record));
  for (const { key, timestamps, steps, values } of metrics) {
    hash
      .update(JSON.stringify([key, values.length]))
      .update(timestamps)
      .update(steps)
      .update(values);
  }
  return hash.update(recordJson(artifacts)).digest("hex");
}

/** Collects records of one kind, and writes the missing ones together. */
class GroupWriter<I extends Item<unknown>> {
  /** Ids of records that could not be written. */
  readonly refused: string[] = [];
  readonly #kind: Kind;
  readonly #recordKind: RecordKind;
  readonly #target: Target;
  readonly #report: Report;
  readonly #progress: Progress;
  readonly #write: (items: readonly I[]) => Promise<WrittenArtifacts>;
  readonly #underWay = new Set<Promise<void>>();
  #group: (readonly [id: string, item: I])[] = [];
  #points = 0;

  constructor(
    kind: Kind,
    recordKind: RecordKind,
    target: Target,
    report: Report,
    progress: Progress,
    write: (items: readonly I[]) => Promise<WrittenArtifacts>,
  ) {
    this.#kind = kind;
    this.#recordKind = recordKind;
    this.#target = target;
    this.#report = report;
    this.#progress = progress;
    this.#write = write;
  }

  async add(id: string, item: I, points: number): Promise<void> {
    this.#report.count(this.#kind, "read");
    this.#report.count("artifacts", "read", item.artifacts.length);
    this.#group.push([id, item]);
    this.#points += points;
    if (this.#group.length >= MOST_RECORDS || this.#points >= MOST_POINTS) await this.#send();
    // A source that reads without waiting would keep the groups that are under way from going on.
    await setImmediate();
  }

  async end(): Promise<void> {
    await this.#send();
    await Promise.all(this.#underWay);
  }

  async #send(): Promise<void> {
    const group = this.#group;
    this.#group = [];
    this.#points = 0;
    if (group.length === 0) return;
    const sending = this.#sendGroup(group).finally(() => this.#underWay.delete(sending));
    this.#underWay.add(sending);
    // One that fails is awaited when all are, or here.
    sending.catch(() => undefined);
    if (this.#underWay.size >= GROUPS_UNDER_WAY) await Promise.race(this.#underWay);
  }

  async #sendGroup(group: readonly (readonly [string, I])[]): Promise<void> {
    const known = await this.#target.known(group.map(([id, { digest }]) => ({ kind: this.#recordKind, id, digest })));
    const knownIds = new Set(known.map(({ id }) => id));
    const isKnown = ([id]: readonly [string, I]) => knownIds.has(id);
    const there = group.filter(isKnown);
    this.#report.count(this.#kind, "skipped", there.length);
    for (const [, { artifacts }] of there) this.#report.count("artifacts", "skipped", artifacts.length);
    await this.#writeApart(group.filter((entry) => !isKnown(entry)));
    this.#progress.advance(this.#kind === "runs" ? group.length : 0, this.#message());
  }

  /** Writes refused records one by one, so that each gets its own answer. */
  async #writeApart(group: readonly (readonly [string, I])[]): Promise<void> {
    if (group.length === 0) return;
    try {
      const artifacts = await this.#write(group.map(([, item]) => item));
      this.#report.count(this.#kind, "written", group.length);
      for (const [, item] of group) this.#report.points += pointsOf(item);
      this.#report.count("artifacts", "written", artifacts.files);
      this.#report.artifactBytes += artifacts.bytes;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const [[id] = [""]] = group;
      if (group.length > 1) {
        const half = Math.ceil(group.length / 2);
        await this.#writeApart(group.slice(0, half));
        await this.#writeApart(group.slice(half));
        return;
      }
      this.refused.push(id);
      this.#report.count(this.#kind, "failed");
      this.#report.problem(`${this.#recordKind.replace("_", " ")} ${id}`, error.message);
    }
  }

  #message(): string {
    const { runs, experiments } = this.#report.counts;
    const done = runs.written + runs.skipped + runs.failed;
    const things = [counted(experiments.read, "experiment"), counted(done, "run")];
    return [...things, counted(this.#report.points, "point")].join(", ");
  }
}

function pointsOf(item: Item<unknown> & { readonly metrics?: readonly MetricSeries[] }): number {
  return item.metrics?.reduce((sum, { values }) => sum + values.length, 0) ?? 0;
}
