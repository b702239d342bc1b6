import { type ReactNode, useMemo, useRef, useState } from "react";
import type { RunNotice } from "../api/live.ts";
import type { SeriesX } from "../api/series.ts";
import { Button } from "../parts/button.tsx";
import { classNames } from "../parts/class-names.ts";
import { formatCount } from "../parts/format.ts";
import { lazily } from "../parts/lazily.tsx";
import { EmptyState, SkeletonRows } from "../parts/states.tsx";
import { ChartCard } from "./chart-card.tsx";
import type { ChartRun } from "./chart-lines.ts";
import { bucketsFor } from "./chart-search.ts";
import { fillRows, packSections, sectionsOf } from "./chart-sections.ts";
import { useChartSettings } from "./chart-settings.ts";
import { ChartToolbar } from "./chart-toolbar.tsx";
import { FullChart } from "./full-chart.tsx";
import { GroupLegend } from "./group-legend.tsx";
import { SampleNote } from "./group-note.tsx";
import type { ChartGroup } from "./group-store.ts";
import type { HoverStore } from "./hover.ts";
import type { LineSource } from "./line-source.ts";
import type { DrawPanel, OwnGroups } from "./panels/panel-card.tsx";
import { newPanel, type Panel, type PanelKind } from "./panels/panel-search.ts";
import type { Draft } from "./panels/panel-sections.tsx";
import { useRunStyles } from "./run-colour.ts";
import { RunLegend } from "./run-legend.tsx";
import { SectionToggle } from "./section-toggle.tsx";
import { useGroups } from "./use-groups.ts";
import { useSeries } from "./use-series.ts";
import { useWidth } from "./use-width.ts";
import { WhenSeen } from "./when-seen.tsx";

export interface ChartsPanelProps {
  /** The panel draws the first hundred runs. */
  runs: readonly ChartRun[];
  /** The number of all runs, if `runs` has only some of them. */
  of?: number;
  /** All runs by group. Undefined if the runs have no groups, or if some are not loaded yet. */
  groups?: readonly ChartGroup[] | undefined;
  ownGroups?: OwnGroups | undefined;
  /** Undefined until the keys and the runs are loaded. */
  metricKeys: readonly string[] | undefined;
  /** The hover state, if other parts of the page use it too. */
  hover?: HoverStore;
  /** Whether a legend above the charts names the runs, because no table stands beside the charts. */
  hasLegend?: boolean;
  /** Shows only the panels that readers made, with the names of their lines, as a report does. */
  isReport?: boolean;
  /** Draws panels of these kinds, which have no curves. */
  drawing?: { readonly kinds: readonly PanelKind[]; readonly draw: DrawPanel } | undefined;
  /** The value if the address has none. */
  defaultX?: SeriesX;
  /** Called with a live run's news that are not points. */
  onRun?: ((runId: string, notice: RunNotice) => void) | undefined;
  /** Called when a live run logs metrics that `metricKeys` does not have. */
  onNewKeys?: ((keys: string[]) => void) | undefined;
}

const PanelSections = lazily(async () => (await import("./panels/panel-sections.tsx")).PanelSections);

const NONE: readonly string[] = [];
const NO_PANELS: readonly Panel[] = [];
export const MAX_CHART_RUNS = 100;

const SIZES = {
  small: { width: 240, height: 150 },
  medium: { width: 340, height: 210 },
  large: { width: 560, height: 340 },
};

const GAP_PX = 12;
/** Up to this number, charts are wider, because they share the page with no other chart. */
const FEW_CHARTS = 2;
const FEW_WIDER = 1.6;
const MOST_STRETCH = 1.6;

