import { SlidersHorizontal } from "lucide-react";
import { useDeferredValue, useMemo, useRef, useState } from "react";
import { readColourScale } from "../../charts/colour-scale.ts";
import { type AxisIntervals, EChart } from "../../charts/echart.tsx";
import {
  axisOption,
  baseOption,
  type ChartOption,
  type Look,
  plainText,
  readLook,
  tooltip,
} from "../../charts/echarts.ts";
import { DASHES, type RunStyle } from "../../charts/run-colour.ts";
import { Button } from "../../parts/button.tsx";
import { Popover } from "../../parts/popover.tsx";
import { EmptyState } from "../../parts/states.tsx";
import { useTheme } from "../../parts/theme.ts";
import { AxisList } from "./axis-list.tsx";
import type { ComparedRun } from "./compared-run.ts";
import { type Brush, brushed, defaultAxes, type Field, placeOf, readField, scaled } from "./fields.ts";
import { MANY_LINES, runsAtEnds } from "./many-lines.ts";
import {
  ColourLegend,
  FieldPicker,
  PlotLayout,
  type PlotProps,
  PlottedRuns,
  useLooks,
  useScales,
} from "./plot-parts.tsx";
import { type LineLooks, useManyLines } from "./use-many-lines.ts";

const NO_BRUSH: Brush = {};
/** Less is too narrow for an axis' name: the drawing scrolls. */
const AXIS_PX = 88;

/** Parallel coordinates: every run a line over the axes, chosen by brushing them. */
export function ParallelView({ runs, choice, search, change, openRun }: PlotProps) {
  const theme = useTheme();
  const { axes: chosen, brush = NO_BRUSH } = search;
  const scales = useScales(search);
  const [pointed, setPointed] = useState<number>();
  const names = useMemo(() => chosen ?? defaultAxes(choice), [chosen, choice]);
  const firstMetric = names.find((name) => !name.startsWith("params."));
  const colourName = (search.colour ?? firstMetric) || undefined;
  const fields = useMemo(() => names.map((name) => readField(runs, name, scales)), [runs, names, scales]);
  const colour = useMemo(
    () => (colourName === undefined ? undefined : readField(runs, colourName, scales)),
    [runs, colourName, scales],
  );
  const styles = useLooks(runs);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes the colours that are read
  const looks = useMemo(() => lineLooks(runs, colour, styles), [runs, colour, styles, theme]);
  const isMany = runs.length > MANY_LINES;
  const option = useMemo(() => parallelOption(runs, fields, looks, isMany), [runs, fields, looks, isMany]);
  const shownBrush = useDeferredValue(brush);
  const selected = useMemo(() => brushed(fields, shownBrush, runs.length), [fields, shownBrush, runs]);
  const isBrushed = fields.some(({ name }) => (brush[name]?.length ?? 0) > 0);
  const lines = useManyLines({ runs, fields, looks, selected, pointed, onPoint: setPointed, onPress: openRun });

  // Dragging an axis makes many changes. The address does not need all of them.
  const pending = useRef<{ brush: Brush; timer: ReturnType<typeof setTimeout> }>(undefined);
  const setInterval = (axis: string, intervals: AxisIntervals): void => {
    clearTimeout(pending.current?.timer);
    const next = { ...(pending.current?.brush ?? brush), [axis]: intervals };
    const timer = setTimeout(() => {
      pending.current = undefined;
      writeBrush(next);
    }, 80);
    pending.current = { brush: next, timer };
  };
  const writeBrush = (next: Brush): void => {
    const kept = Object.entries(next)
      .filter(([, intervals]) => intervals.length > 0)
      .map(([axis, intervals]) => [axis, intervals.map(([from, to]): [number, number] => [from, to])] as const);
    change({ brush: kept.length === 0 ? undefined : Object.fromEntries(kept) });
  };
  const listed = useMemo(() => (colour === undefined ? fields : [...fields, colour]), [fields, colour]);
  const status = isBrushed ? `${selected.length} of ${runs.length} runs selected` : `${runs.length} runs`;
  return (
    <PlotLayout
      controls={
        <>
          <Popover
            title="Axes"
            className="w-[420px]"
            trigger={<Button icon={<SlidersHorizontal size={14} aria-hidden />}>Axes ({names.length})</Button>}
          >
            <AxisList
              fields={fields}
              options={choice.all.filter((name) => !names.includes(name))}
              brush={brush}
              search={search}
              change={change}
              onBrush={(axis, intervals) => writeBrush({ ...brush, [axis]: intervals })}
            />
          </Popover>
          <FieldPicker
            label="Colour"
            placeholder="By run"
            value={colourName}
            options={choice.all}
            onChange={(field) => change({ colour: field ?? "" })}
          />
          {colour !== undefined && <ColourLegend field={colour} />}
          <span role="status" className="ml-auto text-ink-muted">
            {status}
          </span>
          {isBrushed && (
            <>
              <Button
                disabled={selected.length === 0}
                onClick={() =>
                  change({
                    runs: selected.map((index) => runs[index]!.id).join(","),
                    filter: undefined,
                    brush: undefined,
                  })
                }
              >
                Keep only these
              </Button>
              <Button kind="quiet" onClick={() => change({ brush: undefined })}>
                Clear selection
              </Button>
            </>
          )}
        </>
      }
      chart={
        fields.length < 2 ? (
          <EmptyState title="Too few axes">Choose at least two parameters or metrics under “Axes”.</EmptyState>
        ) : (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
          <section aria-label="Drawing" tabIndex={0} className="size-full overflow-x-auto -outline-offset-2">
            <div className="h-full" style={{ minWidth: AXIS_PX * fields.length }}>
              <EChart
                label="Parallel coordinates"
                option={option}
                intervals={brush}
                onIntervals={setInterval}
                onItem={(index) => openRun(runs[index]!)}
                highlighted={isMany ? undefined : pointed}
                {...(isMany && { ...lines, svgOption: () => parallelOption(runs, fields, looks, false) })}
                className="size-full"
              />
            </div>
          </section>
        )
      }
      note={isBrushed ? undefined : "Drag along an axis to select runs, or give a range under “Axes”."}
      table={
        <PlottedRuns label="Runs in the drawing" runs={runs} shown={selected} fields={listed} onPoint={setPointed} />
      }
    />
  );
}

