import { expect, test } from "vitest";
import { diffRows } from "../../../ui/src/parts/text-diff.ts";

const told = (left: string, right: string, isWhole?: boolean) =>
  diffRows(left, right, isWhole).map(({ kind, hidden, left: before, right: after }) => {
    const text = (side: typeof before) =>
      side?.pieces.map(({ text, isChanged }) => (isChanged ? `[${text}]` : text)).join("");
    return kind === "gap"
      ? `… ${hidden}`
      : `${before?.number ?? ""} ${text(before) ?? ""} | ${after?.number ?? ""} ${text(after) ?? ""}`;
  });

test("a changed line stands beside what it was, with the words that changed", () => {
  expect(told("lr: 0.1\nseed: 7\n", "lr: 0.2\nseed: 7\n")).toEqual([
    "1 lr: 0.[1] | 1 lr: 0.[2]",
    "2 seed: 7 | 2 seed: 7",
  ]);
});

test("a line that one side lacks has nothing beside it", () => {
  expect(told("a\nb\n", "a\nx\ny\nb\n")).toEqual(["1 a | 1 a", "  | 2 [x]", "  | 3 [y]", "2 b | 4 b"]);
  expect(told("", "a")).toEqual(["  | 1 [a]"]);
  expect(told("", "")).toEqual([]);
});

test("what is the same far from any change is a gap, or whole", () => {
  const lines = Array.from({ length: 20 }, (_, line) => String(line));
  const other = lines.with(10, "x");
  expect(told(lines.join("\n"), other.join("\n"))[0]).toBe("… 7");
  expect(told(lines.join("\n"), other.join("\n"), true)).toHaveLength(20);
  expect(told("a\nb", "a\nb")).toEqual(["… 2"]);
});
