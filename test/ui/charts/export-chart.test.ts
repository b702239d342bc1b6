import { expect, it } from "vitest";
import { csvField, inRows } from "../../../ui/src/charts/export-chart.ts";

it("what a spreadsheet would compute is text", () => {
  expect(csvField("=HYPERLINK(1)")).toBe("'=HYPERLINK(1)");
  expect(csvField("@a")).toBe("'@a");
  expect(csvField("loss")).toBe("loss");
});

it("commas, quotes and line breaks stay in their field", () => {
  expect(csvField('a,"b"')).toBe('"a,""b"""');
  expect(csvField("a\nb")).toBe('"a\nb"');
});

it("a legend goes on in another row where there is no room", () => {
  expect(inRows([60, 30, 20, 200, 10], 100)).toEqual([
    { row: 0, left: 0 },
    { row: 0, left: 60 },
    { row: 1, left: 0 },
    { row: 2, left: 0 },
    { row: 3, left: 0 },
  ]);
});
