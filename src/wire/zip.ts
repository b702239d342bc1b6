import { crc32 } from "node:zlib";
import { joinBytes } from "../domain/bytes.ts";

/*
 * ZIP files by the specification (APPNOTE 6.3.10), written while the client reads. Files are stored without compression,
 * since most logged files are compressed already. Each file's checksum follows the file. 64-bit fields are used where a
 * file's size, its offset or the number of files needs them.
 *
 * client-zip 2.5.1 does not pass this file's tests (test/sockets/folder-zip.test.ts). Beyond 65,535 files it writes no 64-bit
 * count, so unzip misses files. It ends a ZIP without an error although a file was cut off. Its checksum, in JavaScript, takes
 * 13 times as long as the runtime's.
 */

/** A file of a ZIP. */
export interface ZipEntry {
  /** Within the ZIP, with slashes. */
  readonly path: string;
  readonly size: number;
  readonly body: ReadableStream<Uint8Array>;
}

const UTF8_NAME_AND_CHECKSUM_BEHIND = 0x0808;
const VERSION = 20;
const VERSION_64 = 45;
/** 1980-01-01, the earliest date in the ZIP format. */
const FIRST_DAY = 0x21;
const MAX_U16 = 0xffff;
const MAX_U32 = 0xffffffff;

const utf8 = new TextEncoder();

/**
 * The pieces of a ZIP. Only one piece and the list of names are in memory.
 * @throws Error where a file's length differs from its announced size: the ZIP ends there.
 */
export async function* zipPieces(entries: AsyncIterable<ZipEntry>): AsyncGenerator<Uint8Array, void> {
  const directory: Uint8Array[] = [];
  let offset = 0;
  for await (const { path, size, body } of entries) {
    const name = utf8.encode(path);
    const is64 = size >= MAX_U32;
    // With this extra field, the sizes that follow the file have 64 bits too.
    const extra = is64 ? fields([2, 1], [2, 16], [8, 0], [8, 0]) : new Uint8Array();
    const head = joinBytes([
      fields([4, 0x04034b50], ...common(is64), [4, 0], [4, is64 ? MAX_U32 : 0], [4, is64 ? MAX_U32 : 0]),
      fields([2, name.length], [2, extra.length]),
      name,
      extra,
    ]);
    yield head;
    let checksum = 0;
    let length = 0;
    for await (const piece of body) {
      checksum = crc32(piece, checksum);
      length += piece.length;
      yield piece;
    }
    if (length !== size) throw new Error(`${path} has ${length} bytes, not ${size}`);
    const width = is64 ? 8 : 4;
    const tail = fields([4, 0x08074b50], [4, checksum], [width, size], [width, size]);
    yield tail;
    directory.push(directoryEntry(name, checksum, size, offset));
    offset += head.length + size + tail.length;
  }
  yield* directory;
  yield directoryEnd(directory, offset);
}

/** The fields that a file's header and its directory entry share. */
function common(is64: boolean): Field[] {
  return [
    [2, is64 ? VERSION_64 : VERSION],
    [2, UTF8_NAME_AND_CHECKSUM_BEHIND],
    [2, 0],
    [2, 0],
    [2, FIRST_DAY],
  ];
}

function directoryEntry(name: Uint8Array, checksum: number, size: number, offset: number): Uint8Array {
  const is64 = size >= MAX_U32 || offset >= MAX_U32;
  const extra = is64 ? fields([2, 1], [2, 24], [8, size], [8, size], [8, offset]) : new Uint8Array();
  const [size32, offset32] = is64 ? [MAX_U32, MAX_U32] : [size, offset];
  return joinBytes([
    fields([4, 0x02014b50], [2, is64 ? VERSION_64 : VERSION], ...common(is64), [4, checksum], [4, size32], [4, size32]),
    // No comment, the first disk, no attributes.
    fields([2, name.length], [2, extra.length], [2, 0], [2, 0], [2, 0], [4, 0], [4, offset32]),
    name,
    extra,
  ]);
}

function directoryEnd(directory: readonly Uint8Array[], offset: number): Uint8Array {
  const count = directory.length;
  const length = directory.reduce((sum, entry) => sum + entry.length, 0);
  const is64 = count >= MAX_U16 || length >= MAX_U32 || offset >= MAX_U32;
  const end64 = is64
    ? joinBytes([
        fields([4, 0x06064b50], [8, 44], [2, VERSION_64], [2, VERSION_64], [4, 0], [4, 0]),
        fields([8, count], [8, count], [8, length], [8, offset]),
        fields([4, 0x07064b50], [4, 0], [8, offset + length], [4, 1]),
      ])
    : new Uint8Array();
  const count16 = is64 ? MAX_U16 : count;
  const [length32, offset32] = is64 ? [MAX_U32, MAX_U32] : [length, offset];
  return joinBytes([
    end64,
    fields([4, 0x06054b50], [2, 0], [2, 0], [2, count16], [2, count16], [4, length32], [4, offset32], [2, 0]),
  ]);
}

type Field = readonly [width: 2 | 4 | 8, value: number];

/** Numbers in little-endian order, as a ZIP stores them. */
function fields(...all: readonly Field[]): Uint8Array {
  const bytes = new Uint8Array(all.reduce((sum, [width]) => sum + width, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [width, value] of all) {
    if (width === 2) view.setUint16(at, value, true);
    else if (width === 4) view.setUint32(at, value, true);
    else view.setBigUint64(at, BigInt(value), true);
    at += width;
  }
  return bytes;
}
