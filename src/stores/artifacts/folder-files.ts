import { IncompleteUpload, nameTaken, noRoom, storeFailed } from "./artifact-errors.ts";
import type { ByteRange } from "./artifact-store.ts";
import { type Passage, passOn } from "./passage.ts";
import { rangeHeader } from "./ranges.ts";

/** Any host will do: the binding decides where requests go. The key is in the query, which no URL parser normalises. */
const FILES_URL = "http://files/";

/** From this size on a second call costs less than sending the bytes through another process. */
export const MIN_DISK_BYTES = 1024 * 1024;

/** The disk service reads a range's places as numbers of 32 bits: of a later range it sends other bytes, and says nothing. */
const MAX_DISK_RANGE_END = 2 ** 32;

/** The runtime's disk services, if the command line provides them. */
export interface Disks {
  /** The store's folder, read-only. */
  readonly artifacts: Fetcher | undefined;
  /** The folder in which uploads are written until the file service moves them to their place. */
  readonly uploads: Fetcher | undefined;
}

/** Calls to the file service (documented in cli/file-service.ts) and to the disk services. */
export class FolderFiles {
  readonly #files: Fetcher;
  readonly #disks: Disks;

  constructor(files: Fetcher, disks: Disks) {
    this.#files = files;
    this.#disks = disks;
  }

  fetch(method: string, query: Record<string, string>, init: RequestInit = {}): Promise<Response> {
    return this.#files.fetch(`${FILES_URL}?${new URLSearchParams(query)}`, { ...init, method });
  }

  /**
   * @param range the bytes of the file to read; undefined to read all.
   * @returns the disk service's answer; undefined if there is no such service, or it cannot answer rightly.
   */
  async readFromDisk(key: string, range: ByteRange | undefined): Promise<Response | undefined> {
    if (range !== undefined && range.offset + range.length > MAX_DISK_RANGE_END) return undefined;
    const path = key.split("/").map(encodeURIComponent).join("/");
    return this.#disks.artifacts?.fetch(`${FILES_URL}${path}`, { headers: range ? { Range: rangeHeader(range) } : {} });
  }

  /**
   * Sends a file, or the part of one that `query` names.
   * @returns a successful answer, or 404.
   * @throws MlflowError INVALID_PARAMETER_VALUE when the name is taken or the body does not have the stated length.
   */
  async send(
    query: { readonly key: string } & Record<string, string>,
    body: ReadableStream<Uint8Array> | null,
    contentLength: number | undefined,
  ): Promise<Response> {
    const put = (more: object, readable: ReadableStream | null) =>
      this.fetch("PUT", { ...query, ...more }, { body: readable });
    if (body === null) return this.#settle(query.key, undefined, put({}, null));
    if (contentLength !== undefined) {
      const { readable, writable } = new FixedLengthStream(contentLength);
      const passage = passOn(body, writable, { length: contentLength });
      const { uploads } = this.#disks;
      return uploads !== undefined && contentLength >= MIN_DISK_BYTES
        ? this.#sendThroughDisk(uploads, query, contentLength, readable, passage)
        : this.#settle(query.key, passage, put({}, readable));
    }
    // A body of unknown length that breaks off looks to the service like a complete one, so a complete body ends with a
    // mark.
    const end = crypto.randomUUID();
    const { readable, writable } = new IdentityTransformStream();
    const passage = passOn(body, writable, { end: new TextEncoder().encode(end) });
    return this.#settle(query.key, passage, put({ end }, readable));
  }

  /** The disk service stores the bytes, and then the file service moves the file to its place. */
  async #sendThroughDisk(
    uploads: Fetcher,
    query: { readonly key: string } & Record<string, string>,
    size: number,
    body: ReadableStream<Uint8Array>,
    passage: Passage,
  ): Promise<Response> {
    const upload = crypto.randomUUID();
    const url = `${FILES_URL}${upload}`;
    const place = () => this.fetch("POST", { ...query, upload, size: String(size) });
    try {
      await this.#settle(query.key, passage, uploads.fetch(url, { method: "PUT", body }));
    } catch (error) {
      // The disk service does not say that the disk is full, but the file service does.
      if (!(error instanceof IncompleteUpload) && (await place()).status === 507) throw noRoom(query.key);
      await uploads.fetch(url, { method: "DELETE" });
      throw error;
    }
    return this.#settle(query.key, undefined, place());
  }

  async #settle(key: string, passage: Passage | undefined, answer: Promise<Response>): Promise<Response> {
    const [answered] = await Promise.allSettled([answer]);
    // A service that fails or refuses stops reading, so the body would never be passed on completely.
    if (answered.status === "rejected" || !answered.value.ok) passage?.giveUp();
    const outcome = await passage?.outcome;
    if (outcome === "broke off") throw new IncompleteUpload(key);
    if (answered.status === "rejected") throw answered.reason;
    const { status, ok } = answered.value;
    if (status === 409) throw nameTaken(key);
    if (status === 507) throw noRoom(key);
    if (status === 404) return answered.value;
    if (!ok) throw unexpected(answered.value);
    if (outcome === "not taken") throw storeFailed(key);
    return answered.value;
  }
}

/** The error for an answer that the file service should never give. */
export function unexpected(response: Response): Error {
  return new Error(`The file service answered ${response.status} ${response.statusText}.`);
}
