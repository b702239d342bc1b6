import { Columns3 } from "lucide-react";
import { useState } from "react";
import { spell } from "../../api/field-spelling.ts";
import type { DistinctKey, DistinctKeys } from "../../api/keys.ts";
import { Button, ButtonWords } from "../../parts/button.tsx";
import { formatCount } from "../../parts/format.ts";
import { Popover } from "../../parts/popover.tsx";
import { SearchField } from "../../parts/text-field.tsx";
import { Checkbox, Switch } from "../../parts/toggles.tsx";
import { ATTRIBUTES, METRIC_VALUES, spellValue } from "./run-columns.ts";

interface ColumnChooserProps {
  keys: DistinctKeys | undefined;
  columns: readonly string[];
  onChange: (columns: string[]) => void;
  onReset: () => void;
  isDiff: boolean;
  onDiff: (isOn: boolean) => void;
}

/** The most keys of a kind that the list shows; the search finds the others. Thousands of checkboxes would open slowly. */
const MAX_LISTED = 100;

export function ColumnChooser({ keys, columns, onChange, onReset, isDiff, onDiff }: ColumnChooserProps) {
  const [words, setWords] = useState("");
  const has = new Set(columns);
  const set = (spelling: string, isOn: boolean): void => {
    onChange(isOn ? [...columns, spelling] : columns.filter((column) => column !== spelling));
  };
  const found = (all: readonly DistinctKey[]): readonly DistinctKey[] =>
    all.filter(({ key }) => key.toLowerCase().includes(words.toLowerCase()));
  const setAll = (spellings: readonly string[], isOn: boolean): void => {
    const chosen = new Set(spellings);
    onChange(isOn ? [...new Set([...columns, ...spellings])] : columns.filter((column) => !chosen.has(column)));
  };
  const title = (text: string, spellings: readonly string[]) => {
    const isAll = spellings.every((spelling) => has.has(spelling));
    return (
      <div className="flex items-center justify-between gap-2 pt-2">
        <h3 className="font-medium text-ink-muted text-sm">{text}</h3>
        <Button kind="quiet" onClick={() => setAll(spellings, !isAll)}>
          {isAll ? "Hide all" : "Show all"}
          <span className="sr-only">{text.toLowerCase()}</span>
        </Button>
      </div>
    );
  };
  const metrics = found(keys?.metrics ?? []);
  const sections = [
    { kind: "param", title: "Parameters", keys: found(keys?.params ?? []) },
    { kind: "tag", title: "Tags", keys: found(keys?.tags ?? []) },
  ] as const;
  const attributes = Object.entries(ATTRIBUTES).filter(([, { label }]) =>
    label.toLowerCase().includes(words.toLowerCase()),
  );
  return (
    <Popover
      title="Columns"
      isTitleHidden
      align="end"
      trigger={
        <Button icon={<Columns3 size={14} aria-hidden />}>
          <ButtonWords>Columns</ButtonWords>
        </Button>
      }
      className="flex max-h-[70vh] w-[380px] max-w-[calc(100vw-24px)] flex-col gap-2"
    >
      <SearchField label="Find a column" value={words} onValueChange={setWords} />
      <div className="flex items-center justify-between gap-2">
        <Switch label="Only columns that differ" isOn={isDiff} onChange={onDiff} />
        <Button kind="quiet" onClick={onReset}>
          Reset
        </Button>
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto">
        {metrics.length > 0 &&
          title(
            "Metrics",
            metrics.map(({ key }) => spell("metric", key)),
          )}
        {metrics.slice(0, MAX_LISTED).map(({ key }) => (
          <div key={key} className="flex min-h-7 flex-wrap items-center gap-x-3">
            <span className="min-w-0 flex-1 truncate" title={key}>
              {key}
            </span>
            {METRIC_VALUES.map((value) => {
              const spelling = spellValue(key, value);
              return (
                <label key={value} className="flex items-center gap-1 text-ink-muted text-sm">
                  <input
                    type="checkbox"
                    aria-label={`${value} ${key}`}
                    checked={has.has(spelling)}
                    onChange={(event) => set(spelling, event.target.checked)}
                    className="size-3.5 accent-accent"
                  />
                  {value}
                </label>
              );
            })}
          </div>
        ))}
        <MoreKeys of={metrics.length} />
        {sections.map(
          ({ kind, title: text, keys: listed }) =>
            listed.length > 0 && (
              <div key={kind}>
                {title(
                  text,
                  listed.map(({ key }) => spell(kind, key)),
                )}
                {listed.slice(0, MAX_LISTED).map(({ key }) => (
                  <Choice
                    key={key}
                    label={key}
                    isOn={has.has(spell(kind, key))}
                    onChange={(isOn) => set(spell(kind, key), isOn)}
                  />
                ))}
                <MoreKeys of={listed.length} />
              </div>
            ),
        )}
        {attributes.length > 0 &&
          title(
            "Attributes",
            attributes.map(([spelling]) => spelling),
          )}
        {attributes.map(([spelling, { label }]) => (
          <Choice key={spelling} label={label} isOn={has.has(spelling)} onChange={(isOn) => set(spelling, isOn)} />
        ))}
      </div>
    </Popover>
  );
}

function MoreKeys({ of }: { of: number }) {
  if (of <= MAX_LISTED) return null;
  return <p className="py-1 text-ink-muted text-sm">{formatCount(of - MAX_LISTED)} more are found by their names.</p>;
}

function Choice({ label, isOn, onChange }: { label: string; isOn: boolean; onChange: (isOn: boolean) => void }) {
  return (
    <div className="flex min-h-7 items-center">
      <Checkbox label={label} isOn={isOn} onChange={onChange} />
    </div>
  );
}
