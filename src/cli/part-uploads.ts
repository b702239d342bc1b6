import { createHash, randomUUID } from "node:crypto";
import { type FileHandle, lstat, mkdir, open, readdir, rename, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { etagOf, type FileTree, Refusal } from "./file-tree.ts";

/** The limit of S3 and of R2. */
const MAX_PARTS = 10_000;
const COPY_BYTES = 1024 * 1024;
/** How long a client that received no answer may repeat `complete`. */
const REPEATED_MS = 60 * 60 * 1000;

/** The place of a part's bytes. */
interface Part {
  /** Each upload of the part gets a new ETag. */
  readonly etag: string;
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

/** A part in a client's `complete` request. */
export type NamedPart = readonly [number: number, etag: string];

interface Upload {
  readonly key: string;
  /** The folder of the received parts; created with the first part. */
  readonly folder: string;
  readonly parts: Map<number, Part>;
  /** The consecutive parts from part 1 on, which are joined in the file `whole`. */
  readonly joined: Part[];
  readonly whole: string;
  joining: Promise<void>;
  lastUse: number;
  /** A digest of the parts of the finished file, once a client has completed the upload. */
  completion?: { readonly digest: string; readonly done: Promise<string> } | undefined;
}

/**
 * Multipart uploads. Parts may come in any order, repeatedly and concurrently. A part is appended to the file as soon as all
 * earlier parts are in it. So the end of an upload is one rename; a client would not wait for a copy of everything. An
 * unfinished upload ends with the process.
 */
export class PartUploads {
  readonly #tree: FileTree;
  readonly #workFolder: string;
  readonly #uploads = new Map<string, Upload>();

  constructor(tree: FileTree, workFolder: string) {
    this.#tree = tree;
    this.#workFolder = workFolder;
  }

  /**
   * @returns the id of a new upload.
   * @throws {Refusal} 409 if a folder has the name or a parent is a file.
   */
  async create(key: string): Promise<string> {
    await this.#tree.requireFree(key);
    const id = randomUUID();
    const folder = join(this.#workFolder, id);
    this.#uploads.set(id, {
      key,
      folder,
      parts: new Map(),
      joined: [],
      whole: join(folder, "whole"),
      joining: Promise.resolve(),
      lastUse: Date.now(),
    });
    return id;
  }

  /**
   * Takes a file as a part. It replaces an earlier part with the same number.
   * @returns the part's ETag.
   * @throws {Refusal} 404 if the upload does not exist.
   */
  async add(id: string, key: string, number: number, path: string, file: FileHandle): Promise<string> {
    const upload = this.#find(id, key);
    if (!Number.isInteger(number) || number < 1 || number > MAX_PARTS) throw new Refusal(400);
    const stat = await file.stat({ bigint: true });
    const part = { etag: etagOf(stat), path: join(upload.folder, randomUUID()), offset: 0, length: Number(stat.size) };
    await mkdir(upload.folder, { recursive: true });
    await rename(path, part.path);
    if (this.#uploads.get(id) !== upload) {
      await rm(upload.folder, { recursive: true, force: true });
      throw new Refusal(404);
    }
    if (upload.completion !== undefined) {
      await rm(part.path, { force: true });
      throw new Refusal(404);
    }
    const old = upload.parts.get(number);
    upload.parts.set(number, part);
    // If this fails, completing the upload tries again and reports the error.
    upload.joining = upload.joining.then(() => joinParts(upload)).catch(() => undefined);
    if (old !== undefined && old.path !== upload.whole) await rm(old.path, { force: true });
    return part.etag;
  }

  /**
   * Builds the file from the parts that the client names, and moves it to its place. A client may repeat the call.
   * @returns the file's etag.
   * @throws {Refusal} 404 if the upload does not exist, 400 if other parts were received, 409 as {@link create}.
   */
  async complete(id: string, key: string, parts: readonly NamedPart[]): Promise<string> {
    const upload = this.#find(id, key);
    const digest = createHash("sha256").update(JSON.stringify(parts)).digest("hex");
    if (upload.completion !== undefined) {
      if (upload.completion.digest !== digest) throw new Refusal(400);
      return upload.completion.done;
    }
    if (parts.length === 0 || parts.some(([number], i) => i > 0 && number <= (parts[i - 1]?.[0] ?? 0))) {
      throw new Refusal(400);
    }
    if (parts.some(([number, etag]) => upload.parts.get(number)?.etag !== etag)) throw new Refusal(400);
    const done = this.#assemble(upload, parts);
    upload.completion = { digest, done };
    try {
      return await done;
    } catch (error) {
      upload.completion = undefined;
      throw error;
    }
  }

  /** @throws {Refusal} 404 if the upload does not exist. */
  async abort(id: string, key: string): Promise<void> {
    const upload = this.#find(id, key);
    if (upload.completion !== undefined) throw new Refusal(404);
    this.#uploads.delete(id);
    await rm(upload.folder, { recursive: true, force: true });
  }

  /** Deletes what nobody has used for `idleMs`: uploads, and files whose writers are gone. */
  async sweep(idleMs: number): Promise<void> {
    const oldest = Date.now() - idleMs;
    const oldestCompleted = Date.now() - Math.min(idleMs, REPEATED_MS);
    for (const [id, { lastUse, completion, folder }] of this.#uploads) {
      if (lastUse >= (completion === undefined ? oldest : oldestCompleted)) continue;
      this.#uploads.delete(id);
      await rm(folder, { recursive: true, force: true });
    }
    for (const name of await readdir(this.#workFolder)) {
      if (this.#uploads.has(name)) continue;
      const path = join(this.#workFolder, name);
      const stat = await lstat(path).catch(() => undefined);
      if (stat !== undefined && stat.mtimeMs < oldest) await rm(path, { recursive: true, force: true });
    }
  }

  #find(id: string, key: string): Upload {
    const upload = this.#uploads.get(id);
    if (upload?.key !== key) throw new Refusal(404);
    upload.lastUse = Date.now();
    return upload;
  }

  async #assemble(upload: Upload, named: readonly NamedPart[]): Promise<string> {
    await upload.joining;
    await joinParts(upload);
    const parts = named.flatMap(([number]) => upload.parts.get(number) ?? []);
    const isWhole = parts.length === upload.joined.length && parts.every((part, i) => part === upload.joined[i]);
    const path = isWhole ? upload.whole : await rebuild(upload, parts);
    // A part may be shorter when it is sent again.
    await truncate(
      path,
      parts.reduce((sum, { length }) => sum + length, 0),
    );
    const etag = await this.#place(path, upload.key);
    upload.parts.clear();
    upload.joined.length = 0;
    // The next sweep deletes the rest.
    await rm(upload.folder, { recursive: true, force: true }).catch(() => undefined);
    return etag;
  }

  async #place(path: string, key: string): Promise<string> {
    await using file = await open(path, "r+");
    return await this.#tree.place(path, file, key);
  }
}

/** Appends the next consecutive parts to the file `whole`. */
async function joinParts(upload: Upload): Promise<void> {
  for (;;) {
    const number = upload.joined.length + 1;
    const part = upload.parts.get(number);
    if (part === undefined) return;
    const before = upload.joined.at(-1);
    const offset = before === undefined ? 0 : before.offset + before.length;
    try {
      if (offset === 0) await rename(part.path, upload.whole);
      else await copy(part, upload.whole, offset);
    } catch (error) {
      if (upload.parts.get(number) === part) throw error;
    }
    // If the part was sent again meanwhile, the new bytes overwrite the old ones.
    if (upload.parts.get(number) !== part) continue;
    const joined = { ...part, path: upload.whole, offset };
    upload.parts.set(number, joined);
    upload.joined.push(joined);
    if (offset > 0) await rm(part.path, { force: true });
  }
}

/** Builds a new file from these parts, if the client omits a joined part or sent one again after it was joined. */
async function rebuild(upload: Upload, parts: readonly Part[]): Promise<string> {
  const path = join(upload.folder, "rebuilt");
  await rm(path, { force: true });
  let offset = 0;
  for (const part of parts) {
    await copy(part, path, offset);
    offset += part.length;
  }
  return path;
}

/** Copies a part's bytes into the file at `path` from `offset` on. Creates the file if it is missing. */
async function copy(part: Part, path: string, offset: number): Promise<void> {
  await using from = await open(part.path, "r");
  await using to = await open(path, "a").then(async (file) => {
    await file.close();
    return open(path, "r+");
  });
  const buffer = Buffer.allocUnsafe(Math.min(COPY_BYTES, part.length));
  for (let done = 0; done < part.length; ) {
    const { bytesRead } = await from.read(buffer, 0, Math.min(buffer.length, part.length - done), part.offset + done);
    if (bytesRead === 0) throw new Error(`${part.path} is shorter than the part was`);
    for (let written = 0; written < bytesRead; ) {
      written += (await to.write(buffer, written, bytesRead - written, offset + done + written)).bytesWritten;
    }
    done += bytesRead;
  }
}
