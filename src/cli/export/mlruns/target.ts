import { createWriteStream, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { pathToFileURL } from "node:url";
import { forEachAtMost } from "../../../domain/for-each-at-most.ts";
import type {
  ExperimentRecord,
  LoggedModelRecord,
  RecordDigest,
  RecordKind,
  RegisteredModelRecord,
  RunRecord,
} from "../../../domain/records.ts";
import { isOfTheFile } from "../../import/artifact-uploads.ts";
import { Refused } from "../../transfer/http.ts";
import type { Report } from "../../transfer/report.ts";
import type { Item, RunItem, Target, WrittenArtifacts } from "../../transfer/target.ts";
import { UserError } from "../../user-error.ts";
import { ExportNotes } from "../export-notes.ts";
import { FolderWriter, pathOfKey, reasonOf } from "./folder-writer.ts";
import { writeExperiment, writeLoggedModel, writeRegisteredModel, writeRun } from "./records.ts";

const TRASH = ".trash";
/** The folder for unfinished work: a finished folder moves to its place. */
const UNFINISHED = ".unfinished";
const FILES_AT_A_TIME = 4;

/** A folder in the format of MLflow's file store, which `mlflow ui --backend-store-uri` opens. */
export class MlrunsTarget implements Target {
  readonly title: string;
  readonly artifactHome;
  readonly isServer = false;
  readonly #root: string;
  readonly #report: Report;
  readonly #notes: ExportNotes;

  /** @throws {UserError} if the folder holds anything but an export. */
  constructor(folder: string, report: Report) {
    this.#root = resolve(folder);
    this.#report = report;
    this.title = `the folder ${this.#root}`;
    this.artifactHome = { uri: pathToFileURL(this.#root).href, isForAll: false };
    this.#notes = ExportNotes.open(this.#root, "mlruns");
    rmSync(join(this.#root, UNFINISHED), { recursive: true, force: true });
    mkdirSync(join(this.#root, UNFINISHED));
    // MLflow recognises a file store by this folder.
    mkdirSync(join(this.#root, TRASH), { recursive: true });
  }

  async known(digests: readonly RecordDigest[]) {
    return this.#notes.known(digests);
  }

  async writeExperiments(items: readonly Item<ExperimentRecord>[]): Promise<void> {
    for (const { record } of items) {
      const [active, deleted] = [this.#place(record.experimentId), this.#place(TRASH, record.experimentId)];
      const [place, other] = record.lifecycleStage === "deleted" ? [deleted, active] : [active, deleted];
      if (existsSync(other)) renameSync(other, place);
      rmSync(join(place, "tags"), { recursive: true, force: true });
      const onProblem = this.#telling(`experiment ${record.experimentId}`);
      writeExperiment(new FolderWriter(place, onProblem), record);
    }
    this.#note("experiment", items, (record) => record.experimentId);
  }

  async writeRuns(items: readonly RunItem[]): Promise<WrittenArtifacts> {
    return await this.#writeAll<RunRecord, RunItem>(
      items,
      "run",
      (record) => record.runId,
      (item, folder) => {
        const { record, metrics } = item;
        const place = this.#experimentPlace(record.experimentId);
        writeRun(folder, new FolderWriter(place, this.#telling(`run ${record.runId}`)), record, metrics);
        return join(place, record.runId);
      },
    );
  }

  async writeLoggedModels(items: readonly Item<LoggedModelRecord>[]): Promise<WrittenArtifacts> {
    const idOf = (record: LoggedModelRecord) => record.modelId;
    return await this.#writeAll<LoggedModelRecord, Item<LoggedModelRecord>>(
      items,
      "logged_model",
      idOf,
      ({ record }, folder) => {
        writeLoggedModel(folder, record, this.#telling(`logged model ${record.modelId}`));
        return join(this.#experimentPlace(record.experimentId), "models", record.modelId);
      },
    );
  }

  async writeRegisteredModels(items: readonly Item<RegisteredModelRecord>[]): Promise<void> {
    for (const { record } of items) {
      if (/[/\\%]/.test(record.name))
        throw new Refused(400, "MLflow's file store has no models with / \\ or % in the name");
      const folder = this.#unfinished(record.name, `registered model ${record.name}`);
      writeRegisteredModel(folder, record);
      this.#finish(folder, join(this.#root, "models", record.name));
    }
    this.#note("registered_model", items, (record) => record.name);
  }

  async finish(): Promise<void> {}

  async close(): Promise<void> {
    rmSync(join(this.#root, UNFINISHED), { recursive: true, force: true });
  }

  async #writeAll<Record, I extends Item<Record>>(
    items: readonly I[],
    kind: RecordKind,
    idOf: (record: Record) => string,
    write: (item: I, folder: FolderWriter) => string,
  ): Promise<WrittenArtifacts> {
    const written = { files: 0, bytes: 0 };
    const whole: Item<Record>[] = [];
    for (const item of items) {
      const id = idOf(item.record);
      const where = `${kind.replace("_", " ")} ${id}`;
      const folder = this.#unfinished(id, where);
      const place = write(item, folder);
      const failed = await this.#writeArtifacts(item, join(folder.path, "artifacts"), where, written);
      this.#finish(folder, place);
      whole.push(failed === 0 ? item : { ...item, digest: `part of ${item.digest}` });
    }
    this.#note(kind, whole, idOf);
    return written;
  }

  /** @returns the number of files that could not be written. */
  async #writeArtifacts(
    { artifacts, isKept, open }: Item<unknown>,
    folder: string,
    where: string,
    written: { files: number; bytes: number },
  ): Promise<number> {
    let failed = 0;
    await forEachAtMost(FILES_AT_A_TIME, isKept ? [] : artifacts, async (file) => {
      try {
        await writeFile(pathOfKey(folder, file.path), () => open(file.path));
        written.files++;
        written.bytes += file.sizeBytes;
      } catch (error) {
        if (!isOfTheFile(error)) throw error;
        failed++;
        this.#report.count("artifacts", "failed");
        this.#report.problem(`${where}/artifacts/${file.path}`, reasonOf(error));
      }
    });
    return failed;
  }

  #unfinished(name: string, where: string): FolderWriter {
    const path = this.#place(UNFINISHED, name);
    rmSync(path, { recursive: true, force: true });
    return new FolderWriter(path, this.#telling(where));
  }

  /** Moves a folder to its place, and deletes what an earlier export left there. */
  #finish(folder: FolderWriter, place: string): void {
    const old = `${folder.path}.old`;
    mkdirSync(dirname(place), { recursive: true });
    if (existsSync(place)) renameSync(place, old);
    renameSync(folder.path, place);
    rmSync(old, { recursive: true, force: true });
  }

  /** The path of a folder by its name in another one. The names are ids that the other server chose. */
  #place(...names: readonly string[]): string {
    return names.reduce((folder, name) => {
      if (name.includes("/")) throw new Refused(400, `'${name}' can be no folder's name`);
      return pathOfKey(folder, name);
    }, this.#root);
  }

  #experimentPlace(experimentId: string): string {
    const deleted = this.#place(TRASH, experimentId);
    return existsSync(deleted) ? deleted : this.#place(experimentId);
  }

  #telling(where: string) {
    return (below: string, why: string) => this.#report.problem(`${where}/${below}`, why);
  }

  #note<Record>(kind: RecordKind, items: readonly Item<Record>[], idOf: (record: Record) => string): void {
    this.#notes.note(items.map(({ record, digest }) => ({ kind, id: idOf(record), digest })));
  }
}

/** How often a file is downloaded again after a lost connection. */
const MOST_FETCHES = 4;

async function writeFile(path: string, open: () => Promise<Blob | ReadableStream<Uint8Array>>): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  for (let fetches = 1; ; fetches++) {
    const body = await open();
    const bytes = Readable.from(body instanceof Blob ? body.stream() : body, { objectMode: false });
    try {
      await pipeline(bytes, createWriteStream(path, { flags: fetches === 1 ? "wx" : "w" }));
      return;
    } catch (error) {
      // The error of `fetch` for a body that ends too early.
      if (!(error instanceof TypeError)) throw error;
      if (fetches === MOST_FETCHES) throw new UserError(`A file cannot be fetched whole: ${error.message}`);
    }
  }
}
