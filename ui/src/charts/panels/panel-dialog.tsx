import { X } from "lucide-react";
import { useState } from "react";
import { FormDialog } from "../../parts/dialog.tsx";
import { Combobox } from "../../parts/select.tsx";
import { TextArea, TextField } from "../../parts/text-field.tsx";
import { Switch } from "../../parts/toggles.tsx";
import { xName } from "../axes.ts";
import { readFormula } from "./formula.ts";
import type { Panel } from "./panel-search.ts";

interface PanelDialogProps {
  panel: Panel;
  isNew: boolean;
  metricKeys: readonly string[];
  onSave: (panel: Panel) => void;
  onClose: () => void;
}

const numberOf = (text: string): number | null =>
  text.trim() === "" || !Number.isFinite(Number(text)) ? null : Number(text);

function mistakeIn(formula: string): string | undefined {
  if (formula.trim() === "") return undefined;
  try {
    readFormula(formula);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The dialog for the content of a panel. */
export function PanelDialog({ panel, isNew, metricKeys, onSave, onClose }: PanelDialogProps) {
  const [draft, setDraft] = useState(panel);
  const [ends, setEnds] = useState<[string, string]>([String(panel.y?.[0] ?? ""), String(panel.y?.[1] ?? "")]);
  const [marks, setMarks] = useState((panel.marks ?? []).join(", "));
  const edit = (patch: Partial<Panel>): void => setDraft((old) => ({ ...old, ...patch }));
  const { metrics = [], formula = "", text, log = "" } = draft;
  const mistake = mistakeIn(formula);
  const isText = text !== undefined;
  const isDrawing = draft.kind !== undefined;
  const xs = new Map<string, string>([
    ["As in all charts", ""],
    ...(["step", "time", "relative"] as const).map((x): [string, string] => [xName(x), x]),
    ...metricKeys.map((key): [string, string] => [`metric ${key}`, `metric:${key}`]),
  ]);
  const setLog = (x: boolean, y: boolean): void => edit({ log: x ? (y ? "xy" : "x") : y ? "y" : undefined });
  const save = (): void => {
    const y: [number | null, number | null] = [numberOf(ends[0]), numberOf(ends[1])];
    const heights = marks.split(/[,;\s]+/).flatMap((part) => (part === "" ? [] : (numberOf(part) ?? [])));
    onSave({
      ...draft,
      title: draft.title?.trim() || undefined,
      formula: formula.trim() || undefined,
      y: y[0] === null && y[1] === null ? undefined : y,
      marks: heights.length > 0 ? heights : undefined,
    });
  };
  return (
    <FormDialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={isNew ? "New panel" : "Edit panel"}
      width="medium"
      submitLabel={isNew ? "Add" : "Save"}
      canSubmit={
        isDrawing ||
        (isText ? text.trim() !== "" : mistake === undefined && (metrics.length > 0 || formula.trim() !== ""))
      }
      onSubmit={async () => save()}
    >
      <TextField
        label="Title"
        value={draft.title ?? ""}
        onValueChange={(title) => edit({ title })}
        hint="Without one the panel is called by what it shows."
      />
      {isDrawing ? (
        <p className="text-ink-muted">What it shows is chosen in the panel itself.</p>
      ) : isText ? (
        <TextArea label="Text, in markdown" value={text} onValueChange={(next) => edit({ text: next })} rows={10} />
      ) : (
        <>
          <div className="flex flex-col gap-1">
            <span className="font-medium">Metrics</span>
            {metrics.length > 0 && (
              <ul className="flex flex-wrap gap-1" aria-label="Chosen metrics">
                {metrics.map((metric) => (
                  <li key={metric} className="flex items-center gap-1 rounded border border-line bg-surface pl-2">
                    {metric}
                    <button
                      type="button"
                      aria-label={`Leave ${metric} out`}
                      className="flex size-6 items-center justify-center rounded-sm text-ink-muted hover:text-ink"
                      onClick={() => edit({ metrics: metrics.filter((one) => one !== metric) })}
                    >
                      <X size={12} aria-hidden />
                    </button>
                  </li>
                ))}
              </ul>
            )}
            <Combobox
              key={metrics.join()}
              label="Add a metric"
              placeholder="Add a metric"
              value={null}
              options={metricKeys.filter((key) => !metrics.includes(key))}
              onValueChange={(key) => key !== null && edit({ metrics: [...metrics, key] })}
            />
          </div>
          <TextField
            label="Formula"
            value={formula}
            onValueChange={(next) => edit({ formula: next })}
            error={mistake}
            hint="In place of the metrics: 1 - metrics.acc, or metrics.`val/loss` / metrics.`train/loss`."
          />
          <div className="grid grid-cols-1 gap-3 wide:grid-cols-2">
            <div className="flex flex-col gap-1">
              <span className="font-medium">Horizontal axis</span>
              <Combobox
                label="Horizontal axis of the panel"
                value={[...xs].find(([, x]) => x === (draft.x ?? ""))?.[0] ?? "As in all charts"}
                options={[...xs.keys()]}
                onValueChange={(name) => edit({ x: (name !== null && xs.get(name)) || undefined })}
              />
            </div>
            <label className="flex flex-col gap-1">
              <span className="font-medium">
                Smoothing {draft.smoothing === undefined ? "as in all charts" : draft.smoothing.toFixed(2)}
              </span>
              <input
                type="range"
                min={0}
                max={0.99}
                step={0.01}
                value={draft.smoothing ?? 0}
                onChange={(event) => edit({ smoothing: Number(event.target.value) })}
                className="h-7 accent-accent"
              />
            </label>
            <TextField
              label="Vertical axis from"
              inputMode="decimal"
              value={ends[0]}
              onValueChange={(from) => setEnds([from, ends[1]])}
            />
            <TextField label="to" inputMode="decimal" value={ends[1]} onValueChange={(to) => setEnds([ends[0], to])} />
            <Switch
              label="Logarithmic horizontal axis"
              isOn={log.includes("x")}
              onChange={(isOn) => setLog(isOn, log.includes("y"))}
            />
            <Switch
              label="Logarithmic vertical axis"
              isOn={log.includes("y")}
              onChange={(isOn) => setLog(log.includes("x"), isOn)}
            />
            <Switch
              label="Leave outliers out of the vertical axis"
              isOn={draft.outliers ?? false}
              onChange={(isOn) => edit({ outliers: isOn || undefined })}
            />
          </div>
          <TextField
            label="Reference lines"
            value={marks}
            onValueChange={setMarks}
            hint="Heights, apart by commas: 0.9, 0.95"
          />
        </>
      )}
    </FormDialog>
  );
}
