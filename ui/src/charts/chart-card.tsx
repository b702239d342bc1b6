import { Ellipsis, Expand, RotateCw } from "lucide-react";
import { useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { Button, IconButton } from "../parts/button.tsx";
import { classNames } from "../parts/class-names.ts";
import { Menu } from "../parts/menu.tsx";
import { say, sayFailed } from "../parts/toast.tsx";
import { ChartLegend } from "./chart-legend.tsx";
import type { ChartSettings } from "./chart-settings.ts";
import { ChartTable } from "./chart-table.tsx";
import { chartCsv, download, groupsCsv } from "./export-chart.ts";
import { GroupNote } from "./group-note.tsx";
import type { GroupedMetric } from "./group-store.ts";
import type { HoverStore } from "./hover.ts";
import { LineChart } from "./line-chart.tsx";
import { type LineSource, useLines } from "./line-source.ts";
import type { Plot } from "./plot.ts";
import type { PlotLine, PlotSpec } from "./plot-spec.ts";
import { hasOnlyPoints, PointBars } from "./point-bars.tsx";
import type { MetricSeries } from "./series-store.ts";

export interface ChartCardProps {
  metricKey: string;
  /** A shorter title, if the section has the rest. */
  title?: string;
  source: LineSource;
  hover: HoverStore;
  settings: ChartSettings;
  /** The height of the plot, in px. */
  height: number;
  /** Undefined if the chart fills the page. It then has no frame, and a legend. */
  onFull?: () => void;
}

const NONE: readonly string[] = [];

/** The chart of one metric. */
export function ChartCard(props: ChartCardProps) {
  const { metricKey, title = metricKey, source, hover, settings, height, onFull } = props;
  const { x, isLogX, isLogY, smoothing, zoom, search, setZoom } = settings;
  const { store } = source;
  const [isTableOpen, setTableOpen] = useState(false);
  const plotRef = useRef<Plot>(undefined);
  const metric = useSyncExternalStore(
    useMemo(() => (listener: () => void) => store.subscribe(metricKey, listener), [store, metricKey]),
    (): MetricSeries | GroupedMetric => store.snapshot(metricKey),
  );
  // This runs before the page is painted, so that the server works meanwhile.
  useLayoutEffect(() => store.want(metricKey), [store, metricKey]);
  const all = useLines(source, metric, smoothing);
  const off = search.chartOff ?? NONE;
  const lines = useMemo(() => (off.length === 0 ? all : all.filter(({ id }) => !off.includes(id))), [all, off]);
  const isRobust = search.chartOutliers ?? false;
  const spec = useMemo(
    (): PlotSpec => ({ lines, x, isLogX, isLogY, zoom, isRobust }),
    [lines, x, isLogX, isLogY, zoom, isRobust],
  );

  const areOnlyPoints = hasOnlyPoints(lines);

  const saveCsv = async (): Promise<void> => {
    say(`Reading every point of ${metricKey}…`);
    if (source.kind === "groups" || !("runs" in metric)) {
      download(groupsCsv(metricKey, lines), `${metricKey}.csv`);
      return;
    }
    const names = new Map(source.runs.map(({ id, name }) => [id, name]));
    const shown = metric.runs
      .filter(({ points }) => points.x.length > 0)
      .map(({ runId, origin }) => ({ id: runId, name: names.get(runId) ?? "", origin }));
    download(await chartCsv(metricKey, shown, x, zoom), `${metricKey}.csv`);
  };
  const savePicture = async (kind: "png" | "svg"): Promise<void> => {
    const { printPng, printSvg } = await import("./print-chart.ts");
    const printed = { title: metricKey, spec };
    const blob = kind === "svg" ? printSvg(printed) : await printPng(printed);
    if (blob !== null) download(blob, `${metricKey}.${kind}`);
  };
  return (
    <figure
      className={classNames("flex min-w-0 flex-col rounded bg-page", onFull && "border border-line")}
      data-metric={metricKey}
    >
      <figcaption className="flex h-8 items-center gap-1 pr-1 pl-3">
        <h3 className={classNames("min-w-0 flex-1 truncate font-medium", !onFull && "text-lg")} title={metricKey}>
          {title}
        </h3>
        {lines.length > 0 && metric.error !== undefined && (
          <>
            <span role="alert" className="shrink-0 text-danger text-sm" title={messageOf(metric.error)}>
              Not up to date.
            </span>
            <IconButton
              label={`Try again: ${messageOf(metric.error)}`}
              icon={<RotateCw size={14} aria-hidden />}
              onClick={() => store.retry(metricKey)}
            />
          </>
        )}
        {onFull !== undefined && (
          <IconButton label={`Show ${metricKey} in full`} icon={<Expand size={14} aria-hidden />} onClick={onFull} />
        )}
        <Menu
          align="end"
          trigger={<IconButton label={`More of ${metricKey}`} icon={<Ellipsis size={14} aria-hidden />} />}
          entries={[
            { label: "Show as table", onSelect: () => setTableOpen(true) },
            null,
            {
              label: "Download CSV, every point in view",
              onSelect: () => void saveCsv().catch((error) => sayFailed("The points could not be read.", error)),
            },
            {
              label: "Download PNG",
              onSelect: () => void savePicture("png"),
              isDisabled: areOnlyPoints || !hasFinite(lines),
            },
            {
              label: "Download SVG",
              onSelect: () => void savePicture("svg"),
              isDisabled: areOnlyPoints || !hasFinite(lines),
            },
          ]}
        />
      </figcaption>
      <div className="relative min-w-0 px-1 pb-1">
        {lines.length === 0 && metric.error !== undefined ? (
          <Notice height={height}>
            <span role="alert" className="text-danger">
              This chart could not be loaded. {messageOf(metric.error)}
            </span>
            <Button onClick={() => store.retry(metricKey)}>Try again</Button>
          </Notice>
        ) : lines.length === 0 ? (
          <Notice height={height}>
            {metric.isLoading
              ? "Loading…"
              : all.length > 0
                ? "All of its lines are switched off."
                : "None of these runs has a point of it."}
          </Notice>
        ) : areOnlyPoints ? (
          <PointBars {...{ metricKey, lines, x, height, hover }} />
        ) : !hasFinite(lines) ? (
          <Notice height={height}>Every value is NaN or infinite.</Notice>
        ) : (
          <div className={classNames("flex min-w-0", !onFull && "flex-col gap-2 wide:flex-row")} style={{ height }}>
            <div className="min-h-0 min-w-0 flex-1">
              <LineChart {...{ metricKey, spec, hover, plotRef }} onZoom={setZoom} />
            </div>
            {!onFull && all.length > 1 && <ChartLegend {...{ metricKey, source, settings, hover }} lines={all} />}
          </div>
        )}
      </div>
      <GroupNote lines={lines} />
      {isTableOpen && <ChartTable title={metricKey} spec={spec} onClose={() => setTableOpen(false)} />}
    </figure>
  );
}

function hasFinite(lines: readonly PlotLine[]): boolean {
  return lines.some(({ points }) => points.values.some(Number.isFinite));
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : "");

function Notice({ height, children }: { height: number; children: React.ReactNode }) {
  return (
    <div
      className="flex flex-col items-center justify-center gap-2 overflow-hidden px-4 text-center text-ink-faint text-sm"
      style={{ height }}
    >
      {children}
    </div>
  );
}
