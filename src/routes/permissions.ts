import { ANY } from "../domain/access.ts";
import { canonicalArtifactPath } from "../domain/artifact-path.ts";
import type { KeyValue } from "../domain/entities.ts";
import type { LinkKind } from "../domain/link.ts";
import { parseModelSource } from "../domain/model-source.ts";
import { isPrompt } from "../domain/prompts.ts";
import type { Permission, PermissionLevel, Resource } from "../wire/route.ts";

/*
 * Rules of most routes: the permission that a call needs on the experiment, run or other thing that its input names.
 */

export const onServer = (level: PermissionLevel): Permission<unknown> => ({ level, on: () => [{ kind: "server" }] });

/** Adds the scope `artifacts`, which a token needs for calls that read or change files themselves. */
export function onFiles<Input>(permission: Permission<Input>): Permission<Input> {
  return typeof permission === "string" ? permission : { ...permission, scope: "artifacts" };
}

/** Opens calls to the pages of signed links of this kind, and of wider ones. */
export function onLinks<Input>(link: LinkKind, permission: Permission<Input>): Permission<Input> {
  return typeof permission === "string" ? permission : { ...permission, link };
}

interface AskedFile {
  readonly runId?: string | undefined;
  readonly modelId?: string | undefined;
  readonly path?: string | undefined;
}

/**
 * A file or folder, by the id of its run or logged model. The handler refuses a call that names neither, or both. A path that
 * is not valid leads to no file, and the handler says why.
 */
export function filesOf({ runId, modelId, path = "" }: AskedFile): Resource[] {
  const file = { path: validPath(path) };
  const named: Resource[] = [];
  if (runId) named.push({ kind: "run", runId, ...file });
  if (modelId) named.push({ kind: "loggedModel", modelId, ...file });
  return named.length > 0 ? named : [{ kind: "list" }];
}

export const onFile = (level: PermissionLevel): Permission<AskedFile> => ({ level, on: filesOf });

function validPath(path: string): string | undefined {
  try {
    return canonicalArtifactPath(path);
  } catch {
    return undefined;
  }
}

/** The caller's own account. Admins may use every account. */
export const onAccount: Permission<{ readonly username: string }> = {
  level: "READ",
  on: ({ username }) => [{ kind: "account", username }],
};

/** The thing that a request for grants names; undefined for all things of a kind. */
export function grantedThing(type: string, id: string) {
  if (type === "experiment" && id !== ANY) return { kind: "experiment", experimentId: id } as const;
  const isModel = (type === "registered_model" || type === "prompt") && id !== ANY;
  return isModel ? ({ kind: "registeredModel", name: id } as const) : undefined;
}

/** The resource on which a request for grants needs a permission. For all things of a kind it is the server. */
export function grantedResource(type: string, id: string): Resource {
  return grantedThing(type, id) ?? { kind: "server" };
}

/** Every authenticated caller may list. The answer holds only what the caller may see. */
export const onList: Permission<unknown> = { level: "READ", on: () => [{ kind: "list" }] };

export const onExperiment = (level: PermissionLevel): Permission<{ readonly experimentId: string }> => ({
  level,
  on: ({ experimentId }) => [{ kind: "experiment", experimentId }],
});

/** An experiment with its runs and logged models, for which there may be other grants. */
export const wholeExperiment = (experimentId: string): Resource[] => [
  { kind: "experiment", experimentId },
  { kind: "runsOf", experimentId },
  { kind: "loggedModelsOf", experimentId },
];

/** An experiment is deleted and restored as a whole. */
export const onWholeExperiment: Permission<{ readonly experimentId: string }> = {
  level: "MANAGE",
  on: ({ experimentId }) => wholeExperiment(experimentId),
};

export const onExperiments = (
  level: PermissionLevel,
): Permission<{ readonly experimentIds?: readonly string[] | undefined }> => ({
  level,
  // An empty list of ids is legal, and its answer is empty.
  on: ({ experimentIds = [] }) => [
    { kind: "list" },
    ...experimentIds.map((experimentId) => ({ kind: "experiment" as const, experimentId })),
  ],
});

