import { randomUUID } from "node:crypto";
import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, lstat, mkdir, open, readdir, realpath, rename, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { canonicalArtifactPath } from "../domain/artifact-path.ts";
import { MAX_LIST_PAGE } from "../domain/limits.ts";
import { FolderScans } from "./folder-scans.ts";
import { FolderSync } from "./folder-sync.ts";
import { type FolderUsage, usageOf } from "./folder-usage.ts";

const NOTHING: FolderUsage = { files: 0, bytes: 0 };

/**
 * Files up to this size are on the disk before they are acknowledged. For larger files, waiting for the disk would halve
 * the upload speed.
 */
export const MAX_SYNCED_BYTES = 4 * 1024 * 1024;
/** How often an upload creates its folder again if deletions keep removing it. */
const MAX_PLACE_ATTEMPTS = 20;

/** An answer other than success, thrown by the code that finds the reason. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`status ${status}`);
    this.status = status;
  }
}

/** An entry of a folder, by its name. */
export interface FileEntry {
  readonly path: string;
  readonly isDir: boolean;
  readonly fileSize?: number;
}

/** A tree of plain files by their keys. It treats symbolic links as missing files. */
export class FileTree {
  readonly #root: string;
  readonly #workFolder: string;
  readonly #sync: FolderSync;
  readonly #scans = new FolderScans();

  /**
   * @param root absolute, without symbolic links.
   * @param workFolder the folder of unfinished deletions, on the same file system.
   */
  constructor(root: string, workFolder: string) {
    this.#root = root;
    this.#workFolder = workFolder;
    this.#sync = new FolderSync(root);
  }

