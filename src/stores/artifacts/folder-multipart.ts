import { nameTaken, noSuchUpload, wrongParts } from "./artifact-errors.ts";
import type { Multipart, UploadedPart } from "./artifact-store.ts";
import { type FolderFiles, unexpected } from "./folder-files.ts";

/** Multipart uploads into the folder of plain files (cli/part-uploads.ts). Parts are sent through this server. */
export class FolderMultipart implements Multipart {
  readonly #files: FolderFiles;

  constructor(files: FolderFiles) {
    this.#files = files;
  }

  async create(key: string): Promise<string> {
    const answer = await this.#files.fetch("POST", { key, begin: "1" });
    if (answer.status === 409) throw nameTaken(key);
    if (!answer.ok) throw unexpected(answer);
    return answer.text();
  }

  async sendPart(
    key: string,
    uploadId: string,
    partNumber: number,
    body: ReadableStream<Uint8Array> | null,
    length: number,
  ): Promise<string> {
    const answer = await this.#files.send({ key, of: uploadId, part: String(partNumber) }, body, length);
    if (answer.status === 404) throw noSuchUpload(uploadId);
    return answer.headers.get("ETag") ?? "";
  }

  async complete(key: string, uploadId: string, parts: readonly UploadedPart[]): Promise<string> {
    const body = JSON.stringify(parts.map(({ partNumber, etag }) => [partNumber, etag]));
    const answer = await this.#files.fetch("POST", { key, complete: uploadId }, { body });
    if (answer.status === 404) throw noSuchUpload(uploadId);
    if (answer.status === 409) throw nameTaken(key);
    if (answer.status === 400) throw wrongParts(uploadId);
    if (!answer.ok) throw unexpected(answer);
    return answer.headers.get("ETag") ?? "";
  }

  async abort(key: string, uploadId: string): Promise<void> {
    const answer = await this.#files.fetch("DELETE", { key, abort: uploadId });
    if (!answer.ok && answer.status !== 404) throw unexpected(answer);
  }
}
