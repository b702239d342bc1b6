import { canonicalArtifactPath } from "../../domain/artifact-path.ts";
import { findArtifact, locateArtifactOf } from "../../services/artifacts/artifact-access.ts";
import { readFile } from "../../services/artifacts/near-files.ts";
import { message, required, string } from "../../wire/message.ts";
import { type Route, route } from "../../wire/route.ts";
import { onFile, onFiles, onLinks } from "../permissions.ts";

/**
 * A logged page may run its scripts, because plots need them, but in its own origin: it sees neither the web UI nor the
 * reader's data, reaches no host, and only the web UI can frame it. Without `allow-same-origin` the sandbox also protects
 * readers who open the address itself.
 */
const PREVIEW_HEADERS = {
  "Content-Type": "text/html; charset=utf-8",
  "Content-Security-Policy":
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; " +
    "img-src data: blob:; font-src data:; media-src data: blob:; connect-src 'none'; form-action 'none'; " +
    "base-uri 'none'; frame-ancestors 'self'",
  "Referrer-Policy": "no-referrer",
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
  "Cross-Origin-Resource-Policy": "same-origin",
};

/** An HTML file of a run or of a logged model, for the web UI's sandboxed frame. */
export const uiPreviewRoutes: readonly Route[] = [
  route({
    method: "GET",
    paths: ["/ui-api/preview"],
    permission: onLinks("file", onFiles(onFile("READ"))),
    reads: "near",
    input: message({ runId: string, modelId: string, path: required(string) }),
    handle: async ({ ctx, input: { runId, modelId, path } }) => {
      const artifactPath = canonicalArtifactPath(path);
      const { at, objectKey } = await locateArtifactOf(ctx, { runId, modelId }, artifactPath);
      const { found } = await findArtifact(at, { objectKey }, (key) => readFile(at, key, undefined));
      const { body, size } = found;
      return new Response(body, { headers: { ...PREVIEW_HEADERS, "Content-Length": String(size) } });
    },
  }),
];
