import fs, { fstatSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { renameDurably, syncTree } from "../../src/cli/durable-rename.ts";

const folder = mkdtempSync(join(tmpdir(), "trackflare-rename-"));
afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
  rmSync(folder, { recursive: true });
});

test("a tree is on the disk before its name is, and its name before the call returns", () => {
  const done: (number | string)[] = [];
  const { fsyncSync, renameSync } = fs;
  vi.spyOn(fs, "fsyncSync").mockImplementation((file) => {
    done.push(fstatSync(file).ino);
    fsyncSync(file);
  });
  vi.spyOn(fs, "renameSync").mockImplementation((from, to) => {
    renameSync(from, to);
    done.push("rename");
  });
  syncBuiltinESMExports();
  mkdirSync(join(folder, "new/inner"), { recursive: true });
  writeFileSync(join(folder, "new/inner/file"), "text");
  syncTree(join(folder, "new"));
  renameDurably(join(folder, "new"), join(folder, "old"));
  const synced = (path: string) => statSync(join(folder, path)).ino;
  expect(done).toEqual([synced("old/inner/file"), synced("old/inner"), synced("old"), "rename", synced(".")]);
});
