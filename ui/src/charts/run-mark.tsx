import { useRunStyle, type Variant } from "./run-colour.ts";

/** Shapes of 10 × 10, one per variant. They distinguish two runs of one colour. */
const SHAPES: Readonly<Record<Variant, string>> = {
  0: "M5 0.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0 -9z",
  1: "M1 1h8v8h-8z",
  2: "M5 0l5 5l-5 5l-5 -5z",
  3: "M5 0.5l5 9h-10z",
};

/** The mark of a run, with the style of its line and points in charts. */
export function RunMark({ runId, size = 10 }: { runId: string; size?: number }) {
  const { colour, variant } = useRunStyle(runId);
  return (
    <svg aria-hidden="true" width={size} height={size} viewBox="0 0 10 10" className="shrink-0" data-mark={colour}>
      <path d={SHAPES[variant]} fill={colour} />
    </svg>
  );
}
