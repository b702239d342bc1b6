import { expect, it } from "vitest";
import { csvField } from "../../../ui/src/charts/export-chart.ts";

it("what a spreadsheet would compute is text", () => {
  expect(csvField("=HYPERLINK(1)")).toBe("'=HYPERLINK(1)");
  expect(csvField("@a")).toBe("'@a");
  expect(csvField("loss")).toBe("loss");
});

it("commas, quotes and line breaks stay in their field", () => {
  expect(csvField('a,"b"')).toBe('"a,""b"""');
  expect(csvField("a\nb")).toBe('"a\nb"');
});
