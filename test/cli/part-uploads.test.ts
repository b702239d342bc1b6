import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FileTree } from "../../src/cli/file-tree.ts";
import { PartUploads } from "../../src/cli/part-uploads.ts";

let folder: string;
let uploads: PartUploads;
let sent = 0;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "trackflare-parts-"));
  for (const name of ["root", "work", "sent"]) mkdirSync(join(folder, name));
  uploads = new PartUploads(new FileTree(join(folder, "root"), join(folder, "work")), join(folder, "work"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function send(id: string, number: number, bytes: Uint8Array | string): Promise<[number, string]> {
  const path = join(folder, "sent", String(sent++));
  writeFileSync(path, bytes);
  await using file = await open(path, "r+");
  return [number, await uploads.add(id, "a/file", number, path, file)];
}

const stored = () => readFileSync(join(folder, "root/a/file"), "latin1");
const refused = (status: number) => ({ status });

test("a part that is sent again while the first one is being appended takes its place, however much shorter it is", async () => {
  const id = await uploads.create("a/file");
  const first = await send(id, 1, "head ");
  await send(id, 2, Buffer.alloc(96 * 1024 * 1024, "x"));
  const second = await send(id, 2, "tail");
  await uploads.complete(id, "a/file", [first, second]);
  expect(stored()).toBe("head tail");
});

test("an upload that is complete takes no more parts, its own completion again, and no other", async () => {
  const id = await uploads.create("a/file");
  const parts = [await send(id, 1, "one "), await send(id, 2, "two")];
  await uploads.complete(id, "a/file", parts);
  await expect(send(id, 3, "three")).rejects.toMatchObject(refused(404));
  await uploads.complete(id, "a/file", parts);
  await expect(uploads.complete(id, "a/file", parts.slice(0, 1))).rejects.toMatchObject(refused(400));
  await expect(uploads.abort(id, "a/file")).rejects.toMatchObject(refused(404));
  expect(stored()).toBe("one two");
});

test("parts are named in their order, each once, by the tag of what was last sent", async () => {
  const id = await uploads.create("a/file");
  const old = await send(id, 1, "old");
  const parts = [await send(id, 1, "one "), await send(id, 2, "two")];
  for (const wrong of [
    [],
    [...parts].reverse(),
    [parts[0]!, parts[0]!],
    [old, parts[1]!],
    [...parts, [3, "x"] as const],
  ]) {
    await expect(uploads.complete(id, "a/file", wrong)).rejects.toMatchObject(refused(400));
  }
  await expect(uploads.complete(id, "a/other", parts)).rejects.toMatchObject(refused(404));
  for (const number of [0, 10_001, 1.5]) await expect(send(id, number, "x")).rejects.toMatchObject(refused(400));
  await uploads.complete(id, "a/file", parts);
  expect(stored()).toBe("one two");
});
