import { Ellipsis, GripVertical } from "lucide-react";
import { type ReactNode, useMemo, useRef, useState } from "react";
import { IconButton } from "../../parts/button.tsx";
import { classNames } from "../../parts/class-names.ts";
import { Markdown } from "../../parts/markdown.tsx";
import { Menu, type MenuEntry } from "../../parts/menu.tsx";
import type { Range } from "../axes.ts";
import type { ChartRun } from "../chart-lines.ts";
import { isSeriesX, sameXOf } from "../chart-search.ts";
import type { ChartSettings } from "../chart-settings.ts";
import { ChartTable } from "../chart-table.tsx";
import { download } from "../export-chart.ts";
import { GroupLegend } from "../group-legend.tsx";
import { GroupNote, SampleNote } from "../group-note.tsx";
import type { ChartGroup } from "../group-store.ts";
import type { HoverStore } from "../hover.ts";
import { LineChart } from "../line-chart.tsx";
import { LineMark } from "../line-mark.tsx";
import type { LineSource } from "../line-source.ts";
import type { Plot } from "../plot.ts";
import type { PlotSpec } from "../plot-spec.ts";
import { hasOnlyPoints, PointBars } from "../point-bars.tsx";
import type { RunStyle } from "../run-colour.ts";
import { useGroups } from "../use-groups.ts";
import { useSeries } from "../use-series.ts";
import { type ReadFormula, readFormula } from "./formula.ts";
import { formulaLines, panelLines } from "./panel-lines.ts";
import { type Panel, titleOf } from "./panel-search.ts";
import { useSnapshots } from "./use-snapshots.ts";

export interface PanelDrawing {
  readonly runs: readonly ChartRun[];
  readonly groups: readonly ChartGroup[] | undefined;
  readonly styles: ReadonlyMap<string, RunStyle>;
  readonly settings: ChartSettings;
  readonly hover: HoverStore;
  /** Groups for panels that have their own. Undefined on pages of one run. */
  readonly ownGroups?: OwnGroups | undefined;
  /** Draws panels without curves. `onPlot` stores the reader's choices in such a panel. */
  readonly drawPanel?: DrawPanel | undefined;
}

/** The groups that the runs make by any params and tags. */
export interface OwnGroups {
  /** The params and tags, as a search spells them. */
  readonly fields: readonly string[];
  /** Undefined while some runs are not loaded. */
  readonly by: (fields: readonly string[]) => readonly ChartGroup[] | undefined;
}

export type DrawPanel = (panel: Panel, onPlot: (plot: Panel["plot"]) => void) => ReactNode;

interface PanelCardProps extends PanelDrawing {
  panel: Panel;
  /** The actions on the panel itself. */
  entries: readonly MenuEntry[];
  onPlot: (plot: Panel["plot"]) => void;
}

/** A panel that a reader made. Readers drag it by its head. */
export function PanelCard({ panel, entries, onPlot, ...drawing }: PanelCardProps) {
  return (
    <figure
      className="flex size-full min-w-0 flex-col overflow-hidden rounded border border-line bg-page"
      aria-label={titleOf(panel)}
      data-panel={panel.id}
    >
      {panel.kind !== undefined ? (
        <>
          <Head {...{ panel, entries }} />
          <div className="flex min-h-0 min-w-0 flex-1 flex-col">
            {drawing.drawPanel?.(panel, onPlot) ?? <Notice>This panel is shown beside a table of runs.</Notice>}
          </div>
        </>
      ) : panel.text === undefined ? (
        <PanelChart {...{ panel, entries, onPlot }} {...drawing} />
      ) : (
        <>
          <Head {...{ panel, entries }} />
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
          <section aria-label={titleOf(panel)} tabIndex={0} className="min-h-0 flex-1 overflow-y-auto px-3 pb-2">
            <Markdown text={panel.text} />
          </section>
        </>
      )}
    </figure>
  );
}

function Head({ panel, entries }: { panel: Panel; entries: readonly MenuEntry[] }) {
  const title = titleOf(panel);
  return (
    <figcaption className="flex h-8 shrink-0 items-center gap-1 pr-1 pl-1">
      <span aria-hidden className="panel-handle flex h-8 w-5 cursor-grab items-center text-ink-faint">
        <GripVertical size={14} />
      </span>
      <h3 className="min-w-0 flex-1 truncate font-medium" title={title}>
        {/* A text has its own headings. */}
        <span className={panel.text !== undefined && !panel.title ? "sr-only" : undefined}>{title}</span>
      </h3>
      <Menu
        align="end"
        trigger={<IconButton label={`More of ${title}`} icon={<Ellipsis size={14} aria-hidden />} />}
        entries={[...entries]}
      />
    </figcaption>
  );
}

const NONE: readonly string[] = [];
const NO_RUNS: readonly ChartRun[] = [];
const BUCKETS = 300;

