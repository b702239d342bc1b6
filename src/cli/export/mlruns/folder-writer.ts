import { createHash } from "node:crypto";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, posix, sep } from "node:path";
import type { KeyValue } from "../../../domain/entities.ts";
import { Refused } from "../../transfer/http.ts";
import { type YamlValue, yaml } from "./yaml.ts";

/** Called for each file that could not be written, with its path below the folder. */
export type OnProblem = (below: string, why: string) => void;

/**
 * Writes one folder of a file store: a meta.yaml, and a file for each param, tag and metric, named by its key. It reports a
 * key that cannot be a file: `a` beside `a/b`, a key that is too long, `..`, or a key that differs from another one only in
 * case on a disk that ignores case.
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

  /** @param pieces the file's text in pieces, because a history may be longer than one string can be. */
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
 * The path of a key's file, or of an artifact, below a folder.
 * @throws {Refused} if the path would leave the folder.
 */
export function pathOfKey(folder: string, key: string): string {
  const isPlain =
    posix.normalize(key) === key && !key.startsWith("/") && !/^\.\.?(\/|$)/.test(key) && !key.endsWith("/");
  if (!isPlain || key.includes("\0") || (sep !== "/" && key.includes(sep))) {
    throw new Refused(400, `'${key}' can be no file's name`);
  }
  return join(folder, ...key.split("/"));
}

/** An error of the file system that a person can fix, in words. */
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

/** The id that MLflow's file store derives from two texts: the same texts give the same folder. */
export function idOf(first: string, second: string): string {
  return createHash("md5").update(first).update(second).digest("hex");
}
