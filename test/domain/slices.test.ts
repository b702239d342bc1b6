import { expect, test } from "vitest";
import { jsonByteLength, sha256, toHex } from "../../src/domain/bytes.ts";
import { remember } from "../../src/domain/remember.ts";
import { slices } from "../../src/domain/slices.ts";

test("slices have all items in order, and only the last is shorter", () => {
  const cut = (count: number, size: number) => [...slices([...Array(count).keys()], size)];
  expect(cut(5, 2)).toEqual([[0, 1], [2, 3], [4]]);
  expect(cut(4, 2)).toEqual([
    [0, 1],
    [2, 3],
  ]);
  expect(cut(2, 5)).toEqual([[0, 1]]);
  expect(cut(0, 5)).toEqual([]);
});

test("a map remembers the last entries, and a repeat is the newest again", () => {
  const map = new Map<string, number>();
  for (const [value, key] of ["a", "b", "a", "c", "d"].entries()) remember(map, key, value, 3);
  expect([...map]).toEqual([
    ["a", 2],
    ["c", 3],
    ["d", 4],
  ]);
});

test("hex digits, digests and lengths in bytes", async () => {
  expect(toHex(Uint8Array.of(0, 1, 15, 16, 255))).toBe("00010f10ff");
  expect(toHex(await sha256("abc"))).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect(toHex(await sha256("é"))).not.toBe(toHex(await sha256("e")));
  expect(jsonByteLength({ a: "é" })).toBe(10);
});