function read(text: string): ReadFormula | Error {
  try {
    return readFormula(text);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function PanelChart({ panel, entries, runs, groups: ofAll, ownGroups, styles, settings, hover }: PanelCardProps) {
  const [zoom, setZoom] = useState<Range>();
  const [isTableOpen, setTableOpen] = useState(false);
  const plotRef = useRef<Plot>(undefined);
  const formula = useMemo(() => (panel.formula ? read(panel.formula) : undefined), [panel.formula]);
  const metrics = formula === undefined ? (panel.metrics ?? NONE) : formula instanceof Error ? NONE : formula.metrics;
  const x = isSeriesX(panel.x) ? panel.x : settings.x;
  const [from, to] = panel.xEnds ?? [];
  // With both ends, points in between are read in detail, as by a zoom.
  const ends = useMemo((): Range | undefined => (from != null && to != null ? [from, to] : undefined), [from, to]);
  const own = { ...settings, x, zoom: zoom ?? ends, sameX: sameXOf(x, settings.search.chartSameX) };
  const groupNames = panel.group?.join("\n");
  const groups = useMemo(() => {
    if (groupNames === undefined) return ofAll;
    return groupNames === "" ? undefined : ownGroups?.by(groupNames.split("\n"));
  }, [groupNames, ofAll, ownGroups]);
  const isGrouped = groups !== undefined && (panel.group !== undefined || settings.search.chartGroups !== false);
  const page = useSeries(isGrouped ? NO_RUNS : runs, own, { metricKeys: metrics }, BUCKETS);
  const groupStore = useGroups(isGrouped ? groups : undefined, own, BUCKETS);
  const source = useMemo(
    (): LineSource =>
      isGrouped ? { kind: "groups", store: groupStore, groups } : { kind: "runs", store: page.store, runs, styles },
    [isGrouped, groupStore, groups, page.store, runs, styles],
  );
  const snapshots = useSnapshots(source, metrics);
  const { smoothing: ownWeight, smoothingKind: ownKind } = panel;
  const smoothing = useMemo(
    () => ({ kind: ownKind ?? settings.smoothing.kind, weight: ownWeight ?? settings.smoothing.weight }),
    [ownKind, ownWeight, settings.smoothing],
  );
  const all = useMemo(() => {
    if (formula instanceof Error || metrics.length === 0) return [];
    return formula === undefined
      ? panelLines(source, metrics, snapshots, smoothing)
      : formulaLines(source, formula, snapshots, smoothing);
  }, [source, formula, metrics, snapshots, smoothing]);
  const off = settings.search.chartOff ?? NONE;
  const lines = useMemo(
    () => (off.length === 0 ? all : all.filter(({ id }) => !off.some((one) => id === one || id.startsWith(`${one} `)))),
    [all, off],
  );
  const isRobust = panel.outliers ?? settings.search.chartOutliers ?? false;
  const log = panel.log ?? settings.search.chartLog ?? "";
  const spec = useMemo(
    (): PlotSpec => ({
      ...{ lines, x, zoom, xEnds: panel.xEnds, yEnds: panel.y, marks: panel.marks },
      ...{ isLogX: log.includes("x"), isLogY: log.includes("y"), isRobust },
    }),
    [lines, x, zoom, panel.xEnds, panel.y, panel.marks, log, isRobust],
  );
  const title = titleOf(panel);
  const save = async (kind: "png" | "svg"): Promise<void> => {
    const { printPng, printSvg } = await import("../print-chart.ts");
    const blob = kind === "svg" ? printSvg({ title, spec }) : await printPng({ title, spec });
    if (blob !== null) download(blob, `${title}.${kind}`);
  };
  const error = snapshots.find((snapshot) => snapshot.error !== undefined)?.error;
  const isLoading = snapshots.some((snapshot) => snapshot.isLoading);
  const hasFinite = lines.some(({ points }) => points.values.some(Number.isFinite));
  return (
    <>
      <Head
        panel={panel}
        entries={[
          ...entries,
          null,
          { label: "Show as table", onSelect: () => setTableOpen(true) },
          { label: "Download PNG", isDisabled: !hasFinite, onSelect: () => void save("png") },
          { label: "Download SVG", isDisabled: !hasFinite, onSelect: () => void save("svg") },
        ]}
      />
      {isGrouped && panel.group !== undefined && (
        <>
          <GroupLegend groups={groups} className="shrink-0 px-3" />
          <SampleNote groups={groups} className="shrink-0 px-3" />
        </>
      )}
      {metrics.length > 1 && formula === undefined && <MetricLegend metrics={metrics} />}
      <div className="min-h-0 min-w-0 flex-1 px-1 pb-1">
        {formula instanceof Error ? (
          <Notice isAlert>{formula.message}</Notice>
        ) : metrics.length === 0 ? (
          <Notice>Choose metrics under “Edit”.</Notice>
        ) : lines.length === 0 || !hasFinite ? (
          <Notice isAlert={error !== undefined}>
            {error instanceof Error
              ? error.message
              : isLoading
                ? "Loading…"
                : formula === undefined
                  ? "None of these runs has a value of it."
                  : "None of these runs has all metrics of the formula."}
          </Notice>
        ) : hasOnlyPoints(lines) ? (
          <PointBars {...{ metricKey: title, lines, x, height: panel.at[3] * 52 - 64, hover }} />
        ) : (
          <LineChart {...{ metricKey: title, spec, hover, plotRef }} onZoom={setZoom} />
        )}
      </div>
      <GroupNote lines={lines} />
      {isTableOpen && <ChartTable title={title} spec={spec} onClose={() => setTableOpen(false)} />}
    </>
  );
}

/** The dashes of the metrics. The colours belong to runs or groups. */
function MetricLegend({ metrics }: { metrics: readonly string[] }) {
  return (
    <ul aria-label="Metrics" className="flex shrink-0 flex-wrap gap-x-3 px-3 text-ink-muted text-sm">
      {metrics.map((metric, index) => (
        <li key={metric} className="flex min-w-0 items-center gap-1.5">
          <LineMark colour="currentColor" variant={(index % 4) as RunStyle["variant"]} />
          <span className="truncate">{metric}</span>
        </li>
      ))}
    </ul>
  );
}

function Notice({ isAlert = false, children }: { isAlert?: boolean; children: React.ReactNode }) {
  return (
    <p
      role={isAlert ? "alert" : undefined}
      className={classNames(
        "flex size-full items-center justify-center px-4 text-center text-sm",
        isAlert ? "text-danger" : "text-ink-faint",
      )}
    >
      {children}
    </p>
  );
}