  /**
   * Gives an upload its name. For a small file, it also waits until the disk has the name and the bytes.
   * @returns the file's etag.
   * @throws {Refusal} 409 if a folder has the name or a parent is a file.
   */
  async place(upload: string, file: FileHandle, key: string): Promise<string> {
    const stat = await file.stat({ bigint: true });
    const isSynced = stat.size <= MAX_SYNCED_BYTES;
    const target = join(this.#root, key);
    // The bytes are on the disk before the file has its name: after a power cut, the name leads to old bytes or to all new ones.
    await Promise.all([isSynced && file.datasync(), this.#makeFolder(dirname(key))]);
    for (let attempt = 1; ; attempt++) {
      if (attempt > 1) await this.#makeFolder(dirname(key));
      try {
        await rename(upload, target);
        if (isSynced) await this.#sync.flush(dirname(target));
        return etagOf(stat);
      } catch (error) {
        const code = errorCode(error);
        if (code === "EISDIR" || code === "ENOTEMPTY" || code === "EEXIST") {
          // Nobody stored an empty folder: a crash before the rename leaves one.
          if (!(await removeIfEmpty(target))) throw new Refusal(409);
        } else if (code === "ENOTDIR") {
          throw new Refusal(409);
        } else if (code !== "ENOENT" || attempt === MAX_PLACE_ATTEMPTS) {
          throw error;
        }
      }
    }
  }

  /**
   * Checks that a file may have this name now: no folder with content has the name, and no parent is a file.
   * @throws {Refusal} 409
   */
  async requireFree(key: string): Promise<void> {
    if (await this.#is(key, "folder")) {
      const entries = await readdir(join(this.#root, key)).catch(() => []);
      if (entries.length > 0) throw new Refusal(409);
    }
    for (let above = dirname(key); above !== "."; above = dirname(above)) {
      if (!(await exists(join(this.#root, above)))) continue;
      if (!(await this.#is(above, "folder"))) throw new Refusal(409);
      return;
    }
  }

  /**
   * Opens the file at `key`.
   * @throws {Refusal} 404 if there is no file, or if a part of the path is a symbolic link.
   */
  async open(key: string): Promise<FileHandle> {
    if (!(await this.#is(key, "file"))) throw new Refusal(404);
    return open(join(this.#root, key), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  }

  /**
   * A page of a folder.
   * @param from the last name of the previous page, "" for the first page.
   */
  async list(key: string, from: string): Promise<{ files: FileEntry[]; next?: string | undefined }> {
    if (key !== "" && !(await this.#is(key, "folder"))) return { files: [] };
    const folder = join(this.#root, key);
    const { names, hasMore } = await this.#scans.page(folder, from, MAX_LIST_PAGE);
    const listed = await Promise.all(names.map((name) => fileEntry(folder, name)));
    return { files: listed.filter((entry) => entry !== undefined), next: hasMore ? names.at(-1) : undefined };
  }

  /** The number and size of the files at `key` and below it. */
  async usage(key: string): Promise<FolderUsage> {
    return (await this.#is(key, "any")) ? await usageOf(join(this.#root, key)) : NOTHING;
  }

  /**
   * One rename removes the whole tree from its place. The next start finishes the deletion if it is interrupted.
   * @returns the number and size of the deleted files
   */
  async delete(key: string): Promise<FolderUsage> {
    const grave = join(this.#workFolder, randomUUID());
    if (!(await this.#is(key, "any"))) {
      // An earlier deletion may have ended between its rename and its last step.
      await this.#removeEmptyAbove(key);
      return NOTHING;
    }
    await rename(join(this.#root, key), grave).catch((error: unknown) => {
      if (errorCode(error) !== "ENOENT") throw error;
    });
    await this.#removeEmptyAbove(key);
    const usage = await usageOf(grave);
    await rm(grave, { recursive: true, force: true });
    return usage;
  }

  /** Removes the folders above `key` that are empty. */
  async #removeEmptyAbove(key: string): Promise<void> {
    for (let above = dirname(key); above !== "."; above = dirname(above)) {
      const path = join(this.#root, above);
      const isGone = (await this.#is(above, "folder")) ? await removeIfEmpty(path) : !(await exists(path));
      if (!isGone) return;
    }
  }

  /** Creates the folder at `key` level by level. No level may be a file or a symbolic link. */
  async #makeFolder(key: string): Promise<void> {
    if (key === "." || (await this.#is(key, "folder"))) return;
    await this.#makeFolder(dirname(key));
    const folder = join(this.#root, key);
    this.#sync.noteChange(dirname(folder));
    await mkdir(folder).catch((error: unknown) => {
      if (errorCode(error) !== "EEXIST" && errorCode(error) !== "ENOENT") throw error;
    });
    // The folder may be gone again: a deletion was quicker. Anything else in its place is an error.
    if ((await exists(folder)) && !(await this.#is(key, "folder"))) throw new Refusal(409);
  }

  /** Whether the path of `key` leads to an entry of this kind, without a symbolic link. */
  async #is(key: string, kind: "file" | "folder" | "any"): Promise<boolean> {
    const path = join(this.#root, key);
    try {
      // The names also differ if the file system ignores case and stored another spelling: a name has one spelling here.
      if ((await realpath(path)) !== path) return false;
      if (kind === "any") return true;
      const stat = await lstat(path);
      return kind === "file" ? stat.isFile() : stat.isDirectory();
    } catch (error) {
      if (statusOf(error) === 404) return false;
      throw error;
    }
  }
}

/** Identifies a file's content: a replaced file has another inode, and an edited file has another time. */
export function etagOf(stat: BigIntStats): string {
  return `"${stat.ino.toString(36)}-${stat.mtimeNs.toString(36)}-${stat.size.toString(36)}"`;
}

/**
 * Undefined for a name that no key can have, for links and devices, and for an entry that is gone by now.
 * @param name a folder's name ends with a slash.
 */
async function fileEntry(folder: string, name: string): Promise<FileEntry | undefined> {
  const path = name.replace(/\/$/, "");
  try {
    if (canonicalArtifactPath(path) !== path) return undefined;
    if (path !== name) return { path, isDir: true };
    const stat = await lstat(join(folder, name));
    return stat.isFile() ? { path, isDir: false, fileSize: stat.size } : undefined;
  } catch {
    return undefined;
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** @returns whether the folder at `path` is gone. */
async function removeIfEmpty(path: string): Promise<boolean> {
  try {
    await rmdir(path);
    return true;
  } catch (error) {
    return errorCode(error) === "ENOENT";
  }
}

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}

/** The HTTP status for an error of the file system. */
export function statusOf(error: unknown): number {
  switch (errorCode(error)) {
    case "ENOENT":
    case "ENOTDIR":
    case "ELOOP":
      return 404;
    case "ENAMETOOLONG":
      return 400;
    case "ENOSPC":
    case "EDQUOT":
      return 507;
    default:
      return 500;
  }
}
