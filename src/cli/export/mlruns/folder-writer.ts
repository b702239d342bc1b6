import { createHash } from "node:crypto";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, posix, sep } from "node:path";
import type { KeyValue } from "../../../domain/entities.ts";
import { Refused } from "../../transfer/http.ts";
import { type YamlValue, yaml } from "./yaml.ts";

/** Hears of what could not be written, by its path below the folder. */
export type OnProblem = (below: string, why: string) => void;

/**
 * Writes one folder of a file store: a meta.yaml, and a file for each param, tag and metric, named by its key. A key that
 * can be no file of its own (`a` beside `a/b`, too long, `..`, of another key's letters where the disk ignores case) is told.
 */
export class FolderWriter {
  readonly path: string;
  readonly #onProblem: OnProblem;

  constructor(path: string, onProblem: OnProblem) {
    this.path = path;
    this.#onProblem = onProblem;
    mkdirSync(path, { recursive: true });
  }

  meta(fields: Readonly<Record<string, YamlValue>>, below = ""): void {
    mkdirSync(join(this.path, below), { recursive: true });
    writeFileSync(join(this.path, below, "meta.yaml"), yaml(fields));
  }

  pairs(below: string, pairs: readonly KeyValue[]): void {
    for (const { key, value } of pairs) this.file(below, key, [value]);
  }

  /** @param pieces of the file's text, in order: a history may be longer than one string. */
  file(below: string, key: string, pieces: Iterable<string>): void {
    try {
      const path = pathOfKey(join(this.path, below), key);
      mkdirSync(dirname(path), { recursive: true });
      let isNew = true;
      for (const piece of pieces) {
        if (isNew) writeFileSync(path, piece, { flag: "wx" });
        else appendFileSync(path, piece);
        isNew = false;
      }
    } catch (error) {
      this.#onProblem(`${below}/${key}`, reasonOf(error));
    }
  }
}

/**
 * Where the file of a key, or an artifact, is below a folder.
 * @throws {Refused} for one that would be elsewhere.
 */
export function pathOfKey(folder: string, key: string): string {
  const isPlain =
    posix.normalize(key) === key && !key.startsWith("/") && !/^\.\.?(\/|$)/.test(key) && !key.endsWith("/");
  if (!isPlain || key.includes("\0") || (sep !== "/" && key.includes(sep))) {
    throw new Refused(400, `'${key}' can be no file's name`);
  }
  return join(folder, ...key.split("/"));
}

/** What a person can do something about, of an error of the file system. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error) || !("code" in error)) return error instanceof Error ? error.message : String(error);
  switch (error.code) {
    case "EEXIST":
      return "a file or folder has its name, perhaps in other letters";
    case "ENOTDIR":
    case "EISDIR":
      return "another name is the first part of its name, and a file cannot be a folder too";
    case "ENAMETOOLONG":
      return "its name is too long for a file's name";
    default:
      return error.message;
  }
}

/** The ids that MLflow's file store makes of two texts: the same again are the same folder. */
export function idOf(first: string, second: string): string {
  return createHash("md5").update(first).update(second).digest("hex");
}
