import { existsSync, openAsBlob } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ArtifactFile, ArtifactFolder } from "../transfer/source.ts";

/** Artifacts as plain files. If a folder is missing, nothing was logged to it. */
export class LocalArtifacts implements ArtifactFolder {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async *list(below = ""): AsyncIterable<ArtifactFile> {
    if (below === "" && !existsSync(this.#folder)) return;
    const entries = await readdir(join(this.#folder, below), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      const found = entry.isSymbolicLink() ? await stat(join(this.#folder, path)) : entry;
      if (found.isDirectory()) yield* this.list(path);
      else if (found.isFile()) yield { path, sizeBytes: (await stat(join(this.#folder, path))).size };
    }
  }

  async open(path: string): Promise<Blob> {
    return await openAsBlob(join(this.#folder, path));
  }
}

/** The folder that a `file:` URI or an absolute path names; undefined for any other URI. */
export function localFolder(uri: string): string | undefined {
  try {
    const path = uri.startsWith("file:") ? fileURLToPath(uri) : uri;
    return isAbsolute(path) ? path : undefined;
  } catch {
    return undefined;
  }
}
