import type { FileInfo } from "../../domain/entities.ts";
import { rangeNotSatisfiable } from "./artifact-errors.ts";
import type {
  ArtifactStore,
  ByteRange,
  ListPage,
  ObjectInfo,
  RangeRequest,
  StoredObject,
  Usage,
} from "./artifact-store.ts";
import { inCodePointOrder } from "./code-point-order.ts";
import { R2Multipart } from "./r2-multipart.ts";
import { refuseIfTaken } from "./taken-names.ts";
import { partsOf, sizedStream } from "./upload-parts.ts";
import { usageOf } from "./usage.ts";

/** R2's error for a range that contains no byte (developers.cloudflare.com/r2/api/error-codes). */
const RANGE_NOT_SATISFIABLE = "(10039)";

/**
 * Artifacts in an R2 bucket. R2 has no folders: a put checks for a file above its key and for anything below it, so that a
 * name means the same here as on a disk. If two uploads race past that check, both objects are readable by key.
 */
export class R2ArtifactStore implements ArtifactStore {
  readonly #bucket: R2Bucket;

  readonly multipart: R2Multipart;

  constructor(bucket: R2Bucket) {
    this.#bucket = bucket;
    this.multipart = new R2Multipart(bucket, (key) => this.#refuseIfTaken(key));
  }

  async put(key: string, body: ReadableStream<Uint8Array> | null, contentLength: number | undefined): Promise<string> {
    await this.#refuseIfTaken(key);
    if (body === null) return etagOf(await this.#bucket.put(key, ""));
    if (contentLength === undefined) return await this.#putUnknownLength(key, body);
    return etagOf(await sizedStream(key, body, contentLength, (sized) => this.#bucket.put(key, sized)));
  }

  async get(key: string, range?: RangeRequest): Promise<StoredObject | undefined> {
    const found = await this.#get(key, range, {});
    return found === "held" ? undefined : found;
  }

  getUnlessHeld(key: string, etag: string, range?: RangeRequest): Promise<StoredObject | "held" | undefined> {
    return this.#get(key, range, { etagDoesNotMatch: etag.replaceAll('"', "") });
  }

  async #get(
    key: string,
    range: RangeRequest | undefined,
    onlyIf: R2Conditional,
  ): Promise<StoredObject | "held" | undefined> {
    const object = await this.#bucket.get(key, { onlyIf, ...(range && { range }) }).catch((error: unknown) => {
      throw error instanceof Error && error.message.includes(RANGE_NOT_SATISFIABLE) ? rangeNotSatisfiable(key) : error;
    });
    if (object === null) return undefined;
    if (!("body" in object)) return "held";
    return {
      body: object.body,
      size: object.size,
      etag: object.httpEtag,
      range: range && heldRange(range, object.size),
    };
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    const object = await this.#bucket.head(key);
    return object === null ? undefined : { size: object.size, etag: object.httpEtag };
  }

  async list(prefix: string, from?: string): Promise<ListPage> {
    const folder = prefix === "" ? "" : `${prefix}/`;
    const page = await this.#bucket.list({ prefix: folder, delimiter: "/", ...(from && { cursor: from }) });
    const files = page.objects.map(
      (object): FileInfo => ({ path: object.key.slice(folder.length), isDir: false, fileSize: object.size }),
    );
    const folders = page.delimitedPrefixes.map(
      (below): FileInfo => ({ path: below.slice(folder.length, -1), isDir: true }),
    );
    return { files: inCodePointOrder([...files, ...folders]), next: page.truncated ? page.cursor : undefined };
  }

  async usage(key: string, from?: string): Promise<Usage & { next?: string | undefined }> {
    const file = from === undefined ? await this.head(key) : undefined;
    const page = await this.#bucket.list({ prefix: `${key}/`, ...(from && { cursor: from }) });
    return { ...usageOf([...page.objects, ...(file ? [file] : [])]), next: page.truncated ? page.cursor : undefined };
  }

  async delete(key: string): Promise<void> {
    while (!(await this.deletePage(key)).isAll);
  }

  async deletePage(key: string): Promise<Usage & { isAll: boolean }> {
    // Deleted objects are no longer listed, so every page is the first one.
    const [file, page] = await Promise.all([this.#bucket.head(key), this.#bucket.list({ prefix: `${key}/` })]);
    if (file !== null) await this.#bucket.delete(key);
    if (page.objects.length > 0) await this.#bucket.delete(page.objects.map((object) => object.key));
    return { ...usageOf([...page.objects, ...(file ? [file] : [])]), isAll: !page.truncated };
  }

  #refuseIfTaken(key: string): Promise<void> {
    return refuseIfTaken(key, {
      head: (above) => this.#bucket.head(above),
      hasBelow: async (folder) => (await this.#bucket.list({ prefix: folder, limit: 1 })).objects.length > 0,
    });
  }

  /** R2 takes only streams of known length, so this method collects parts, one at a time. */
  async #putUnknownLength(key: string, body: ReadableStream<Uint8Array>): Promise<string> {
    let upload: R2MultipartUpload | undefined;
    try {
      const parts: R2UploadedPart[] = [];
      for await (const { bytes, isLast } of partsOf(key, body)) {
        if (isLast && parts.length === 0) {
          return etagOf(await this.#bucket.put(key, bytes));
        }
        if (bytes.length === 0) break;
        upload ??= await this.#bucket.createMultipartUpload(key);
        parts.push(await upload.uploadPart(parts.length + 1, bytes));
      }
      if (upload === undefined) throw new Error("A body without a last part");
      return etagOf(await upload.complete(parts));
    } catch (error) {
      await upload?.abort();
      throw error;
    }
  }
}

/** R2 answers null only to a put with conditions. */
function etagOf(object: R2Object | null): string {
  return object?.httpEtag ?? "";
}

/** The range that R2 answers for `range`: the requested range, limited to the object. */
function heldRange(range: RangeRequest, size: number): ByteRange {
  if ("suffix" in range) {
    const length = Math.min(range.suffix, size);
    return { offset: size - length, length };
  }
  return { offset: range.offset, length: Math.min(range.length ?? size, size - range.offset) };
}
