import { createContext, memo, type ReactNode, startTransition, useContext, useEffect, useMemo, useState } from "react";
import { SCALE_GRADIENT } from "../../charts/colour-scale.ts";
import { type RunStyle, useRunStyles, useShownStyles } from "../../charts/run-colour.ts";
import { formatCount, formatMetric } from "../../parts/format.ts";
import { Segmented } from "../../parts/segmented.tsx";
import { Combobox } from "../../parts/select.tsx";
import { Checkbox } from "../../parts/toggles.tsx";
import { Dash, Metric } from "../../parts/values.tsx";
import type { ComparedRun } from "./compared-run.ts";
import type { Field, FieldChoice, Scales } from "./fields.ts";
import { RunLink } from "./run-link.tsx";
import type { CompareSearch } from "./search.ts";

/** The props of every drawing of a comparison. */
export interface PlotProps {
  readonly runs: readonly ComparedRun[];
  readonly choice: FieldChoice;
  readonly search: CompareSearch;
  readonly change: (fields: Partial<CompareSearch>) => void;
  readonly openRun: (run: ComparedRun) => void;
}

interface FieldPickerProps {
  /** Such as `X axis`. */
  label: string;
  value: string | undefined;
  options: readonly string[];
  onChange: (field: string | undefined) => void;
  /** The text if no field is chosen. */
  placeholder?: string;
  /** Offers a logarithmic axis. */
  log?: { isOn: boolean; isDisabled: boolean; onChange: (isOn: boolean) => void } | undefined;
}

/** A field chosen for an axis, with its name in front; one below the other on phones. */
export function FieldPicker({ label, value, options, onChange, placeholder, log }: FieldPickerProps) {
  return (
    <div className="flex w-full min-w-0 max-w-full items-center gap-1.5 wide:w-auto">
      <span aria-hidden className="w-20 shrink-0 text-ink-muted wide:w-auto">
        {label}
      </span>
      <Combobox
        label={label}
        placeholder={placeholder ?? "Choose a field"}
        value={value ?? null}
        options={options}
        onValueChange={(next) => onChange(next ?? undefined)}
        className="flex-1 wide:w-48 wide:flex-initial"
      />
      {log !== undefined && (
        <Checkbox
          label="log"
          isOn={log.isOn}
          isDisabled={log.isDisabled}
          onChange={log.onChange}
          className="text-ink-muted"
        />
      )}
    </div>
  );
}

interface AxisPickerProps extends Pick<PlotProps, "search" | "change"> {
  label: string;
  /** The axis's name in the address. */
  axis: "x" | "y" | "z" | "by";
  value: string | undefined;
  options: readonly string[];
  /** Of an axis of numbers, which may be logarithmic. */
  field?: Field | undefined;
}

/** The field of an axis, which always has one. */
export function AxisPicker({ label, axis, value, options, field, search, change }: AxisPickerProps) {
  return (
    <FieldPicker
      label={label}
      value={value}
      options={options}
      onChange={(name) => {
        if (name !== undefined) change({ [axis]: name });
      }}
      log={logSwitch(field, search, change)}
    />
  );
}

/** The reader's scales as one object, which is the same while they are. */
export function useScales({ log, linear }: CompareSearch): Scales {
  return useMemo(() => ({ log, linear }), [log, linear]);
}

/** The log switch of a field that all drawings share. */
export function logSwitch(
  field: Field | undefined,
  { log = [], linear = [] }: CompareSearch,
  change: PlotProps["change"],
) {
  if (field === undefined) return undefined;
  const without = (names: readonly string[]): string[] => names.filter((name) => name !== field.name);
  return {
    isOn: field.isLog,
    isDisabled: field.words !== undefined,
    onChange: (isOn: boolean) =>
      change(
        isOn
          ? { log: [...log, field.name], linear: without(linear) }
          : { log: without(log), linear: [...linear, field.name] },
      ),
  };
}

/** The legend of the colours: from a field's least to its greatest value. */
export function ColourLegend({ field }: { field: Field }) {
  const numbers = field.values.filter((value) => typeof value === "number" && Number.isFinite(value)) as number[];
  const words = field.words;
  const [least, greatest] =
    words === undefined
      ? [formatMetric(Math.min(...numbers)), formatMetric(Math.max(...numbers))]
      : [words[0] ?? "", words.at(-1) ?? ""];
  if (words === undefined && numbers.length === 0) return null;
  return (
    <div className="flex min-w-0 items-center gap-1.5 text-ink-muted text-sm">
      <span className="max-w-40 truncate" title={field.name}>
        {field.name}
      </span>
      <span className="max-w-24 truncate text-ink">{least}</span>
      <span aria-hidden className="h-2 w-24 shrink-0 rounded-sm" style={{ background: SCALE_GRADIENT }} />
      <span className="max-w-24 truncate text-ink">{greatest}</span>
    </div>
  );
}

interface BestSwitchProps extends Pick<PlotProps, "change"> {
  isLess: boolean;
}

/** Chooses which end of a metric is good. */
export function BestSwitch({ isLess, change }: BestSwitchProps) {
  return (
    <Segmented
      label="Which value is best"
      value={isLess ? "least" : "greatest"}
      onValueChange={(best) => change({ best })}
      segments={[
        { value: "least", label: "Least is best" },
        { value: "greatest", label: "Greatest is best" },
      ]}
    />
  );
}

