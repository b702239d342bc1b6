import type { FileInfo } from "../../domain/entities.ts";

/** A part of an object: `length` bytes from `offset` on. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

export interface StoredObject {
  readonly body: ReadableStream<Uint8Array>;
  /** Of the whole object, in bytes. */
  readonly size: number;
  /** What `body` holds, when less than the whole was asked for. */
  readonly range?: ByteRange | undefined;
}

/** The range a caller asks for, as HTTP has it: from an offset, from an offset to a length, or the last bytes. */
export type RangeRequest = { readonly offset: number; readonly length?: number } | { readonly suffix: number };

/**
 * Where artifacts live. Keys are canonical object keys (domain/artifact-path.ts): segments joined by `/`, no leading or
 * trailing slash. All implementations pass one suite (test/stores/artifacts/).
 */
export interface ArtifactStore {
  /**
   * Stores `body` under `key`, replacing what was there; readers see the old object or the new one, never a part.
   * A body that ends early changes nothing.
   * @param contentLength in bytes, undefined when the client did not say (it sends empty files that way).
   * @throws MlflowError INVALID_PARAMETER_VALUE when the store cannot hold the name (too long, or a file where a folder is).
   */
  put(key: string, body: ReadableStream<Uint8Array> | null, contentLength: number | undefined): Promise<void>;

  /**
   * @returns undefined when there is no object at `key`.
   * @throws MlflowError RANGE_NOT_SATISFIABLE when `range` starts beyond the end.
   */
  get(key: string, range?: RangeRequest): Promise<StoredObject | undefined>;

  /**
   * The files and folders directly below `prefix` ("" is the root), sorted by path, paths being single names.
   * Empty where there is nothing, and for a file.
   */
  list(prefix: string): Promise<readonly FileInfo[]>;

  /** Deletes the object at `key` and everything below it. Deleting what is not there is fine. */
  delete(key: string): Promise<void>;
}
