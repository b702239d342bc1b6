import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { RESTORED_DIGEST } from "../../domain/records.ts";
import { counted } from "../counted.ts";
import { DataFolder } from "../data-folder.ts";
import { renameDurably } from "../durable-rename.ts";
import { Refused, TrackingServer } from "../transfer/http.ts";
import { MAX_SENT_METRICS, MAX_SENT_POINTS } from "../transfer/metric-series.ts";
import { type Progress, startProgress } from "../transfer/progress.ts";
import { ServerRows, type TableRows } from "../transfer/trackflare/server-rows.ts";
import { UserError } from "../user-error.ts";
import { BackupFile } from "./backup-file.ts";

export interface RestoreFlags {
  readonly to: string;
  readonly json?: boolean;
}

/** The size of one request: the server accepts 8 MB. */
const MAX_BODY_CHARACTERS = 2_000_000;
const MAX_ROWS = 5000;
const MAX_RUNS = 200;

const API = "/api/2.0/trackflare";

/** The tables that runs and their objects rebuild from the points. */
const DERIVED: ReadonlySet<string> = new Set(["latest_metrics"]);

/**
 * Restores a backup after it has read and checked all of it. The target is a missing or empty folder, which afterwards
 * holds everything or is unchanged; or an empty server, which is usable when the restore has finished, however often it
 * was started.
 * @throws {UserError}
 */
export async function runRestore(path: string, flags: RestoreFlags): Promise<BackupFile["summary"]> {
  const backup = await BackupFile.open(path);
  const progress = startProgress(`Restoring ${path}`, undefined, !flags.json);
  try {
    const isServer = /^https?:\/\//.test(flags.to);
    if (isServer) await restoreInto(backup, new TrackingServer(flags.to, process.env), progress);
    else await restoreFolder(backup, resolve(flags.to), progress);
  } finally {
    progress.stop();
    await backup.tar.close();
  }
  return backup.summary;
}

/** Runs a server on a temporary folder next to the target. The folder gets its name at the end. */
async function restoreFolder(backup: BackupFile, folder: string, progress: Progress): Promise<void> {
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new UserError(`${folder} is not empty. Name a new folder, or move this one away.`);
  }
  const unfinished = `${folder}.unfinished`;
  if (existsSync(unfinished)) {
    // The next holder of the folder ends any process that a killed restore left running.
    (await DataFolder.hold(unfinished)).release();
    rmSync(unfinished, { recursive: true });
  }
  const data = await DataFolder.hold(unfinished);
  try {
    const { parseServerSettings } = await import("../settings.ts");
    const { startEngine } = await import("../engine.ts");
    const { workerBundle } = await import("../worker-bundle.ts");
    const token = randomBytes(24).toString("hex");
    const given = { host: "127.0.0.1", port: "0", dataDir: unfinished };
    const settings = parseServerSettings(given, { TRACKFLARE_ADMIN_TOKEN: token });
    const engine = await startEngine(settings, await workerBundle(), undefined, data);
    try {
      await restoreInto(backup, new TrackingServer(engine.url, { MLFLOW_TRACKING_TOKEN: token }), progress);
    } finally {
      await engine.stop();
    }
  } finally {
    data.release();
  }
  if (existsSync(folder)) rmdirSync(folder);
  renameDurably(unfinished, folder);
}

async function restoreInto(backup: BackupFile, server: TrackingServer, progress: Progress): Promise<void> {
  const rows = await ServerRows.open(server);
  if (rows === undefined) {
    throw new UserError(`${server.url} is no Trackflare server, or does not let you in as an admin.`);
  }
  const newer = backup.description.migrations.filter((name) => !rows.migrations.includes(name));
  if (newer.length > 0) {
    throw new UserError(
      `The backup is of a newer version than ${server.url}, which lacks ${newer.join(", ")}. Upgrade it first.`,
    );
  }
  await new Restore(backup, server, progress).run();
}

class Restore {
  readonly #backup: BackupFile;
  readonly #server: TrackingServer;
  readonly #progress: Progress;
  readonly #columns: ReadonlyMap<string, readonly string[]>;
  #runs = 0;

  constructor(backup: BackupFile, server: TrackingServer, progress: Progress) {
    this.#backup = backup;
    this.#server = server;
    this.#progress = progress;
    const tables = backup.description.groups.flat();
    this.#columns = new Map(tables.map(({ name, columns }) => [name, columns.map((column) => column.name)]));
  }

