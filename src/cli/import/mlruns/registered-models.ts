import { join } from "node:path";
import { z } from "zod";
import { STORED_STAGES } from "../../../domain/entities.ts";
import type { ModelVersionRecord, RegisteredModelRecord } from "../../../domain/records.ts";
import { foldersIn, meta, readMeta, readPairs, Unreadable } from "./files.ts";

const ModelMeta = z.object({
  name: meta.id,
  description: meta.nullableText,
  creation_timestamp: meta.time,
  last_updated_timestamp: meta.time,
});

const VersionMeta = z.object({
  version: meta.integer.pipe(z.number().positive()),
  current_stage: z
    .enum(STORED_STAGES)
    .nullish()
    .transform((stage) => stage ?? "None"),
  description: meta.nullableText,
  source: meta.text,
  storage_location: meta.nullableText,
  run_id: meta.nullableText,
  run_link: meta.nullableText,
  creation_timestamp: meta.time,
  last_updated_timestamp: meta.time,
});

/** @throws {Unreadable} if the folder is not a registered model. */
export function readRegisteredModel(
  folder: string,
  onProblem: (below: string, why: string) => void,
): RegisteredModelRecord {
  const fields = readMeta(folder, ModelMeta);
  const versions = foldersIn(folder)
    .filter((name) => name.startsWith("version-"))
    .flatMap((name) => readVersion(folder, name, onProblem))
    .sort((a, b) => a.version - b.version);
  const aliases = readPairs(join(folder, "aliases"), (key, why) => onProblem(`aliases/${key}`, why)).flatMap(
    ({ key, value }) => {
      const version = Number(value);
      if (versions.some((of) => of.version === version)) return [{ alias: key, version }];
      onProblem(`aliases/${key}`, `there is no version ${value}`);
      return [];
    },
  );
  return {
    name: fields.name,
    description: fields.description,
    creationTimeMs: fields.creation_timestamp ?? 0,
    lastUpdateTimeMs: fields.last_updated_timestamp ?? 0,
    tags: readPairs(join(folder, "tags"), (key, why) => onProblem(`tags/${key}`, why)),
    aliases,
    versions,
  };
}

function readVersion(
  folder: string,
  name: string,
  onProblem: (below: string, why: string) => void,
): ModelVersionRecord[] {
  try {
    const fields = readMeta(join(folder, name), VersionMeta);
    return [
      {
        version: fields.version,
        currentStage: fields.current_stage,
        description: fields.description,
        source: fields.source,
        storageLocation: fields.storage_location,
        runId: fields.run_id,
        runLink: fields.run_link,
        creationTimeMs: fields.creation_timestamp ?? 0,
        lastUpdateTimeMs: fields.last_updated_timestamp ?? 0,
        tags: readPairs(join(folder, name, "tags"), (key, why) => onProblem(`${name}/tags/${key}`, why)),
      },
    ];
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    onProblem(name, error.message);
    return [];
  }
}
