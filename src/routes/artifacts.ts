import { canonicalArtifactPath } from "../domain/artifact-path.ts";
import { locateRunArtifact } from "../services/artifact-access.ts";
import { artifactResponse } from "./artifact-response.ts";
import { message, required, string } from "./message.ts";
import { onRun } from "./permissions.ts";
import { json } from "./respond.ts";
import { type Route, route, trackingPaths } from "./route.ts";
import { runIdField } from "./runs.ts";
import { filesToWire } from "./wire.ts";

/** A run's artifacts, by run id and a path relative to the run's artifact root. */
export const artifactsRoutes: readonly Route[] = [
  route({
    method: "GET",
    paths: trackingPaths("/mlflow/artifacts/list"),
    permission: onRun("READ"),
    input: message({ runId: runIdField, path: string }),
    handle: async ({ ctx, input: { runId, path = "" } }) => {
      const folder = canonicalArtifactPath(path);
      const { artifactUri, objectKey } = await locateRunArtifact(ctx, runId, folder);
      return json({ root_uri: artifactUri, ...filesToWire(await ctx.artifacts.list(objectKey), folder) });
    },
  }),
  route({
    method: "GET",
    paths: ["/get-artifact"],
    permission: onRun("READ"),
    input: message({ runId: runIdField, path: required(string) }),
    handle: async ({ ctx, input: { runId, path }, request }) => {
      const { objectKey } = await locateRunArtifact(ctx, runId, canonicalArtifactPath(path));
      return artifactResponse(ctx, request, objectKey);
    },
  }),
];
