import { expect, it } from "vitest";
import { RUN_COLOURS, runColour } from "../../../ui/src/charts/run-colour.ts";

/** WCAG's relative luminance of `#rrggbb`. */
function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light! + 0.05) / (dark! + 0.05);
}

it("each colour stands out from the light page and the dark one by 3:1", () => {
  const weak = RUN_COLOURS.filter((colour) => Math.min(contrast(colour, "#ffffff"), contrast(colour, "#121618")) < 3);
  expect(weak).toEqual([]);
  expect(new Set(RUN_COLOURS).size).toBe(RUN_COLOURS.length);
});

it("a run keeps its colour, and ids that differ little spread over the palette", () => {
  expect(runColour("f00")).toBe(runColour("f00"));
  const used = new Map<string, number>();
  for (let run = 0; run < 2400; run++) {
    const colour = runColour(`0123456789abcdef${run.toString(16).padStart(16, "0")}`);
    used.set(colour, (used.get(colour) ?? 0) + 1);
  }
  expect(used.size).toBe(RUN_COLOURS.length);
  expect(Math.max(...used.values())).toBeLessThan(150);
});
