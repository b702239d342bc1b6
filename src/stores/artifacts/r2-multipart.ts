import { noSuchUpload, wrongParts } from "./artifact-errors.ts";
import type { Multipart, UploadedPart } from "./artifact-store.ts";
import { sizedStream } from "./upload-parts.ts";
import { newUploadToken, splitToken, UPLOAD_TOKEN, withToken } from "./upload-token.ts";

/**
 * R2's errors for an upload that is not in progress, and for parts that do not match
 * (developers.cloudflare.com/r2/api/error-codes).
 */
const NO_SUCH_UPLOAD = "(10024)";
const WRONG_PARTS = /\((10025|10048|10011)\)/;

/** Multipart uploads into an R2 bucket. The binding has no URLs, so parts are sent through this server. */
export class R2Multipart implements Multipart {
  readonly #bucket: R2Bucket;
  readonly #refuseIfTaken: (key: string) => Promise<void>;

  constructor(bucket: R2Bucket, refuseIfTaken: (key: string) => Promise<void>) {
    this.#bucket = bucket;
    this.#refuseIfTaken = refuseIfTaken;
  }

  async create(key: string): Promise<string> {
    await this.#refuseIfTaken(key);
    const token = newUploadToken();
    const { uploadId } = await this.#bucket.createMultipartUpload(key, { customMetadata: { [UPLOAD_TOKEN]: token } });
    return withToken(uploadId, token);
  }

  async sendPart(
    key: string,
    uploadId: string,
    partNumber: number,
    body: ReadableStream<Uint8Array> | null,
    length: number,
  ): Promise<string> {
    const upload = this.#bucket.resumeMultipartUpload(key, splitToken(uploadId).bucketId);
    let etag = "";
    const send = async (bytes: ReadableStream<Uint8Array> | Uint8Array) => {
      const sent = upload.uploadPart(partNumber, bytes).catch((error: unknown) => {
        throw isNoSuchUpload(error) ? noSuchUpload(uploadId) : partsError(error, uploadId);
      });
      etag = (await sent).etag;
    };
    if (body === null) await send(new Uint8Array());
    else await sizedStream(key, body, length, send);
    return `"${etag}"`;
  }

  async complete(key: string, uploadId: string, parts: readonly UploadedPart[]): Promise<string> {
    await this.#refuseIfTaken(key);
    const { bucketId, token } = splitToken(uploadId);
    const listed = parts.map(({ partNumber, etag }) => ({ partNumber, etag: etag.replace(/^"(.*)"$/, "$1") }));
    const upload = this.#bucket.resumeMultipartUpload(key, bucketId);
    const completed = await upload.complete(listed).catch(async (error: unknown) => {
      if (!isNoSuchUpload(error)) throw partsError(error, uploadId);
      const object = await this.#bucket.head(key);
      if (object?.customMetadata?.[UPLOAD_TOKEN] !== token) throw noSuchUpload(uploadId);
      return object;
    });
    return completed.httpEtag;
  }

  async abort(key: string, uploadId: string): Promise<void> {
    const upload = this.#bucket.resumeMultipartUpload(key, splitToken(uploadId).bucketId);
    await upload.abort().catch((error: unknown) => {
      if (!isNoSuchUpload(error)) throw error;
    });
  }
}

function isNoSuchUpload(error: unknown): boolean {
  return error instanceof Error && error.message.includes(NO_SUCH_UPLOAD);
}

function partsError(error: unknown, uploadId: string): unknown {
  return error instanceof Error && WRONG_PARTS.test(error.message) ? wrongParts(uploadId) : error;
}
