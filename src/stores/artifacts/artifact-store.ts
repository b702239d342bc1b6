import type { FileInfo } from "../../domain/entities.ts";
import type { S3Settings } from "../../domain/s3-settings.ts";
import { FolderArtifactStore } from "./folder-artifact-store.ts";
import { R2ArtifactStore } from "./r2-artifact-store.ts";
import { S3ArtifactStore } from "./s3/s3-artifact-store.ts";

/** A part of an object: `length` bytes from `offset` on. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/** What is known of an object without its bytes. */
export interface ObjectInfo {
  /** Of the whole object, in bytes. */
  readonly size: number;
  /** Names these very bytes, quoted as HTTP wants it: another upload gets another one. */
  readonly etag: string;
}

export interface StoredObject extends ObjectInfo {
  readonly body: ReadableStream<Uint8Array>;
  /** What `body` holds, when a range was asked for. */
  readonly range?: ByteRange | undefined;
}

/** What a download is answered with. */
export interface DownloadHeaders {
  readonly contentDisposition: string;
  readonly contentType: string;
}

/** A part that was stored, by the etag that its upload was answered with. */
export interface UploadedPart {
  /** From 1 on. */
  readonly partNumber: number;
  readonly etag: string;
}

/** Uploads by parts: in any order, repeated, several at a time. The old object stays until `complete`. */
export interface Multipart {
  /**
   * @returns an id of the new upload.
   * @throws MlflowError INVALID_PARAMETER_VALUE where the store cannot hold the name; see {@link ArtifactStore.put}.
   */
  create(key: string): Promise<string>;
  /** A URL to which anyone who has it can PUT this part; absent where the store has no address of its own. */
  presignPart?(key: string, uploadId: string, partNumber: number, seconds: number): Promise<string>;
  /**
   * Stores a part that comes through this server; for stores without `presignPart`.
   * @returns the part's etag, quoted as HTTP wants it.
   */
  sendPart?(
    key: string,
    uploadId: string,
    partNumber: number,
    body: ReadableStream<Uint8Array> | null,
    length: number,
  ): Promise<string>;
  /**
   * Makes the object of these parts, by ascending numbers. A repeat of the same call is answered as the first one was.
   * @throws MlflowError RESOURCE_DOES_NOT_EXIST where no such upload is under way; INVALID_PARAMETER_VALUE for parts that
   *   did not arrive so, and as {@link create}: then nothing has changed.
   */
  complete(key: string, uploadId: string, parts: readonly UploadedPart[]): Promise<void>;
  /** Gives an upload up. May be repeated: a client whose abort fails tells its user of that alone. */
  abort(key: string, uploadId: string): Promise<void>;
}

/** At most {@link MAX_LIST_PAGE} entries; `next` where more may follow. */
export interface ListPage {
  readonly files: readonly FileInfo[];
  readonly next?: string | undefined;
}

/** Files, and their bytes together. */
export interface Usage {
  readonly files: number;
  readonly bytes: number;
}

/** The range a caller asks for, as HTTP has it: from an offset, from an offset to a length, or the last bytes. */
export type RangeRequest = { readonly offset: number; readonly length?: number } | { readonly suffix: number };

/**
 * Where artifacts live. Keys are canonical object keys (domain/artifact-path.ts): segments joined by `/`, no leading or
 * trailing slash. A key is a file or a folder, never both, because no client could download both. All implementations
 * pass one suite (test/stores/artifacts/suite.ts).
 */
export interface ArtifactStore {
  /** A URL by which anyone who has it can GET the object, ranges of it too; absent where the store has no address of its own. */
  presignGet?(key: string, headers: DownloadHeaders, seconds: number): Promise<string>;
  /** How clients send a large file by parts. */
  readonly multipart: Multipart;

  /**
   * Stores `body` under `key`, replacing what was there; readers see the old object or the new one, never a part.
   * A body that ends early changes nothing.
   * @param contentLength in bytes, undefined when the client did not say (it sends empty files that way).
   * @throws MlflowError INVALID_PARAMETER_VALUE when the store cannot hold the name (a file where a folder is, or below
   *   a file), or when the body is not as long as it was said to be.
   */
  put(key: string, body: ReadableStream<Uint8Array> | null, contentLength: number | undefined): Promise<void>;

  /**
   * @returns undefined when there is no object at `key`.
   * @throws MlflowError RANGE_NOT_SATISFIABLE when `range` starts beyond the end or holds no byte.
   */
  get(key: string, range?: RangeRequest): Promise<StoredObject | undefined>;

  /** @returns undefined when there is no object at `key`. */
  head(key: string): Promise<ObjectInfo | undefined>;

  /**
   * A page of the files and folders directly below `prefix` ("" is the root), paths being single names. Pages follow each
   * other by the code points of names, a folder's with a slash at its end; within its page an entry stands by its name.
   * Empty where there is nothing, and for a file.
   * @param from where the page before ended; undefined for the first.
   */
  list(prefix: string, from?: string): Promise<ListPage>;

  /**
   * How much is at `key` and below it: a page, as large as the store gives one. The sum of all pages is the whole.
   * @param from where the page before ended; undefined for the first.
   */
  usage(key: string, from?: string): Promise<Usage & { readonly next?: string | undefined }>;

  /** Deletes the object at `key` and everything below it. Deleting what is not there is fine. */
  delete(key: string): Promise<void>;

  /** The same of a part of it, as large as the store takes at once. @returns what is gone, and whether that was all */
  deletePage(key: string): Promise<Usage & { readonly isAll: boolean }>;
}

/**
 * The store that the settings name.
 * @throws Error when the binding that it needs is missing.
 */
export function artifactStore(
  env: Env,
  { bucket, artifactStore: kind }: { readonly bucket: S3Settings | undefined; readonly artifactStore: "r2" | "folder" },
): ArtifactStore {
  if (bucket !== undefined) return new S3ArtifactStore(bucket);
  if (kind === "r2") return new R2ArtifactStore(env.ARTIFACTS);
  if (env.FILES === undefined) throw new Error("TRACKFLARE_ARTIFACTS is 'folder', which needs the FILES binding.");
  return new FolderArtifactStore(env.FILES, { artifacts: env.DISK, uploads: env.UPLOADS });
}
