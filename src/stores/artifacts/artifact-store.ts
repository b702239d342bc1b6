import type { FileInfo } from "../../domain/entities.ts";
import { FolderArtifactStore } from "./folder-artifact-store.ts";
import { R2ArtifactStore } from "./r2-artifact-store.ts";

/** A part of an object: `length` bytes from `offset` on. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

export interface StoredObject {
  readonly body: ReadableStream<Uint8Array>;
  /** Of the whole object, in bytes. */
  readonly size: number;
  /** Names these very bytes, quoted as HTTP wants it: another upload gets another one. */
  readonly etag: string;
  /** What `body` holds, when a range was asked for. */
  readonly range?: ByteRange | undefined;
}

/** The range a caller asks for, as HTTP has it: from an offset, from an offset to a length, or the last bytes. */
export type RangeRequest = { readonly offset: number; readonly length?: number } | { readonly suffix: number };

/**
 * Where artifacts live. Keys are canonical object keys (domain/artifact-path.ts): segments joined by `/`, no leading or
 * trailing slash. A key is a file or a folder, never both, because no client could download both. All implementations
 * pass one suite (test/stores/artifacts/suite.ts).
 */
export interface ArtifactStore {
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

  /**
   * The files and folders directly below `prefix` ("" is the root), sorted by code point, paths being single names.
   * Empty where there is nothing, and for a file.
   */
  list(prefix: string): Promise<readonly FileInfo[]>;

  /** Deletes the object at `key` and everything below it. Deleting what is not there is fine. */
  delete(key: string): Promise<void>;
}

/**
 * The store that the settings name.
 * @throws Error when the binding that it needs is missing.
 */
export function artifactStore(env: Env, kind: "r2" | "folder"): ArtifactStore {
  if (kind === "r2") return new R2ArtifactStore(env.ARTIFACTS);
  if (env.FILES === undefined) throw new Error("TRACKFLARE_ARTIFACTS is 'folder', which needs the FILES binding.");
  return new FolderArtifactStore(env.FILES, { artifacts: env.DISK, uploads: env.UPLOADS });
}
