/** One field of a protobuf message as it is on the wire (protobuf.dev/programming-guides/encoding). */
export interface WireField {
  readonly number: number;
  /** Of a varint; 0 for the other kinds. */
  readonly integer: bigint;
  /** Of fixed numbers and of what has a length. */
  readonly bytes: Uint8Array;
}

/**
 * The fields of a message, in order.
 * @throws {RangeError} where the bytes are no message.
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

/** Of numbers of a fixed size, by their kind on the wire. */
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

/** The bytes of the last field of this number; undefined where there is none. */
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
