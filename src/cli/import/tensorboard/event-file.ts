import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { doubleOf, fieldOf, fieldsOf, floatOf, textOf } from "../protobuf.ts";

/*
 * TensorBoard's event files. They are TensorFlow records: a length, its checksum, the bytes, their checksum. Each record is
 * an `Event` (tensorflow/core/util/event.proto, framework/summary.proto, framework/tensor.proto).
 */

/** One logged value. */
export interface SummaryValue {
  readonly tag: string;
  readonly wallTimeMs: number;
  readonly step: bigint;
  readonly content:
    | { readonly kind: "scalar"; readonly value: number }
    | { readonly kind: "text"; readonly texts: readonly string[] }
    /** The bytes of an image file, and their offset in the event file. */
    | { readonly kind: "image"; readonly offset: number; readonly length: number; readonly type: "png" | "jpg" | "gif" }
    | { readonly kind: "hparams"; readonly data: Uint8Array }
    /** A value that has no place in a run: graphs, histograms, audio, … */
    | { readonly kind: "other" };
}

const MAX_RECORD_BYTES = 1024 ** 3;

/**
 * Reads a file's values in order, one record in memory at a time.
 * @param onProblem is called where the rest of the file is unreadable, and for invalid records
 */
export function* valuesOf(path: string, onProblem: (why: string) => void): Generator<SummaryValue> {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const header = Buffer.alloc(12);
    for (let at = 0; at < size; ) {
      const isWhole = readSync(file, header, 0, 12, at) === 12;
      const length = isWhole ? Number(header.readBigUInt64LE()) : 0;
      if (isWhole && (header.readUInt32LE(8) !== maskedCrc(header.subarray(0, 8)) || length > MAX_RECORD_BYTES)) {
        onProblem(`there is no record at byte ${at}`);
        return;
      }
      if (!isWhole || at + 16 + length > size) {
        onProblem(`the record at byte ${at} was not written whole`);
        return;
      }
      const record = Buffer.alloc(length + 4);
      readSync(file, record, 0, record.length, at + 12);
      const event = record.subarray(0, length);
      try {
        if (record.readUInt32LE(length) !== maskedCrc(event)) throw new RangeError("its checksum is another");
        yield* valuesOfEvent(event, at + 12);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        onProblem(`the record at byte ${at} cannot be read: ${error.message}`);
      }
      at += 16 + length;
    }
  } finally {
    closeSync(file);
  }
}

/** @param offset the offset of the event's bytes in the file */
function valuesOfEvent(event: Uint8Array, offset: number): SummaryValue[] {
  let [wallTimeMs, step] = [0, 0n];
  const summaries: Uint8Array[] = [];
  for (const { number, integer, bytes } of fieldsOf(event)) {
    if (number === 1) wallTimeMs = Math.round(doubleOf(bytes) * 1000);
    if (number === 2) step = BigInt.asIntN(64, integer);
    if (number === 5) summaries.push(bytes);
  }
  const values = summaries.flatMap((summary) =>
    [...fieldsOf(summary)].flatMap(({ number, bytes }) => (number === 1 ? [bytes] : [])),
  );
  const place = (bytes: Uint8Array) => offset + bytes.byteOffset - event.byteOffset;
  return values.map((value) => ({
    tag: textOf(fieldOf(value, 1)),
    wallTimeMs,
    step,
    content: contentOf(value, place),
  }));
}

function contentOf(value: Uint8Array, place: (bytes: Uint8Array) => number): SummaryValue["content"] {
  const fields = new Map([...fieldsOf(value)].map(({ number, bytes }) => [number, bytes]));
  const simple = fields.get(2);
  if (simple !== undefined) return { kind: "scalar", value: floatOf(simple) };
  const image = fields.get(4);
  if (image !== undefined) return imageOf(fieldOf(image, 4), place);
  const pluginData = fieldOf(fields.get(9) ?? NO_BYTES, 1) ?? NO_BYTES;
  const plugin = textOf(fieldOf(pluginData, 1));
  if (plugin === "hparams") return { kind: "hparams", data: fieldOf(pluginData, 2) ?? NO_BYTES };
  const tensor = fields.get(8);
  if (tensor === undefined) return { kind: "other" };
  if (plugin === "text") return { kind: "text", texts: stringsOf(tensor).map(textOf) };
  // The width, the height, and then the images.
  if (plugin === "images") return imageOf(stringsOf(tensor)[2], place);
  if (plugin !== "scalars") return { kind: "other" };
  const number = numberOf(tensor);
  return number === undefined ? { kind: "other" } : { kind: "scalar", value: number };
}

const NO_BYTES = new Uint8Array();

function stringsOf(tensor: Uint8Array): Uint8Array[] {
  return [...fieldsOf(tensor)].flatMap(({ number, bytes }) => (number === 8 ? [bytes] : []));
}

/** The value of a tensor with one number, which is stored as bytes of its type or in the field for its type. */
function numberOf(tensor: Uint8Array): number | undefined {
  let type = 0;
  const fields = new Map<number, Uint8Array>();
  let integer: bigint | undefined;
  for (const field of fieldsOf(tensor)) {
    if (field.number === 1) type = Number(field.integer);
    else if (field.bytes.length > 0) fields.set(field.number, field.bytes);
    else if (field.number === 7 || field.number === 10) integer = BigInt.asIntN(64, field.integer);
  }
  const [float, double] = [1, 2];
  if (type === float) return numberIn(fields.get(5) ?? fields.get(4), 4, floatOf);
  if (type === double) return numberIn(fields.get(6) ?? fields.get(4), 8, doubleOf);
  return integer === undefined ? undefined : Number(integer);
}

function numberIn(bytes: Uint8Array | undefined, size: number, read: (bytes: Uint8Array) => number) {
  return bytes === undefined || bytes.length < size ? undefined : read(bytes);
}

function imageOf(bytes: Uint8Array | undefined, place: (bytes: Uint8Array) => number): SummaryValue["content"] {
  const start = Buffer.from(bytes?.subarray(0, 4) ?? NO_BYTES).toString("latin1");
  const type =
    start === "\x89PNG" ? "png" : start.startsWith("\xff\xd8") ? "jpg" : start === "GIF8" ? "gif" : undefined;
  if (bytes === undefined || type === undefined) return { kind: "other" };
  return { kind: "image", offset: place(bytes), length: bytes.length, type };
}

const CRC32C = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** TensorFlow's masked CRC-32C. The rotation avoids a trivial checksum of data that holds checksums. */
function maskedCrc(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC32C[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
