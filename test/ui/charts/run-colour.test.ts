import { expect, it } from "vitest";
import { distance, RUN_COLOURS, runColour, stylesOf } from "../../../ui/src/charts/run-colour.ts";

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

/** Ids whose own colour is the one at `index` of the palette. */
function idsOf(index: number, count: number): string[] {
  const ids: string[] = [];
  for (let run = 0; ids.length < count; run++) if (runColour(`r${run}`) === RUN_COLOURS[index]) ids.push(`r${run}`);
  return ids;
}

it("few runs on the screen have colours that nobody takes for one another, though their ids choose the same", () => {
  const same = idsOf(0, 4);
  const styles = [...stylesOf(same).values()];
  expect(styles[0]!.colour).toBe(RUN_COLOURS[0]);
  const apart = styles.flatMap((a, at) => styles.slice(at + 1).map((b) => distance(a.colour, b.colour)));
  expect(Math.min(...apart)).toBeGreaterThan(0.15);
  expect(new Set(styles.map(({ variant }) => variant))).toEqual(new Set([0]));
  // Two greens that are nearly the same.
  const [first, second] = [...stylesOf([...idsOf(0, 1), ...idsOf(18, 1)]).values()];
  expect(distance(first!.colour, second!.colour)).toBeGreaterThan(0.15);
});

it("all colours are in use before one comes twice, and then with a dash of its own", () => {
  const styles = [...stylesOf(Array.from({ length: 96 }, (_, run) => `run-${run}`)).values()];
  expect(new Set(styles.slice(0, 24).map(({ colour }) => colour)).size).toBe(24);
  const looks = new Map<string, number>();
  for (const { colour, variant } of styles) looks.set(colour + variant, (looks.get(colour + variant) ?? 0) + 1);
  expect(looks.size).toBeGreaterThan(70);
});

it("a run that has a colour keeps it, wherever it stands", () => {
  const own = (id: string) => (id === "mine" ? "#0f7f95" : runColour(id));
  const styles = stylesOf(["mine", ...idsOf(0, 2)], own);
  expect(styles.get("mine")!.colour).toBe("#0f7f95");
});
