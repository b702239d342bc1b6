import { expect, test } from "vitest";
import { decodeBlock, encodeBlock, findSlice, slicesOf } from "../../../../src/stores/run/block.ts";
import { decodeDoubles, encodeDoubles } from "../../../../src/stores/run/double-column.ts";
import { encodeFrame } from "../../../../src/stores/run/frame.ts";
import { decodeInt64s, encodeInt64s } from "../../../../src/stores/run/int64-column.ts";
import type { Int64Column, Series } from "../../../../src/stores/run/series.ts";
import { jittered, Random } from "../random.ts";

/** The numbers of the forms in `int64-column.ts`. */
const [DOUBLES, INT64, RUNS, DELTAS] = [0, 1, 2, 3];

function bitsOf(values: Float64Array): bigint[] {
  return [...new BigUint64Array(values.slice().buffer)];
}

/** Doubles from random bits, with NaNs with payloads, infinities and −0. */
function doublesOf(...bits: bigint[]): Float64Array {
  return new Float64Array(BigUint64Array.from(bits).buffer);
}

const SPECIAL_BITS = [
  0x0000_0000_0000_0000n,
  0x8000_0000_0000_0000n,
  0x7ff0_0000_0000_0000n,
  0xfff0_0000_0000_0000n,
  0x7ff8_0000_0000_0000n,
  0x7ff8_0000_dead_beefn,
  0xfff4_0000_0000_0001n,
  0x0000_0000_0000_0001n,
  0x7fef_ffff_ffff_ffffn,
];

function randomDoubles(random: Random, count: number): Float64Array {
  const lowestBits = random.of([0n, 16n, 24n, 29n, 32n]);
  const bits = Array.from({ length: count }, () => {
    if (random.chance(0.1)) return random.of(SPECIAL_BITS);
    const any = (BigInt(random.integer(0, 2 ** 32 - 1)) << 32n) | BigInt(random.integer(0, 2 ** 32 - 1));
    return (any >> lowestBits) << lowestBits;
  });
  return doublesOf(...bits);
}

function randomInt64s(random: Random, count: number): Int64Column {
  const limit = random.of([1, 100, 2 ** 20, 2 ** 40, 2 ** 53 - 1]);
  if (random.chance(0.1)) return BigInt64Array.from({ length: count }, () => 2n ** 60n + BigInt(random.integer(0, 9)));
  const stride = random.of([0, 1, 10, 1000]);
  const chanceOfOther = random.of([0, 0.05, 1]);
  let last = random.integer(-limit, limit);
  return Float64Array.from({ length: count }, () => {
    last = random.chance(chanceOfOther) ? random.integer(-limit, limit) : Math.min(last + stride, 2 ** 53 - 1);
    return last;
  });
}

test("values survive bit by bit, in the bytes that their bits need", () => {
  const random = new Random(7);
  for (let round = 0; round < 500; round++) {
    const values = randomDoubles(random, random.integer(1, 50));
    const { width, bytes } = encodeDoubles(values.subarray(round % 2));
    const count = values.length - (round % 2);
    expect(bytes.length).toBe(width * count);
    expect(bitsOf(decodeDoubles(width, bytes.buffer, 0, count))).toEqual(bitsOf(values.subarray(round % 2)));
  }
  expect(encodeDoubles(Float64Array.of(0.1, 2.5)).width).toBe(8);
  expect(encodeDoubles(doublesOf(0x3ff0_0000_0000_0000n, 0x3ff0_0000_0001_0000n)).width).toBe(6);
  expect(encodeDoubles(Float64Array.of(Math.fround(0.1), Math.fround(1e-30), Number.NaN)).width).toBe(5);
  expect(encodeDoubles(Float64Array.of(-0, 1, 900, 2 ** 20 - 1, Number.POSITIVE_INFINITY)).width).toBe(4);
  expect(() => decodeDoubles(7, new ArrayBuffer(64), 0, 1)).toThrow("unknown width 7");
});

test("integers survive, whatever their distances", () => {
  const random = new Random(11);
  for (let round = 0; round < 2000; round++) {
    const column = randomInt64s(random, random.integer(1, 60));
    const encoded = encodeInt64s(column);
    expect(encoded.bytes.length).toBeLessThanOrEqual(8 * column.length);
    expect(decodeInt64s(encoded, column.length)).toEqual(column);
    // The bytes may begin at any address.
    const moved = new Uint8Array(encoded.bytes.length + 3).subarray(3);
    moved.set(encoded.bytes);
    expect(decodeInt64s({ form: encoded.form, bytes: moved }, column.length)).toEqual(column);
  }
});

