import { canonicalArtifactPath } from "../../domain/artifact-path.ts";
import { findArtifact, locateArtifactOf } from "../../services/artifacts/artifact-access.ts";
import { findDigest } from "../../stores/d1/artifacts/digests.ts";
import { message, required, string } from "../../wire/message.ts";
import { json } from "../../wire/respond.ts";
import { type Route, route } from "../../wire/route.ts";
import { onFile, onFiles, onLinks } from "../permissions.ts";

/** What is known of one file of a run or a logged model, without its bytes. docs/ui-api.md describes the answer. */
export const uiArtifactRoutes: readonly Route[] = [
  route({
    method: "GET",
    paths: ["/ui-api/artifact"],
    permission: onLinks("file", onFiles(onFile("READ"))),
    reads: "near",
    input: message({ runId: string, modelId: string, path: required(string) }),
    handle: async ({ ctx, input: { runId, modelId, path } }) => {
      const artifactPath = canonicalArtifactPath(path);
      const { at, objectKey } = await locateArtifactOf(ctx, { runId, modelId }, artifactPath);
      const { found } = await findArtifact(at, { objectKey }, (key) => at.artifacts.head(key));
      const sha256 = await findDigest(ctx.db, objectKey, found.etag);
      return json({ path: artifactPath, file_size: found.size, etag: found.etag, ...(sha256 && { sha256 }) });
    },
  }),
];
