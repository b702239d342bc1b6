import { expect, test } from "vitest";
import { LineSearch, markMatches, patternOf, placeOf } from "../../../../ui/src/screens/artifacts/find-lines.ts";
import { LineParser } from "../../../../ui/src/screens/artifacts/parsers.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("lines that have the words are found in whatever turns, and again in a last line that grows", () => {
  const text = new LineParser();
  const search = new LineSearch("a.B");
  text.push(bytes("x a.b\naxb\nA.B a.b\nlast a."));
  while (!search.goOn(text, 1));
  expect(search.lines).toEqual([0, 2]);
  text.push(bytes("b grew\nA.b\n"));
  while (!search.goOn(text, 1));
  expect(search.lines).toEqual([0, 2, 3, 4]);
  expect(search.goOn(text)).toBe(true);
  expect(search.lines).toEqual([0, 2, 3, 4]);
});

test("words are found where a long line is cut", () => {
  const text = new LineParser();
  text.push(bytes(`${"-".repeat(3998)}needle\n`));
  const search = new LineSearch("needle");
  search.goOn(text);
  expect(search.lines).toEqual([0]);
});

test("matches are marked within tokens and over them", () => {
  const tokens = [
    { text: "ab", kind: undefined },
    { text: "cab", kind: "string" as const },
    { text: "c", kind: undefined },
  ];
  expect(markMatches(tokens, patternOf("BC")).map(({ text, kind, isMatch }) => [text, kind, isMatch])).toEqual([
    ["a", undefined, false],
    ["b", undefined, true],
    ["c", "string", true],
    ["a", "string", false],
    ["b", "string", true],
    ["c", undefined, true],
  ]);
  expect(markMatches(tokens, patternOf("no"))).toEqual(tokens.map((token) => ({ ...token, isMatch: false })));
});

test.each(["$", "(", "[a]", "\\", "a-b", "^", "a|b", "/"])("%s is sought as it stands", (words) => {
  expect("none of them".search(patternOf(words))).toBe(-1);
  expect(`x${words}`.search(patternOf(words))).toBe(1);
});

test("the place of a line among those found is that of the first not before it", () => {
  expect([0, 1, 4, 9, 10].map((line) => placeOf([1, 4, 9], line))).toEqual([0, 0, 1, 2, 3]);
});
