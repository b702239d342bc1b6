import { isLocalPath, isServed, requireAllowedHost } from "../../domain/artifact-location.ts";
import { joinArtifactPath, objectKeyOfArtifactUri } from "../../domain/artifact-path.ts";
import { doesNotExist, invalidParameter, MlflowError } from "../../domain/errors.ts";
import { invalidSource, isPromptSource, type ModelSource, parseModelSource } from "../../domain/model-source.ts";
import { isPrompt } from "../../domain/prompts.ts";
import { type LocatedArtifact, locate, locateRunArtifact } from "../artifacts/artifact-access.ts";
import type { ServiceContext } from "../context.ts";
import { getLoggedModelInfo } from "../logged-models/logged-models.ts";
import { getRunInfo } from "../runs/runs.ts";
import { getVersionByAlias } from "./aliases.ts";
import { getDownloadUri, getModelVersion } from "./model-versions.ts";
import { getRegisteredModel } from "./registered-models.ts";
import { getLatestVersions } from "./stages.ts";

/*
 * Where the files of a new version come from. Everybody who may read the registered model may read a version's source. So
 * the source must belong to the run or logged model that the request names, and the caller must be allowed to read that
 * (CVE-2026-69148, GHSA-gqch-g4w5-7qcw). Everything is looked up in this server's own stores; no URL is ever fetched.
 */

export interface SourceRequest {
  readonly source: string;
  readonly runId?: string | undefined;
  readonly modelId?: string | undefined;
}

export interface ResolvedSource {
  readonly source: string;
  /** The URI that a client downloads: never a `models:/` URI, so that resolving it always ends. */
  readonly storageLocation: string;
  readonly runId: string | null;
  readonly modelId: string | null;
}

/** @throws MlflowError INVALID_PARAMETER_VALUE for a malformed source, or one that the request may not name. */
export async function resolveSource(ctx: ServiceContext, request: SourceRequest): Promise<ResolvedSource> {
  const { source } = request;
  const parsed = parseModelSource(source);
  const runId = request.runId ?? "";
  const modelId = request.modelId ?? "";
  switch (parsed.kind) {
    case "registeredModel":
      return await resolveVersion(ctx, request, parsed);
    case "loggedModel": {
      if (modelId !== parsed.modelId) throw notTheModel(source);
      const { artifactUri, sourceRunId } = await foundOr(notTheModel(source), getLoggedModelInfo(ctx, modelId));
      return { source, storageLocation: artifactUri, runId: runId || sourceRunId, modelId };
    }
    case "run":
      if (modelId !== "") throw notTheModel(source);
      if (runId !== parsed.runId) throw notTheRun(source);
      return { source, storageLocation: source, runId, modelId: null };
    case "direct":
      return await resolveDirect(ctx, request);
    case "artifacts": {
      if (modelId !== "") {
        const { artifactUri, sourceRunId } = await foundOr(notTheModel(source), getLoggedModelInfo(ctx, modelId));
        if (!isWithin(parsed.objectKey, artifactUri)) throw notTheModel(source);
        return { source, storageLocation: source, runId: runId || sourceRunId, modelId };
      }
      if (runId === "") throw notTheRun(source);
      const { artifactUri } = await foundOr(notTheRun(source), getRunInfo(ctx, runId));
      if (!isWithin(parsed.objectKey, artifactUri)) throw notTheRun(source);
      return { source, storageLocation: source, runId, modelId: null };
    }
  }
}

/**
 * A place that clients access by themselves. As in MLflow, a local path must lie within the artifacts of the run or model
 * that the request names.
 */
async function resolveDirect(ctx: ServiceContext, { source, runId = "", modelId = "" }: SourceRequest) {
  requireAllowedHost("source", source, ctx.locations);
  const model = modelId === "" ? undefined : await foundOr(notTheModel(source), getLoggedModelInfo(ctx, modelId));
  if (isLocalPath(source)) {
    const notTheOwner = model === undefined ? notTheRun(source) : notTheModel(source);
    const owner = model ?? (runId === "" ? undefined : await foundOr(notTheOwner, getRunInfo(ctx, runId)));
    const root = owner === undefined ? "" : pathOf(owner.artifactUri);
    const path = pathOf(source);
    if (root === "" || (path !== root && !path.startsWith(`${root}/`))) throw notTheOwner;
  }
  return {
    source,
    storageLocation: source,
    runId: runId || (model?.sourceRunId ?? null),
    modelId: modelId || null,
  };
}

