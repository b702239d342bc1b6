import { closeSync, openSync, readSync } from "node:fs";
import { crc32 } from "node:zlib";

/*
 * W&B's log of a run: a header, and then LevelDB's log format (github.com/google/leveldb/blob/main/doc/log_format.md) with
 * CRC-32 as the checksum. The file consists of blocks. A block has chunks, and ends with zeros where no chunk's header has room.
 * A record is one chunk, or a first, some middle and a last chunk.
 */

const BLOCK_BYTES = 32_768;
/** A chunk's checksum (4), length (2) and type (1). The file's header has the same length. */
const HEADER_BYTES = 7;
const FILE_HEADER = Buffer.from(":W&B\xe1\xbe\x00", "latin1");

const [FULL, FIRST, MIDDLE, LAST] = [1, 2, 3, 4];

/** The checksums that a chunk's checksum begins with: its type's. */
const TYPE_SUMS = [0, FULL, FIRST, MIDDLE, LAST].map((type) => crc32(Uint8Array.of(type)));

/**
 * Reads a log's records in order, one block in memory at a time. After an invalid chunk it continues with the next block.
 * @param onProblem is called for each place that cannot be read
 */
export function* recordsOf(path: string, onProblem: (why: string) => void): Generator<Uint8Array> {
  const file = openSync(path, "r");
  try {
    const begin = Buffer.alloc(BLOCK_BYTES + HEADER_BYTES);
    const size = readSync(file, begin, 0, begin.length, 0);
    if (!begin.subarray(0, HEADER_BYTES).equals(FILE_HEADER)) {
      onProblem("it does not begin as a log of W&B's");
      return;
    }
    const shift = isFirstBlockLonger(begin.subarray(0, size)) ? HEADER_BYTES : 0;
    yield* recordsOfBlocks(file, shift, onProblem);
  } finally {
    closeSync(file);
  }
}

/**
 * Whether the blocks begin after the file's header, as wandb's Go core before 0.17.6 wrote them (wandb/wandb#8088). Then a
 * chunk goes beyond the usual end of the first block. Only then can an empty first chunk be at that end.
 */
function isFirstBlockLonger(begin: Buffer): boolean {
  for (let at = HEADER_BYTES; at + HEADER_BYTES <= begin.length; ) {
    const chunk = chunkAt(begin, at);
    if (typeof chunk === "string") return false;
    const end = at + HEADER_BYTES + chunk.data.length;
    if (end > BLOCK_BYTES) return at < BLOCK_BYTES || chunk.type === FIRST;
    at = end;
  }
  return false;
}

function* recordsOfBlocks(file: number, shift: number, onProblem: (why: string) => void): Generator<Uint8Array> {
  const block = Buffer.alloc(BLOCK_BYTES);
  /** The chunks of the record so far; undefined where its first chunk is lost. */
  let parts: Buffer[] | undefined;
  for (let start = shift; ; start += BLOCK_BYTES) {
    const size = readSync(file, block, 0, BLOCK_BYTES, start);
    if (size === 0) break;
    let at = start === 0 ? HEADER_BYTES : 0;
    while (at + HEADER_BYTES <= size) {
      const chunk = chunkAt(block.subarray(0, size), at);
      if (typeof chunk === "string") {
        onProblem(`at byte ${start + at} ${chunk}`);
        parts = undefined;
        at = size;
        break;
      }
      at += HEADER_BYTES + chunk.data.length;
      // The block's memory is used again for the next block.
      if (chunk.type === FULL) yield Buffer.from(chunk.data);
      if (chunk.type === FIRST) parts = [Buffer.from(chunk.data)];
      if (chunk.type === MIDDLE) parts?.push(Buffer.from(chunk.data));
      if (chunk.type !== LAST) continue;
      if (parts !== undefined) yield Buffer.concat([...parts, chunk.data]);
      parts = undefined;
    }
    if (size < BLOCK_BYTES) {
      if (at < size) onProblem(`the record at byte ${start + at} was not written whole`);
      break;
    }
  }
  if (parts !== undefined) onProblem("the last record was not written whole");
}

/** @returns what is wrong with the chunk, if it is invalid */
function chunkAt(block: Buffer, at: number): { readonly type: number; readonly data: Buffer } | string {
  const length = block.readUInt16LE(at + 4);
  const type = block[at + 6]!;
  const sum = TYPE_SUMS[type];
  if (type < FULL! || sum === undefined) return "there is no record";
  const end = at + HEADER_BYTES + length;
  if (end > block.length) return "the record was not written whole";
  const data = block.subarray(at + HEADER_BYTES, end);
  return block.readUInt32LE(at) === crc32(data, sum) ? { type, data } : "the record's checksum is another";
}
