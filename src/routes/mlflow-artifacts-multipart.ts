import { artifactPathOfUrl, canonicalFileName, joinArtifactPath } from "../domain/artifact-path.ts";
import {
  abortMultipartUpload,
  completeMultipartUpload,
  createMultipartUpload,
} from "../services/artifacts/multipart.ts";
import { jsonBody, requireJson } from "../wire/json-body.ts";
import { int32, type Message, message, nested, repeated, required, string } from "../wire/message.ts";
import { json } from "../wire/respond.ts";
import { apiPaths, type BytesInput, bytes, type Permission, type Route, route } from "../wire/route.ts";
import { SIGNED_PARTS, signedAddress } from "../wire/signed-addresses.ts";

const MPU = "/mlflow-artifacts/mpu";
/** Enough for 10,000 parts with their URLs. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;
const MAX_PARTS = 10_000;

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
      requireJson(request);
      const folder = artifactPathOfUrl(request.url, `${MPU}/${verb}/`);
      const input = of.parse(jsonBody(body), "");
      return { ...input, objectKey: joinArtifactPath(folder, fileNameOf(input.path)) };
    },
  });
}

/**
 * The file's name. Clients up to 3.17 send the file's whole path on their own machine; later clients send only the name.
 * MLflow's server decodes the name, so that `a%20b` is stored as `a b`. Here the file keeps its name.
 */
function fileNameOf(path: string): string {
  return canonicalFileName(path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1));
}

const createMessage = message({ path: required(string), numParts: required(int32) });
const abortMessage = message({ path: required(string), uploadId: required(string) });
const partMessage = message({ partNumber: required(int32), etag: required(string), url: string });
const completeMessage = message({
  path: required(string),
  uploadId: required(string),
  parts: required(repeated(nested(partMessage), MAX_PARTS)),
});

/** Multipart uploads, for MLflow's clients that are told to use them. */
export const multipartRoutes: readonly Route[] = [
  route({
    method: "POST",
    paths: apiPaths(`${MPU}/create/*`),
    permission: toWrite,
    input: uploadInput("create", createMessage),
    handle: async ({ ctx, input: { objectKey, numParts }, request }) => {
      const { uploadId, parts } = await createMultipartUpload(ctx, objectKey, numParts);
      return json({
        upload_id: uploadId,
        credentials: parts.map((part, i) => ({
          url: "url" in part ? part.url : signedAddress(request, SIGNED_PARTS, objectKey, part.query),
          part_number: i + 1,
        })),
      });
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
