import { incompleteUpload, nameTaken } from "./artifact-errors.ts";

/** Any host will do: the binding decides where requests go. The key is in the query, which no URL parser normalises. */
const FILES_URL = "http://files/";

/** From this size on a second call costs less than sending the bytes through another process. */
export const MIN_DISK_BYTES = 1024 * 1024;

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

  /** @returns the disk service's answer for a part of a file; undefined if there is no such service. */
  async readFromDisk(key: string, offset: number, length: number): Promise<Response | undefined> {
    const path = key.split("/").map(encodeURIComponent).join("/");
    const headers = { Range: `bytes=${offset}-${offset + length - 1}` };
    return this.#disks.artifacts?.fetch(`${FILES_URL}${path}`, { headers });
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
    if (body === null) return this.#settle(query.key, Promise.resolve(), this.fetch("PUT", query));
    if (contentLength !== undefined) {
      const { readable, writable } = new FixedLengthStream(contentLength);
      const piping = body.pipeTo(writable);
      const { uploads } = this.#disks;
      return uploads !== undefined && contentLength >= MIN_DISK_BYTES
        ? this.#sendThroughDisk(uploads, query, contentLength, readable, piping)
        : this.#settle(query.key, piping, this.fetch("PUT", query, { body: readable }));
    }
    // A body of unknown length that breaks off looks to the service like a complete one, so a complete body ends with a
    // mark.
    const end = crypto.randomUUID();
    const { readable, writable } = new IdentityTransformStream();
    const piping = pipeWithEnd(body, writable, end);
    return this.#settle(query.key, piping, this.fetch("PUT", { ...query, end }, { body: readable }));
  }

  /** The disk service stores the bytes, and then the file service moves the file to its place. */
  async #sendThroughDisk(
    uploads: Fetcher,
    query: { readonly key: string } & Record<string, string>,
    size: number,
    body: ReadableStream<Uint8Array>,
    piping: Promise<void>,
  ): Promise<Response> {
    const upload = crypto.randomUUID();
    const url = `${FILES_URL}${upload}`;
    try {
      await this.#settle(query.key, piping, uploads.fetch(url, { method: "PUT", body }));
    } catch (error) {
      await uploads.fetch(url, { method: "DELETE" });
      throw error;
    }
    const placed = this.fetch("POST", { ...query, upload, size: String(size) });
    return this.#settle(query.key, piping, placed);
  }

  async #settle(key: string, piping: Promise<void>, answer: Promise<Response>): Promise<Response> {
    const [piped, answered] = await Promise.allSettled([piping, answer]);
    if (answered.status === "fulfilled" && answered.value.status === 409) throw nameTaken(key);
    if (answered.status === "fulfilled" && answered.value.status >= 500) throw unexpected(answered.value);
    if (piped.status === "rejected") {
      // The pipe may break at either end, and its error does not tell which. If the service is gone, this call throws, so
      // that the client may repeat.
      await this.fetch("HEAD", { key });
      throw incompleteUpload(key);
    }
    if (answered.status === "rejected") throw answered.reason;
    if (!answered.value.ok && answered.value.status !== 404) throw unexpected(answered.value);
    return answered.value;
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

/** The error for an answer that the file service should never give. */
export function unexpected(response: Response): Error {
  return new Error(`The file service answered ${response.status} ${response.statusText}.`);
}
