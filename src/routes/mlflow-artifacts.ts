import { artifactPathOfUrl, canonicalArtifactPath, otherPathsOfUrl } from "../domain/artifact-path.ts";
import { invalidParameter, MlflowError } from "../domain/errors.ts";
import { type AskedFile, existingKey } from "../services/artifacts/artifact-access.ts";
import { hasHiddenRuns, requireDeletable, requireFilePlace } from "../services/artifacts/artifact-roots.ts";
import { forgetDigests } from "../services/artifacts/file-digests.ts";
import { storeFile } from "../services/artifacts/store-file.ts";
import type { ServiceContext } from "../services/context.ts";
import { listingResponse } from "../wire/artifact-listing.ts";
import { artifactResponse, presignedResponse } from "../wire/artifact-response.ts";
import { announcedChecksums } from "../wire/checksums.ts";
import { type Message, message, string } from "../wire/message.ts";
import { json } from "../wire/respond.ts";
import {
  apiPaths,
  type Permission,
  type PermissionLevel,
  type Route,
  route,
  type StreamInput,
  stream,
} from "../wire/route.ts";
import { multipartRoutes } from "./mlflow-artifacts-multipart.ts";
import { onFiles } from "./permissions.ts";
import { signedArtifactsRoutes } from "./signed-artifacts.ts";

/** A permission on an artifact. The root has no owner, so it needs a permission on the server. */
const onArtifact = (level: PermissionLevel): Permission<AskedFile> => ({
  level,
  on: ({ objectKey }) => [objectKey === "" ? { kind: "server" } : { kind: "artifact", objectKey }],
});

/** Reads the object's key from the raw target below `path`. */
const objectKeyBelow = (path: string): StreamInput<AskedFile> =>
  stream(({ url }) => ({
    objectKey: artifactPathOfUrl(url, `${path}/`),
    others: otherPathsOfUrl(url, `${path}/`),
  }));

const ARTIFACTS = "/mlflow-artifacts/artifacts";
const PRESIGNED = "/mlflow-artifacts/presigned";

const listMessage = message({ path: string });

/** The folder to list, from the query, or as for every GET from the body where there is no query. */
const listInput: Message<AskedFile> = {
  ...listMessage,
  parse: (value, path) => ({ objectKey: canonicalArtifactPath(listMessage.parse(value, path).path ?? "") }),
};

/** Refuses calls where artifacts are not served. MLflow answers 503, which makes its clients retry in vain for minutes. */
function requireServing(ctx: ServiceContext): void {
  if (ctx.isServingArtifacts) return;
  throw new MlflowError(
    "NOT_IMPLEMENTED",
    "This server was started with --no-serve-artifacts: clients keep artifacts where their run's artifact URI says.",
  );
}

/** Refuses calls, as MLflow does, where the operator allows only presigned URLs. */
function requireProxying(ctx: ServiceContext, what: "uploads" | "downloads"): void {
  requireServing(ctx);
  if (ctx.presigned !== "only") return;
  throw new MlflowError(
    "PERMISSION_DENIED",
    `Proxied artifact ${what} are disabled: this server was started with --artifacts-presigned-only. Use an MLflow client of 3.18 or newer, which transfers artifacts by presigned URLs.`,
    { artifacts_presigned_only: true },
  );
}

/** The artifact proxy, which MLflow's clients use for runs whose artifact URI starts with `mlflow-artifacts:`. */
export const mlflowArtifactsRoutes: readonly Route[] = [
  route({
    method: "GET",
    paths: apiPaths(ARTIFACTS),
    permission: onArtifact("READ"),
    input: listInput,
    handle: async ({ ctx, input: { objectKey } }) => {
      requireServing(ctx);
      return await listingResponse(ctx, { objectKey, hidesRuns: await hasHiddenRuns(ctx, objectKey) });
    },
  }),
  route({
    method: "GET",
    paths: apiPaths(`${ARTIFACTS}/*`),
    permission: onFiles(onArtifact("READ")),
    input: objectKeyBelow(ARTIFACTS),
    handle: ({ ctx, input, request }) => {
      requireProxying(ctx, "downloads");
      return artifactResponse(ctx, request, input);
    },
  }),
  route({
    method: "PUT",
    paths: apiPaths(`${ARTIFACTS}/*`),
    permission: onFiles(onArtifact("EDIT")),
    input: objectKeyBelow(ARTIFACTS),
    handle: async ({ ctx, input: { objectKey }, request }) => {
      requireProxying(ctx, "uploads");
      // What ends with a slash is a folder, and would be stored as a file of the folder's name.
      if (/^[^?#]*\/([?#]|$)/.test(request.url)) throw invalidParameter("Invalid path: it ends with a slash.");
      await requireFilePlace(ctx, objectKey);
      const length = request.headers.get("Content-Length");
      const contentLength = length === null ? undefined : Number(length);
      await storeFile(ctx, objectKey, request.body, contentLength, announcedChecksums(request.headers));
      return json({});
    },
  }),
  route({
    method: "DELETE",
    paths: apiPaths(`${ARTIFACTS}/*`),
    permission: onFiles(onArtifact("MANAGE")),
    input: objectKeyBelow(ARTIFACTS),
    handle: async ({ ctx, input }) => {
      requireServing(ctx);
      const objectKey = await existingKey(ctx, input);
      await requireDeletable(ctx, objectKey);
      await ctx.artifacts.delete(objectKey);
      forgetDigests(ctx, objectKey);
      return json({});
    },
  }),
  ...multipartRoutes,
  ...signedArtifactsRoutes,
  route({
    method: "GET",
    paths: apiPaths(`${PRESIGNED}/*`),
    permission: onFiles(onArtifact("READ")),
    input: objectKeyBelow(PRESIGNED),
    handle: ({ ctx, input, request }) => presignedResponse(ctx, request, input),
  }),
];
