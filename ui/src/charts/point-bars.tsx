import type { SeriesX } from "../api/series.ts";
import { classNames } from "../parts/class-names.ts";
import { formatCount, formatExact } from "../parts/format.ts";
import { formatX, xName } from "./axes.ts";
import type { HoverStore } from "./hover.ts";
import type { PlotLine } from "./plot-spec.ts";
import { byValue, extentOf } from "./series-math.ts";
import { textOfLast } from "./text-of-last.ts";

interface PointBarsProps {
  metricKey: string;
  lines: readonly PlotLine[];
  x: SeriesX;
  height: number;
  hover: HoverStore;
}

/** Whether no line has more than one point, so that no line can be drawn. */
export function hasOnlyPoints(lines: readonly PlotLine[]): boolean {
  return lines.every(({ points }) => points.x.length === 1);
}

/** A metric with one point per run. One run shows its value. Several runs, or groups, show bars, the greatest first. */
export function PointBars({ metricKey, lines, x, height, hover }: PointBarsProps) {
  const bars = lines.map((line) => ({ line, x: line.points.x[0]!, value: line.last, text: textOfLast(line) }));
  const [only] = bars;
  if (bars.length === 1 && only !== undefined) {
    return (
      <p className="flex flex-col items-center justify-center" style={{ height }}>
        <span className="text-2xl font-semibold" title={formatExact(only.value)}>
          {only.text}
        </span>
        <span className="text-ink-muted text-sm">
          {xName(x)} {formatX(x, only.x)}
        </span>
      </p>
    );
  }
  const { least, greatest } = extentOf([...bars.map(({ value }) => value), 0]);
  const placeOf = (value: number): number => ((value - least) / (greatest - least || 1)) * 100;
  bars.sort((a, b) => byValue(b.value, a.value));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
    <section className="overflow-y-auto px-2" style={{ height }} aria-label={`${metricKey} by run`} tabIndex={0}>
      <ul onPointerLeave={() => hover.set(undefined)}>
        {bars.map(({ line, x: at, value, text }) => {
          const [from, to] = [placeOf(Math.min(0, value)), placeOf(Math.max(0, value))];
          return (
            <li
              key={line.id}
              className={classNames(
                "grid h-6 items-center gap-2 text-sm hover:bg-hover",
                line.band === undefined
                  ? "grid-cols-[minmax(0,2fr)_minmax(0,3fr)_72px]"
                  : "grid-cols-[minmax(0,2fr)_minmax(0,2fr)_124px]",
              )}
              title={titleOf(line, x, at)}
              onPointerEnter={(event) =>
                hover.set({ lineId: line.id, chart: metricKey, clientX: event.clientX, clientY: event.clientY })
              }
            >
              <span className="truncate text-ink-muted">{line.name}</span>
              <span aria-hidden className="relative h-3">
                {Number.isFinite(value) && (
                  <span
                    className="absolute inset-y-0 min-w-0.5 rounded-xs"
                    style={{ left: `${from}%`, width: `${to - from}%`, background: line.colour }}
                  />
                )}
              </span>
              <span className="truncate text-right">{text}</span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function titleOf({ name, last, group }: PlotLine, x: SeriesX, at: number): string {
  const value = formatExact(last);
  if (group !== undefined) return `${name}: mean ${value} of ${formatCount(group.latest?.count ?? 0)} runs`;
  return `${name}, ${xName(x)} ${formatX(x, at)}: ${value}`;
}
