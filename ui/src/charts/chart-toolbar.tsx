import { Eye, Plus, SlidersHorizontal, ZoomOut } from "lucide-react";
import { Button, IconButton } from "../parts/button.tsx";
import { Menu } from "../parts/menu.tsx";
import { Popover } from "../parts/popover.tsx";
import { Segmented } from "../parts/segmented.tsx";
import { Combobox, Select } from "../parts/select.tsx";
import { SearchField } from "../parts/text-field.tsx";
import { Switch } from "../parts/toggles.tsx";
import { xName } from "./axes.ts";
import type { ChartSettings } from "./chart-settings.ts";
import type { LiveState } from "./live-runs.ts";
import { PANEL_KINDS, type PanelKind } from "./panels/panel-search.ts";
import { SMOOTHING_KINDS, type SmoothingKind } from "./smoothing.ts";
import { useServerAway } from "./use-server-away.ts";

export type NewPanelKind = "line" | "text" | "section" | PanelKind;

interface ChartToolbarProps {
  settings: ChartSettings;
  metricKeys: readonly string[];
  /** Whether charts can draw means of groups. */
  hasGroups: boolean;
  live: LiveState;
  /** Makes a panel. Undefined on pages without panels. */
  onAdd?: (kind: NewPanelKind) => void;
  /** Further kinds of panels that the screen can draw. */
  kinds?: readonly PanelKind[];
  /** Whether one chart fills the page, so that there is no grid to search or to resize. */
  isFull?: boolean;
}

const NAMED_X = ["step", "time", "relative"] as const;

/** The settings of all charts of the page. */
export function ChartToolbar({
  settings,
  metricKeys,
  hasGroups,
  live,
  onAdd,
  kinds = [],
  isFull = false,
}: ChartToolbarProps) {
  const { search, change, smoothing, zoom, setZoom } = settings;
  const off = search.chartOff ?? [];
  return (
    <div className="flex flex-wrap items-center gap-2" role="toolbar" aria-label="Charts">
      {!isFull && (
        <SearchField
          label="Find metrics"
          value={search.chartQuery ?? ""}
          onValueChange={(query) => change({ chartQuery: query || undefined })}
          className="min-w-32 max-w-64 flex-1"
        />
      )}
      <AxisChoice settings={settings} metricKeys={metricKeys} />
      <label className="flex items-center gap-2 text-ink-muted">
        Smoothing
        <input
          type="range"
          min={0}
          max={0.99}
          step={0.01}
          value={smoothing.weight}
          onChange={(event) => change({ chartSmoothing: Number(event.target.value) || undefined })}
          className="w-20 accent-accent"
        />
        <output className="w-7 text-ink">{smoothing.weight === 0 ? "off" : smoothing.weight.toFixed(2)}</output>
      </label>
      <Popover
        title="Charts"
        isTitleHidden
        align="end"
        trigger={<IconButton label="Axes and sizes" icon={<SlidersHorizontal size={14} aria-hidden />} kind="plain" />}
      >
        <Options settings={settings} isFull={isFull} />
      </Popover>
      {hasGroups && (
        <Segmented
          label="Lines"
          value={search.chartGroups === false ? "runs" : "groups"}
          onValueChange={(lines) =>
            change({ chartGroups: lines === "groups" ? undefined : false, chartOff: undefined })
          }
          segments={[
            { value: "runs", label: "Runs" },
            { value: "groups", label: "Mean ± std" },
          ]}
        />
      )}
      {off.length > 0 && (
        <Button icon={<Eye size={14} aria-hidden />} onClick={() => change({ chartOff: undefined })}>
          Show the {off.length} switched off
        </Button>
      )}
      {zoom !== undefined && (
        <Button icon={<ZoomOut size={14} aria-hidden />} onClick={() => setZoom(undefined)}>
          Show everything
        </Button>
      )}
      {onAdd !== undefined && (
        <Menu
          trigger={<Button icon={<Plus size={14} aria-hidden />}>Panel</Button>}
          entries={[
            { label: "Line chart…", onSelect: () => onAdd("line") },
            { label: "Text and code…", onSelect: () => onAdd("text") },
            ...kinds.map((kind) => ({ label: PANEL_KINDS[kind], onSelect: () => onAdd(kind) })),
            null,
            { label: "Section…", onSelect: () => onAdd("section") },
          ]}
        />
      )}
      <LiveNote live={live} />
    </div>
  );
}