/** The path in a local URI; "" for any other URI. */
function pathOf(uri: string): string {
  return isLocalPath(uri) ? uri.replace(/^file:(\/\/(?=\/))?/, "").replace(/\/+/g, "/") : "";
}

/** Resolves the source of a prompt, which has no files. The run and model that it names are kept. */
export async function resolvePromptSource(ctx: ServiceContext, request: SourceRequest): Promise<ResolvedSource> {
  const { source, runId = "", modelId = "" } = request;
  if (!isPromptSource(source)) {
    throw invalidParameter(`Invalid prompt source: '${source}'. Prompt sources must use an MLflow placeholder.`);
  }
  if (runId !== "" || modelId === "") return { source, storageLocation: source, runId, modelId: null };
  const { sourceRunId } = await getLoggedModelInfo(ctx, modelId);
  return { source, storageLocation: source, runId: sourceRunId, modelId: null };
}

/**
 * The artifact at a path in a version's files.
 * @param path canonical.
 * @throws MlflowError RESOURCE_DOES_NOT_EXIST for a version without files, such as a prompt's.
 */
export async function locateVersionArtifact(
  ctx: ServiceContext,
  name: string,
  version: string,
  path: string,
): Promise<Pick<LocatedArtifact, "at" | "objectKey">> {
  const location = await getDownloadUri(ctx, name, version);
  if (isPromptSource(location)) throw doesNotExist(`No such artifact: '${path}'`);
  const source = parseModelSource(location);
  if (source.kind === "artifacts") return { at: ctx, objectKey: joinArtifactPath(source.objectKey, path) };
  if (source.kind === "direct") return locate(ctx, source.uri, path, undefined);
  if (source.kind !== "run") throw invalidSource(location);
  return await locateRunArtifact(ctx, source.runId, joinArtifactPath(source.path, path));
}

/** A version made from another takes over that version's files and run. The request may repeat the run, but not change it. */
async function resolveVersion(
  ctx: ServiceContext,
  request: SourceRequest,
  source: Extract<ModelSource, { kind: "registeredModel" }>,
): Promise<ResolvedSource> {
  const { name } = source;
  if (isPrompt((await getRegisteredModel(ctx, name)).tags)) {
    throw invalidSource(request.source, "Prompt versions cannot be used as model version sources.");
  }
  const version = await selectVersion(ctx, source);
  const { runId } = await getModelVersion(ctx, name, version);
  const isOtherRun = request.runId !== undefined && request.runId !== (runId ?? "");
  if (isOtherRun || request.modelId) {
    throw invalidSource(
      request.source,
      "The run_id and model_id request parameters must match the referenced model version.",
    );
  }
  const storageLocation = await getDownloadUri(ctx, name, version);
  return { source: `models:/${name}/${version}`, storageLocation, runId, modelId: null };
}

async function selectVersion(
  ctx: ServiceContext,
  { name, selector }: Extract<ModelSource, { kind: "registeredModel" }>,
): Promise<string> {
  if (selector.by === "version") return String(Number(selector.version));
  if (selector.by === "alias") return String((await getVersionByAlias(ctx, name, selector.alias)).version);
  const stages = selector.by === "stage" ? [selector.stage] : [];
  const newest = (await getLatestVersions(ctx, name, stages)).at(-1);
  if (newest === undefined) {
    throw invalidParameter(
      `No versions of model with name '${name}'${stages.map((stage) => ` and stage '${stage}'`)} found`,
    );
  }
  return String(newest.version);
}

/** The result of `lookup`. If it finds nothing, the source is wrong: throws `otherwise`. */
async function foundOr<T>(otherwise: MlflowError, lookup: Promise<T>): Promise<T> {
  try {
    return await lookup;
  } catch (error) {
    throw error instanceof MlflowError && error.code === "RESOURCE_DOES_NOT_EXIST" ? otherwise : error;
  }
}

function isWithin(objectKey: string, rootUri: string): boolean {
  if (!isServed(rootUri)) return false;
  const root = objectKeyOfArtifactUri(rootUri);
  return objectKey === root || objectKey.startsWith(`${root}/`);
}

function notTheRun(source: string): MlflowError {
  return invalidSource(source, "The run_id request parameter must identify the run that contains the source.");
}

function notTheModel(source: string): MlflowError {
  return invalidSource(
    source,
    "The model_id request parameter must identify the logged model that contains the source.",
  );
}
