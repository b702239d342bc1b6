import { closeSync, fsyncSync, openSync, readdirSync, renameSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

/** Returns when the disk has a file, or a folder with all that is in it. */
export function syncTree(path: string): void {
  if (statSync(path).isDirectory()) for (const name of readdirSync(path)) syncTree(join(path, name));
  sync(path);
}

/**
 * Renames a file or folder, and returns when the disk has the new name. If the content was synced before, a power cut leaves what
 * was there before, or all of the new.
 */
export function renameDurably(from: string, to: string): void {
  renameSync(from, to);
  sync(dirname(to));
}

function sync(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
