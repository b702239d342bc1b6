import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { Header } from "tar/header";

/*
 * Tar files whose entries are read in any order, which streams of tar do not offer: so only the headers come from a library. Names
 * have at most 100 ASCII characters, and `tar` lists and unpacks the files everywhere.
 */

const BLOCK = 512;

/** The size and checksum of an entry, computed from its bytes. */
export interface EntrySum {
  readonly size: number;
  /** In hexadecimal digits. */
  readonly sha256: string;
}

/** Writes a tar file entry by entry. The file is complete after {@link TarWriter.finish}. */
export class TarWriter {
  readonly #file: FileHandle;
  readonly sums: Record<string, EntrySum> = {};

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async create(path: string): Promise<TarWriter> {
    return new TarWriter(await open(path, "w"));
  }

  /** @param size in bytes of all pieces together */
  async add(name: string, size: number, pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    await this.#file.write(headerOf(name, size));
    const hash = createHash("sha256");
    let written = 0;
    for await (const piece of pieces) {
      await this.#file.write(piece);
      hash.update(piece);
      written += piece.length;
    }
    if (written !== size) throw new Error(`${name} has ${written} bytes and not ${size}`);
    const rest = written % BLOCK;
    if (rest > 0) await this.#file.write(Buffer.alloc(BLOCK - rest));
    this.sums[name] = { size, sha256: hash.digest("hex") };
  }

  async addBytes(name: string, bytes: Uint8Array): Promise<void> {
    await this.add(name, bytes.length, [bytes]);
  }

  /** Writes the end of the tar file and waits until the disk has it. */
  async finish(): Promise<void> {
    await this.#file.write(Buffer.alloc(2 * BLOCK));
    await this.#file.sync();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

function headerOf(path: string, size: number): Buffer {
  const header = new Header({ path, size, mode: 0o644, mtime: new Date(), type: "File" });
  const block = Buffer.alloc(BLOCK);
  header.encode(block);
  return block;
}

export interface TarEntry {
  readonly size: number;
  readonly offset: number;
}

/** Reads a tar file's entries in any order. */
export class TarReader {
  readonly #file: FileHandle;
  readonly entries: ReadonlyMap<string, TarEntry>;

  private constructor(file: FileHandle, entries: ReadonlyMap<string, TarEntry>) {
    this.#file = file;
    this.entries = entries;
  }

  /** The entries up to the end of the file: a truncated file lacks its last entries. */
  static async open(path: string): Promise<TarReader> {
    const file = await open(path, "r");
    const entries = new Map<string, TarEntry>();
    const { size: fileSize } = await file.stat();
    const header = Buffer.alloc(BLOCK);
    for (let offset = 0; offset + BLOCK <= fileSize; ) {
      await file.read(header, 0, BLOCK, offset);
      const { path: name, size = 0, cksumValid } = new Header(header);
      if (name === undefined || !cksumValid) break;
      if (!Number.isSafeInteger(size) || offset + BLOCK + size > fileSize) break;
      entries.set(name, { size, offset: offset + BLOCK });
      offset += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    }
    return new TarReader(file, entries);
  }

  /** The bytes of an entry, piece by piece. */
  async *pieces(name: string): AsyncGenerator<Uint8Array> {
    const entry = this.entries.get(name);
    if (entry === undefined) throw new Error(`There is no ${name}`);
    for (let at = 0; at < entry.size; ) {
      const piece = Buffer.alloc(Math.min(1 << 20, entry.size - at));
      const { bytesRead } = await this.#file.read(piece, 0, piece.length, entry.offset + at);
      if (bytesRead === 0) throw new Error(`${name} ends too early`);
      yield piece.subarray(0, bytesRead);
      at += bytesRead;
    }
  }

  async bytes(name: string): Promise<Buffer> {
    const pieces: Uint8Array[] = [];
    for await (const piece of this.pieces(name)) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
