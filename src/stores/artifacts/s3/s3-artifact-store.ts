import { createHash } from "node:crypto";
import type { FileInfo } from "../../../domain/entities.ts";
import { MAX_LIST_PAGE } from "../../../domain/limits.ts";
import type { S3Settings } from "../../../domain/s3-settings.ts";
import { IncompleteUpload, rangeNotSatisfiable } from "../artifact-errors.ts";
import type {
  ArtifactStore,
  DownloadHeaders,
  ListPage,
  ObjectInfo,
  RangeRequest,
  StoredObject,
  Usage,
} from "../artifact-store.ts";
import { inCodePointOrder } from "../code-point-order.ts";
import { rangeHeader } from "../ranges.ts";
import { refuseIfTaken } from "../taken-names.ts";
import { partsOf, sizedStream } from "../upload-parts.ts";
import { usageOf } from "../usage.ts";
import { failureOf, S3Client, s3Error } from "./s3-client.ts";
import { S3Multipart } from "./s3-multipart.ts";
import { escapeXml, keyReader, xmlElements, xmlText } from "./s3-xml.ts";

/** S3 limits one PUT to 5 GiB; a larger object is uploaded in parts. */
const MAX_PUT_BYTES = 5 * 1024 ** 3;

/**
 * Artifacts in a bucket of Amazon's S3 or of a store with the same API (R2, MinIO, Ceph, Google's with HMAC keys). Bodies
 * pass through as streams. S3 has no folders, so, as for R2, a put checks whether its name is taken.
 */
export class S3ArtifactStore implements ArtifactStore {
  readonly #client: S3Client;
  readonly multipart: S3Multipart;

  constructor(settings: S3Settings) {
    this.#client = new S3Client(settings);
    this.multipart = new S3Multipart(this.#client, (key) => this.refuseIfTaken(key));
  }

  async put(key: string, body: ReadableStream<Uint8Array> | null, contentLength: number | undefined): Promise<string> {
    await this.refuseIfTaken(key);
    if (body === null) return await this.#putBytes(key, new Uint8Array());
    if (contentLength === undefined || contentLength > MAX_PUT_BYTES) {
      return await this.#putByParts(key, body, contentLength);
    }
    if (contentLength === 0) {
      // An empty stream has no length to send.
      await sizedStream(key, body, 0, async () => undefined);
      return await this.#putBytes(key, new Uint8Array());
    }
    const headers = this.#client.settings.uploadHeaders;
    const sent = await sizedStream(key, body, contentLength, (sized) =>
      this.#client.send({ method: "PUT", key, headers, body: sized }),
    );
    return sent.headers.get("ETag") ?? "";
  }

  async #putBytes(key: string, bytes: Uint8Array): Promise<string> {
    const headers = this.#client.settings.uploadHeaders;
    const sent = await this.#client.send({ method: "PUT", key, headers, body: bytes });
    return sent.headers.get("ETag") ?? "";
  }

  async get(key: string, range?: RangeRequest): Promise<StoredObject | undefined> {
    const found = await this.#get(key, range, {});
    return found === "held" ? undefined : found;
  }

  getUnlessHeld(key: string, etag: string, range?: RangeRequest): Promise<StoredObject | "held" | undefined> {
    return this.#get(key, range, { "If-None-Match": etag });
  }