/** Every authenticated caller may search. The search covers the named experiments that the caller may read. */
export const onReadableExperiments: Permission<{ readonly experimentIds?: readonly string[] | undefined }> = {
  level: "READ",
  on: () => [{ kind: "list" }],
  narrows: ({ experimentIds = [] }) => experimentIds,
};

export const onRun = (level: PermissionLevel): Permission<{ readonly runId: string }> => ({
  level,
  on: ({ runId }) => [{ kind: "run", runId }],
});

export const onRuns = (level: PermissionLevel): Permission<{ readonly runIds: readonly string[] }> => ({
  level,
  on: ({ runIds }) => runIds.map((runId) => ({ kind: "run", runId })),
});

interface Measurement {
  readonly modelId?: string | undefined;
}

/** Logging metrics needs EDIT on the run, and on the logged models that the metrics measure. */
export const onMeasuredModels: Permission<
  Measurement & { readonly runId: string; readonly metrics?: readonly Measurement[] | undefined }
> = {
  level: "EDIT",
  on: ({ runId, modelId, metrics = [] }) => {
    const modelIds = new Set<string>(modelId ? [modelId] : []);
    for (const metric of metrics) if (metric.modelId) modelIds.add(metric.modelId);
    return [{ kind: "run", runId }, ...[...modelIds].map((id): Resource => ({ kind: "loggedModel", modelId: id }))];
  },
};

export const onLoggedModel = (level: PermissionLevel): Permission<{ readonly modelId: string }> => ({
  level,
  on: ({ modelId }) => [{ kind: "loggedModel", modelId }],
});

export const onRegisteredModel = (level: PermissionLevel): Permission<{ readonly name: string }> => ({
  level,
  on: ({ name }) => [{ kind: "registeredModel", name }],
});

/** A DENY on all runs forbids making one. */
export const onNewRun: Permission<{ readonly experimentId?: string | undefined }> = {
  level: "EDIT",
  on: ({ experimentId: given }) => {
    const experimentId = given || "0";
    return [
      { kind: "experiment", experimentId },
      { kind: "runsOf", experimentId, level: "READ" },
    ];
  },
};

/**
 * A DENY on all logged models forbids making one. A run that moves to another experiment, or that a link
 * shows, takes along the logged models that name the run as their source.
 */
export const onNewLoggedModel: Permission<{
  readonly experimentId: string;
  readonly sourceRunId?: string | undefined;
}> = {
  level: "EDIT",
  on: ({ experimentId, sourceRunId: runId }) => [
    { kind: "experiment", experimentId },
    { kind: "loggedModelsOf", experimentId, level: "READ" },
    ...(runId ? [{ kind: "run", runId } as const] : []),
  ],
};

interface NewModelVersion {
  readonly name: string;
  readonly source: string;
  readonly runId?: string | undefined;
  readonly modelId?: string | undefined;
  readonly tags?: readonly KeyValue[] | undefined;
}

/** The creator must be allowed to read the version's source, since readers of the registered model may read it too. */
export const onNewModelVersion: Permission<NewModelVersion> = {
  level: "EDIT",
  on: ({ name, source, runId, modelId, tags = [] }) => {
    const read: Resource[] = isPrompt(tags) ? [] : sourceResources(source);
    if (runId) read.push({ kind: "run", runId });
    if (modelId) read.push({ kind: "loggedModel", modelId });
    return [{ kind: "registeredModel", name }, ...read.map((resource): Resource => ({ ...resource, level: "READ" }))];
  },
};

function sourceResources(text: string): Resource[] {
  const source = parseModelSource(text);
  switch (source.kind) {
    case "artifacts":
      return [{ kind: "artifact", objectKey: source.objectKey }];
    // The server never reads a direct URI, so it needs no permission.
    case "direct":
      return [];
    case "run":
      return [{ kind: "run", runId: source.runId }];
    case "loggedModel":
      return [{ kind: "loggedModel", modelId: source.modelId }];
    case "registeredModel":
      return [{ kind: "registeredModel", name: source.name }];
  }
}