function lineLooks(
  runs: readonly ComparedRun[],
  colour: Field | undefined,
  styles: ReadonlyMap<string, RunStyle>,
): LineLooks {
  const { faint } = readLook();
  const scale = readColourScale();
  const shares = colour && scaled(colour, runs.length);
  const colourOf = (run: number): string => {
    const share = shares?.[run];
    if (shares === undefined) return styles.get(runs[run]!.id)!.colour;
    return share === undefined ? faint : scale(share);
  };
  const dashOf = (run: number): "solid" | number[] => {
    const { variant } = styles.get(runs[run]!.id)!;
    return shares !== undefined || variant === 0 ? "solid" : [...DASHES[variant]];
  };
  return { colours: runs.map((_, run) => colourOf(run)), dashes: runs.map((_, run) => dashOf(run)) };
}

function parallelOption(
  runs: readonly ComparedRun[],
  fields: readonly Field[],
  { colours, dashes }: LineLooks,
  isMany: boolean,
): ChartOption {
  const look = readLook();
  const drawn = isMany ? runsAtEnds(fields, runs.length) : [...runs.keys()];
  const namePx = Math.max(AXIS_PX - 16, Math.min(150, innerWidth / fields.length - 32));
  return {
    ...baseOption(look),
    parallel: {
      ...{ left: 56, right: 96, top: 52, bottom: 28 },
      axisExpandable: false,
    },
    parallelAxis: fields.map((field, dim) => ({
      ...axisOption(look, field),
      ...(field.words !== undefined && { axisLabel: wordLabels(look, field.words.length) }),
      dim,
      z: 4,
      nameLocation: "end",
      nameGap: 14,
      nameTruncate: { maxWidth: namePx },
      areaSelectStyle: { width: 18, borderWidth: 1, borderColor: look.accent, color: look.accent, opacity: 0.25 },
      id: field.name,
      name: plainText(shortName(field.name)),
      nameTextStyle: { color: look.ink, fontSize: 12 },
      axisLine: { lineStyle: { color: look.lineStrong, width: 1 } },
    })),
    series: [
      {
        id: "runs",
        type: "parallel",
        lineStyle: { width: runs.length > 40 ? 1.25 : 1.75, opacity: isMany ? 0 : runs.length > 500 ? 0.35 : 0.85 },
        inactiveOpacity: isMany ? 0 : 0.06,
        activeOpacity: isMany ? 0 : 0.95,
        silent: isMany,
        emphasis: { lineStyle: { width: 3.5, opacity: 1 } },
        smooth: 0,
        data: drawn.map((run) => ({
          name: plainText(runs[run]!.name),
          value: fields.map((field) => placeOf(field, run) ?? Number.NaN),
          lineStyle: { color: colours[run], type: dashes[run] },
        })),
      },
    ],
    tooltip: tooltip(look, ({ dataIndex }) => plainText(runs[dataIndex]?.name ?? "")),
  };
}

/** More words on an axis are illegible, so some are left out. */
const MOST_WORDS = 12;

function wordLabels(look: Look, words: number) {
  const { axisLabel } = axisOption(look, { words: [], isLog: false });
  return { ...axisLabel, interval: Math.ceil(words / MOST_WORDS) - 1 };
}

/** Without its kind, which the place of the axis tells well enough: parameters come first. */
function shortName(name: string): string {
  return name.replace(/^(params|metrics)\./, "");
}
