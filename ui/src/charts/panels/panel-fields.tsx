import { X } from "lucide-react";
import { Combobox } from "../../parts/select.tsx";
import { TextField } from "../../parts/text-field.tsx";
import type { Ends } from "../axes.ts";

export const numberOf = (text: string): number | null =>
  text.trim() === "" || !Number.isFinite(Number(text)) ? null : Number(text);

export type EndTexts = [from: string, to: string];

export const textsOf = ([from, to]: Ends = [null, null]): EndTexts => [String(from ?? ""), String(to ?? "")];

/** The ends that two fields name; undefined if both are empty. */
export function endsOf([from, to]: EndTexts, read = numberOf): [number | null, number | null] | undefined {
  const ends: [number | null, number | null] = [read(from), read(to)];
  return ends[0] === null && ends[1] === null ? undefined : ends;
}

interface EndsFieldsProps {
  axis: "Horizontal" | "Vertical";
  ends: EndTexts;
  onChange: (ends: EndTexts) => void;
  /** The unit. */
  hint?: string | undefined;
}

/** The ends of an axis, for a reader who does not want the values to decide. */
export function EndsFields({ axis, ends: [from, to], onChange, hint }: EndsFieldsProps) {
  const shared = { hint, placeholder: "As the values are" };
  return (
    <>
      <TextField {...shared} label={`${axis} axis from`} value={from} onValueChange={(next) => onChange([next, to])} />
      <TextField {...shared} label={`${axis} axis to`} value={to} onValueChange={(next) => onChange([from, next])} />
    </>
  );
}

interface ChosenListProps {
  /** What the list has, such as "Chosen metrics". */
  label: string;
  /** The label of the field that adds one. */
  addLabel: string;
  chosen: readonly string[];
  options: readonly string[];
  onChange: (chosen: string[]) => void;
}

/** Several of many names, which a reader adds and leaves out. */
export function ChosenList({ label, addLabel, chosen, options, onChange }: ChosenListProps) {
  return (
    <>
      {chosen.length > 0 && (
        <ul className="flex flex-wrap gap-1" aria-label={label}>
          {chosen.map((name) => (
            <li key={name} className="flex min-w-0 items-center gap-1 rounded border border-line bg-surface pl-2">
              <span className="min-w-0 truncate" title={name}>
                {name}
              </span>
              <button
                type="button"
                aria-label={`Leave ${name} out`}
                className="flex size-6 shrink-0 items-center justify-center rounded-sm text-ink-muted hover:text-ink"
                onClick={() => onChange(chosen.filter((one) => one !== name))}
              >
                <X size={12} aria-hidden />
              </button>
            </li>
          ))}
        </ul>
      )}
      <Combobox
        key={chosen.join()}
        label={addLabel}
        value={null}
        options={options.filter((name) => !chosen.includes(name))}
        onValueChange={(name) => name !== null && onChange([...chosen, name])}
      />
    </>
  );
}
