import { useLayoutEffect, useRef, useSyncExternalStore } from "react";
import { createPortal } from "react-dom";
import { classNames, OVERLAY } from "../parts/class-names.ts";
import { formatCount, formatMetric } from "../parts/format.ts";
import { formatX, xName } from "./axes.ts";
import type { Hover, HoverStore } from "./hover.ts";
import { LineMark } from "./line-mark.tsx";
import type { PlotLine, PlotSpec } from "./plot-spec.ts";
import { byValue, nearestIndex } from "./series-math.ts";

interface ChartTooltipProps {
  metricKey: string;
  spec: PlotSpec;
  hover: HoverStore;
}

const MAX_ROWS = 12;
const GAP_PX = 14;

/** The values at the pointer of a chart. Screen readers announce the values of the keyboard's cursor instead. */
export function ChartTooltip({ metricKey, spec, hover }: ChartTooltipProps) {
  const at = useSyncExternalStore(hover.subscribe, () => (hover.get()?.chart === metricKey ? hover.get() : undefined));
  if (at?.x === undefined || spec.lines.length === 0) return null;
  return createPortal(<Panel spec={spec} at={{ ...at, x: at.x }} />, document.body);
}

interface Row {
  readonly line: PlotLine;
  readonly value: number;
  readonly logged: number | undefined;
  /** The number of runs in the mean. */
  readonly runs: number | undefined;
  readonly isNearest: boolean;
}

function Panel({ spec, at }: { spec: PlotSpec; at: Hover & { x: number } }) {
  const panel = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const { style, offsetWidth, offsetHeight } = panel.current!;
    const right = at.clientX + GAP_PX + offsetWidth;
    const left = right > innerWidth - 8 ? at.clientX - GAP_PX - offsetWidth : at.clientX + GAP_PX;
    style.left = `${Math.max(8, Math.min(left, innerWidth - offsetWidth - 8))}px`;
    style.top = `${Math.max(8, Math.min(at.clientY - offsetHeight / 2, innerHeight - offsetHeight - 8))}px`;
  });
  const { rows, hidden } = rowsAt(spec, at);
  const nearest = rows.find(({ isNearest }) => isNearest);
  const x = nearest === undefined ? at.x : nearest.line.points.x[nearestIndex(nearest.line.points.x, at.x)]!;
  return (
    <div
      ref={panel}
      aria-hidden
      className={classNames(OVERLAY, "pointer-events-none fixed z-10 max-w-80 px-2.5 py-2 text-sm")}
    >
      <p className="mb-1 text-ink-muted">
        {xName(spec.x)} {formatX(spec.x, x)}
      </p>
      <ul>
        {rows.map(({ line, value, logged, runs, isNearest }) => (
          <li
            key={line.id}
            className={classNames("flex items-center gap-2", isNearest ? "font-semibold" : "text-ink-muted")}
          >
            <LineMark {...line} />
            <span className="min-w-0 flex-1 truncate">{line.name}</span>
            {runs !== undefined && <span className="text-ink-faint">n = {formatCount(runs)}</span>}
            <span className="text-ink">
              {formatMetric(value)}
              {logged !== undefined && <span className="font-normal text-ink-faint"> ({formatMetric(logged)})</span>}
            </span>
          </li>
        ))}
      </ul>
      {rows.some(({ runs }) => runs !== undefined) && (
        <p className="mt-1 text-ink-faint">Means of the n runs that have got so far</p>
      )}
      {hidden > 0 && <p className="mt-1 text-ink-faint">{hidden} more</p>}
    </div>
  );
}

/** The lines around the nearest line, the greatest value first. Lines that begin later or have ended are left out. */
function rowsAt({ lines }: PlotSpec, at: Hover & { x: number }): { rows: Row[]; hidden: number } {
  const rows = lines.flatMap((line): Row[] => {
    const { x, values } = line.points;
    const isNearest = line.id === at.lineId;
    if (!isNearest && (at.x < x[0]! || at.x > x.at(-1)!)) return [];
    const logged = line.faint?.values[nearestIndex(line.faint.x, at.x)];
    const index = nearestIndex(x, at.x);
    return [{ line, value: values[index]!, logged, runs: line.group?.counts[index], isNearest }];
  });
  rows.sort((a, b) => byValue(b.value, a.value));
  if (rows.length <= MAX_ROWS) return { rows, hidden: 0 };
  const nearest = Math.max(
    0,
    rows.findIndex(({ isNearest }) => isNearest),
  );
  const from = Math.min(rows.length - MAX_ROWS, Math.max(0, nearest - MAX_ROWS / 2));
  return { rows: rows.slice(from, from + MAX_ROWS), hidden: rows.length - MAX_ROWS };
}
