import { ArrowDown, ArrowUp, X } from "lucide-react";
import { useState } from "react";
import { IconButton } from "../../parts/button.tsx";
import { Combobox } from "../../parts/select.tsx";
import { TextField } from "../../parts/text-field.tsx";
import { Checkbox } from "../../parts/toggles.tsx";
import type { Brush, Field } from "./fields.ts";
import { logSwitch, type PlotProps } from "./plot-parts.tsx";

interface AxisListProps {
  fields: readonly Field[];
  options: readonly string[];
  brush: Brush;
  search: PlotProps["search"];
  change: PlotProps["change"];
  onBrush: (axis: string, intervals: [number, number][]) => void;
}

/** The axes in order. Each can be moved, removed and made logarithmic, and has the range that selects runs. */
export function AxisList({ fields, options, brush, search, change, onBrush }: AxisListProps) {
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

/** A brush by numbers. On an axis of words, the numbers are the positions of the words. */
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
