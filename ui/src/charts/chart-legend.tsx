import { useSyncExternalStore } from "react";
import { classNames } from "../parts/class-names.ts";
import { formatCount, formatExact } from "../parts/format.ts";
import type { ChartSettings } from "./chart-settings.ts";
import type { HoverStore } from "./hover.ts";
import { LineMark } from "./line-mark.tsx";
import type { LineSource } from "./line-source.ts";
import { lineSwitches, PRESS_HINT } from "./line-switches.ts";
import type { PlotLine } from "./plot-spec.ts";
import { byValue } from "./series-math.ts";
import { textOfLast } from "./text-of-last.ts";

interface ChartLegendProps {
  metricKey: string;
  /** All lines, including lines that are off. */
  lines: readonly PlotLine[];
  source: LineSource;
  settings: ChartSettings;
  hover: HoverStore;
}

/**
 * The lines of a chart by their last values, the greatest first. Pointing at a line here emphasises it in the chart. A
 * press switches the line off or on; with Ctrl, it switches all other lines.
 */
export function ChartLegend({ metricKey, lines, source, settings, hover }: ChartLegendProps) {
  const pointed = useSyncExternalStore(hover.subscribe, () => hover.get()?.lineId);
  const { off, press } = lineSwitches(
    settings,
    lines.map(({ id }) => id),
  );
  const rows = lines.toSorted((a, b) => byValue(b.last, a.last));
  const experiments = new Map(source.kind === "runs" ? source.runs.map((run) => [run.id, run.experimentId]) : []);
  return (
    <div className="flex max-h-40 shrink-0 flex-col text-sm wide:max-h-full wide:w-64">
      <div className="flex h-6 shrink-0 items-center gap-2 border-line border-b px-2 text-ink-muted">
        <span className="min-w-0 flex-1">{source.kind === "runs" ? "Run" : "Group"}</span>
        <span title={source.kind === "runs" ? LAST_OF_RUN : LAST_OF_GROUP}>
          {source.kind === "runs" ? "last" : "last, mean ± std"}
        </span>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
      <section className="min-h-0 overflow-y-auto" tabIndex={0} aria-label="Lines">
        <ul onPointerLeave={() => hover.set(undefined)}>
          {rows.map((line) => (
            <li
              key={line.id}
              className={classNames(
                "flex h-6 items-center gap-2 rounded px-2",
                line.id === pointed && "bg-selected",
                off.has(line.id) && "text-ink-faint",
              )}
              onPointerEnter={(event) =>
                hover.set({ lineId: line.id, chart: metricKey, clientX: event.clientX, clientY: event.clientY })
              }
            >
              <button
                type="button"
                aria-pressed={!off.has(line.id)}
                aria-label={`Show ${line.name}`}
                title={PRESS_HINT}
                className={classNames("flex h-6 w-6 shrink-0 items-center", off.has(line.id) && "opacity-30")}
                onClick={(event) => press(line.id, event)}
              >
                <LineMark {...line} />
              </button>
              <Name line={line} experimentId={experiments.get(line.id)} />
              <span className="shrink-0 text-ink-muted" title={titleOf(line)}>
                {textOfLast(line)}
              </span>
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}

function Name({ line: { id, name }, experimentId }: { line: PlotLine; experimentId: string | undefined }) {
  const className = "min-w-0 flex-1 truncate";
  if (experimentId === undefined) {
    return (
      <span className={className} title={name}>
        {name}
      </span>
    );
  }
  return (
    <a
      className={classNames(className, "hover:underline")}
      title={name}
      href={`#/experiments/${experimentId}/runs/${id}`}
    >
      {name}
    </a>
  );
}

const LAST_OF_RUN = "The latest value: that of the greatest step";
const LAST_OF_GROUP =
  "The mean of the latest values of all runs of the group, as in the table. Runs that stopped early count with the value they stopped at; in the curve they count up to their last point.";

function titleOf({ last, group }: PlotLine): string {
  if (group === undefined) return formatExact(last);
  const { latest, runs } = group;
  if (latest === undefined) return "No run of the group has a finite value";
  const { mean, std, min, max, count } = latest;
  const left = runs > count ? `; ${formatCount(runs - count)} that are NaN or infinite left out` : "";
  return `mean ${mean}, std ${std}, min ${min}, max ${max}, of the latest values of ${formatCount(count)} runs${left}`;
}
