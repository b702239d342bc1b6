import { useSyncExternalStore } from "react";
import { classNames } from "../parts/class-names.ts";
import { formatMetric } from "../parts/format.ts";
import type { HoverStore } from "./hover.ts";
import type { PlotLine } from "./plot.ts";
import { byValue } from "./series-math.ts";

interface ChartLegendProps {
  metricKey: string;
  lines: readonly PlotLine[];
  hover: HoverStore;
}

/** The lines of a chart by their last values, the greatest first; the one that is pointed at here stands out there. */
export function ChartLegend({ metricKey, lines, hover }: ChartLegendProps) {
  const pointed = useSyncExternalStore(hover.subscribe, () => hover.get()?.lineId);
  const rows = lines.map((line) => ({ line, last: line.points.values.at(-1)! }));
  rows.sort((a, b) => byValue(b.last, a.last));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
    <section className="max-h-40 shrink-0 overflow-y-auto wide:max-h-full wide:w-60" aria-label="Lines" tabIndex={0}>
      <ul className="text-sm" onPointerLeave={() => hover.set(undefined)}>
        {rows.map(({ line, last }) => (
          <li
            key={line.id}
            title={line.name}
            className={classNames("flex h-6 items-center gap-2 rounded px-2", line.id === pointed && "bg-selected")}
            onPointerEnter={(event) =>
              hover.set({ lineId: line.id, chart: metricKey, clientX: event.clientX, clientY: event.clientY })
            }
          >
            <span aria-hidden className="size-2 shrink-0 rounded-full" style={{ background: line.colour }} />
            <span className="min-w-0 flex-1 truncate">{line.name}</span>
            <span className="text-ink-muted">{formatMetric(last)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
