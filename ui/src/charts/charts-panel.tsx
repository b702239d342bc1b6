import { Dialog } from "@base-ui/react/dialog";
import { ChevronDown, ChevronRight, X } from "lucide-react";
import { type ReactNode, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { LivePoints, RunNotice } from "../api/live.ts";
import type { SeriesX } from "../api/series.ts";
import { Button, IconButton } from "../parts/button.tsx";
import { classNames, OVERLAY } from "../parts/class-names.ts";
import { formatCount } from "../parts/format.ts";
import { EmptyState } from "../parts/states.tsx";
import { ChartCard } from "./chart-card.tsx";
import { type ChartRun, groupColours } from "./chart-lines.ts";
import { type ChartSettings, useChartSettings } from "./chart-settings.ts";
import { ChartToolbar } from "./chart-toolbar.tsx";
import { HoverStore } from "./hover.ts";
import { type LiveState, useLiveRuns } from "./live-runs.ts";
import { SeriesStore } from "./series-store.ts";

export interface ChartsPanelProps {
  /** The first hundred are drawn. */
  runs: readonly ChartRun[];
  /** How many runs there are, where not all are given. */
  of?: number;
  metricKeys: readonly string[];
  /** Where the address says none. */
  defaultX?: SeriesX;
  /** What live runs tell beside points. */
  onRun?: ((runId: string, notice: RunNotice) => void) | undefined;
  /** A live run logs metrics that are none of `metricKeys`. */
  onNewKeys?: ((keys: string[]) => void) | undefined;
}

export const MAX_CHART_RUNS = 100;

const SIZES = {
  small: { width: 240, height: 150 },
  medium: { width: 340, height: 210 },
  large: { width: 560, height: 340 },
};

/** One chart for each metric, in sections by what stands before the last `/` of its key. */
export function ChartsPanel({ defaultX, onRun, onNewKeys, ...given }: ChartsPanelProps) {
  const allRuns = useStable(given.runs);
  const count = given.of ?? allRuns.length;
  const metricKeys = useStable(given.metricKeys);
  const settings = useChartSettings(defaultX);
  const { search, change } = settings;
  const runs = useMemo(() => allRuns.slice(0, MAX_CHART_RUNS), [allRuns]);
  const page = useSeries(runs, settings, { onRun, onNewKeys, metricKeys }, bucketsFor(runs.length));
  const hasGroups = runs.some(({ group }) => group !== undefined);
  const query = search.chartQuery?.toLowerCase() ?? "";
  const found = useMemo(() => metricKeys.filter((key) => key.toLowerCase().includes(query)), [metricKeys, query]);
  const sections = useMemo(() => Map.groupBy(found, sectionOf), [found]);
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
  const closed = search.chartClosed ?? [];
  const full = search.chartFull;
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      <div className="shrink-0 border-line border-b px-3 py-2">
        <ChartToolbar {...{ settings, metricKeys, hasGroups }} live={page.live} />
        {search.chartGroups && <GroupLegend runs={runs} />}
      </div>
      {/* What scrolls is reachable by keys through the charts in it. */}
      <div className="min-h-0 flex-1 overflow-y-auto px-3 pb-6" data-charts>
        {count > MAX_CHART_RUNS && (
          <p className="pt-2 text-ink-muted text-sm">
            The first {MAX_CHART_RUNS} of {formatCount(count)} runs are drawn.
          </p>
        )}
        {found.length === 0 && (
          <EmptyState
            title="No metric matches"
            actions={<Button onClick={() => change({ chartQuery: undefined })}>Show all metrics</Button>}
          />
        )}
        {[...sections].map(([section, keys]) => (
          <Section
            key={section}
            name={section}
            count={keys.length}
            isOnly={sections.size === 1 && section === ""}
            isOpen={!closed.includes(section)}
            onToggle={() => {
              const next = closed.includes(section) ? closed.filter((name) => name !== section) : [...closed, section];
              change({ chartClosed: next.length === 0 ? undefined : next });
            }}
          >
            <div
              className="grid gap-3"
              style={{ gridTemplateColumns: `repeat(auto-fill, minmax(min(100%, ${size.width}px), 1fr))` }}
            >
              {keys.map((key) => (
                <WhenSeen key={key} height={size.height + 38}>
                  <ChartCard
                    metricKey={key}
                    title={section === "" ? key : key.slice(section.length + 1)}
                    {...{ runs, settings, height: size.height, store: page.store, hover: page.hover }}
                    onFull={() => change({ chartFull: key })}
                  />
                </WhenSeen>
              ))}
            </div>
          </Section>
        ))}
      </div>
      {full !== undefined && metricKeys.includes(full) && (
        <FullChart {...{ metricKey: full, runs, settings, metricKeys, hasGroups }} />
      )}
    </div>
  );
}

/** The value of an earlier render while nothing in it has changed: what is made anew by each render is not drawn anew. */
function useStable<Value>(value: Value): Value {
  const kept = useRef({ value, text: "" });
  const text = JSON.stringify(value);
  if (kept.current.text !== text) kept.current = { value, text };
  return kept.current.value;
}

