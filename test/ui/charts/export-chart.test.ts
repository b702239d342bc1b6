import { expect, it } from "vitest";
import { csvField } from "../../../ui/src/charts/export-chart.ts";
import { svgPen } from "../../../ui/src/charts/pens.ts";

it("what a spreadsheet would compute is text", () => {
  expect(csvField("=HYPERLINK(1)")).toBe("'=HYPERLINK(1)");
  expect(csvField("@a")).toBe("'@a");
  expect(csvField("loss")).toBe("loss");
});

it("commas, quotes and line breaks stay in their field", () => {
  expect(csvField('a,"b"')).toBe('"a,""b"""');
  expect(csvField("a\nb")).toBe('"a\nb"');
});

it("a picture as SVG has names as text, whatever they hold", () => {
  const pen = svgPen(100, 50);
  pen.text("<script>&\u0001", [1, 2.345], { colour: "#000000", size: 10 });
  pen.line(
    [
      [0, 0],
      [10, 5.001],
    ],
    { colour: "#123456", width: 2, dash: [3, 1] },
  );
  const svg = pen.finish();
  expect(svg).toContain(">&lt;script&gt;&amp;</text>");
  expect(svg).toContain('y="2.35"');
  expect(svg).toContain('points="0,0 10,5"');
  expect(svg).toContain('stroke-dasharray="3 1"');
});
