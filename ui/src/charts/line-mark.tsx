import { DASHES, type RunStyle } from "./run-colour.ts";

/** A short stretch of a line, for legends. */
export function LineMark({ colour, variant }: RunStyle) {
  return (
    <svg aria-hidden="true" width="18" height="8" className="shrink-0">
      <line
        x1="0"
        y1="4"
        x2="18"
        y2="4"
        stroke={colour}
        strokeWidth="2.5"
        strokeDasharray={DASHES[variant].join(" ")}
      />
    </svg>
  );
}