test.each([
  { what: "equal steps", column: Float64Array.from({ length: 1000 }, (_, i) => 10 * i), form: RUNS, most: 20 },
  { what: "one value", column: new Float64Array(1000).fill(1.7e12), form: RUNS, most: 20 },
  { what: "distances of 1 s ± 50 ms", column: jittered(1000, 1000, 50), form: DELTAS, most: 1015 },
  { what: "microseconds", column: jittered(1000, 1.7e12, 50), form: DELTAS, most: 1015 },
  { what: "two values", column: Float64Array.of(1, 2), form: DOUBLES, most: 16 },
  { what: "distances beyond 2^51", column: Float64Array.of(-(2 ** 52), 0, 2 ** 52, 3, 4, 5), form: DOUBLES, most: 48 },
  { what: "integers beyond 2^53", column: BigInt64Array.of(2n ** 60n, 1n), form: INT64, most: 16 },
])("$what have the form $form", ({ column, form, most }) => {
  const encoded = encodeInt64s(column);
  expect(encoded.form).toBe(form);
  expect(encoded.bytes.length).toBeLessThanOrEqual(most);
  expect(decodeInt64s(encoded, column.length)).toEqual(column);
});

test("runs of equal differences are stored from four values a run on, and packed bytes only if they are fewer", () => {
  const columns = [
    { column: [0, 1, 2, 3, 4, 14, 24, 34], form: RUNS, length: 16 + 2 + 2 },
    { column: [0, ...[0, 1, 2, 3, 4, 5, 6].map((more) => 2 ** 51 + more)], form: RUNS, length: 16 + 8 + 1 + 2 },
    { column: [0, 1, 2, 3, 4, 14, 24], form: DELTAS, length: 16 + 6 },
    // The usual difference is 2^36, and 0 differs from it by six bytes.
    { column: [0, 0, 2 ** 36], form: DELTAS, length: 16 + 6 + 1 },
    { column: [0, 0, 2 ** 43], form: DOUBLES, length: 24 },
    { column: [], form: DOUBLES, length: 0 },
  ];
  for (const { column, form, length } of columns) {
    const encoded = encodeInt64s(Float64Array.from(column));
    expect([encoded.form, encoded.bytes.length]).toEqual([form, length]);
    expect([...decodeInt64s(encoded, column.length)]).toEqual(column);
    // A column may be a part of a longer one.
    expect(encodeInt64s(Float64Array.from([7, ...column, 7]).subarray(1, -1))).toEqual(encoded);
  }
});

test("the usual difference is the median of differences all over the column, so that pauses cost only their own bytes", () => {
  const sums = (differences: readonly number[]) => {
    let last = 5;
    return Float64Array.from([5, ...differences.map((difference) => (last += difference))]);
  };
  // Every third difference is a pause; the first hundred are other ones than the rest.
  const pauses = Array.from({ length: 300 }, (_, index) => (index % 3 === 1 ? 1_000_000 + index : 1000));
  const other = Array.from({ length: 700 }, (_, index) => (index < 100 ? 5_000_000 : 1000) + (index % 3));
  const negative = Array.from({ length: 300 }, (_, index) => (index % 3 === 1 ? -1_000_000 - index : 1000));
  for (const [differences, length] of [
    [pauses, 16 + 200 + 3 * 100],
    [other, 16 + 600 + 4 * 100],
    [negative, 16 + 200 + 3 * 100],
  ] as const) {
    const column = sums(differences);
    const encoded = encodeInt64s(column);
    expect([encoded.form, encoded.bytes.length]).toEqual([DELTAS, length]);
    expect(decodeInt64s(encoded, column.length)).toEqual(column);
  }
});

test("differences of every size survive, around each power of two", () => {
  for (let power = 5; power <= 50; power++) {
    for (const [sign, more] of [1, -1].flatMap((sign) => [-1, 0, 1].map((more) => [sign, more] as const))) {
      const far = sign * (2 ** power + more);
      const column = Float64Array.from([0, 3, 5, 8, 10, 13, 15, 18, 20, 23], (value) =>
        value > 9 ? value + far : value,
      );
      const encoded = encodeInt64s(column);
      expect(encoded.form).toBe(DELTAS);
      expect(decodeInt64s(encoded, column.length)).toEqual(column);
    }
  }
});

test("differences are exact up to 2^51 apart, in both directions", () => {
  const edge = 2 ** 51;
  for (const step of [edge, edge - 1, edge + 1, -edge, -edge + 1, -edge - 1]) {
    for (const start of [0, 1, -1, 2 ** 50 + 1]) {
      const column = Float64Array.from({ length: 40 }, (_, i) => start + (i % 2) * step + (i % 3));
      expect(decodeInt64s(encodeInt64s(column), column.length)).toEqual(column);
    }
  }
});

