/*
 * A run's colour: from its id alone, so that it is the same on every screen and in every session. Each colour of the
 * palette stands out from the light page and the dark one by at least 3:1.
 */

export const RUN_COLOURS = [
  "#0f7f95",
  "#d9572b",
  "#7a5cd0",
  "#3b8f3f",
  "#c9377e",
  "#a87600",
  "#3470d6",
  "#b2443f",
  "#168a71",
  "#a649ba",
  "#7d8523",
  "#5f7f99",
  "#e0457b",
  "#1e8bc3",
  "#bb6a2e",
  "#5f63d8",
  "#5a9218",
  "#b85fa2",
  "#2f9090",
  "#d2494f",
  "#8c6bb1",
  "#94743f",
  "#4c86c9",
  "#6c8a5b",
] as const;

/** FNV-1a: short, and spreads ids that differ in one character. */
function hash(text: string): number {
  let sum = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    sum = Math.imul(sum ^ text.charCodeAt(index), 0x01000193);
  }
  return (sum ^ (sum >>> 15)) >>> 0;
}

/** The colour of a run (or of a group, by its name) as `#rrggbb`. */
export function runColour(runId: string): string {
  return RUN_COLOURS[hash(runId) % RUN_COLOURS.length]!;
}
