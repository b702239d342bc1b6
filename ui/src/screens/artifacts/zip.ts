/* ZIP files as the specification (APPNOTE 6.3.10) has them: stored as they are, as most of what is logged is compressed already. */

/** Beyond this a ZIP needs its 64-bit form, and a page too much memory. */
export const MAX_ZIP_BYTES = 1_000_000_000;
export const MAX_ZIP_FILES = 10_000;

const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;
const VERSION = 20;
const UTF8_NAMES = 0x0800;
/** 1980-01-01, the first day that a ZIP knows. */
const FIRST_DAY = 0x21;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** CRC-32 as ZIP and PNG have it. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** Takes files one after the other, and gives the ZIP. */
export class ZipWriter {
  readonly #parts: BlobPart[] = [];
  readonly #central: Uint8Array<ArrayBuffer>[] = [];
  #offset = 0;

  /** @param path within the ZIP, with slashes. */
  add(path: string, bytes: Uint8Array<ArrayBuffer>): void {
    const name = new TextEncoder().encode(path);
    const local = new Uint8Array(LOCAL_BYTES + name.length);
    const central = new Uint8Array(CENTRAL_BYTES + name.length);
    const common = [u16(VERSION), u16(UTF8_NAMES), u16(0), u16(0), u16(FIRST_DAY), u32(crc32(bytes))].flat();
    const sizes = [u32(bytes.length), u32(bytes.length), u16(name.length), u16(0)].flat();
    local.set([...u32(0x04034b50), ...common, ...sizes]);
    local.set(name, LOCAL_BYTES);
    central.set([...u32(0x02014b50), ...u16(VERSION), ...common, ...sizes]);
    central.set(u32(this.#offset), 42);
    central.set(name, CENTRAL_BYTES);
    // As a Blob of its own the browser may keep it on disk.
    this.#parts.push(local, new Blob([bytes]));
    this.#central.push(central);
    this.#offset += local.length + bytes.length;
  }

  end(): Blob {
    const count = u16(this.#central.length);
    const length = this.#central.reduce((sum, { length }) => sum + length, 0);
    const end = new Uint8Array(END_BYTES);
    end.set([...u32(0x06054b50), ...u16(0), ...u16(0), ...count, ...count, ...u32(length), ...u32(this.#offset)]);
    return new Blob([...this.#parts, ...this.#central, end], { type: "application/zip" });
  }
}

function u16(value: number): number[] {
  return [value & 0xff, value >>> 8];
}

function u32(value: number): number[] {
  return [...u16(value & 0xffff), ...u16(value >>> 16)];
}
