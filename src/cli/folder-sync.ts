import { open } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Which folders below a root have entries that a power cut could take, and how to be sure of them. A file is on the disk
 * only when its own folder is, and every folder above that was made lately, by whomever.
 */
export class FolderSync {
  readonly #root: string;
  /** By path: a mark that every change renews, so that a change during a sync is not taken for synced. */
  readonly #changed = new Map<string, symbol>();

  /** @param root absolute; what is above it is not looked at. */
  constructor(root: string) {
    this.#root = root;
  }

  /** To be called before an entry of `folder` is made that a file will be stored below. */
  noteChange(folder: string): void {
    this.#changed.set(folder, Symbol());
  }

  /** Resolves when the entries of `folder`, and the folder itself, are on the disk. */
  async flush(folder: string): Promise<void> {
    const pending = [syncFolder(folder)];
    for (let above = folder; above !== this.#root; ) {
      above = dirname(above);
      const mark = this.#changed.get(above);
      if (mark !== undefined) pending.push(this.#syncChange(above, mark));
    }
    await Promise.all(pending);
  }

  async #syncChange(folder: string, mark: symbol): Promise<void> {
    await syncFolder(folder);
    if (this.#changed.get(folder) === mark) this.#changed.delete(folder);
  }
}

async function syncFolder(path: string): Promise<void> {
  try {
    await using folder = await open(path, "r");
    await folder.sync();
  } catch (error) {
    // A deletion was quicker, which is legal; or a file system that knows no sync of folders.
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code !== "ENOENT" && code !== "EINVAL") throw error;
  }
}