function GroupLegend({ runs }: { runs: readonly ChartRun[] }) {
  const colours = useMemo(() => groupColours(runs), [runs]);
  return (
    <ul aria-label="Groups" className="mt-2 flex max-h-12 flex-wrap gap-x-4 overflow-y-auto text-sm">
      {[...colours].map(([name, colour]) => (
        <li key={name} className="flex min-w-0 items-center gap-1.5">
          <span aria-hidden className="size-2 shrink-0 rounded-full" style={{ background: colour }} />
          <span className="max-w-60 truncate" title={name}>
            {name}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** `train/loss` is in `train`; a key without `/` is in the first section, which has no name. */
export function sectionOf(key: string): string {
  const slash = key.lastIndexOf("/");
  return slash <= 0 ? "" : key.slice(0, slash);
}

/** So that a chart of many lines has no more to draw than its pixels show. */
function bucketsFor(runs: number): number {
  return runs > 40 ? 120 : runs > 10 ? 250 : 500;
}

interface Page {
  readonly store: SeriesStore;
  readonly hover: HoverStore;
  readonly live: LiveState;
}

/** The series of a page's charts, followed live. */
function useSeries(
  runs: readonly ChartRun[],
  { x, zoom }: ChartSettings,
  { onRun, onNewKeys, metricKeys }: Pick<ChartsPanelProps, "onRun" | "onNewKeys" | "metricKeys">,
  buckets: number,
): Page {
  const [page] = useState(() => ({ store: new SeriesStore(), hover: new HoverStore() }));
  const { store } = page;
  const ids = runs.map(({ id }) => id).join();
  useEffect(() => {
    store.show(ids === "" ? [] : ids.split(","), { x, zoom, buckets });
  }, [store, ids, x, zoom, buckets]);
  useEffect(() => () => store.dispose(), [store]);
  const onPoints = (points: LivePoints[]): void => {
    store.receive(points);
    if (onNewKeys === undefined) return;
    const fresh = points.map(({ key }) => key).filter((key) => !metricKeys.includes(key));
    if (fresh.length > 0) onNewKeys(fresh);
  };
  const running = runs.filter(({ status }) => status === "RUNNING").map(({ id }) => id);
  const live = useLiveRuns(running, {
    onPoints,
    onMissed: (runId) => store.reload(runId),
    ...(onRun && { onRun }),
  });
  return { ...page, live };
}

interface SectionProps {
  name: string;
  count: number;
  /** There is no other: it needs no head. */
  isOnly: boolean;
  isOpen: boolean;
  onToggle: () => void;
  children: ReactNode;
}

function Section({ name, count, isOnly, isOpen, onToggle, children }: SectionProps) {
  if (isOnly) return <div className="pt-3">{children}</div>;
  const Chevron = isOpen ? ChevronDown : ChevronRight;
  return (
    <section className="pt-2">
      <h2 className="sticky top-0 z-[1] bg-page">
        <button
          type="button"
          aria-expanded={isOpen}
          onClick={onToggle}
          className="flex h-8 w-full min-w-0 items-center gap-1 text-left hover:bg-hover"
        >
          <Chevron size={14} aria-hidden className="shrink-0 text-ink-muted" />
          <span className="truncate">{name === "" ? "Metrics" : name}</span>
          <span className="font-normal text-ink-faint">{count}</span>
        </button>
      </h2>
      {isOpen && <div className="pt-1">{children}</div>}
    </section>
  );
}

const NEAR_PX = 240;

/** Mounts what is near the sight, and keeps its place where it is not. */
function WhenSeen({ height, children }: { height: number; children: ReactNode }) {
  const place = useRef<HTMLDivElement>(null);
  const [isSeen, setSeen] = useState(false);
  useLayoutEffect(() => {
    const element = place.current!;
    // The margin counts around what scrolls only.
    const root = element.closest("[data-charts]")!;
    const [box, sight] = [element.getBoundingClientRect(), root.getBoundingClientRect()];
    // The observer tells it too, but a frame or two later.
    setSeen(box.top < sight.bottom + NEAR_PX && box.bottom > sight.top - NEAR_PX);
    const observer = new IntersectionObserver(([entry]) => setSeen(entry?.isIntersecting ?? false), {
      root,
      rootMargin: `${NEAR_PX}px`,
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return (
    <div ref={place} className="min-w-0" style={{ minHeight: height }}>
      {isSeen && children}
    </div>
  );
}

interface FullChartProps {
  metricKey: string;
  runs: readonly ChartRun[];
  settings: ChartSettings;
  metricKeys: readonly string[];
  hasGroups: boolean;
}

const FULL_BUCKETS = 1000;
/** What stands above and below the plot. */
const FULL_FRAME_PX = 150;

/** One chart over the whole page, read more finely. */
function FullChart({ metricKey, runs, settings, metricKeys, hasGroups }: FullChartProps) {
  const page = useSeries(runs, settings, { metricKeys }, Math.min(FULL_BUCKETS, 4 * bucketsFor(runs.length)));
  const close = (): void => settings.change({ chartFull: undefined });
  return (
    <Dialog.Root open onOpenChange={close}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 bg-scrim" />
        <Dialog.Popup className={classNames(OVERLAY, "fixed inset-2 flex flex-col gap-2 overflow-y-auto !bg-page p-3")}>
          <header className="flex items-center gap-2">
            <Dialog.Title className="min-w-0 flex-1 truncate text-lg">{metricKey}</Dialog.Title>
            <Dialog.Close render={<IconButton label="Close" icon={<X size={16} aria-hidden />} />} />
          </header>
          <ChartToolbar {...{ settings, metricKeys, hasGroups }} live={page.live} isFull />
          <ChartCard
            {...{ metricKey, runs, settings, store: page.store, hover: page.hover }}
            height={Math.max(240, innerHeight - FULL_FRAME_PX)}
          />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
