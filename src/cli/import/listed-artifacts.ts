import type { ArtifactFile, ArtifactFolder } from "../transfer/source.ts";

/** A file with the way to its bytes. */
export interface ListedFile extends ArtifactFile {
  readonly open: () => Promise<Blob>;
}

/** Artifacts whose places are all known, wherever each lies. */
export class ListedArtifacts implements ArtifactFolder {
  readonly #files = new Map<string, ListedFile>();

  /** Adds a file. Of several files with one path, the last one stays. */
  add(path: string, sizeBytes: number, open: () => Promise<Blob>): void {
    const plain = path
      .split("/")
      .filter((part) => part !== "" && part !== "." && part !== "..")
      .join("/");
    this.#files.delete(plain);
    this.#files.set(plain, { path: plain, sizeBytes, open });
  }

  /** Adds a file that has this text. */
  addText(path: string, text: string): void {
    const blob = new Blob([text]);
    this.add(path, blob.size, async () => blob);
  }

  has(path: string): boolean {
    return this.#files.has(path);
  }

  async *list(): AsyncIterable<ArtifactFile> {
    for (const { path, sizeBytes } of this.#files.values()) yield { path, sizeBytes };
  }

  async open(path: string): Promise<Blob> {
    const file = this.#files.get(path);
    if (file === undefined) throw new Error(`There is no ${path}`);
    return await file.open();
  }
}
