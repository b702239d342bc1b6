import { incompleteUpload, nameTaken, rangeNotSatisfiable } from "./artifact-errors.ts";
import type { ArtifactStore, ListPage, ObjectInfo, RangeRequest, StoredObject } from "./artifact-store.ts";
import { inCodePointOrder } from "./code-point-order.ts";
import { rangeHeader } from "./ranges.ts";

/** Any host: the binding decides where requests go. The key travels in the query, which no URL parser normalises. */
const FILES_URL = "http://files/";

/** From here on a second call costs less than the detour of the bytes through another process. */
const MIN_DISK_BYTES = 1024 * 1024;

/** The runtime's disk services, where the command line gives them. */
export interface Disks {
  /** The store's folder, read-only. */
  readonly artifacts: Fetcher | undefined;
  /** The folder in which uploads grow until the file service gives them their place. */
  readonly uploads: Fetcher | undefined;
}

/**
 * Artifacts as plain files in a folder of this machine, behind the file service of the command line
 * (cli/file-service.ts): a Worker has no disk. Bodies pass through as streams; no byte of them is touched here.
 *
 * The runtime's own disk service is several times faster than the file service, but knows no names that begin with a
 * dot and no links to be refused, and is no store to write to. So the file service says whether and what a file is and
 * where it belongs, and the bytes of a large one go through the disk service.
 */
export class FolderArtifactStore implements ArtifactStore {
  readonly #files: Fetcher;
  readonly #disks: Disks;

  constructor(files: Fetcher, disks: Disks) {
    this.#files = files;
    this.#disks = disks;
  }

  async put(key: string, body: ReadableStream<Uint8Array> | null, contentLength: number | undefined): Promise<void> {
    if (body === null) return this.#send(key, {}, null, Promise.resolve());
    if (contentLength !== undefined) {
      const { readable, writable } = new FixedLengthStream(contentLength);
      const piping = body.pipeTo(writable);
      const { uploads } = this.#disks;
      return uploads !== undefined && contentLength >= MIN_DISK_BYTES
        ? this.#sendThroughDisk(uploads, key, contentLength, readable, piping)
        : this.#send(key, {}, readable, piping);
    }
    // A body of unknown length that breaks off reaches the service as one that ends, so a whole one says so at its end.
    const end = crypto.randomUUID();
    const { readable, writable } = new IdentityTransformStream();
    return this.#send(key, { end }, readable, pipeWithEnd(body, writable, end));
  }

  async get(key: string, range?: RangeRequest): Promise<StoredObject | undefined> {
    const response = await this.#fetch("GET", { key }, { headers: range ? { Range: rangeHeader(range) } : {} });
    if (response.status === 404) return undefined;
    if (response.status === 416) throw rangeNotSatisfiable(key);
    if (!response.ok || response.body === null) throw unexpected(response);
    const held = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get("Content-Range") ?? "");
    const offset = Number(held?.[1] ?? 0);
    const length = Number(response.headers.get("Content-Length"));
    const etag = response.headers.get("ETag") ?? "";
    return {
      body: (await this.#readFromDisk(key, etag, offset, length, response.body)) ?? response.body,
      size: Number(held?.[2] ?? response.headers.get("Content-Length")),
      etag,
      range: held ? { offset, length } : undefined,
    };
  }

  /**
   * The same bytes as `body`, which is given up then; undefined where the disk service does not have them. It opens the
   * file anew, so a last look makes sure that no other file took the name in between.
   */
  async #readFromDisk(
    key: string,
    etag: string,
    offset: number,
    length: number,
    body: ReadableStream<Uint8Array>,
  ): Promise<ReadableStream<Uint8Array> | undefined> {
    const disk = this.#disks.artifacts;
    if (disk === undefined || length < MIN_DISK_BYTES || /(^|\/)\./.test(key)) return undefined;
    const path = key.split("/").map(encodeURIComponent).join("/");
    const headers = { Range: `bytes=${offset}-${offset + length - 1}` };
    const response = await disk.fetch(`${FILES_URL}${path}`, { headers });
    const hasLength = response.ok && Number(response.headers.get("Content-Length")) === length;
    if (response.body === null || !hasLength || (await this.#fetch("HEAD", { key })).headers.get("ETag") !== etag) {
      await response.body?.cancel();
      return undefined;
    }
    await body.cancel();
    return response.body;
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    const response = await this.#fetch("HEAD", { key });
    if (response.status === 404) return undefined;
    if (!response.ok) throw unexpected(response);
    return { size: Number(response.headers.get("Content-Length")), etag: response.headers.get("ETag") ?? "" };
  }

  async list(prefix: string, from?: string): Promise<ListPage> {
    const response = await this.#fetch("GET", { folder: prefix, ...(from !== undefined && { from }) });
    if (!response.ok) throw unexpected(response);
    const { files, next } = await response.json<ListPage>();
    return { files: inCodePointOrder(files), next };
  }

  async delete(key: string): Promise<void> {
    const response = await this.#fetch("DELETE", { key });
    if (!response.ok) throw unexpected(response);
  }

  async #send(
    key: string,
    query: Record<string, string>,
    body: ReadableStream<Uint8Array> | null,
    piping: Promise<void>,
  ): Promise<void> {
    await this.#settle(key, piping, this.#fetch("PUT", { key, ...query }, { body }));
  }

  /** The disk service stores the bytes, and then the file service gives them their place. */
  async #sendThroughDisk(
    uploads: Fetcher,
    key: string,
    size: number,
    body: ReadableStream<Uint8Array>,
    piping: Promise<void>,
  ): Promise<void> {
    const upload = crypto.randomUUID();
    const url = `${FILES_URL}${upload}`;
    try {
      await this.#settle(key, piping, uploads.fetch(url, { method: "PUT", body }));
    } catch (error) {
      await uploads.fetch(url, { method: "DELETE" });
      throw error;
    }
    await this.#settle(key, piping, this.#fetch("POST", { key, upload, size: String(size) }));
  }

  async #settle(key: string, piping: Promise<void>, answer: Promise<Response>): Promise<void> {
    const [piped, answered] = await Promise.allSettled([piping, answer]);
    if (answered.status === "fulfilled" && answered.value.status === 409) throw nameTaken(key);
    if (answered.status === "fulfilled" && answered.value.status >= 500) throw unexpected(answered.value);
    if (piped.status === "rejected") {
      // The pipe breaks at either end and does not say which. A service that is gone throws here: the client may repeat.
      await this.list(key);
      throw incompleteUpload(key);
    }
    if (answered.status === "rejected") throw answered.reason;
    if (!answered.value.ok) throw unexpected(answered.value);
  }

  #fetch(method: string, query: Record<string, string>, init: RequestInit = {}): Promise<Response> {
    return this.#files.fetch(`${FILES_URL}?${new URLSearchParams(query)}`, { ...init, method });
  }
}

async function pipeWithEnd(
  body: ReadableStream<Uint8Array>,
  writable: WritableStream<Uint8Array>,
  end: string,
): Promise<void> {
  await body.pipeTo(writable, { preventClose: true });
  const writer = writable.getWriter();
  await writer.write(new TextEncoder().encode(end));
  await writer.close();
}

function unexpected(response: Response): Error {
  return new Error(`The file service answered ${response.status} ${response.statusText}.`);
}
