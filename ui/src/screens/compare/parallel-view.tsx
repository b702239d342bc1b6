import { ArrowDown, ArrowUp, SlidersHorizontal, X } from "lucide-react";
import { useDeferredValue, useMemo, useRef, useState } from "react";
import { readColourScale } from "../../charts/colour-scale.ts";
import { type AxisIntervals, EChart } from "../../charts/echart.tsx";
import { axisOption, baseOption, type ChartOption, plainText, readLook, tooltip } from "../../charts/echarts.ts";
import { runColour } from "../../charts/run-colour.ts";
import { Button, IconButton } from "../../parts/button.tsx";
import { Popover } from "../../parts/popover.tsx";
import { Combobox } from "../../parts/select.tsx";
import { EmptyState } from "../../parts/states.tsx";
import { TextField } from "../../parts/text-field.tsx";
import { useTheme } from "../../parts/theme.ts";
import { Checkbox } from "../../parts/toggles.tsx";
import type { ComparedRun } from "./compared-run.ts";
import { type Brush, brushed, defaultAxes, type Field, placeOf, readField, scaled } from "./fields.ts";
import {
  ColourLegend,
  FieldPicker,
  logSwitch,
  PlotLayout,
  type PlotProps,
  PlottedRuns,
  useScales,
} from "./plot-parts.tsx";

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
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes the colours that are read
  const option = useMemo(() => parallelOption(runs, fields, colour), [runs, fields, colour, theme]);
  const shownBrush = useDeferredValue(brush);
  const selected = useMemo(() => brushed(fields, shownBrush, runs.length), [fields, shownBrush, runs]);
  const isBrushed = fields.some(({ name }) => (brush[name]?.length ?? 0) > 0);

  // While an axis is dragged there are many changes, of which the address need not have all.
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
                onClick={() => change({ runs: selected.map((index) => runs[index]!.id).join(","), brush: undefined })}
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
                highlighted={pointed}
                className="size-full"
              />
            </div>
          </section>
        )
      }
      note={isBrushed ? undefined : "Drag along an axis to select runs, or give a range under “Axes”."}
      table={
        <PlottedRuns
          label="Runs in the drawing"
          runs={runs}
          shown={selected}
          fields={colour === undefined ? fields : [...fields, colour]}
          onPoint={setPointed}
        />
      }
    />
  );
}

