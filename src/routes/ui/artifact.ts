import { findArtifactOf } from "../../services/artifacts/artifact-access.ts";
import { readFile } from "../../services/artifacts/near-files.ts";
import { findDigest } from "../../stores/d1/artifacts/digests.ts";
import { message, required, string } from "../../wire/message.ts";
import { json } from "../../wire/respond.ts";
import { type Route, route } from "../../wire/route.ts";
import { onFile, onFiles, onLinks } from "../permissions.ts";

/** A call about one file of a run or of a logged model. */
const ONE_FILE = {
  method: "GET",
  permission: onLinks("file", onFiles(onFile("READ"))),
  reads: "near",
  input: message({ runId: string, modelId: string, path: required(string) }),
} as const;

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

/** What the web UI reads of one file. docs/ui-api.md describes the answers. */
export const uiArtifactRoutes: readonly Route[] = [
  /** What is known of the file, without its bytes. */
  route({
    ...ONE_FILE,
    paths: ["/ui-api/artifact"],
    handle: async ({ ctx, input }) => {
      const { path, objectKey, found } = await findArtifactOf(ctx, input, (at, key) => at.artifacts.head(key));
      const sha256 = await findDigest(ctx.db, objectKey, found.etag);
      return json({ path, file_size: found.size, etag: found.etag, ...(sha256 && { sha256 }) });
    },
  }),
  /** An HTML file, for the web UI's sandboxed frame. */
  route({
    ...ONE_FILE,
    paths: ["/ui-api/preview"],
    handle: async ({ ctx, input }) => {
      const { found } = await findArtifactOf(ctx, input, (at, key) => readFile(at, key, undefined));
      const { body, size } = found;
      return new Response(body, { headers: { ...PREVIEW_HEADERS, "Content-Length": String(size) } });
    },
  }),
];
