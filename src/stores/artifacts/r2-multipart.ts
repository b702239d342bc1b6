import { doesNotExist, invalidParameter } from "../../domain/errors.ts";
import type { Multipart, UploadedPart } from "./artifact-store.ts";
import { sizedStream } from "./upload-parts.ts";

/** R2's answers for an upload that is not under way, and for parts that are no upload (developers.cloudflare.com/r2/api/error-codes). */
const NO_SUCH_UPLOAD = "(10024)";
const WRONG_PARTS = /\((10025|10048|10011)\)/;

/** Uploads by parts into an R2 bucket. The binding has no URLs, so parts come through this server. */
export class R2Multipart implements Multipart {
  readonly #bucket: R2Bucket;
  readonly #refuseIfTaken: (key: string) => Promise<void>;

  constructor(bucket: R2Bucket, refuseIfTaken: (key: string) => Promise<void>) {
    this.#bucket = bucket;
    this.#refuseIfTaken = refuseIfTaken;
  }

  async create(key: string): Promise<string> {
    await this.#refuseIfTaken(key);
    return (await this.#bucket.createMultipartUpload(key)).uploadId;
  }

  async sendPart(
    key: string,
    uploadId: string,
    partNumber: number,
    body: ReadableStream<Uint8Array> | null,
    length: number,
  ): Promise<string> {
    const upload = this.#bucket.resumeMultipartUpload(key, uploadId);
    let etag = "";
    const send = async (bytes: ReadableStream<Uint8Array> | Uint8Array) => {
      etag = (await upload.uploadPart(partNumber, bytes).catch(rethrow(uploadId))).etag;
    };
    if (body === null) await send(new Uint8Array());
    else await sizedStream(key, body, length, send);
    return `"${etag}"`;
  }

  async complete(key: string, uploadId: string, parts: readonly UploadedPart[]): Promise<void> {
    await this.#refuseIfTaken(key);
    const listed = parts.map(({ partNumber, etag }) => ({ partNumber, etag: etag.replace(/^"(.*)"$/, "$1") }));
    await this.#bucket.resumeMultipartUpload(key, uploadId).complete(listed).catch(rethrow(uploadId));
  }

  async abort(key: string, uploadId: string): Promise<void> {
    await this.#bucket.resumeMultipartUpload(key, uploadId).abort().catch(rethrow(uploadId));
  }
}

function rethrow(uploadId: string): (error: unknown) => never {
  return (error) => {
    const message = error instanceof Error ? error.message : "";
    if (message.includes(NO_SUCH_UPLOAD)) throw doesNotExist(`There is no upload '${uploadId}' under way.`);
    if (WRONG_PARTS.test(message))
      throw invalidParameter(`The parts of upload '${uploadId}' are not as they were sent.`);
    throw error;
  };
}
