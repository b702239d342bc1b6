import { MAX_LIST_PAGE } from "../../../domain/limits.ts";
import { noSuchUpload, wrongParts } from "../artifact-errors.ts";
import type { Multipart, UploadedPart } from "../artifact-store.ts";
import { newUploadToken, splitToken, UPLOAD_TOKEN, withToken } from "../upload-token.ts";
import { failureOf, type S3Client, type S3Failure, s3Error } from "./s3-client.ts";
import { escapeXml, keyReader, xmlElements, xmlText } from "./s3-xml.ts";

const TOKEN_HEADER = `x-amz-meta-${UPLOAD_TOKEN}`;

/** Multipart uploads. Clients send the parts directly to the store, with URLs that expire. */
export class S3Multipart implements Multipart {
  readonly #client: S3Client;

  readonly #refuseIfTaken: (key: string) => Promise<void>;

  constructor(client: S3Client, refuseIfTaken: (key: string) => Promise<void>) {
    this.#client = client;
    this.#refuseIfTaken = refuseIfTaken;
  }

  async create(key: string): Promise<string> {
    await this.#refuseIfTaken(key);
    const token = newUploadToken();
    const headers = { ...this.#client.settings.uploadHeaders, [TOKEN_HEADER]: token };
    const response = await this.#client.send({ method: "POST", key, query: { uploads: "" }, headers });
    return withToken(xmlText(await response.text(), "UploadId"), token);
  }

  /** @returns the part's etag. */
  async putPart(key: string, uploadId: string, partNumber: number, bytes: Uint8Array): Promise<string> {
    const query = { partNumber: String(partNumber), uploadId: splitToken(uploadId).bucketId };
    const response = await this.#client.send({ method: "PUT", key, query, body: bytes });
    return response.headers.get("ETag") ?? "";
  }

  presignPart(key: string, uploadId: string, partNumber: number, seconds: number): Promise<string> {
    const query = { partNumber: String(partNumber), uploadId: splitToken(uploadId).bucketId };
    return this.#client.presign({ method: "PUT", key, query }, seconds);
  }

  async complete(key: string, uploadId: string, parts: readonly UploadedPart[]): Promise<string> {
    await this.#refuseIfTaken(key);
    const { bucketId, token } = splitToken(uploadId);
    const listed = parts.map(
      ({ partNumber, etag }) => `<Part><PartNumber>${partNumber}</PartNumber><ETag>${escapeXml(etag)}</ETag></Part>`,
    );
    const body = `<CompleteMultipartUpload>${listed.join("")}</CompleteMultipartUpload>`;
    const response = await this.#client.send({ method: "POST", key, query: { uploadId: bucketId }, body }, [400, 404]);
    if (response.status === 404 || response.status === 400) {
      const failure = await failureOf(response);
      const etag = response.status === 404 ? await this.#etagIfOf(key, token) : undefined;
      if (etag !== undefined) return etag;
      throw this.#completionError(uploadId, failure);
    }
    // S3 may begin to answer before it knows the outcome: a failure then comes with status 200.
    const xml = await response.text();
    const code = xmlText(xml, "Code");
    if (code !== "") throw this.#completionError(uploadId, { status: 500, code });
    return xmlText(xml, "ETag");
  }

  /** The etag of the object at `key`, if the upload with this token created the object. */
  async #etagIfOf(key: string, token: string): Promise<string | undefined> {
    const response = await this.#client.send({ method: "HEAD", key }, [404]);
    return response.headers.get(TOKEN_HEADER) === token ? (response.headers.get("ETag") ?? "") : undefined;
  }

  #completionError(uploadId: string, failure: S3Failure): Error {
    if (/^(InvalidPart|InvalidPartOrder|EntityTooSmall|MalformedXML)$/.test(failure.code)) return wrongParts(uploadId);
    if (failure.status === 404 && failure.code !== "NoSuchBucket") return noSuchUpload(uploadId);
    return s3Error(this.#client.settings, failure);
  }

  /** Only uploads below the destination's folder: others are not this server's. */
  async abortOlder(beforeMs: number): Promise<number> {
    const { prefix } = this.#client.settings;
    const query = { uploads: "", "encoding-type": "url", prefix, "max-uploads": String(MAX_LIST_PAGE) };
    const xml = await (await this.#client.send({ method: "GET", query })).text();
    const keyOf = keyReader(xml);
    const abandoned = xmlElements(xml, "Upload").filter((upload) => {
      const key = keyOf(xmlText(upload, "Key"));
      return key.startsWith(prefix) && Date.parse(xmlText(upload, "Initiated")) < beforeMs;
    });
    for (const upload of abandoned) {
      const key = keyOf(xmlText(upload, "Key")).slice(prefix.length);
      const uploadId = xmlText(upload, "UploadId");
      const aborted = await this.#client.send({ method: "DELETE", key, query: { uploadId } }, [404]);
      await aborted.body?.cancel();
    }
    return abandoned.length;
  }

  async abort(key: string, uploadId: string): Promise<void> {
    const response = await this.#client.send(
      { method: "DELETE", key, query: { uploadId: splitToken(uploadId).bucketId } },
      [404],
    );
    await response.body?.cancel();
  }
}
