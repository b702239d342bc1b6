import { expect, test } from "vitest";
import { CsvParser, LineParser, logTable } from "../../../../ui/src/screens/artifacts/parsers.ts";

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
  for (const other of [null, [], { columns: ["a"] }, { columns: ["a"], data: [1] }])
    expect(logTable(other)).toBeUndefined();
});
