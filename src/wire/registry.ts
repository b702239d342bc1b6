import type { ModelVersion, RegisteredModel } from "../domain/entities.ts";

/* The wire shape of the registry's entities, by the rules of tracking.ts. Version numbers are strings on the wire. */

export function registeredModelToWire(model: RegisteredModel): object {
  return {
    name: model.name,
    creation_timestamp: model.creationTimeMs,
    last_updated_timestamp: model.lastUpdateTimeMs,
    ...(model.description && { description: model.description }),
    ...(model.latestVersions.length > 0 && { latest_versions: model.latestVersions.map(modelVersionToWire) }),
    ...(model.tags.length > 0 && { tags: model.tags }),
    ...(model.aliases.length > 0 && {
      aliases: model.aliases.map(({ alias, version }) => ({ alias, version: String(version) })),
    }),
  };
}

export function modelVersionToWire(version: ModelVersion): object {
  return {
    name: version.name,
    version: String(version.version),
    creation_timestamp: version.creationTimeMs,
    last_updated_timestamp: version.lastUpdateTimeMs,
    ...(version.description !== null && { description: version.description }),
    current_stage: version.currentStage,
    source: version.source,
    ...(version.runId !== null && { run_id: version.runId }),
    status: "READY",
    ...(version.tags.length > 0 && { tags: version.tags }),
    ...(version.runLink !== null && { run_link: version.runLink }),
    ...(version.aliases.length > 0 && { aliases: version.aliases }),
  };
}