function AxisChoice({ settings, metricKeys }: Pick<ChartToolbarProps, "settings" | "metricKeys">) {
  const named = new Map<string, string>(NAMED_X.map((x) => [xName(x), x]));
  for (const key of metricKeys) named.set(`metric ${key}`, `metric:${key}`);
  const current = settings.x.startsWith("metric:") ? `metric ${xName(settings.x)}` : xName(settings.x);
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the field within
    <label className="flex items-center gap-2 text-ink-muted">
      <span aria-hidden>Axis</span>
      <Combobox
        label="Horizontal axis"
        value={current}
        onValueChange={(name) => {
          const chartX = name === null ? undefined : named.get(name);
          if (chartX !== undefined) settings.change({ chartX, chartZoom: undefined });
        }}
        options={[...named.keys()]}
        className="w-32"
      />
    </label>
  );
}

function Options({
  settings: { search, x, isLogX, isLogY, change },
  isFull,
}: {
  settings: ChartSettings;
  isFull: boolean;
}) {
  const setLog = (x: boolean, y: boolean): void => change({ chartLog: x ? (y ? "xy" : "x") : y ? "y" : undefined });
  return (
    <div className="flex flex-col gap-1">
      <Switch label="Logarithmic horizontal axis" isOn={isLogX} onChange={(isOn) => setLog(isOn, isLogY)} />
      <Switch label="Logarithmic vertical axis" isOn={isLogY} onChange={(isOn) => setLog(isLogX, isOn)} />
      <Switch
        label="Leave outliers out of the vertical axis"
        isOn={search.chartOutliers ?? false}
        onChange={(isOn) => change({ chartOutliers: isOn || undefined })}
      />
      <div className="mt-2 flex items-center justify-between gap-3">
        <span aria-hidden>Smoothing</span>
        <Select<SmoothingKind>
          label="Kind of smoothing"
          value={search.chartSmoothingKind ?? "exponential"}
          onValueChange={(kind) => change({ chartSmoothingKind: kind === "exponential" ? undefined : kind })}
          options={SMOOTHING_KINDS}
        />
      </div>
      {x.startsWith("metric:") && (
        <div className="mt-2 flex items-center justify-between gap-3">
          <span aria-hidden>Points with the same {xName(x)}</span>
          <Segmented
            label={`Points with the same ${xName(x)}`}
            value={search.chartSameX ?? "mean"}
            onValueChange={(sameX) => change({ chartSameX: sameX === "mean" ? undefined : sameX })}
            segments={[
              { value: "mean", label: "Mean" },
              { value: "last", label: "Last" },
              { value: "all", label: "All" },
            ]}
          />
        </div>
      )}
      {!isFull && (
        <Segmented
          label="Size of charts"
          className="mt-2"
          value={search.chartSize ?? "medium"}
          onValueChange={(chartSize) => change({ chartSize: chartSize === "medium" ? undefined : chartSize })}
          segments={[
            { value: "small", label: "Small" },
            { value: "medium", label: "Medium" },
            { value: "large", label: "Large" },
          ]}
        />
      )}
    </div>
  );
}

const LIVE_WORDS: Record<LiveState, { text: string; title: string; dot: string } | undefined> = {
  off: undefined,
  connecting: { text: "Connecting", title: "Connecting to the runs that go on", dot: "bg-line-strong" },
  live: { text: "Live", title: "Points appear as they are logged", dot: "bg-success" },
  polling: { text: "Live, every 2 s", title: "Some runs are asked about every two seconds", dot: "bg-warning" },
};

const AWAY = {
  text: "Not live",
  title: "The server cannot be reached: the charts show what was read before",
  dot: "bg-danger",
};

function LiveNote({ live }: { live: LiveState }) {
  const isAway = useServerAway();
  const words = live !== "off" && isAway ? AWAY : LIVE_WORDS[live];
  if (words === undefined) return null;
  return (
    <span
      title={words.title}
      className="flex items-center gap-1.5 text-ink-muted text-sm"
      data-live={isAway ? "away" : live}
    >
      <span aria-hidden className={`size-2 rounded-full ${words.dot}`} />
      {words.text}
    </span>
  );
}
