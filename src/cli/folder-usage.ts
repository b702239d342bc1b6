import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { forEachAtMost } from "../domain/for-each-at-most.ts";

/** The number of files, and their total size. */
export interface FolderUsage {
  readonly files: number;
  readonly bytes: number;
}

/** How many files are examined at once. */
const FILES_AT_ONCE = 64;

/** The usage of the file or folder at a path. Files that are gone by now, links, and folders themselves do not count. */
export async function usageOf(path: string): Promise<FolderUsage> {
  const sum = { files: 0, bytes: 0 };
  const add = async (file: string) => {
    const stat = await lstat(file).catch(() => undefined);
    if (!stat?.isFile()) return;
    sum.files++;
    sum.bytes += stat.size;
  };
  await add(path);
  const folders = [path];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const inside = folder;
    const entries = await readdir(inside, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) if (entry.isDirectory()) folders.push(join(inside, entry.name));
    const files = entries.filter((entry) => entry.isFile());
    await forEachAtMost(FILES_AT_ONCE, files, ({ name }) => add(join(inside, name)));
  }
  return sum;
}
