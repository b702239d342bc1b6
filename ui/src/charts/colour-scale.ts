import { readColour } from "../parts/theme.ts";

const STOPS = ["--color-scale-1", "--color-scale-2", "--color-scale-3", "--color-scale-4"] as const;

/** The scale's colours in CSS, for a legend. */
export const SCALE_GRADIENT = `linear-gradient(to right, ${STOPS.map((stop) => `var(${stop})`).join(", ")})`;

type Rgb = readonly [number, number, number];

function parse(colour: string): Rgb {
  const [red = 0, green = 0, blue = 0] = colour.match(/[\d.]+/g)?.map(Number) ?? [];
  return [red, green, blue];
}

/** @param colours at equal distances, as `rgb(…)`. @returns the colour at 0 (the first) to 1 (the last). */
export function blend(colours: readonly string[]): (share: number) => string {
  const stops = colours.map(parse);
  return (share) => {
    const at = Math.min(1, Math.max(0, share)) * (stops.length - 1);
    const index = Math.min(stops.length - 2, Math.floor(at));
    const [from, to] = [stops[index]!, stops[index + 1]!];
    const mixed = from.map((part, channel) => Math.round(part + (to[channel]! - part) * (at - index)));
    return `rgb(${mixed.join(", ")})`;
  };
}

/** The tokens' scale in the theme that is on screen. */
export function readColourScale(): (share: number) => string {
  return blend(STOPS.map((stop) => readColour(stop)));
}
