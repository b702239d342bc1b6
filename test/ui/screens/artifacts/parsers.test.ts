import { expect, test } from "vitest";
import {
  CsvParser,
  cellText,
  HexParser,
  LineParser,
  logTable,
  sortRows,
} from "../../../../ui/src/screens/artifacts/parsers.ts";

const CSV = 'id,"na""me",ü\r\n1,"a,\nb",x\n\n2,,"€"';

test.each([1, 2, 3, 7, 100])("CSV is the same in parts of %i bytes", (size) => {
  const bytes = new TextEncoder().encode(CSV);
  const parser = new CsvParser(",");
  for (let from = 0; from < bytes.length; from += size) parser.push(bytes.subarray(from, from + size));
  parser.end();
  expect(parser.columns).toEqual(["id", 'na"me', "ü"]);
  expect(parser.rows).toEqual([
    ["1", "a,\nb", "x"],
    ["2", "", "€"],
  ]);
});

test("lines grow with the file, and a very long one is cut into pieces", () => {
  const parser = new LineParser();
  parser.push(new TextEncoder().encode("one\r\ntw"));
  expect([parser.count, parser.line(1)]).toEqual([2, "tw"]);
  parser.push(new TextEncoder().encode(`o\n${"x".repeat(9000)}`));
  expect([parser.line(0), parser.line(1), parser.count, parser.longest]).toEqual(["one", "two", 5, 4000]);
});

test("only what log_table writes is a table", () => {
  expect(logTable({ columns: ["a"], data: [[{ b: 1 }], [null]] })).toEqual({
    columns: ["a"],
    rows: [['{"b":1}'], [""]],
  });
  const image = { type: "image", filepath: "a.png", compressed_filepath: "a.webp" };
  expect(logTable({ columns: ["a"], data: [[image], [{ ...image, filepath: 1 }]] })?.rows).toEqual([
    [{ path: "a.png", compressedPath: "a.webp" }],
    ['{"type":"image","filepath":1,"compressed_filepath":"a.webp"}'],
  ]);
  for (const other of [null, [], { columns: ["a"] }, { columns: ["a"], data: [1] }])
    expect(logTable(other)).toBeUndefined();
});

test("text from the middle of a file begins with a whole line", () => {
  const bytes = new TextEncoder().encode("ü cut\nwhole\nlast");
  const parser = new LineParser(true);
  parser.push(bytes.subarray(1));
  expect([parser.line(0), parser.line(1), parser.count]).toEqual(["whole", "last", 2]);
  const endless = new LineParser(true);
  endless.push(new TextEncoder().encode("no end"));
  expect(endless.line(0)).toBe("no end");
});

test("rows are ordered by number, then by word; what is empty comes last in both directions", () => {
  const cells = ["b", "", "10", "9", "a", ""];
  const sorted = (isDescending: boolean) => sortRows(cells.length, (row) => cells[row]!, isDescending);
  expect(sorted(false)).toEqual([3, 2, 4, 0, 1, 5]);
  expect(sorted(true)).toEqual([0, 4, 2, 3, 1, 5]);
});

test("cells of integers beyond 2^53 keep their digits", () => {
  expect(cellText(2n ** 60n)).toBe("1152921504606846976");
  expect(cellText([1n, 2n ** 60n])).toBe('[1,"1152921504606846976"]');
  expect(cellText(new Date(Number.NaN))).toBe("");
});

test.each([1, 3, 16, 100])("bytes are the same in parts of %i", (size) => {
  const bytes = Uint8Array.from({ length: 40 }, (_, index) => index);
  const parser = new HexParser();
  for (let from = 0; from < bytes.length; from += size) parser.push(bytes.subarray(from, from + size));
  expect(parser.count).toBe(3);
  expect([parser.line(0), parser.line(1), parser.line(2)]).toEqual([
    bytes.subarray(0, 16),
    bytes.subarray(16, 32),
    bytes.subarray(32),
  ]);
});
