import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { TableShape } from "../transfer/trackflare/server-rows.ts";
import { UserError } from "../user-error.ts";
import { type EntrySum, TarReader } from "./tar.ts";

/*
 * A backup is a tar file:
 *
 *   backup.json            the server, the time, the version that made the backup, and the server's tables
 *   rows/<table>/<n>.json.gz      one page of rows of a group of tables
 *   points/<n>.jsonl.gz    the points of the runs in the page with the same number
 *   files/<n>              artifacts; files.jsonl.gz has their names
 *   checksums.json         checksums of all other entries. It is the last entry, so a truncated file lacks it
 */

export const FORMAT = 1;

export interface Description {
  readonly format: number;
  /** The id of this backup. */
  readonly id: string;
  readonly created_ms: number;
  readonly migrations: readonly string[];
  readonly groups: readonly (readonly TableShape[])[];
  readonly artifacts: "copy" | "list";
}

/** Facts that are known only at the end. */
export interface Summary {
  readonly entries: Readonly<Record<string, EntrySum>>;
  readonly sequences: Readonly<Record<string, string>>;
  readonly rows: Readonly<Record<string, number>>;
  readonly points: number;
  readonly files: number;
}

/** An artifact: its key in the store and its entry. It has no entry if the backup keeps only the list. */
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
   * Opens a backup and reads all of it, to check that it is complete.
   * @throws {UserError} if the file is not a backup, is truncated, or has changed since it was written.
   */
  static async open(path: string): Promise<BackupFile> {
    if (!existsSync(path)) throw new UserError(`There is no ${path}.`);
    const tar = await TarReader.open(path);
    if (!tar.entries.has("backup.json")) throw new UserError(`${path} is no backup.`);
    if (!tar.entries.has("checksums.json"))
      throw new UserError(`${path} was cut off or changed: it is no whole backup.`);
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

  /** The page numbers of a group. */
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
