import { artifactPathOfUrl } from "../domain/artifact-path.ts";
import { invalidParameter } from "../domain/errors.ts";
import { storePart } from "../services/artifacts/multipart.ts";
import { verifiedPart, verifyFile } from "../services/artifacts/signed-urls.ts";
import { artifactResponse } from "../wire/artifact-response.ts";
import { announcedChecksums } from "../wire/checksums.ts";
import { rawQuery } from "../wire/raw-target.ts";
import { jsonText } from "../wire/respond.ts";
import { apiPaths, type Route, route, type StreamInput, stream } from "../wire/route.ts";
import { SIGNED_FILES, SIGNED_PARTS } from "../wire/signed-addresses.ts";

/** R2's and S3's largest part. */
const MAX_PART_BYTES = 5 * 1024 ** 3;

interface SignedTarget {
  readonly objectKey: string;
  readonly query: URLSearchParams;
}

const signedTarget = (path: string): StreamInput<SignedTarget> =>
  stream((request) => ({
    objectKey: artifactPathOfUrl(request.url, `${path}/`),
    query: new URLSearchParams(rawQuery(request)),
  }));

/**
 * The targets of signed URLs. The signature is the credential, since clients send no other with such a URL. The server
 * signs only after it has checked the caller's permission. A signature is valid for one file, or one part of a file, until
 * it expires.
 */
export const signedArtifactsRoutes: readonly Route[] = [
  route({
    method: "PUT",
    permission: "public",
    paths: apiPaths(`${SIGNED_PARTS}/*`),
    input: signedTarget(SIGNED_PARTS),
    handle: async ({ ctx, input: { objectKey, query }, request }) => {
      const part = await verifiedPart(ctx.signingSecret, objectKey, query);
      const length = request.headers.get("Content-Length");
      const size = Number(length);
      if (length === null || !Number.isSafeInteger(size) || size > MAX_PART_BYTES) {
        throw invalidParameter("A part must say its length, in the header Content-Length.");
      }
      const etag = await storePart(ctx, part, request.body, size, announcedChecksums(request.headers));
      const answer = jsonText("");
      answer.headers.set("ETag", etag);
      return answer;
    },
  }),
  route({
    method: "GET",
    permission: "public",
    paths: apiPaths(`${SIGNED_FILES}/*`),
    input: signedTarget(SIGNED_FILES),
    handle: async ({ ctx, input: { objectKey, query }, request }) => {
      await verifyFile(ctx.signingSecret, objectKey, query);
      return artifactResponse(ctx, request, { objectKey });
    },
  }),
];