test("a column that is shorter or longer than its points, or of an unknown form, is an error", () => {
  const columns = [
    Float64Array.from({ length: 100 }, (_, i) => i),
    jittered(100, 1000, 50),
    Float64Array.of(1, 2),
    BigInt64Array.of(2n ** 60n, 1n),
  ];
  for (const column of columns) {
    const encoded = encodeInt64s(column);
    for (let length = 0; length < encoded.bytes.length; length++) {
      const bytes = encoded.bytes.subarray(0, length);
      expect(() => decodeInt64s({ ...encoded, bytes }, column.length)).toThrow(/does not fit its \d+ bytes/);
    }
    const longer = new Uint8Array([...encoded.bytes, 0]);
    expect(() => decodeInt64s({ ...encoded, bytes: longer }, column.length)).toThrow("does not fit");
    for (const count of [column.length - 1, column.length + 1]) {
      expect(() => decodeInt64s(encoded, count)).toThrow("does not fit");
    }
  }
  expect(() => decodeInt64s({ form: DELTAS, bytes: new Uint8Array(16) }, 0)).toThrow("does not fit");
  let said: unknown;
  try {
    decodeInt64s({ form: DOUBLES, bytes: new Uint8Array(8) }, 2);
  } catch (error) {
    said = error;
  }
  expect(said).toEqual(new Error("A column of 2 metric points does not fit its 8 bytes"));
  // Runs of equal differences that say another number of runs, or a longer one, are noticed before any memory or time is spent.
  const runs = encodeInt64s(columns[0]!);
  for (const number of [-1, 2, 1e9, 1e300, Number.NaN]) {
    const bytes = runs.bytes.slice();
    bytes.set(new Uint8Array(Float64Array.of(number).buffer), 8);
    expect(() => decodeInt64s({ form: RUNS, bytes }, 100), `${number} runs`).toThrow("does not fit");
  }
  const long = new Uint8Array([...runs.bytes.subarray(0, 17), ...Array(7).fill(255), 1]);
  expect(() => decodeInt64s({ form: RUNS, bytes: long }, 100)).toThrow("does not fit");
  expect(() => decodeInt64s({ form: 4, bytes: new Uint8Array(8) }, 1)).toThrow("unknown form 4");
});

test("a block survives; one that breaks off, is too long or has a newer format is an error", () => {
  const random = new Random(5);
  for (let round = 0; round < 200; round++) {
    const points = random.integer(1, 200);
    const series: Series = {
      timestamps: randomInt64s(random, points),
      steps: randomInt64s(random, points),
      values: randomDoubles(random, points),
    };
    const first = random.integer(1, points);
    const [keyIds, ends] =
      first === points
        ? [[4], [points]]
        : [
            [4, 9],
            [first, points],
          ];
    const bytes = encodeBlock(series, keyIds, ends);
    const block = decodeBlock(bytes.buffer);
    expect([block.timestamps, block.steps, Array.from(block.keyIds), Array.from(block.ends)]).toEqual([
      series.timestamps,
      series.steps,
      keyIds,
      ends,
    ]);
    expect(bitsOf(block.values)).toEqual(bitsOf(series.values));
    for (const length of [0, 1, 23, 24, bytes.length - 1]) {
      expect(() => decodeBlock(bytes.slice(0, length).buffer)).toThrow(/metric points/);
    }
    expect(() => decodeBlock(new Uint8Array([...bytes, 0]).buffer)).toThrow("metric points");
    bytes[0] = 3;
    expect(() => decodeBlock(bytes.buffer)).toThrow(
      "Metric points have format 3, and this version reads formats up to 2",
    );
  }
});

test("a block of an earlier version is read as before", () => {
  const series = {
    timestamps: Float64Array.of(1, 2, 3),
    steps: BigInt64Array.of(2n ** 60n, 0n, 1n),
    values: Float64Array.of(-0, Number.NaN, 0.1),
  };
  const frame = encodeFrame(series, new Uint8Array(Uint32Array.of(4, 9, 1, 3).buffer));
  const { keyIds, ends, timestamps, steps, values } = decodeBlock(frame.buffer);
  expect([Array.from(keyIds), Array.from(ends)]).toEqual([
    [4, 9],
    [1, 3],
  ]);
  expect({ timestamps, steps, values }).toEqual(series);
});

test("a metric's points are found in a block, and the block is its metrics one after the other", () => {
  const values = Float64Array.from({ length: 9 }, (_, index) => index);
  for (const keyIds of [[3], [3, 5], [3, 5, 9], [3, 5, 9, 10]]) {
    const ends = [2, 3, 7, 9].slice(0, keyIds.length);
    const block = { timestamps: values, steps: values, values, keyIds, ends };
    const slices = keyIds.map((keyId, at) => ({
      keyId,
      series: block,
      from: at === 0 ? 0 : ends[at - 1],
      to: ends[at],
    }));
    expect([...slicesOf(block)]).toEqual(slices);
    for (let keyId = 1; keyId <= 11; keyId++) {
      expect(findSlice(block, keyId)).toEqual(slices.find((slice) => slice.keyId === keyId));
    }
  }
});
