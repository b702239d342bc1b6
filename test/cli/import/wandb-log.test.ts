import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { recordsOf } from "../../../src/cli/import/wandb/log-file.ts";

const BLOCK = 32_768;
const folder = mkdtempSync(join(tmpdir(), "trackflare-wandb-log-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A log as W&B writes it. @param shift the begin of the first block: 0, or 7 as the Go core wrote before 0.17.6 */
function logOf(records: readonly Buffer<ArrayBuffer>[], shift: number): Buffer<ArrayBuffer> {
  const parts = [Buffer.from(":W&B\xe1\xbe\x00", "latin1")];
  let at = 7 - shift;
  for (const record of records) {
    for (let from = 0, isFirst = true; isFirst || from < record.length; isFirst = false) {
      const room = BLOCK - (at % BLOCK);
      if (room < 7) {
        parts.push(Buffer.alloc(room));
        at += room;
      }
      const piece = record.subarray(from, from + BLOCK - (at % BLOCK) - 7);
      from += piece.length;
      const isLast = from === record.length;
      const header = Buffer.alloc(7);
      header[6] = isFirst ? (isLast ? 1 : 2) : isLast ? 4 : 3;
      header.writeUInt32LE(crc32(piece, crc32(header.subarray(6))));
      header.writeUInt16LE(piece.length, 4);
      parts.push(header, piece);
      at += 7 + piece.length;
      if (isLast) break;
    }
  }
  return Buffer.concat(parts);
}

function read(log: Buffer<ArrayBuffer>): { readonly records: string[]; readonly problems: string[] } {
  const file = join(folder, "log");
  writeFileSync(file, log);
  const problems: string[] = [];
  return {
    records: [...recordsOf(file, (why) => problems.push(why))].map((one) => Buffer.from(one).toString("hex")),
    problems,
  };
}

const bytes = (length: number, seed: number) =>
  Buffer.from(Array.from({ length }, (_, index) => (index * 31 + seed) & 255));

/** Sizes that end near a block's end, at each distance that matters, and sizes of many blocks. */
const SIZES = [
  ...Array.from({ length: 24 }, (_, near) => [BLOCK - 40 + near, 10, 3 * BLOCK + near, 1]),
  [0, 1, 0, 100_000, 0],
  Array.from({ length: 3000 }, (_, index) => (index * 7) % 97),
];

test("records of any size are read from both layouts of blocks", () => {
  for (const shift of [0, 7]) {
    for (const sizes of SIZES) {
      const records = sizes.map(bytes);
      const told = read(logOf(records, shift));
      expect(told.problems, `${shift}: ${sizes.slice(0, 4)}`).toEqual([]);
      expect(told.records).toEqual(records.map((record) => record.toString("hex")));
    }
  }
});

test("wherever a log ends, the records before are read, and an end within a record is told", () => {
  const records = [10, BLOCK, 20, 5].map(bytes);
  const log = logOf(records, 0);
  const whole = records.map((record) => record.toString("hex"));
  for (let end = 8; end < log.length; end += 61) {
    const told = read(log.subarray(0, end));
    expect(told.records).toEqual(whole.slice(0, told.records.length));
    expect(told.problems.length, `${end}`).toBeLessThanOrEqual(1);
    if (told.records.length < 2 && end > 24) expect(told.problems, `${end}`).toHaveLength(1);
  }
});
