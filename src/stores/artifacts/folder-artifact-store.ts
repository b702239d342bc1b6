import type { FileInfo } from "../../domain/entities.ts";
import { incompleteUpload, nameTaken, rangeNotSatisfiable } from "./artifact-errors.ts";
import type { ArtifactStore, RangeRequest, StoredObject } from "./artifact-store.ts";
import { inCodePointOrder } from "./code-point-order.ts";

/** Any host: the binding decides where requests go. The key travels in the query, which no URL parser normalises. */
const FILES_URL = "http://files/";

/**
 * Artifacts as plain files in a folder of this machine, behind the file service of the command line
 * (cli/file-service.ts): a Worker has no disk. Bodies pass through as streams; no byte of them is touched here.
 */
export class FolderArtifactStore implements ArtifactStore {
  readonly #files: Fetcher;

  constructor(files: Fetcher) {
    this.#files = files;
  }

  async put(key: string, body: ReadableStream<Uint8Array> | null, contentLength: number | undefined): Promise<void> {
    if (body === null) return this.#send(key, {}, null, Promise.resolve());
    if (contentLength !== undefined) {
      const { readable, writable } = new FixedLengthStream(contentLength);
      return this.#send(key, {}, readable, body.pipeTo(writable));
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
    const held = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(response.headers.get("Content-Range") ?? "");
    const offset = Number(held?.[1]);
    return {
      body: response.body,
      size: Number(held?.[3] ?? response.headers.get("Content-Length")),
      etag: response.headers.get("ETag") ?? "",
      range: held ? { offset, length: Number(held[2]) - offset + 1 } : undefined,
    };
  }

  async list(prefix: string): Promise<readonly FileInfo[]> {
    const response = await this.#fetch("GET", { folder: prefix });
    if (!response.ok) throw unexpected(response);
    return inCodePointOrder(await response.json<FileInfo[]>());
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
    const [piped, answered] = await Promise.allSettled([piping, this.#fetch("PUT", { key, ...query }, { body })]);
    if (answered.status === "fulfilled" && answered.value.status === 409) throw nameTaken(key);
    if (piped.status === "rejected") throw incompleteUpload(key);
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

function rangeHeader(range: RangeRequest): string {
  if ("suffix" in range) return `bytes=-${range.suffix}`;
  return `bytes=${range.offset}-${range.length === undefined ? "" : range.offset + range.length - 1}`;
}

function unexpected(response: Response): Error {
  return new Error(`The file service answered ${response.status} ${response.statusText}.`);
}