/** One chart for each metric. The part of the key before the last `/` names the section. */
export function ChartsPanel({ defaultX, onRun, onNewKeys, isReport = false, ...given }: ChartsPanelProps) {
  const allRuns = useStable(given.runs);
  const count = given.of ?? allRuns.length;
  const metricKeys = useStable(given.metricKeys ?? NONE);
  const settings = useChartSettings(defaultX);
  const { search, change } = settings;
  const runs = useMemo(() => allRuns.slice(0, MAX_CHART_RUNS), [allRuns]);
  const page = useSeries(runs, settings, { onRun, onNewKeys, metricKeys }, bucketsFor(runs.length, search.chartSize));
  const hover = given.hover ?? page.hover;
  const { groups } = given;
  const isGrouped = groups !== undefined && search.chartGroups !== false;
  const styles = useRunStyles(useMemo(() => runs.map(({ id }) => id), [runs]));
  const groupStore = useGroups(isGrouped ? groups : undefined, settings, bucketsFor(1));
  const source = useMemo(
    (): LineSource =>
      isGrouped ? { kind: "groups", store: groupStore, groups } : { kind: "runs", store: page.store, runs, styles },
    [isGrouped, groupStore, groups, page.store, runs, styles],
  );
  const [measure, width] = useWidth();
  const [draft, setDraft] = useState<Draft>();
  const panels = search.panels ?? NO_PANELS;
  const panelSections = search.panelSections ?? NONE;
  const query = search.chartQuery?.toLowerCase() ?? "";
  const found = useMemo(() => metricKeys.filter((key) => key.toLowerCase().includes(query)), [metricKeys, query]);
  const sections = useMemo(() => sectionsOf(found), [found]);
  if (given.metricKeys === undefined) return <SkeletonRows rows={6} />;
  if (runs.length === 0) {
    return <EmptyState title="No runs to draw">Show runs in the table: each becomes a line of every chart.</EmptyState>;
  }
  if (metricKeys.length === 0) {
    return (
      <EmptyState title="No metrics yet">
        A chart appears for each metric once it is logged, such as by{" "}
        <code className="whitespace-nowrap">mlflow.log_metric("loss", 0.25, step=1)</code>.
      </EmptyState>
    );
  }
  const size = SIZES[search.chartSize ?? "medium"];
  const widthPx = found.length <= FEW_CHARTS ? size.width * FEW_WIDER : size.width;
  const fit = Math.max(1, Math.floor((width + GAP_PX) / (widthPx + GAP_PX)));
  // If the page has room for more charts, the charts are wider and higher, so that no row is half empty.
  const columns = Math.max(1, Math.min(fit, found.length));
  const stretch = Math.min(MOST_STRETCH, columns < fit ? fit / columns : found.length <= FEW_CHARTS ? FEW_WIDER : 1);
  const heightPx = Math.round(size.height * stretch);
  const closed = search.chartClosed ?? [];
  const toggleSection = (name: string): void => {
    const next = closed.includes(name) ? closed.filter((one) => one !== name) : [...closed, name];
    change({ chartClosed: next.length === 0 ? undefined : next });
  };
  const sizes = new Map([...sections].map(([name, keys]) => [name, closed.includes(name) ? 0 : keys.length]));
  const rows = width === 0 ? [] : packSections(sizes, columns);
  const full = search.chartFull;
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      <div className={classNames("shrink-0 px-3 py-2 wide:px-4", isReport ? "print-legend" : "border-line border-b")}>
        <ChartToolbar
          {...{ settings, metricKeys }}
          hasGroups={groups !== undefined}
          live={page.live}
          kinds={given.drawing?.kinds ?? []}
          onAdd={(kind) => {
            if (kind === "section") setDraft("section");
            else if (kind === "text" || kind === "line") {
              setDraft(newPanel(panels, kind === "text" ? { text: "" } : { metrics: [] }));
            } else change({ panels: [...panels, newPanel(panels, { kind })] });
          }}
        />
        {isGrouped && <GroupLegend groups={groups} className="mt-2" />}
        {!isGrouped && (given.hasLegend || isReport) && <RunLegend {...{ runs, styles, settings, hover }} />}
      </div>
      {/* Keys reach the scrolling element through the charts in it. */}
      <div ref={measure} className="min-h-0 flex-1 overflow-y-auto px-3 pb-6 wide:px-4" data-charts>
        {isGrouped && <SampleNote groups={groups} className="pt-2" />}
        {count > MAX_CHART_RUNS && !isGrouped && (
          <p className="pt-2 text-ink-muted text-sm">
            The first {MAX_CHART_RUNS} of {formatCount(count)} runs are drawn.
          </p>
        )}
        {(panels.length > 0 || panelSections.length > 0 || draft !== undefined) && (
          <div className="pt-3">
            <PanelSections
              {...{ panels, width, metricKeys, runs, groups, styles, settings, hover, draft, closed }}
              drawPanel={given.drawing?.draw}
              ownGroups={given.ownGroups}
              sections={panelSections}
              fallback={<SkeletonRows rows={4} />}
              onToggle={toggleSection}
              onChange={(next) =>
                change({
                  panels: next.panels.length === 0 ? undefined : [...next.panels],
                  panelSections: next.sections.length === 0 ? undefined : [...next.sections],
                })
              }
              onDraftEnd={() => setDraft(undefined)}
            />
          </div>
        )}
        {found.length === 0 && !isReport && (
          <EmptyState
            title="No metric matches"
            actions={<Button onClick={() => change({ chartQuery: undefined })}>Show all metrics</Button>}
          />
        )}
        {(isReport ? [] : rows).map((row) => (
          <div
            key={row.map(({ name }) => name).join()}
            className="grid gap-x-3"
            style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}
          >
            {row.map(({ name, span, columns: inner }) => {
              const keys = sections.get(name)!;
              const { tracks, spanOf } = fillRows(keys.length, inner);
              return (
                <Section
                  key={name}
                  name={name}
                  count={keys.length}
                  span={span}
                  isOnly={sections.size === 1 && name === ""}
                  isOpen={!closed.includes(name)}
                  onToggle={() => toggleSection(name)}
                >
                  <div className="grid gap-3" style={{ gridTemplateColumns: `repeat(${tracks}, minmax(0, 1fr))` }}>
                    {keys.map((key, index) => (
                      <WhenSeen key={key} height={heightPx + 38} span={spanOf(index)}>
                        <ChartCard
                          metricKey={key}
                          title={name === "" ? key : key.slice(name.length + 1)}
                          {...{ source, settings, height: heightPx, hover }}
                          onFull={() => change({ chartFull: key })}
                        />
                      </WhenSeen>
                    ))}
                  </div>
                </Section>
              );
            })}
          </div>
        ))}
      </div>
      {full !== undefined && metricKeys.includes(full) && (
        <FullChart {...{ metricKey: full, runs, groups, styles, settings, metricKeys }} />
      )}
    </div>
  );
}