  async run(): Promise<void> {
    const { id, groups } = this.#backup.description;
    try {
      await this.#post("restore/begin", JSON.stringify({ id }));
    } catch (error) {
      if (error instanceof Refused) throw new UserError(`${this.#server.url}: ${error.message}`);
      throw error;
    }
    const tables = groups.map(([parent]) => parent!.name);
    // A user's row creates a role, which the backup's own role then replaces. Experiments come last, because everything else
    // is found through them. The notes of imports come after the runs, because the import notes the runs too.
    const [first, last] = [["users"], ["imports", "registered_models", "experiments"]];
    const rest = tables.filter((name) => !first.includes(name) && !last.includes(name));
    const order = [...first, ...rest, ...last].filter((name) => tables.includes(name));
    for (const table of order) {
      for (const page of this.#backup.pagesOf(table)) {
        const rows = await this.#backup.json<TableRows>(`rows/${table}/${page}.json.gz`);
        for (const [name, of] of Object.entries(rows)) if (!DERIVED.has(name)) await this.#rows(name, of);
        if (table === "runs") await this.#points(rows, page);
      }
    }
    await this.#files();
    await this.#post("restore/end", JSON.stringify({ id, sequences: this.#backup.summary.sequences }));
  }

  async #rows(table: string, rows: TableRows[string]): Promise<void> {
    const { id } = this.#backup.description;
    const columns = this.#columns.get(table);
    for (const list of pieces(
      rows.map((row) => JSON.stringify(row)),
      MAX_ROWS,
    )) {
      const fields = JSON.stringify({ id, table, columns }).slice(0, -1);
      await this.#post("restore/rows", `${fields},"rows":[${list.join(",")}]}`);
    }
  }

  /** Writes the points of a page's runs, then gives the runs their lifecycle stage. */
  async #points(rows: TableRows, page: string): Promise<void> {
    const text = await this.#backup.text(`points/${page}.jsonl.gz`);
    const metricsOf = new Map<string, string[]>();
    let [points, metrics] = [0, 0];
    const send = async () => {
      const records = [...metricsOf].map(
        ([runId, of]) => `{"run_id":${JSON.stringify(runId)},"metrics":[${of.join(",")}]}`,
      );
      if (records.length > 0) await this.#post("import/points", `{"records":[${records.join(",")}]}`);
      metricsOf.clear();
      [points, metrics] = [0, 0];
    };
    for (const line of text.split("\n")) {
      if (line === "") continue;
      const { run_id: runId, values } = JSON.parse(line) as { run_id: string; values: unknown[] };
      const isFull = points + values.length > MAX_SENT_POINTS || metrics === MAX_SENT_METRICS;
      if (isFull || (metricsOf.size === MAX_RUNS && !metricsOf.has(runId))) await send();
      const ofRun = metricsOf.get(runId) ?? [];
      metricsOf.set(runId, ofRun);
      ofRun.push(line.replace(/^\{"run_id":"[^"]*",/, "{"));
      points += values.length;
      metrics++;
    }
    await send();
    const columns = this.#columns.get("runs") ?? [];
    const ends = (rows.runs ?? []).map((row) => {
      const field = (name: string) => row[columns.indexOf(name)];
      return JSON.stringify({
        run_id: field("run_id"),
        lifecycle_stage: field("lifecycle_stage"),
        deleted_time_ms: field("deleted_time"),
        digest: RESTORED_DIGEST,
      });
    });
    for (const list of pieces(ends, MAX_RUNS))
      await this.#post("import/finished-runs", `{"records":[${list.join(",")}]}`);
    this.#runs += ends.length;
    this.#progress.advance(0, counted(this.#runs, "run"));
  }

  async #files(): Promise<void> {
    for (const { key, size, entry } of await this.#backup.files()) {
      if (entry === undefined) continue;
      const path = key.split("/").map(encodeURIComponent).join("/");
      const headers = { "Content-Type": "application/octet-stream", "Content-Length": String(size) };
      const body = () => streamOf(this.#backup.tar.pieces(entry));
      const response = await this.#server.fetch(`/api/2.0/mlflow-artifacts/artifacts/${path}`, {
        method: "PUT",
        headers,
        body,
      });
      await response.body?.cancel();
    }
  }

  async #post(name: string, body: string): Promise<void> {
    await this.#server.post(`${API}/${name}`, body);
  }
}

/** Splits texts into lists that each fit one request. */
function* pieces(texts: readonly string[], most: number): Generator<readonly string[]> {
  let [list, length]: [string[], number] = [[], 0];
  for (const text of texts) {
    if (list.length > 0 && (list.length >= most || length + text.length > MAX_BODY_CHARACTERS)) {
      yield list;
      [list, length] = [[], 0];
    }
    list.push(text);
    length += text.length;
  }
  if (list.length > 0) yield list;
}

/** Bytes as a request's body, which is streamed and never held in memory. */
function streamOf(bytes: AsyncIterator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await bytes.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}