/** More rows would take a moment each time that they change. */
const MAX_LISTED = 100;

interface PlottedRunsProps {
  label: string;
  runs: readonly ComparedRun[];
  /** Indexes of the runs that are listed. */
  shown: readonly number[];
  fields: readonly Field[];
  onPoint?: (run: number | undefined) => void;
}

/** The values that are drawn, as a table. A pointer that moves over the drawing does not render it again. */
export const PlottedRuns = memo(function PlottedRuns({ label, runs, shown, fields, onPoint }: PlottedRunsProps) {
  const columns = [...new Map(fields.map((field) => [field.name, field])).values()];
  // Rows take longer than the drawing, and come after it.
  const [hasRows, setHasRows] = useState(false);
  useEffect(() => startTransition(() => setHasRows(true)), []);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
    <section aria-label={label} tabIndex={0} className="h-full overflow-auto border-line border-t -outline-offset-2">
      <table className="min-w-full border-collapse">
        <thead>
          <tr className="h-row text-left text-ink-muted text-sm">
            <th scope="col" className="sticky top-0 left-0 z-20 bg-page px-3 font-medium wide:px-4">
              Run
            </th>
            {columns.map((field) => (
              <th
                key={field.name}
                scope="col"
                title={field.name}
                className="sticky top-0 z-10 max-w-48 truncate bg-page px-3 text-right font-medium"
              >
                {field.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {(hasRows ? shown.slice(0, MAX_LISTED) : []).map((index) => {
            const run = runs[index]!;
            return (
              <tr
                key={run.id}
                className="group h-row border-line border-t hover:bg-hover"
                onMouseEnter={() => onPoint?.(index)}
                onMouseLeave={() => onPoint?.(undefined)}
                onFocus={() => onPoint?.(index)}
                onBlur={() => onPoint?.(undefined)}
              >
                <th
                  scope="row"
                  className="sticky left-0 max-w-40 bg-page px-3 text-left font-normal wide:px-4 group-hover:bg-hover wide:max-w-72"
                >
                  <RunLink run={run} />
                </th>
                {columns.map(({ name, values }) => (
                  <td key={name} className="max-w-48 truncate px-3 text-right">
                    <Value value={values[index]} />
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
      {shown.length > MAX_LISTED && (
        <p className="border-line border-t px-3 py-1.5 text-ink-muted wide:px-4">
          The first {MAX_LISTED} of {formatCount(shown.length)} runs are listed; all are drawn.
        </p>
      )}
    </section>
  );
});

function Value({ value }: { value: number | string | undefined }) {
  if (value === undefined) return <Dash />;
  return typeof value === "number" ? <Metric value={value} /> : <span title={value}>{value}</span>;
}

interface PlotLayoutProps {
  controls: ReactNode;
  chart: ReactNode;
  table: ReactNode;
  /** Notes on the drawing, such as runs that are missing in it. */
  note?: ReactNode;
}

/** Whether drawings stand in panels, which have no room for tables. */
export const InPanel = createContext(false);

/** How the runs of a drawing look; in a panel as the charts around it say. */
export function useLooks(runs: readonly ComparedRun[]): ReadonlyMap<string, RunStyle> {
  const isInPanel = useContext(InPanel);
  const ids = useMemo(() => runs.map(({ id }) => id), [runs]);
  const own = useRunStyles(isInPanel ? NO_IDS : ids);
  const shown = useShownStyles(isInPanel ? ids : NO_IDS);
  return isInPanel ? shown : own;
}

const NO_IDS: readonly string[] = [];

/** Controls above, the drawing, and its values below. */
export function PlotLayout({ controls, chart, table, note }: PlotLayoutProps) {
  if (useContext(InPanel)) {
    return (
      <div className="flex min-h-0 flex-1 flex-col">
        <div className="flex shrink-0 flex-wrap items-center gap-x-3 gap-y-1 px-3 pb-1">{controls}</div>
        <div className="min-h-24 flex-1 px-1">{chart}</div>
        {note !== undefined && <p className="shrink-0 px-3 pb-1 text-ink-muted text-sm">{note}</p>}
      </div>
    );
  }
  return (
    <div className="flex min-h-0 flex-1 flex-col overflow-auto">
      <div className="flex shrink-0 flex-wrap items-center gap-x-4 gap-y-1.5 px-3 py-2 wide:px-4">{controls}</div>
      <div className="min-h-[300px] flex-[3_0_300px] px-1 wide:px-2">{chart}</div>
      {note !== undefined && <p className="shrink-0 px-3 py-1 text-ink-muted text-sm wide:px-4">{note}</p>}
      <div className="min-h-[160px] flex-[2_0_160px]">{table}</div>
    </div>
  );
}

/** `3 of 40 runs are not drawn: …`, or nothing. */
export function missingNote(runs: number, drawn: number, axes: string): string | undefined {
  if (drawn === runs) return undefined;
  const left = runs - drawn;
  return `${left} of ${runs} runs ${left === 1 ? "is" : "are"} not drawn: no ${axes} that the axes can show.`;
}
