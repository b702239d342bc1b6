import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FAILSAFE_SCHEMA, load, nullYaml11Tag } from "js-yaml";
import { z } from "zod";
import type { KeyValue } from "../../../domain/entities.ts";

/*
 * Reads MLflow's file store: a folder for each thing, its fields in meta.yaml, and a file for each param, tag and metric,
 * named by its key. All reads are synchronous: a run is dozens of small files, and Node reads small files several times
 * faster this way.
 */

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads every scalar as text; the field decides its type. PyYAML wrote the file, and leaves texts such as `1e-03` without
 * quotes. Other readers would take such a text for a number.
 */
const TEXTS = FAILSAFE_SCHEMA.withTags(nullYaml11Tag);

/** The reason why a part of the folder cannot be read. */
export class Unreadable extends Error {}

/** The names of the folders in a folder, sorted; none if the folder does not exist. */
export function foldersIn(path: string): string[] {
  return entriesOf(path)
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

function entriesOf(path: string) {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** The paths of all files below a folder, relative to it. Keys may have slashes. */
export function filesBelow(path: string, below = ""): string[] {
  return entriesOf(join(path, below)).flatMap((entry) => {
    const name = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) return filesBelow(path, name);
    return entry.isFile() ? [name] : [];
  });
}

/** @throws {Unreadable} unless the file exists and is UTF-8. */
export function readText(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new Unreadable(
      error instanceof Error && "code" in error && error.code === "ENOENT" ? "it is missing" : `${error}`,
    );
  }
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Unreadable("it is not UTF-8");
  }
}

/** The text of a file. If the file cannot be read, calls `onProblem` and returns an empty text. */
export function tryReadText(path: string, onProblem: (why: string) => void): string {
  try {
    return readText(path);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    onProblem(error.message);
    return "";
  }
}

/**
 * The fields of a folder's meta.yaml.
 * @throws {Unreadable} unless the file exists, is YAML and has the fields.
 */
export function readMeta<Meta>(folder: string, schema: z.ZodType<Meta>): Meta {
  let fields: unknown;
  try {
    fields = load(readText(join(folder, "meta.yaml")), { schema: TEXTS });
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : error;
    throw new Unreadable(`meta.yaml: ${reason}`);
  }
  const parsed = schema.safeParse(fields ?? {});
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Unreadable(["meta.yaml:", issue?.path.join("."), issue?.message].filter(Boolean).join(" "));
}

/** Params or tags: one file each, with the value as content. Calls `onProblem` for files that cannot be read. */
export function readPairs(folder: string, onProblem: (key: string, why: string) => void): KeyValue[] {
  return filesBelow(folder).flatMap((key) => {
    try {
      return [{ key, value: readText(join(folder, key)) }];
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      onProblem(key, error.message);
      return [];
    }
  });
}

/** Digits that a JavaScript number holds exactly. */
const integer = z
  .string()
  .regex(/^[+-]?\d+$/, "is no integer")
  .transform(Number)
  .pipe(z.number().int());

/** Fields as MLflow's versions wrote them. A field without a value is absent or null. */
export const meta = {
  id: z.string(),
  text: z
    .string()
    .nullish()
    .transform((text) => text ?? ""),
  nullableText: z
    .string()
    .nullish()
    .transform((text) => text ?? null),
  integer,
  time: integer.nullish().transform((time) => time ?? null),
  stage: z
    .enum(["active", "deleted"])
    .nullish()
    .transform((stage) => stage ?? "active"),
};
