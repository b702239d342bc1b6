/** One field of a protobuf message in wire format (protobuf.dev/programming-guides/encoding). */
export interface WireField {
  readonly number: number;
  /** The number of a varint; 0 for the other wire types. */
  readonly integer: bigint;
  /** The bytes of a fixed-size number or of a length-delimited field. */
  readonly bytes: Uint8Array;
}

/**
 * The fields of a message, in order.
 * @throws {RangeError} if the bytes are not a message.
 */
export function* fieldsOf(message: Uint8Array): Generator<WireField> {
  const none = message.subarray(0, 0);
  for (let at = 0; at < message.length; ) {
    const [tag, afterTag] = varint(message, at);
    const number = Number(tag >> 3n);
    const wireType = Number(tag & 7n);
    if (wireType === 0) {
      const [integer, end] = varint(message, afterTag);
      yield { number, integer, bytes: none };
      at = end;
      continue;
    }
    const [length, start] = wireType === 2 ? varint(message, afterTag) : [LENGTHS[wireType], afterTag];
    if (length === undefined) throw new RangeError(`a field of kind ${wireType}`);
    const end = start + Number(length);
    if (end > message.length) throw new RangeError("a field that is longer than its message");
    yield { number, integer: 0n, bytes: message.subarray(start, end) };
    at = end;
  }
}

/** The sizes of fixed-size numbers by wire type. */
const LENGTHS: Readonly<Record<number, bigint>> = { 1: 8n, 5: 4n };

function varint(bytes: Uint8Array, from: number): [bigint, number] {
  let value = 0n;
  for (let at = from, shift = 0n; at < bytes.length && shift < 70n; at++, shift += 7n) {
    const byte = bytes[at]!;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return [BigInt.asUintN(64, value), at + 1];
  }
  throw new RangeError("a number without an end");
}

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
