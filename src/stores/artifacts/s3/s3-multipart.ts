import { doesNotExist } from "../../../domain/errors.ts";
import type { Multipart, UploadedPart } from "../artifact-store.ts";
import { type S3Client, s3Error } from "./s3-client.ts";
import { escapeXml, xmlText } from "./s3-xml.ts";

/** Uploads by parts, which clients send to the store themselves by URLs that expire. */
export class S3Multipart implements Multipart {
  readonly #client: S3Client;

  readonly #refuseIfTaken: (key: string) => Promise<void>;

  constructor(client: S3Client, refuseIfTaken: (key: string) => Promise<void>) {
    this.#client = client;
    this.#refuseIfTaken = refuseIfTaken;
  }

  async create(key: string): Promise<string> {
    await this.#refuseIfTaken(key);
    const headers = this.#client.settings.uploadHeaders;
    const response = await this.#client.send({ method: "POST", key, query: { uploads: "" }, headers });
    return xmlText(await response.text(), "UploadId");
  }

  /** @returns the part's etag. */
  async putPart(key: string, uploadId: string, partNumber: number, bytes: Uint8Array): Promise<string> {
    const query = { partNumber: String(partNumber), uploadId };
    const response = await this.#client.send({ method: "PUT", key, query, body: bytes });
    return response.headers.get("ETag") ?? "";
  }

  presignPart(key: string, uploadId: string, partNumber: number, seconds: number): Promise<string> {
    return this.#client.presign({ method: "PUT", key, query: { partNumber: String(partNumber), uploadId } }, seconds);
  }

  async complete(key: string, uploadId: string, parts: readonly UploadedPart[]): Promise<void> {
    const listed = parts.map(
      ({ partNumber, etag }) => `<Part><PartNumber>${partNumber}</PartNumber><ETag>${escapeXml(etag)}</ETag></Part>`,
    );
    const body = `<CompleteMultipartUpload>${listed.join("")}</CompleteMultipartUpload>`;
    const response = await this.#client.send({ method: "POST", key, query: { uploadId }, body }, [404]);
    if (response.status === 404) throw noSuchUpload(uploadId);
    // S3 may begin to answer before it knows: a failure then comes with status 200.
    const code = xmlText(await response.text(), "Code");
    if (code !== "") throw s3Error(this.#client.settings, { status: 500, code });
  }

  async abort(key: string, uploadId: string): Promise<void> {
    const response = await this.#client.send({ method: "DELETE", key, query: { uploadId } }, [404]);
    if (response.status === 404) throw noSuchUpload(uploadId);
  }
}

/** 404: it was completed or aborted, or never begun. */
export function noSuchUpload(uploadId: string): Error {
  return doesNotExist(`There is no upload '${uploadId}' under way.`);
}
