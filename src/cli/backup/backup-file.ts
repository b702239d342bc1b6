import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { TableShape } from "../transfer/trackflare/server-rows.ts";
import { UserError } from "../user-error.ts";
import { type EntrySum, TarReader } from "./tar.ts";

/*
 * A backup is a tar file:
 *
 *   backup.json            what it is of, when and by what it was made, and the server's tables
 *   rows/<table>/<n>.json.gz      rows of a group of tables, a page each
 *   points/<n>.jsonl.gz    the points of the runs of the page of the same number
 *   files/<n>              artifacts, named in files.jsonl.gz
 *   checksums.json         of every entry before it: the last, so that a file that was cut off lacks it
 */

export const FORMAT = 1;

export interface Description {
  readonly format: number;
  /** Of this very backup. */
  readonly id: string;
  readonly created_ms: number;
  readonly migrations: readonly string[];
  readonly groups: readonly (readonly TableShape[])[];
  readonly artifacts: "copy" | "list";
}

/** What is known only at the end. */
export interface Summary {
  readonly entries: Readonly<Record<string, EntrySum>>;
  readonly sequences: Readonly<Record<string, string>>;
  readonly rows: Readonly<Record<string, number>>;
  readonly points: number;
  readonly files: number;
}

/** An artifact: its key in the store and the entry that has it; none where only the list was kept. */
export interface FileEntry {
  readonly key: string;
  readonly size: number;
  readonly entry?: string;
}

export class BackupFile {
  readonly tar: TarReader;
  readonly description: Description;
  readonly summary: Summary;

  private constructor(tar: TarReader, description: Description, summary: Summary) {
    this.tar = tar;
    this.description = description;
    this.summary = summary;
  }

  /**
   * Opens a backup and reads all of it, to see that it is whole.
   * @throws {UserError} where it is none, was cut off, or has changed since.
   */
  static async open(path: string): Promise<BackupFile> {
    if (!existsSync(path)) throw new UserError(`There is no ${path}.`);
    const tar = await TarReader.open(path);
    if (!tar.entries.has("backup.json")) throw new UserError(`${path} is no backup.`);
    if (!tar.entries.has("checksums.json")) throw new UserError(`${path} was cut off: it is no whole backup.`);
    const description: Description = JSON.parse(String(await tar.bytes("backup.json")));
    const summary: Summary = JSON.parse(String(await tar.bytes("checksums.json")));
    if (description.format !== FORMAT) {
      throw new UserError(`${path} has format ${description.format}, which a newer version made. Upgrade first.`);
    }
    for (const [name, { size, sha256 }] of Object.entries(summary.entries)) {
      if (tar.entries.get(name)?.size !== size) throw new UserError(`${path}: ${name} is not as it was written.`);
      const hash = createHash("sha256");
      for await (const piece of tar.pieces(name)) hash.update(piece);
      if (hash.digest("hex") !== sha256) throw new UserError(`${path}: ${name} is not as it was written.`);
    }
    return new BackupFile(tar, description, summary);
  }

  /** Numbers of the pages of a group. */
  pagesOf(table: string): string[] {
    const pages = Object.keys(this.summary.entries).flatMap((name) => {
      const [, of, page] = /^rows\/([^/]+)\/(\d+)\.json\.gz$/.exec(name) ?? [];
      return of === table ? [page!] : [];
    });
    return pages.sort();
  }

  async json<T>(name: string): Promise<T> {
    return JSON.parse(await this.text(name));
  }

  async text(name: string): Promise<string> {
    return gunzipSync(await this.tar.bytes(name)).toString();
  }

  async files(): Promise<FileEntry[]> {
    const lines = (await this.text("files.jsonl.gz")).split("\n").filter((line) => line !== "");
    return lines.map((line): FileEntry => JSON.parse(line));
  }
}
