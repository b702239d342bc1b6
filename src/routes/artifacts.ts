import { canonicalArtifactPath } from "../domain/artifact-path.ts";
import { invalidParameter } from "../domain/errors.ts";
import { locateArtifactOf, locateRunArtifact } from "../services/artifacts/artifact-access.ts";
import { requireFilePlace } from "../services/artifacts/artifact-roots.ts";
import { storeFile } from "../services/artifacts/store-file.ts";
import { listingPageResponse, listingResponse } from "../wire/artifact-listing.ts";
import { artifactResponse } from "../wire/artifact-response.ts";
import { announcedChecksums } from "../wire/checksums.ts";
import { runIdField } from "../wire/fields.ts";
import { int32, message, queryToRaw, required, string } from "../wire/message.ts";
import { rawQuery } from "../wire/raw-target.ts";
import { jsonText } from "../wire/respond.ts";
import { apiPaths, bytes, previewedPaths, type Route, route } from "../wire/route.ts";
import { onFile, onFiles, onLinks, onRun } from "./permissions.ts";

/** MLflow's limit for uploads by its web UI, in bytes. */
const MAX_UPLOAD_BYTES = 10 * 1024 * 1024;

const MAX_EXPIRATION_SECONDS = 604_800;

const uploadInput = message({ runId: runIdField, path: required(string) });

/** MLflow's answer for artifacts that pass through the server itself, as they always do here. */
function notPresigned(what: "upload" | "download"): Error {
  return invalidParameter(
    `Presigned ${what} is not supported for proxied artifact storage (artifact URI scheme: mlflow-artifacts).`,
  );
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
      const { artifactUri: rootUri, objectKey } = await locateRunArtifact(ctx, runId, folder);
      const listed = { rootUri, objectKey, folder };
      return pageToken === undefined ? listingResponse(ctx, listed) : listingPageResponse(ctx, listed, pageToken);
    },
  }),
  route({
    method: "GET",
    paths: ["/get-artifact"],
    permission: onLinks("file", onFiles(onFile("READ"))),
    input: message({ runId: runIdField, path: required(string) }),
    handle: async ({ ctx, input: { runId, path }, request }) => {
      const { objectKey } = await locateRunArtifact(ctx, runId, canonicalArtifactPath(path));
      return artifactResponse(ctx, request, { objectKey });
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
      const { objectKey } = await locateRunArtifact(ctx, runId, artifactPath);
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
    handle: async ({ ctx, input: { runId, modelId, path } }) => {
      await locateArtifactOf(ctx, { runId, modelId }, canonicalArtifactPath(path));
      throw notPresigned("upload");
    },
  }),
  route({
    method: "POST",
    paths: apiPaths("/mlflow/artifacts/presigned-download-url"),
    permission: onFiles(onRun("READ")),
    input: message({ runId: required(string), path: required(string), expiration: int32 }),
    handle: async ({ ctx, input: { runId, path, expiration = 1 } }) => {
      const artifactPath = canonicalArtifactPath(path);
      if (expiration < 1 || expiration > MAX_EXPIRATION_SECONDS) {
        throw invalidParameter(
          `expiration must be between 1 and ${MAX_EXPIRATION_SECONDS} seconds (got ${expiration}).`,
        );
      }
      await locateRunArtifact(ctx, runId, artifactPath);
      throw notPresigned("download");
    },
  }),
];
