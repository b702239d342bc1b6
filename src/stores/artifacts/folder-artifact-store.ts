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
import { type Disks, FolderFiles, MIN_DISK_BYTES, unexpected } from "./folder-files.ts";
import { FolderMultipart } from "./folder-multipart.ts";
import { rangeHeader } from "./ranges.ts";

/**
 * Artifacts as plain files in a folder of this machine. A Worker has no disk, so the file service of the command line
 * (cli/file-service.ts) accesses the files. Bodies pass through as streams; their bytes are not touched here.
 *
 * The runtime's own disk service is several times faster than the file service. But it does not see names that begin with a
 * dot, does not refuse links, and is not safe as a store to write to. So the file service checks whether a file exists and
 * where it belongs, and the bytes of a large file go through the disk service.
 */
export class FolderArtifactStore implements ArtifactStore {
  readonly #files: FolderFiles;
  readonly multipart: FolderMultipart;

  constructor(files: Fetcher, disks: Disks) {
    this.#files = new FolderFiles(files, disks);
    this.multipart = new FolderMultipart(this.#files);
  }

  async put(key: string, body: ReadableStream<Uint8Array> | null, contentLength: number | undefined): Promise<string> {
    const answer = await this.#files.send({ key }, body, contentLength);
    if (!answer.ok) throw unexpected(answer);
    return answer.headers.get("ETag") ?? "";
  }

  async get(key: string, range?: RangeRequest): Promise<StoredObject | undefined> {
    const response = await this.#files.fetch("GET", { key }, { headers: range ? { Range: rangeHeader(range) } : {} });
    if (response.status === 404) return undefined;
    if (response.status === 416) throw rangeNotSatisfiable(key);
    if (!response.ok || response.body === null) throw unexpected(response);
    const held = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get("Content-Range") ?? "");
    const length = Number(response.headers.get("Content-Length"));
    const etag = response.headers.get("ETag") ?? "";
    const part = held ? { offset: Number(held[1]), length } : undefined;
    return {
      body: (await this.#readFromDisk(key, etag, part, length, response.body)) ?? response.body,
      size: Number(held?.[2] ?? length),
      etag,
      range: part,
    };
  }

  /**
   * The same bytes as `body`, from the disk service, in which case `body` is cancelled; undefined if the disk service does
   * not have them. The disk service opens the file again, so a final check makes sure that no other file took the name
   * meanwhile.
   */
  async #readFromDisk(
    key: string,
    etag: string,
    part: ByteRange | undefined,
    length: number,
    body: ReadableStream<Uint8Array>,
  ): Promise<ReadableStream<Uint8Array> | undefined> {
    if (length < MIN_DISK_BYTES || /(^|\/)\./.test(key)) return undefined;
    const response = await this.#files.readFromDisk(key, part);
    if (response === undefined) return undefined;
    const hasLength = response.ok && Number(response.headers.get("Content-Length")) === length;
    if (
      response.body === null ||
      !hasLength ||
      (await this.#files.fetch("HEAD", { key })).headers.get("ETag") !== etag
    ) {
      await response.body?.cancel();
      return undefined;
    }
    await body.cancel();
    return response.body;
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    const response = await this.#files.fetch("HEAD", { key });
    if (response.status === 404) return undefined;
    if (!response.ok) throw unexpected(response);
    return { size: Number(response.headers.get("Content-Length")), etag: response.headers.get("ETag") ?? "" };
  }

  async list(prefix: string, from?: string): Promise<ListPage> {
    const response = await this.#files.fetch("GET", { folder: prefix, ...(from !== undefined && { from }) });
    if (!response.ok) throw unexpected(response);
    const { files, next } = await response.json<ListPage>();
    return { files: inCodePointOrder(files), next };
  }

  async usage(key: string): Promise<Usage> {
    const response = await this.#files.fetch("GET", { usage: key });
    if (!response.ok) throw unexpected(response);
    return await response.json<Usage>();
  }

  async delete(key: string): Promise<void> {
    await this.deletePage(key);
  }

  async deletePage(key: string): Promise<Usage & { isAll: boolean }> {
    const response = await this.#files.fetch("DELETE", { key });
    if (!response.ok) throw unexpected(response);
    return { ...(await response.json<Usage>()), isAll: true };
  }
}
