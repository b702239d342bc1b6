import { RUN_COLOURS, type RunStyle, type Variant } from "./run-colour.ts";

/** The style of a group. Its place decides, because a few groups need colours that differ more than those of runs. */
export function groupStyle(group: number): RunStyle {
  const variant = Math.floor(group / RUN_COLOURS.length) % 4;
  return { colour: RUN_COLOURS[group % RUN_COLOURS.length]!, variant: variant as Variant };
}
