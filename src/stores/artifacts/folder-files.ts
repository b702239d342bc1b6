import { incompleteUpload, nameTaken } from "./artifact-errors.ts";

/** Any host: the binding decides where requests go. The key travels in the query, which no URL parser normalises. */
const FILES_URL = "http://files/";

/** From here on a second call costs less than the detour of the bytes through another process. */
export const MIN_DISK_BYTES = 1024 * 1024;

/** The runtime's disk services, where the command line gives them. */
export interface Disks {
  /** The store's folder, read-only. */
  readonly artifacts: Fetcher | undefined;
  /** The folder in which uploads grow until the file service gives them their place. */
  readonly uploads: Fetcher | undefined;
}

/** Calls of the file service (cli/file-service.ts, which says what they mean), and of the disk services beside it. */
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

  /** @returns the part of a file that the disk service has, as it answers; undefined where there is no such service. */
  async readFromDisk(key: string, offset: number, length: number): Promise<Response | undefined> {
    const path = key.split("/").map(encodeURIComponent).join("/");
    const headers = { Range: `bytes=${offset}-${offset + length - 1}` };
    return this.#disks.artifacts?.fetch(`${FILES_URL}${path}`, { headers });
  }

  /**
   * Sends a file, or the part of one that `query` names.
   * @returns an answer of success, or 404.
   * @throws MlflowError INVALID_PARAMETER_VALUE where the name is taken or the body is not as long as it was said to be.
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
    // A body of unknown length that breaks off reaches the service as one that ends, so a whole one says so at its end.
    const end = crypto.randomUUID();
    const { readable, writable } = new IdentityTransformStream();
    const piping = pipeWithEnd(body, writable, end);
    return this.#settle(query.key, piping, this.fetch("PUT", { ...query, end }, { body: readable }));
  }

  /** The disk service stores the bytes, and then the file service gives them their place. */
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
      // The pipe breaks at either end and does not say which. A service that is gone throws here: the client may repeat.
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

/** An answer that the file service gives to no call of ours. */
export function unexpected(response: Response): Error {
  return new Error(`The file service answered ${response.status} ${response.statusText}.`);
}
