import { formatMetric } from "../parts/format.ts";
import type { PlotLine } from "./plot-spec.ts";

/** A line's latest value as text, for legends and bars. A group also has its standard deviation. */
export function textOfLast({ last, group }: PlotLine): string {
  const std = group?.latest?.std ?? 0;
  return std > 0 ? `${formatMetric(last)} ± ${formatMetric(std, 2)}` : formatMetric(last);
}