function parallelOption(
  runs: readonly ComparedRun[],
  fields: readonly Field[],
  colour: Field | undefined,
): ChartOption {
  const look = readLook();
  const scale = readColourScale();
  const shares = colour && scaled(colour, runs.length);
  const colourOf = (run: number): string => {
    const share = shares?.[run];
    if (shares === undefined) return runColour(runs[run]!.id);
    return share === undefined ? look.faint : scale(share);
  };
  const namePx = Math.max(AXIS_PX - 16, Math.min(150, innerWidth / fields.length - 32));
  return {
    ...baseOption(look),
    parallel: {
      ...{ left: 56, right: 72, top: 44, bottom: 28 },
      axisExpandable: false,
    },
    parallelAxis: fields.map((field, dim) => ({
      ...axisOption(look, field),
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
        lineStyle: { width: runs.length > 40 ? 1.25 : 1.75, opacity: 0.85 },
        inactiveOpacity: 0.06,
        activeOpacity: 0.95,
        emphasis: { lineStyle: { width: 3.5, opacity: 1 } },
        smooth: 0,
        data: runs.map((run, index) => ({
          name: plainText(run.name),
          value: fields.map((field) => placeOf(field, index) ?? Number.NaN),
          lineStyle: { color: colourOf(index) },
        })),
      },
    ],
    tooltip: tooltip(look, ({ dataIndex }) => plainText(runs[dataIndex]?.name ?? "")),
  };
}

/** Without its kind, which the place of the axis tells well enough: parameters come first. */
function shortName(name: string): string {
  return name.replace(/^(params|metrics)\./, "");
}

interface AxisListProps {
  fields: readonly Field[];
  options: readonly string[];
  brush: Brush;
  search: PlotProps["search"];
  change: PlotProps["change"];
  onBrush: (axis: string, intervals: [number, number][]) => void;
}

/** The axes in order: to move, to take away, logarithmic or not, and the range that selects runs. */
function AxisList({ fields, options, brush, search, change, onBrush }: AxisListProps) {
  const names = fields.map((field) => field.name);
  const move = (index: number, by: number): void => {
    const next = names.filter((_, at) => at !== index);
    next.splice(index + by, 0, names[index]!);
    change({ axes: next });
  };
  return (
    <div className="flex flex-col gap-2">
      <ol className="flex flex-col">
        {fields.map((field, index) => {
          const log = logSwitch(field, search, change)!;
          return (
            <li key={field.name} className="border-line border-b py-1.5">
              <div className="flex items-center gap-1">
                <span className="min-w-0 flex-1 truncate" title={field.name}>
                  {field.name}
                </span>
                <Checkbox label="log" {...log} className="mr-1 text-ink-muted" />
                <IconButton
                  label={`Move ${field.name} up`}
                  icon={<ArrowUp size={14} aria-hidden />}
                  disabled={index === 0}
                  onClick={() => move(index, -1)}
                />
                <IconButton
                  label={`Move ${field.name} down`}
                  icon={<ArrowDown size={14} aria-hidden />}
                  disabled={index === fields.length - 1}
                  onClick={() => move(index, 1)}
                />
                <IconButton
                  label={`Remove ${field.name}`}
                  icon={<X size={14} aria-hidden />}
                  onClick={() => change({ axes: names.filter((name) => name !== field.name) })}
                />
              </div>
              <RangeFields
                field={field}
                interval={brush[field.name]?.[0]}
                onChange={(next) => onBrush(field.name, next)}
              />
            </li>
          );
        })}
      </ol>
      <Combobox
        // Chosen fields leave the list, and the box is empty for the next.
        key={names.join("\n")}
        label="Add an axis"
        value={null}
        options={options}
        onValueChange={(name) => name !== null && change({ axes: [...names, name] })}
      />
    </div>
  );
}

interface RangeFieldsProps {
  field: Field;
  interval: readonly [number, number] | undefined;
  onChange: (intervals: [number, number][]) => void;
}

/** A brush by numbers: of an axis of words, which of them by their order. */
function RangeFields({ field, interval, onChange }: RangeFieldsProps) {
  const shown = (place: number | undefined): string => {
    if (place === undefined) return "";
    return field.words?.[place] ?? String(Number(place.toPrecision(5)));
  };
  const [draft, setDraft] = useState<{ from: string; to: string }>();
  const text = draft ?? { from: shown(interval?.[0]), to: shown(interval?.[1]) };
  const last = (field.words?.length ?? 1) - 1;
  const apply = (): void => {
    if (draft === undefined) return;
    setDraft(undefined);
    const read = (part: string, open: number): number => {
      if (part.trim() === "") return open;
      const place = field.words?.indexOf(part.trim()) ?? -1;
      return place >= 0 ? place : Number(part);
    };
    const numbers = field.values.filter((value) => typeof value === "number" && Number.isFinite(value)) as number[];
    const from = read(draft.from, field.words ? 0 : Math.min(...numbers));
    const to = read(draft.to, field.words ? last : Math.max(...numbers));
    if (draft.from.trim() === "" && draft.to.trim() === "") onChange([]);
    else if (Number.isFinite(from) && Number.isFinite(to)) onChange([[Math.min(from, to), Math.max(from, to)]]);
  };
  const side = (name: "from" | "to", label: string) => (
    <TextField
      label={`${label} of ${field.name}`}
      isLabelHidden
      placeholder={label}
      value={text[name]}
      onValueChange={(next) => setDraft({ ...text, [name]: next })}
      onBlur={apply}
      onKeyDown={(event) => event.key === "Enter" && apply()}
      className="w-28"
    />
  );
  return (
    <div className="mt-1 flex items-center gap-2 text-ink-muted text-sm">
      Select
      {side("from", "From")}–{side("to", "To")}
    </div>
  );
}
