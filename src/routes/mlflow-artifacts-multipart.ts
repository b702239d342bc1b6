import { artifactPathOfUrl, canonicalArtifactPath, joinArtifactPath } from "../domain/artifact-path.ts";
import { invalidParameter, MlflowError } from "../domain/errors.ts";
import {
  abortMultipartUpload,
  completeMultipartUpload,
  createMultipartUpload,
} from "../services/artifacts/multipart.ts";
import { verifiedPart } from "../services/artifacts/part-signature.ts";
import { parseJsonExactly } from "../wire/json.ts";
import { int32, type Message, message, nested, repeated, required, string } from "../wire/message.ts";
import { calledBase, rawPath } from "../wire/raw-target.ts";
import { json, jsonText } from "../wire/respond.ts";
import { apiPaths, type BytesInput, bytes, type Permission, type Route, route, stream } from "../wire/route.ts";

const MPU = "/mlflow-artifacts/mpu";
/** Of no name of MLflow's: clients know it from the answer to `create` alone. */
const PARTS = "/trackflare/artifact-parts";

/** Enough for 10,000 parts with their URLs. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;
const MAX_PARTS = 10_000;

/** R2's and S3's largest part. */
const MAX_PART_BYTES = 5 * 1024 ** 3;

interface NamedObject {
  readonly objectKey: string;
}

const toWrite: Permission<NamedObject> = {
  level: "EDIT",
  scope: "artifacts",
  on: ({ objectKey }) => [{ kind: "artifact", objectKey }],
};

/** A message whose `path` names a file below the folder that the target names. */
function uploadInput<T extends { readonly path: string }>(verb: string, of: Message<T>): BytesInput<T & NamedObject> {
  return bytes({
    maxBytes: MAX_BODY_BYTES,
    read: (request, body) => {
      // As of every POST: other types need no preflight.
      if (!/^application\/json *(;|$)/i.test(request.headers.get("Content-Type") ?? "")) {
        throw invalidParameter("Bad Request. Content-Type must be application/json.");
      }
      const folder = artifactPathOfUrl(request.url, `${MPU}/${verb}/`);
      const input = of.parse(parsed(body), "");
      return { ...input, objectKey: joinArtifactPath(folder, fileNameOf(input.path)) };
    },
  });
}

function parsed(body: Uint8Array): unknown {
  try {
    return parseJsonExactly(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(body));
  } catch {
    throw invalidParameter("The body is not JSON.");
  }
}

/**
 * Clients up to 3.17 send the file's whole path on their own machine, later ones its name. MLflow's server decodes the name,
 * so that `a%20b` is stored as `a b`; here the file has the name that it has when it is sent whole.
 */
function fileNameOf(path: string): string {
  const name = canonicalArtifactPath(path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1));
  if (name === "") throw invalidParameter("Invalid path");
  return name;
}

const createMessage = message({ path: required(string), numParts: required(int32) });
const abortMessage = message({ path: required(string), uploadId: required(string) });
const partMessage = message({ partNumber: required(int32), etag: required(string), url: string });
const completeMessage = message({
  path: required(string),
  uploadId: required(string),
  parts: required(repeated(nested(partMessage), MAX_PARTS)),
});

/** Files that are sent by parts, for clients of MLflow that are told to. */
export const multipartRoutes: readonly Route[] = [
  route({
    method: "POST",
    paths: apiPaths(`${MPU}/create/*`),
    permission: toWrite,
    input: uploadInput("create", createMessage),
    handle: async ({ ctx, input: { objectKey, numParts }, request }) => {
      const { uploadId, parts } = await createMultipartUpload(ctx, objectKey, numParts);
      const base = partUrl(request, objectKey);
      return json({
        upload_id: uploadId,
        credentials: parts.map((part, i) => ({
          url: "url" in part ? part.url : `${base}?${part.query}`,
          part_number: i + 1,
        })),
      });
    },
  }),
  route({
    method: "PUT",
    // The signature in the URL is the credential, as clients send no other with a part.
    permission: "public",
    paths: apiPaths(`${PARTS}/*`),
    input: stream((request) => ({ objectKey: artifactPathOfUrl(request.url, `${PARTS}/`) })),
    handle: async ({ ctx, input: { objectKey }, request }) => {
      const query = new URLSearchParams(/\?(.*)$/s.exec(request.url)?.[1] ?? "");
      const { uploadId, partNumber } = await verifiedPart(ctx.signingSecret, objectKey, query);
      const { multipart } = ctx.artifacts;
      if (multipart.sendPart === undefined) {
        throw new MlflowError("NOT_IMPLEMENTED", "Parts do not come to this server.");
      }
      const length = request.headers.get("Content-Length");
      const size = Number(length);
      if (length === null || !Number.isSafeInteger(size) || size > MAX_PART_BYTES) {
        throw invalidParameter("A part must say its length, in the header Content-Length.");
      }
      const etag = await multipart.sendPart(objectKey, uploadId, partNumber, request.body, size);
      const answer = jsonText("");
      answer.headers.set("ETag", etag);
      return answer;
    },
  }),
  route({
    method: "POST",
    paths: apiPaths(`${MPU}/complete/*`),
    permission: toWrite,
    input: uploadInput("complete", completeMessage),
    handle: async ({ ctx, input: { objectKey, uploadId, parts } }) => {
      await completeMultipartUpload(ctx, objectKey, uploadId, parts);
      return json({});
    },
  }),
  route({
    method: "POST",
    paths: apiPaths(`${MPU}/abort/*`),
    permission: toWrite,
    input: uploadInput("abort", abortMessage),
    handle: async ({ ctx, input: { objectKey, uploadId } }) => {
      await abortMultipartUpload(ctx, objectKey, uploadId);
      return json({});
    },
  }),
];

/** Where a part of `objectKey` comes to this server, by the address that the client called. */
function partUrl(request: Request, objectKey: string): string {
  const path = rawPath(request).replaceAll(/\/{2,}/g, "/");
  const start = path.slice(0, path.indexOf(`${MPU}/`));
  return `${calledBase(request)}${start}${PARTS}/${objectKey.split("/").map(encodeURIComponent).join("/")}`;
}
