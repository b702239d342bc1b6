import type { FileInfo } from "../../domain/entities.ts";

/** A part of an object: `length` bytes from `offset` on. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/** The metadata of an object. */
export interface ObjectInfo {
  /** Size of the whole object, in bytes. */
  readonly size: number;
  /** Identifies these bytes, quoted as HTTP requires. Another upload gets another etag. */
  readonly etag: string;
}

export interface StoredObject extends ObjectInfo {
  readonly body: ReadableStream<Uint8Array>;
  /** The range that `body` has, if a range was asked for. */
  readonly range?: ByteRange | undefined;
}

/** Headers of the answer to a download. */
export interface DownloadHeaders {
  readonly contentDisposition: string;
  readonly contentType: string;
}

/** A stored part, with the etag from the answer to its upload. */
export interface UploadedPart {
  /** Numbers start at 1. */
  readonly partNumber: number;
  readonly etag: string;
}

/**
 * Multipart uploads: parts may come in any order, repeatedly, and several at a time. The old object stays until `complete`.
 */
export interface Multipart {
  /**
   * @returns the id of the new upload.
   * @throws MlflowError INVALID_PARAMETER_VALUE when the store cannot hold the name; see {@link ArtifactStore.put}.
   */
  create(key: string): Promise<string>;
  /** A URL to which anyone who has it can PUT this part; absent if the store has no address of its own. */
  presignPart?(key: string, uploadId: string, partNumber: number, seconds: number): Promise<string>;
  /**
   * Stores a part that is sent through this server; for stores without `presignPart`.
   * @returns the part's etag, quoted as HTTP requires.
   */
  sendPart?(
    key: string,
    uploadId: string,
    partNumber: number,
    body: ReadableStream<Uint8Array> | null,
    length: number,
  ): Promise<string>;
  /**
   * Creates the object from these parts, in the order of their numbers. A repeated call gets the same answer as the first.
   * @returns the object's etag, as {@link ObjectInfo} has it; "" if the store does not tell it.
   * @throws MlflowError RESOURCE_DOES_NOT_EXIST when there is no such upload in progress; INVALID_PARAMETER_VALUE when the
   *   parts differ from what arrived, and as {@link create}: then nothing has changed.
   */
  complete(key: string, uploadId: string, parts: readonly UploadedPart[]): Promise<string>;
  /** Aborts an upload. May be repeated: a client whose abort fails reports only that failure to its user. */
  abort(key: string, uploadId: string): Promise<void>;
  /**
   * Aborts uploads that began before this time, in milliseconds; absent if the store does this by itself.
   * @returns how many were aborted. At most {@link MAX_LIST_PAGE}: the next call continues.
   */
  abortOlder?(beforeMs: number): Promise<number>;
}

/** At most {@link MAX_LIST_PAGE} entries; `next` is set if more may follow. */
export interface ListPage {
  readonly files: readonly FileInfo[];
  readonly next?: string | undefined;
}

/** The number of files, and their total bytes. */
export interface Usage {
  readonly files: number;
  readonly bytes: number;
}

/** The range that a caller asks for, as in HTTP: from an offset to the end, a length from an offset, or the last bytes. */
export type RangeRequest = { readonly offset: number; readonly length?: number } | { readonly suffix: number };

/**
 * The store of artifacts. Keys are canonical object keys (domain/artifact-path.ts): segments joined by `/`, without a
 * leading or trailing slash. A key is a file or a folder, never both, because no client could download both. All
 * implementations pass one test suite (test/stores/artifacts/suite.ts).
 */
export interface ArtifactStore {
  /**
   * A URL with which anyone who has it can GET the object, or ranges of it; absent if the store has no address of its own.
   */
  presignGet?(key: string, headers: DownloadHeaders, seconds: number): Promise<string>;
  /** A URL with which anyone who has it can PUT the object; absent as {@link presignGet}. */
  presignPut?(key: string, seconds: number): Promise<string>;
  /** Multipart uploads, with which clients send large files. */
  readonly multipart: Multipart;

  /**
   * Stores `body` under `key`, replacing an existing object. Readers see the old object or the new one, never a part of it.
   * A body that ends early changes nothing.
   * @param contentLength in bytes; undefined when the client sent no length (it sends empty files that way).
   * @returns the object's etag, as {@link ObjectInfo} has it.
   * @throws MlflowError INVALID_PARAMETER_VALUE when the store cannot hold the name (a file where a folder is, or below a
   *   file), or when the body does not have the stated length.
   */
  put(key: string, body: ReadableStream<Uint8Array> | null, contentLength: number | undefined): Promise<string>;

  /**
   * @returns undefined when there is no object at `key`.
   * @throws MlflowError RANGE_NOT_SATISFIABLE when `range` starts beyond the end or holds no byte.
   */
  get(key: string, range?: RangeRequest): Promise<StoredObject | undefined>;

  /**
   * As {@link get}, unless the object is still the one that the caller holds: then the answer has no bytes. Absent if the
   * store is not far, or cannot say.
   * @param etag of the version that the caller holds
   */
  getUnlessHeld?(key: string, etag: string, range?: RangeRequest): Promise<StoredObject | "held" | undefined>;

  /** @returns undefined when there is no object at `key`. */
  head(key: string): Promise<ObjectInfo | undefined>;

  /**
   * Lists a page of the files and folders directly below `prefix` ("" is the root); paths are single names. Pages follow
   * each other in the order of the names' code points, where a folder's name ends with a slash. Within a page, entries are
   * ordered by name alone. Empty if there is nothing at `prefix`, or if it is a file.
   * @param from where the page before ended; undefined for the first.
   */
  list(prefix: string, from?: string): Promise<ListPage>;

  /**
   * The usage at `key` and below it, for a page of the size that the store gives. The sum of all pages is the total.
   * @param from where the page before ended; undefined for the first.
   */
  usage(key: string, from?: string): Promise<Usage & { readonly next?: string | undefined }>;

  /** Deletes the object at `key` and everything below it. Deleting a missing object is fine. */
  delete(key: string): Promise<void>;

  /** Like `delete`, but only as much as the store deletes at once. @returns what was deleted, and whether that was all */
  deletePage(key: string): Promise<Usage & { readonly isAll: boolean }>;
}
