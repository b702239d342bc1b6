import { randomUUID } from "node:crypto";
import { createReadStream, createWriteStream, rmSync, statSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { gzipSync } from "node:zlib";
import { counted } from "../counted.ts";
import { renameDurably } from "../durable-rename.ts";
import { ProxiedArtifacts } from "../import/tracking-server/artifacts.ts";
import { TrackingServer } from "../transfer/http.ts";
import { type Progress, startProgress } from "../transfer/progress.ts";
import { ServerRows, type TableRows } from "../transfer/trackflare/server-rows.ts";
import { UserError } from "../user-error.ts";
import { type Description, type FileEntry, FORMAT, type Summary } from "./backup-file.ts";
import { TarWriter } from "./tar.ts";

export interface BackupFlags {
  readonly from: string;
  readonly artifacts: "copy" | "list";
  readonly json?: boolean;
}

/**
 * Writes everything that a running server holds to one file. The file gets its name when it is complete. Each run is as it
 * was at one moment: its rows of D1 are one snapshot. Its points are read after the rows, so no point that the rows
 * mention is missing.
 * @throws {UserError} if the server cannot be reached, or if an admin cannot read all of it.
 */
export async function runBackup(path: string, flags: BackupFlags): Promise<Summary> {
  const server = new TrackingServer(flags.from, process.env);
  const rows = await ServerRows.open(server);
  if (rows === undefined) {
    throw new UserError(`${server.url} is no Trackflare server, or does not let you in as an admin.`);
  }
  const unfinished = `${path}.unfinished`;
  const tar = await TarWriter.create(unfinished);
  const progress = startProgress(`Backing up ${server.url}`, undefined, !flags.json);
  try {
    const summary = await new Backup(rows, tar, unfinished, progress).write(flags.artifacts);
    await tar.close();
    renameDurably(unfinished, path);
    return summary;
  } finally {
    progress.stop();
    await tar.close().catch(() => undefined);
    rmSync(unfinished, { force: true });
    rmSync(`${unfinished}.file`, { force: true });
  }
}

class Backup {
  readonly #rows: ServerRows;
  readonly #tar: TarWriter;
  /** The temporary place of a downloaded file, because its size is not known before. */
  readonly #scratch: string;
  readonly #progress: Progress;
  readonly #counts: Record<string, number> = {};
  #points = 0;
  #files = 0;

  constructor(rows: ServerRows, tar: TarWriter, unfinished: string, progress: Progress) {
    this.#rows = rows;
    this.#tar = tar;
    this.#scratch = `${unfinished}.file`;
    this.#progress = progress;
  }

  async write(artifacts: BackupFlags["artifacts"]): Promise<Summary> {
    const { groups, migrations } = this.#rows;
    const description: Description = {
      format: FORMAT,
      id: randomUUID(),
      created_ms: Date.now(),
      migrations,
      groups,
      artifacts,
    };
    await this.#tar.addBytes("backup.json", Buffer.from(JSON.stringify(description)));
    // Runs first: the tables that are read later then contain everything that the runs refer to.
    const tables = groups.map(([parent]) => parent!.name);
    for (const table of ["runs", ...tables.filter((name) => name !== "runs")]) await this.#group(table);
    await this.#artifacts(artifacts);
    const summary: Summary = {
      entries: this.#tar.sums,
      // Last, so that the server gives no id of a row in the backup a second time.
      sequences: (await ServerRows.open(this.#rows.server))?.sequences ?? this.#rows.sequences,
      rows: this.#counts,
      points: this.#points,
      files: this.#files,
    };
    await this.#tar.addBytes("checksums.json", Buffer.from(JSON.stringify(summary)));
    await this.#tar.finish();
    return summary;
  }

  async #group(table: string): Promise<void> {
    let number = 0;
    for await (const page of this.#rows.pages(table)) {
      const name = numbered(++number);
      await this.#addCompressed(`rows/${table}/${name}.json.gz`, JSON.stringify(page));
      for (const [of, rows] of Object.entries(page)) this.#counts[of] = (this.#counts[of] ?? 0) + rows.length;
      if (table === "runs") await this.#pointsOf(page, name);
      this.#tell();
    }
  }

  async #pointsOf(page: TableRows, name: string): Promise<void> {
    const lines: string[] = [];
    const runIds = this.#rows.named(page, "runs").map((row) => String(row.run_id));
    for await (const { line, points } of this.#rows.pointLines(runIds)) {
      lines.push(line, "\n");
      this.#points += points;
    }
    await this.#addCompressed(`points/${name}.jsonl.gz`, lines.join(""));
  }

  async #artifacts(mode: BackupFlags["artifacts"]): Promise<void> {
    const store = new ProxiedArtifacts(this.#rows.server, "");
    const list: FileEntry[] = [];
    for await (const { path: key, sizeBytes } of store.list()) {
      this.#files++;
      if (mode === "list") {
        list.push({ key, size: sizeBytes });
        continue;
      }
      await pipeline(Readable.from(await store.open(key), { objectMode: false }), createWriteStream(this.#scratch));
      const { size } = statSync(this.#scratch);
      const entry = `files/${numbered(this.#files)}`;
      await this.#tar.add(entry, size, createReadStream(this.#scratch));
      list.push({ key, size, entry });
      this.#tell();
    }
    await this.#addCompressed("files.jsonl.gz", list.map((file) => `${JSON.stringify(file)}\n`).join(""));
  }

  async #addCompressed(name: string, text: string): Promise<void> {
    await this.#tar.addBytes(name, gzipSync(text));
  }

  #tell(): void {
    const { runs = 0 } = this.#counts;
    const things = [counted(runs, "run"), counted(this.#points, "point"), counted(this.#files, "file")];
    this.#progress.advance(0, things.join(", "));
  }
}

function numbered(number: number): string {
  return String(number).padStart(8, "0");
}
