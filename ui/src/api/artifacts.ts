import { queryOptions } from "@tanstack/react-query";
import { getJson, getRange, getText, MLFLOW, withQuery } from "./client.ts";
import type { FileInfo } from "./wire.ts";

/** The owner of the files: a run, a logged model, or a model version. */
export type ArtifactRoot =
  | { kind: "run"; runId: string }
  | { kind: "logged-model"; modelId: string }
  | { kind: "model-version"; name: string; version: string };

export interface ArtifactList {
  files: FileInfo[];
  /** The URI of the root folder, such as `mlflow-artifacts:/1/…/artifacts`. */
  rootUri: string | undefined;
}

interface ListAnswer {
  root_uri?: string;
  files?: FileInfo[];
}

/** The files and folders directly below `path`, "" for the root. For a model version, use its run or its model. */
export async function listArtifacts(
  root: Exclude<ArtifactRoot, { kind: "model-version" }>,
  path: string,
  signal?: AbortSignal,
): Promise<ArtifactList> {
  const answer =
    root.kind === "run"
      ? await getJson<ListAnswer>(`${MLFLOW}/artifacts/list`, { run_id: root.runId, path: path || undefined }, signal)
      : await getJson<ListAnswer>(
          `${MLFLOW}/logged-models/${encodeURIComponent(root.modelId)}/artifacts/directories`,
          { artifact_directory_path: path || undefined },
          signal,
        );
  return { files: answer.files ?? [], rootUri: answer.root_uri };
}

/** The URL of one file, for `<a download>`, `<img src>` and range requests. */
export function artifactUrl(root: ArtifactRoot, path: string): string {
  if (root.kind === "run") return withQuery("get-artifact", { run_uuid: root.runId, path });
  if (root.kind === "model-version") {
    return withQuery("model-versions/get-artifact", { name: root.name, version: root.version, path });
  }
  return withQuery(`${MLFLOW}/logged-models/${encodeURIComponent(root.modelId)}/artifacts/files`, {
    artifact_file_path: path,
  });
}

/** The URL of a folder and everything below it as a ZIP, for `<a download>`; "" is the root. */
export function folderZipUrl(root: Exclude<ArtifactRoot, { kind: "model-version" }>, path: string): string {
  const of = root.kind === "run" ? { run_id: root.runId } : { model_id: root.modelId };
  return withQuery("ui-api/folder-zip", { ...of, path: path || undefined });
}

/** A file's size in bytes, and its SHA-256 in hex digits where the server computed it. */
export interface ArtifactDetails {
  file_size: number;
  sha256?: string;
}

export const artifactDetailsQuery = (root: Exclude<ArtifactRoot, { kind: "model-version" }>, path: string) =>
  queryOptions({
    queryKey: ["artifacts", "details", root, path],
    queryFn: ({ signal }) => {
      const of = root.kind === "run" ? { run_id: root.runId } : { model_id: root.modelId };
      return getJson<ArtifactDetails>("ui-api/artifact", { ...of, path }, signal);
    },
  });

export const artifactListQuery = (root: Exclude<ArtifactRoot, { kind: "model-version" }>, path: string) =>
  queryOptions({
    queryKey: ["artifacts", "list", root, path],
    queryFn: ({ signal }) => listArtifacts(root, path, signal),
  });

/** The text of a whole file. Use it only for small files. */
export const artifactTextQuery = (root: ArtifactRoot, path: string) =>
  queryOptions({
    queryKey: ["artifacts", "text", root, path],
    queryFn: ({ signal }) => getText(artifactUrl(root, path), undefined, signal),
  });

/** Bytes `from` to `to`, both inclusive. */
export const artifactRangeQuery = (root: ArtifactRoot, path: string, from: number, to: number) =>
  queryOptions({
    queryKey: ["artifacts", "range", root, path, from, to],
    queryFn: ({ signal }) => getRange(artifactUrl(root, path), from, to, signal),
  });
