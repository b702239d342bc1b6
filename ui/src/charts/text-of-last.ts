import { formatMetric } from "../parts/format.ts";
import type { PlotLine } from "./plot.ts";

/** What a legend or a bar tells of a line's latest value: of a group with its standard deviation. */
export function textOfLast({ last, group }: PlotLine): string {
  const std = group?.latest?.std ?? 0;
  return std > 0 ? `${formatMetric(last)} ± ${formatMetric(std, 2)}` : formatMetric(last);
}
