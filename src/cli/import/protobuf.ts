import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/** One field of a protobuf message in wire format (protobuf.dev/programming-guides/encoding). */
export interface WireField {
  readonly number: number;
  /** The number of a varint; 0 for the other wire types. */
  readonly integer: bigint;
  /** The bytes of a fixed-size number or of a length-delimited field. They are a part of the message, not a copy. */
  readonly bytes: Uint8Array;
}

/**
 * The fields of a message, in order.
 * @throws {RangeError} if the bytes are not a message.
 */
export function* fieldsOf(message: Uint8Array): Generator<WireField> {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) yield readField(reader);
}

function readField(reader: BinaryReader): WireField {
  try {
    const [number, type] = reader.tag();
    if (type === WireType.Varint) return { number, integer: BigInt(reader.uint64()), bytes: NO_BYTES };
    const bytes = type === WireType.LengthDelimited ? reader.bytes() : reader.skip(type, number);
    return { number, integer: 0n, bytes };
  } catch (error) {
    // The reader has several classes of errors, all about the bytes.
    throw error instanceof RangeError ? error : new RangeError(error instanceof Error ? error.message : String(error));
  }
}

const NO_BYTES = new Uint8Array();

/** The bytes of the last field with this number; undefined if the message has no such field. */
export function fieldOf(message: Uint8Array, number: number): Uint8Array | undefined {
  let found: Uint8Array | undefined;
  for (const field of fieldsOf(message)) if (field.number === number) found = field.bytes;
  return found;
}

const utf8 = new TextDecoder();

export function textOf(bytes: Uint8Array | undefined): string {
  return utf8.decode(bytes);
}

export function doubleOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0, true);
}

export function floatOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getFloat32(0, true);
}
