import { Dir, mkdirSync, mkdtempSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FolderScans } from "../../src/cli/folder-scans.ts";

let folder: string;
let readings: ReturnType<typeof watchReadings>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "trackflare-scans-"));
  readings = watchReadings();
});

afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

/** Counts how often a folder is read from its beginning. */
function watchReadings() {
  const prototype = Dir.prototype as unknown as { [Symbol.asyncIterator]: () => AsyncIterator<unknown> };
  return vi.spyOn(prototype, Symbol.asyncIterator);
}

const put = (...names: string[]) => {
  for (const name of names) writeFileSync(join(folder, name), "");
};

const named = (count: number) => Array.from({ length: count }, (_, i) => `f${String(i).padStart(4, "0")}`);

async function listAll(scans: FolderScans, limit: number): Promise<string[]> {
  const all: string[] = [];
  for (let from = "", hasMore = true; hasMore; from = all.at(-1) ?? "") {
    const page = await scans.page(folder, from, limit);
    expect(page.names.length).toBeLessThanOrEqual(limit);
    all.push(...page.names);
    hasMore = page.hasMore;
  }
  return all;
}

test("all pages of a folder come from one reading, and of at most two when lists begin at the same time", async () => {
  put(...named(1000).toReversed());
  const scans = new FolderScans();
  expect(await listAll(scans, 10)).toEqual(named(1000));
  expect(readings).toHaveBeenCalledTimes(1);
  const lists = await Promise.all(Array.from({ length: 4 }, () => listAll(scans, 10)));
  for (const list of lists) expect(list).toEqual(named(1000));
  expect(readings.mock.calls.length).toBeLessThanOrEqual(1 + 2 * lists.length);
});

test.each([
  [100, 10],
  [101, 7],
  [1000, 100],
  [99, 100],
])("of a folder of 1,000, with %d names in memory and %d in a page, each name comes once", async (window, limit) => {
  put(...named(999));
  mkdirSync(join(folder, "f0500-and-a-folder"));
  const expected = [...named(999), "f0500-and-a-folder/"].sort();
  const scans = new FolderScans(Math.max(window, limit));
  expect(await listAll(scans, limit)).toEqual(expected);
  expect(readings.mock.calls.length).toBeLessThanOrEqual(Math.ceil(1000 / (Math.max(window, limit) - limit + 1)) + 1);
});

test("a list that begins shows what is there now, whatever other lists have in memory", async () => {
  put(...named(100));
  const scans = new FolderScans();
  await scans.page(folder, "", 10);
  put("f0050-new");
  unlinkSync(join(folder, "f0060"));
  const all = await listAll(scans, 10);
  expect(all).toContain("f0050-new");
  expect(all).not.toContain("f0060");
});

test("a list that began before a file came does not hide the file from a list that begins after it", async () => {
  put(...named(100));
  const scans = new FolderScans(20);
  let goOn = () => {};
  const isReading = new Promise<void>((resolve) => {
    const real = readings.getMockImplementation() ?? Dir.prototype[Symbol.asyncIterator];
    readings.mockImplementationOnce(async function* (this: Dir) {
      const names = [];
      for await (const entry of { [Symbol.asyncIterator]: () => real.call(this) }) names.push(entry);
      resolve();
      await new Promise<void>((go) => {
        goOn = go;
      });
      yield* names;
    });
  });
  const slow = scans.page(folder, "f0019", 10);
  await isReading;
  put("f0035-new");
  const begun = await scans.page(folder, "", 10);
  goOn();
  await slow;
  expect(begun.names).toEqual(named(10));
  expect((await scans.page(folder, "f0029", 10)).names).toContain("f0035-new");
});

test("what nobody goes on with is forgotten", async () => {
  put(...named(30));
  const scans = new FolderScans();
  await scans.page(folder, "", 10);
  vi.setSystemTime(Date.now() + 61_000);
  expect((await scans.page(folder, "f0009", 10)).names).toEqual(named(20).slice(10));
  vi.useRealTimers();
  expect(readings).toHaveBeenCalledTimes(2);
});
