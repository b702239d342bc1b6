/** The header of a `.npy` file. */
export interface NpyHeader {
  /** As NumPy spells it, such as `<f4`. */
  readonly dtype: string;
  readonly isFortran: boolean;
  readonly shape: readonly number[];
  /** The offset of the values, in bytes. */
  readonly start: number;
}

const MAGIC = "\u0093NUMPY";

/** @returns undefined if the bytes are no such file, or if its values are Python objects */
export function npyHeader(bytes: Uint8Array): NpyHeader | undefined {
  if (bytes.length < 12 || String.fromCharCode(...bytes.subarray(0, 6)) !== MAGIC) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const isLong = bytes[6]! >= 2;
  const from = isLong ? 12 : 10;
  const start = from + (isLong ? view.getUint32(8, true) : view.getUint16(8, true));
  const text = new TextDecoder().decode(bytes.subarray(from, start));
  const dtype = /'descr':\s*'([^']+)'/.exec(text)?.[1];
  const shape = /'shape':\s*\(([^)]*)\)/.exec(text)?.[1];
  if (dtype === undefined || shape === undefined) return undefined;
  const sizes = shape.split(",").flatMap((size) => (size.trim() === "" ? [] : [Number(size)]));
  return { dtype, isFortran: /'fortran_order':\s*True/.test(text), shape: sizes, start };
}

type Reader = (view: DataView, at: number, isLittle: boolean) => number | bigint | boolean;

const READERS: Readonly<Record<string, Reader>> = {
  f8: (view, at, isLittle) => view.getFloat64(at, isLittle),
  f4: (view, at, isLittle) => shortest(view.getFloat32(at, isLittle)),
  f2: (view, at, isLittle) => half(view.getUint16(at, isLittle)),
  i8: (view, at, isLittle) => view.getBigInt64(at, isLittle),
  i4: (view, at, isLittle) => view.getInt32(at, isLittle),
  i2: (view, at, isLittle) => view.getInt16(at, isLittle),
  i1: (view, at) => view.getInt8(at),
  u8: (view, at, isLittle) => view.getBigUint64(at, isLittle),
  u4: (view, at, isLittle) => view.getUint32(at, isLittle),
  u2: (view, at, isLittle) => view.getUint16(at, isLittle),
  u1: (view, at) => view.getUint8(at),
  b1: (view, at) => view.getUint8(at) !== 0,
};

/** The number with the fewest digits that is this float of 32 bits, as NumPy prints it: 0.1, not 0.10000000149011612. */
function shortest(float: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(float.toPrecision(digits));
    if (Math.fround(short) === float) return short;
  }
  return Number.isFinite(float) ? Number(float.toPrecision(9)) : float;
}

/** A float of 16 bits. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * 2 ** -24 * fraction;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
}

/** The size of a value in bytes; undefined of types that are not read. */
export function npyItemBytes({ dtype }: NpyHeader): number | undefined {
  const kind = dtype.slice(1);
  return kind in READERS ? Number(kind.slice(1)) : undefined;
}

/** The first values that the bytes have, in the file's order. */
export function npyValues(bytes: Uint8Array, header: NpyHeader, most: number): (number | bigint | boolean)[] {
  const size = npyItemBytes(header);
  const read = READERS[header.dtype.slice(1)];
  if (size === undefined || read === undefined) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const total = header.shape.reduce((product, length) => product * length, 1);
  const count = Math.max(0, Math.min(most, total, Math.floor((bytes.length - header.start) / size)));
  const isLittle = !header.dtype.startsWith(">");
  return Array.from({ length: count }, (_, index) => read(view, header.start + index * size, isLittle));
}
