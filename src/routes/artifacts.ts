import { isServed } from "../domain/artifact-location.ts";
import { canonicalArtifactPath } from "../domain/artifact-path.ts";
import { invalidParameter } from "../domain/errors.ts";
import {
  findArtifact,
  type LocatedArtifact,
  locateArtifactOf,
  locateRunArtifact,
  notOnThisServer,
} from "../services/artifacts/artifact-access.ts";
import { requireFilePlace } from "../services/artifacts/artifact-roots.ts";
import { storeFile } from "../services/artifacts/store-file.ts";
import { listingPageResponse, listingResponse } from "../wire/artifact-listing.ts";
import { artifactResponse, downloadHeaders } from "../wire/artifact-response.ts";
import { announcedChecksums } from "../wire/checksums.ts";
import { runIdField } from "../wire/fields.ts";
import { int32, message, queryToRaw, required, string } from "../wire/message.ts";
import { rawQuery } from "../wire/raw-target.ts";
import { json, jsonText } from "../wire/respond.ts";
import { apiPaths, bytes, previewedPaths, type Route, route } from "../wire/route.ts";
import { onFile, onFiles, onLinks, onRun } from "./permissions.ts";

/** MLflow's limit for uploads by its web UI, in bytes. */
const MAX_UPLOAD_BYTES = 10 * 1024 * 1024;

const MAX_EXPIRATION_SECONDS = 604_800;

const uploadInput = message({ runId: runIdField, path: required(string) });

/** @throws MlflowError INVALID_PARAMETER_VALUE for artifacts that pass through the server itself, as MLflow answers. */
function requireDirect(what: "upload" | "download", { artifactUri }: LocatedArtifact): void {
  if (!isServed(artifactUri)) return;
  throw invalidParameter(
    `Presigned ${what} is not supported for proxied artifact storage (artifact URI scheme: mlflow-artifacts).`,
  );
}

/** @throws MlflowError INVALID_PARAMETER_VALUE for a URL that no store would accept. */
function requireExpiration(seconds: number): void {
  if (seconds >= 1 && seconds <= MAX_EXPIRATION_SECONDS) return;
  throw invalidParameter(`expiration must be between 1 and ${MAX_EXPIRATION_SECONDS} seconds (got ${seconds}).`);
}

/** A run's artifacts, by run id and a path relative to the run's artifact root. */
export const artifactsRoutes: readonly Route[] = [
  route({
    method: "GET",
    paths: previewedPaths("/mlflow/artifacts/list"),
    permission: onLinks("file", onFile("READ")),
    // MLflow's clients send no page token, and expect all files. With a token, "" for the first page, the answer is a page.
    input: message({ runId: runIdField, path: string, pageToken: string }),
    handle: async ({ ctx, input: { runId, path = "", pageToken } }) => {
      const folder = canonicalArtifactPath(path);
      const { at, artifactUri: rootUri, objectKey } = await locateRunArtifact(ctx, runId, folder);
      const listed = { rootUri, objectKey, folder };
      return pageToken === undefined ? listingResponse(at, listed) : listingPageResponse(at, listed, pageToken);
    },
  }),
  route({
    method: "GET",
    paths: ["/get-artifact"],
    permission: onLinks("file", onFiles(onFile("READ"))),
    input: message({ runId: runIdField, path: required(string) }),
    handle: async ({ ctx, input: { runId, path }, request }) => {
      const { at, objectKey } = await locateRunArtifact(ctx, runId, canonicalArtifactPath(path));
      return artifactResponse(at, request, { objectKey });
    },
  }),
  route({
    method: "POST",
    paths: ["/ajax-api/2.0/mlflow/upload-artifact"],
    permission: onFiles(onRun("EDIT")),
    input: bytes({
      maxBytes: MAX_UPLOAD_BYTES,
      tooLarge: () => invalidParameter("Artifact size is too large. Max size is 10MB."),
      read: (request, body) => {
        if (body.length === 0) throw invalidParameter("Request must specify data.");
        const query = new URLSearchParams(rawQuery(request));
        const announced = announcedChecksums(request.headers);
        return { ...uploadInput.parse(queryToRaw(query, uploadInput.repeatedNames), ""), body, announced };
      },
    }),
    handle: async ({ ctx, input: { runId, path, body, announced } }) => {
      const artifactPath = canonicalArtifactPath(path);
      const { at, artifactUri, objectKey } = await locateRunArtifact(ctx, runId, artifactPath);
      if (at !== ctx) throw notOnThisServer(artifactUri);
      await requireFilePlace(ctx, objectKey);
      await storeFile(ctx, objectKey, new Response(body).body, body.length, announced);
      return jsonText("");
    },
  }),
  route({
    method: "POST",
    paths: apiPaths("/mlflow/artifacts/presigned-upload-url"),
    permission: onFiles(onFile("EDIT")),
    input: message({ runId: string, modelId: string, path: required(string), expiration: int32 }),
    handle: async ({ ctx, input: { runId, modelId, path, expiration = 900 } }) => {
      const located = await locateArtifactOf(ctx, { runId, modelId }, canonicalArtifactPath(path));
      requireDirect("upload", located);
      requireExpiration(expiration);
      const url = await located.at.artifacts.presignPut?.(located.objectKey, expiration);
      return json({ presigned_url: url, headers: { "Content-Type": downloadHeaders(path).contentType } });
    },
  }),
  route({
    method: "POST",
    paths: apiPaths("/mlflow/artifacts/presigned-download-url"),
    permission: onFiles(onRun("READ")),
    input: message({ runId: required(string), path: required(string), expiration: int32 }),
    handle: async ({ ctx, input: { runId, path, expiration = 300 } }) => {
      const artifactPath = canonicalArtifactPath(path);
      requireExpiration(expiration);
      const located = await locateRunArtifact(ctx, runId, artifactPath);
      requireDirect("download", located);
      const { artifacts } = located.at;
      const { found } = await findArtifact(located.at, located, (key) => artifacts.head(key));
      const url = await artifacts.presignGet?.(located.objectKey, downloadHeaders(path), expiration);
      return json({ presigned_url: url, headers: {}, file_size: found.size });
    },
  }),
];
