import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { RecordDigest } from "../../domain/records.ts";
import { UserError } from "../user-error.ts";

/** A file beside the export: a line of JSON for each record that is exported completely. */
const FILE = ".trackflare-export.jsonl";

/** The records that an export has written to a folder, so that the next export writes only the differences. */
export class ExportNotes {
  readonly #file: string;
  readonly #digests = new Map<string, string>();

  private constructor(file: string) {
    this.#file = file;
  }

  /**
   * Creates the folder if it is missing.
   * @throws {UserError} if the folder holds anything but an export of this format.
   */
  static open(folder: string, format: string): ExportNotes {
    if (existsSync(folder) && !statSync(folder).isDirectory()) throw new UserError(`${folder} is no folder.`);
    mkdirSync(folder, { recursive: true });
    const file = join(folder, FILE);
    const notes = new ExportNotes(file);
    if (!existsSync(file)) {
      if (readdirSync(folder).length > 0) {
        throw new UserError(`${folder} is not empty, and no export has written to it. Name a new folder.`);
      }
      appendFileSync(file, `${JSON.stringify({ format })}\n`);
      return notes;
    }
    const [first, ...lines] = readFileSync(file, "utf8").split("\n").flatMap(parsed);
    if (first?.format !== format)
      throw new UserError(`${folder} holds an export as ${first?.format}. Name a new folder.`);
    for (const { kind, id, digest } of lines) notes.#digests.set(`${kind} ${id}`, String(digest));
    return notes;
  }

  known(digests: readonly RecordDigest[]): RecordDigest[] {
    return digests.filter(({ kind, id, digest }) => this.#digests.get(`${kind} ${id}`) === digest);
  }

  note(digests: readonly RecordDigest[]): void {
    const lines = digests.map((digest) => `${JSON.stringify(digest)}\n`).join("");
    // A truncated line must not spoil the next line.
    appendFileSync(this.#file, `\n${lines}`);
    for (const { kind, id, digest } of digests) this.#digests.set(`${kind} ${id}`, digest);
  }
}

/** The note in a line; undefined if the line is truncated. */
function parsed(line: string): Partial<Record<"format" | keyof RecordDigest, unknown>>[] {
  try {
    return [JSON.parse(line)];
  } catch {
    return [];
  }
}
