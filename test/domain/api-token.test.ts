import { expect, test } from "vitest";
import { newTokenId, newTokenSecret, parseToken, tokenText } from "../../src/domain/api-token.ts";

test("a token is what scanners look for, and reads back as it was made", () => {
  for (let i = 0; i < 200; i++) {
    const parts = { tokenId: newTokenId(), secret: newTokenSecret() };
    const text = tokenText(parts);
    expect(text).toMatch(/^tf_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/);
    expect(parseToken(text)).toEqual(parts);
  }
});

test("the checksum is CRC-32 in base 62", () => {
  const parts = { tokenId: "abcdefGHIJ01", secret: "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg" };
  expect(tokenText(parts)).toBe("tf_abcdefGHIJ01_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg0FZ3Ac");
});

test("each mistyped character is found, and so is a text that only looks like a token", () => {
  const text = tokenText({ tokenId: newTokenId(), secret: newTokenSecret() });
  for (let i = 0; i < text.length; i++) {
    expect(parseToken(`${text.slice(0, i)}${text[i] === "x" ? "y" : "x"}${text.slice(i + 1)}`)).toBeUndefined();
  }
  for (const other of ["", "tf_", text.slice(1), `${text}0`, ` ${text}`, `${text}\n`, text.toLowerCase()]) {
    expect(parseToken(other), other).toBeUndefined();
  }
});

test("every digit and letter occurs about equally often in secrets", () => {
  const counts = new Map<string, number>();
  for (let i = 0; i < 500; i++)
    for (const letter of newTokenSecret()) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  // 347 of each are expected, with a standard deviation of 18.
  expect(counts.size).toBe(62);
  for (const count of counts.values()) expect(Math.abs(count - 347)).toBeLessThan(150);
});
