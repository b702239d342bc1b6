import { open } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Knows which folders below a root have entries that a power cut could lose, and syncs them. A file is on the disk only
 * when its folder is, and every recently created folder above it, whoever created that folder.
 */
export class FolderSync {
  readonly #root: string;
  /** A mark for each path. Every change renews the mark, so a change during a sync does not count as synced. */
  readonly #changed = new Map<string, symbol>();
  /** The folders that are being synced, and the next sync of each, if somebody waits for it. */
  readonly #syncing = new Map<string, { readonly done: Promise<void>; next?: Promise<void> }>();

  /** @param root absolute; folders above it are ignored. */
  constructor(root: string) {
    this.#root = root;
  }

  /** Call it before you create an entry of `folder` below which a file will be stored. */
  noteChange(folder: string): void {
    this.#changed.set(folder, Symbol());
  }

  /** Resolves when the entries of `folder`, and the folder itself, are on the disk. */
  async flush(folder: string): Promise<void> {
    const pending = [this.#syncShared(folder)];
    for (let above = folder; above !== this.#root; ) {
      above = dirname(above);
      const mark = this.#changed.get(above);
      if (mark !== undefined) pending.push(this.#syncChange(above, mark));
    }
    await Promise.all(pending);
  }

  async #syncChange(folder: string, mark: symbol): Promise<void> {
    await this.#syncShared(folder);
    if (this.#changed.get(folder) === mark) this.#changed.delete(folder);
  }

  /** Syncs the folder once for all callers who ask during another sync, because that sync may have begun before their changes. */
  #syncShared(folder: string): Promise<void> {
    const begun = this.#syncing.get(folder);
    if (begun === undefined) return this.#beginSync(folder);
    const begin = () => this.#beginSync(folder);
    begun.next ??= begun.done.then(begin, begin);
    return begun.next;
  }

  #beginSync(folder: string): Promise<void> {
    const sync = { done: syncFolder(folder) };
    this.#syncing.set(folder, sync);
    const end = () => {
      if (this.#syncing.get(folder) === sync) this.#syncing.delete(folder);
    };
    sync.done.then(end, end);
    return sync.done;
  }
}

async function syncFolder(path: string): Promise<void> {
  try {
    await using folder = await open(path, "r");
    await folder.sync();
  } catch (error) {
    // A deletion was quicker, which is legal; or the file system cannot sync folders.
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code !== "ENOENT" && code !== "EINVAL") throw error;
  }
}