/** Returns the value of the previous render until its content changes, so that an equal value does not draw the charts again. */
function useStable<Value>(value: Value): Value {
  const kept = useRef({ value, text: "" });
  const text = JSON.stringify(value);
  if (kept.current.text !== text) kept.current = { value, text };
  return kept.current.value;
}

interface SectionProps {
  name: string;
  count: number;
  /** The number of columns that the section takes. */
  span: number;
  /** Whether the page has no other section. The section then needs no head. */
  isOnly: boolean;
  isOpen: boolean;
  onToggle: () => void;
  children: ReactNode;
}

/** Charts below a head that opens and closes the section. Small sections stand side by side. */
function Section({ name, count, span, isOnly, isOpen, onToggle, children }: SectionProps) {
  const gridColumn = `span ${span}`;
  if (isOnly) {
    return (
      <div className="min-w-0 pt-3" style={{ gridColumn }}>
        {children}
      </div>
    );
  }
  return (
    <section className="min-w-0 pt-2" style={{ gridColumn }}>
      <h2 className="sticky top-0 z-[1] bg-page">
        <SectionToggle name={name === "" ? "Metrics" : name} {...{ count, isOpen, onToggle }} />
      </h2>
      {isOpen && <div className="pt-1">{children}</div>}
    </section>
  );
}
