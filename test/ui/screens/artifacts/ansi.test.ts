import { expect, test } from "vitest";
import { ansiTokens, isAnsi } from "../../../../ui/src/screens/artifacts/ansi.ts";

test("colours of terminals become kinds, and their codes go", () => {
  const line = "\u001b[32mok\u001b[0m then \u001b[1;31mbad\u001b[0m";
  expect(isAnsi(line)).toBe(true);
  expect(ansiTokens(line)).toEqual([
    { text: "ok", kind: "success" },
    { text: " then ", kind: undefined },
    { text: "bad", kind: "danger" },
  ]);
});

test("of what was written over itself the last is left; a line's own end is none", () => {
  expect(ansiTokens("10%\r50%\r100%").map(({ text }) => text)).toEqual(["100%"]);
  expect(isAnsi("plain\r")).toBe(false);
  expect(isAnsi("a [32m b")).toBe(false);
});

test("markup stays text", () => {
  expect(ansiTokens("\u001b[31m<img src=x>\u001b[0m")[0]?.text).toBe("<img src=x>");
});