  async #get(
    key: string,
    range: RangeRequest | undefined,
    condition: Readonly<Record<string, string>>,
  ): Promise<StoredObject | "held" | undefined> {
    const headers = { ...condition, ...(range && { Range: rangeHeader(range) }) };
    const response = await this.#client.send({ method: "GET", key, headers }, [304, 404, 416]);
    if (response.status === 304) return "held";
    if (response.status === 404) return this.#notThere(response);
    if (response.status === 416) {
      await response.body?.cancel();
      return await this.#getWhole(key, range);
    }
    const { body } = response;
    if (body === null) throw new Error("The artifact store answered without a body.");
    const length = Number(response.headers.get("Content-Length"));
    const etag = response.headers.get("ETag") ?? "";
    // The status tells this too, but not in every store.
    const held = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get("Content-Range") ?? "");
    if (held) return { body, etag, size: Number(held[2]), range: { offset: Number(held[1]), length } };
    // Some stores accept any range of an empty object.
    if (range !== undefined && length === 0) throw rangeNotSatisfiable(key);
    return { body, etag, size: length };
  }

  /**
   * After 416: if an object has fewer bytes than the last bytes asked for, the whole object is the answer, but some stores
   * refuse.
   * @throws MlflowError RANGE_NOT_SATISFIABLE
   */
  async #getWhole(key: string, range: RangeRequest | undefined): Promise<StoredObject | undefined> {
    if (range === undefined || !("suffix" in range) || range.suffix === 0) throw rangeNotSatisfiable(key);
    const object = await this.get(key);
    if (object === undefined) return undefined;
    if (object.size > 0) return { ...object, range: { offset: 0, length: object.size } };
    await object.body.cancel();
    throw rangeNotSatisfiable(key);
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    const response = await this.#client.send({ method: "HEAD", key }, [404]);
    if (response.status === 404) return undefined;
    return {
      size: Number(response.headers.get("Content-Length")),
      etag: response.headers.get("ETag") ?? "",
    };
  }

  async list(prefix: string, from?: string): Promise<ListPage> {
    const folder = prefix === "" ? "" : `${prefix}/`;
    const { xml, next } = await this.#listKeys(folder, { delimiter: "/", ...(from && { "continuation-token": from }) });
    const start = this.#client.settings.prefix.length + folder.length;
    const files = objectsIn(xml).map(
      ({ key, size }): FileInfo => ({ path: key.slice(start), isDir: false, fileSize: size }),
    );
    const keyOf = keyReader(xml);
    const folders = xmlElements(xml, "CommonPrefixes").map(
      (inside): FileInfo => ({ path: keyOf(xmlText(inside, "Prefix")).slice(start, -1), isDir: true }),
    );
    // Some tools create an object with the folder's own name for an empty folder.
    const named = [...files, ...folders].filter(({ path }) => path !== "");
    return { files: inCodePointOrder(named), next };
  }

  presignGet(key: string, { contentDisposition, contentType }: DownloadHeaders, seconds: number): Promise<string> {
    const query = { "response-content-disposition": contentDisposition, "response-content-type": contentType };
    return this.#client.presign({ method: "GET", key, query }, seconds);
  }

  presignPut(key: string, seconds: number): Promise<string> {
    return this.#client.presign({ method: "PUT", key }, seconds);
  }

  async usage(key: string, from?: string): Promise<Usage & { next?: string | undefined }> {
    const file = from === undefined ? await this.head(key) : undefined;
    const { xml, next } = await this.#listKeys(`${key}/`, { ...(from && { "continuation-token": from }) });
    return { ...usageOf([...objectsIn(xml), ...(file ? [file] : [])]), next };
  }

  async delete(key: string): Promise<void> {
    while (!(await this.deletePage(key)).isAll);
  }

  async deletePage(key: string): Promise<Usage & { isAll: boolean }> {
    // Check first: some stores fail to delete a key that is only a folder.
    const file = await this.head(key);
    if (file) await this.#client.send({ method: "DELETE", key }, [404]);
    // Deleted objects are no longer listed, so every page is the first one.
    const { xml, next } = await this.#listKeys(`${key}/`, {});
    const objects = objectsIn(xml);
    if (objects.length > 0) await this.#deleteAll(objects.map((object) => object.key));
    return { ...usageOf([...objects, ...(file ? [file] : [])]), isAll: next === undefined };
  }

  /** @throws MlflowError INVALID_PARAMETER_VALUE when a file is above the key or anything is below it. */
  async refuseIfTaken(key: string): Promise<void> {
    await refuseIfTaken(key, {
      head: (above) => this.head(above),
      hasBelow: async (folder) => objectsIn((await this.#listKeys(folder, { "max-keys": "1" })).xml).length > 0,
    });
  }

  async #notThere(response: Response): Promise<undefined> {
    const failure = await failureOf(response);
    if (failure.code !== "" && failure.code !== "NoSuchKey") throw s3Error(this.#client.settings, failure);
  }

  async #listKeys(folder: string, query: Readonly<Record<string, string>>) {
    const response = await this.#client.send({
      method: "GET",
      query: {
        "list-type": "2",
        "encoding-type": "url",
        "max-keys": String(MAX_LIST_PAGE),
        prefix: this.#client.settings.prefix + folder,
        ...query,
      },
    });
    const xml = await response.text();
    return { xml, next: xmlText(xml, "NextContinuationToken") || undefined };
  }

  /** @param keys complete keys, with the destination's prefix. */
  async #deleteAll(keys: readonly string[]): Promise<void> {
    const objects = keys.map((key) => `<Object><Key>${escapeXml(key)}</Key></Object>`).join("");
    const body = `<?xml version="1.0" encoding="UTF-8"?><Delete><Quiet>true</Quiet>${objects}</Delete>`;
    const headers = {
      "Content-MD5": createHash("md5").update(body).digest("base64"),
      "Content-Type": "application/xml",
    };
    const response = await this.#client.send({ method: "POST", query: { delete: "" }, headers, body });
    const code = xmlText(xmlElements(await response.text(), "Error")[0] ?? "", "Code");
    if (code !== "") throw s3Error(this.#client.settings, { status: 403, code });
  }

  /** Stores a body of unknown or great length, with one part in memory at a time. */
  async #putByParts(key: string, body: ReadableStream<Uint8Array>, contentLength: number | undefined): Promise<string> {
    let uploadId: string | undefined;
    try {
      const parts: { partNumber: number; etag: string }[] = [];
      let length = 0;
      for await (const { bytes, isLast } of partsOf(key, body)) {
        length += bytes.length;
        if (isLast && contentLength !== undefined && length !== contentLength) throw new IncompleteUpload(key);
        if (isLast && parts.length === 0) return await this.#putBytes(key, bytes);
        if (bytes.length === 0) break;
        uploadId ??= await this.multipart.create(key);
        const partNumber = parts.length + 1;
        parts.push({ partNumber, etag: await this.multipart.putPart(key, uploadId, partNumber, bytes) });
      }
      if (uploadId === undefined) throw new Error("A body without a last part");
      return await this.multipart.complete(key, uploadId, parts);
    } catch (error) {
      if (uploadId !== undefined) await this.multipart.abort(key, uploadId).catch(() => undefined);
      throw error;
    }
  }
}

function objectsIn(xml: string): { key: string; size: number }[] {
  const keyOf = keyReader(xml);
  return xmlElements(xml, "Contents").map((inside) => ({
    key: keyOf(xmlText(inside, "Key")),
    size: Number(xmlText(inside, "Size")),
  }));
}
