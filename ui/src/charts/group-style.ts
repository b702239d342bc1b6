import { RUN_COLOURS, type RunStyle, type Variant } from "./run-colour.ts";

/** The look of a group by its place: those of a few groups are told apart more easily than those of runs. */
export function groupStyle(group: number): RunStyle {
  const variant = Math.floor(group / RUN_COLOURS.length) % 4;
  return { colour: RUN_COLOURS[group % RUN_COLOURS.length]!, variant: variant as Variant };
}
