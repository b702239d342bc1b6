import { useState } from "react";
import type { SeriesX } from "../../api/series.ts";
import { FormDialog } from "../../parts/dialog.tsx";
import { Combobox, Select } from "../../parts/select.tsx";
import { TextArea, TextField } from "../../parts/text-field.tsx";
import { Switch } from "../../parts/toggles.tsx";
import { readX, writeX, X_UNITS, xName } from "../axes.ts";
import { isSeriesX } from "../chart-search.ts";
import { SMOOTHING_KINDS } from "../smoothing.ts";
import { readFormula } from "./formula.ts";
import { ChosenList, EndsFields, type EndTexts, endsOf, numberOf, textsOf } from "./panel-fields.tsx";
import { DRAWN_ENDS, type Panel, plotEnds } from "./panel-search.ts";

interface PanelDialogProps {
  panel: Panel;
  isNew: boolean;
  metricKeys: readonly string[];
  /** The horizontal axis of all charts. */
  allX: SeriesX;
  /** Params and tags by which the panel can have its own groups. Undefined on pages of one run. */
  groupable: readonly string[] | undefined;
  onSave: (panel: Panel) => void;
  onClose: () => void;
}

function mistakeIn(formula: string): string | undefined {
  if (formula.trim() === "") return undefined;
  try {
    readFormula(formula);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const AS_ALL = "As in all charts";
const EVERY_RUN = "Every run";
const BY_GROUP = "Means of groups";

const NONE: readonly string[] = [];

/** The dialog for the content of a panel. */
export function PanelDialog({ panel, isNew, metricKeys, allX, groupable, onSave, onClose }: PanelDialogProps) {
  const [draft, setDraft] = useState(panel);
  const drawnEnds = panel.kind && DRAWN_ENDS[panel.kind];
  const inPlot = plotEnds.parse(panel.plot ?? {});
  const [ends, setEnds] = useState<EndTexts>(() => textsOf(drawnEnds ? inPlot.yEnds : panel.y));
  const x = isSeriesX(draft.x) ? draft.x : allX;
  const [xEnds, setXEnds] = useState<EndTexts>(() =>
    drawnEnds ? textsOf(inPlot.xEnds) : [writeX(x, panel.xEnds?.[0]), writeX(x, panel.xEnds?.[1])],
  );
  const [marks, setMarks] = useState((panel.marks ?? []).join(", "));
  const [isGrouped, setGrouped] = useState((panel.group?.length ?? 0) > 0);
  const edit = (patch: Partial<Panel>): void => setDraft((old) => ({ ...old, ...patch }));
  const { metrics = [], formula = "", text, log = "" } = draft;
  const mistake = mistakeIn(formula);
  const fields = [...new Set([...(draft.group ?? []), ...(groupable ?? [])])];
  const isText = text !== undefined;
  const isDrawing = draft.kind !== undefined;
  const xs = new Map<string, string>([
    [AS_ALL, ""],
    ...(["step", "time", "relative"] as const).map((x): [string, string] => [xName(x), x]),
    ...metricKeys.map((key): [string, string] => [`metric ${key}`, `metric:${key}`]),
  ]);
  const setLog = (x: boolean, y: boolean): void => edit({ log: x ? (y ? "xy" : "x") : y ? "y" : undefined });
  const save = (): void => {
    if (isDrawing) {
      const chosen = { xEnds: endsOf(xEnds), yEnds: endsOf(ends) };
      const plot = JSON.parse(JSON.stringify({ ...draft.plot, ...(drawnEnds && chosen) })) as Panel["plot"];
      onSave({ ...draft, title: draft.title?.trim() || undefined, plot });
      return;
    }
    const chosen = endsOf(xEnds, (text) => readX(x, text));
    const heights = marks.split(/[,;\s]+/).flatMap((part) => (part === "" ? [] : (numberOf(part) ?? [])));
    onSave({
      ...draft,
      title: draft.title?.trim() || undefined,
      formula: formula.trim() || undefined,
      // The ends belong to one axis.
      x: chosen === undefined ? draft.x : x,
      xEnds: chosen,
      y: endsOf(ends),
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
        <>
          <p className="text-ink-muted">What it shows is chosen in the panel itself.</p>
          {drawnEnds && (
            <div className="grid grid-cols-1 gap-3 wide:grid-cols-2">
              {drawnEnds === "xy" && <EndsFields axis="Horizontal" ends={xEnds} onChange={setXEnds} />}
              <EndsFields axis="Vertical" ends={ends} onChange={setEnds} />
            </div>
          )}
        </>
      ) : isText ? (
        <TextArea label="Text, in markdown" value={text} onValueChange={(next) => edit({ text: next })} rows={10} />
      ) : (
        <>
          <div className="flex flex-col gap-1">
            <span className="font-medium">Metrics</span>
            <ChosenList
              label="Chosen metrics"
              addLabel="Add a metric"
              chosen={metrics}
              options={metricKeys}
              onChange={(next) => edit({ metrics: next })}
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
                value={[...xs].find(([, x]) => x === (draft.x ?? ""))?.[0] ?? AS_ALL}
                options={[...xs.keys()]}
                onValueChange={(name) => {
                  edit({ x: (name !== null && xs.get(name)) || undefined });
                  setXEnds(["", ""]);
                }}
              />
            </div>
            {groupable !== undefined && (
              <div className="flex flex-col gap-1">
                <span className="font-medium">Lines</span>
                <Select
                  label="Lines of the panel"
                  value={isGrouped ? BY_GROUP : draft.group === undefined ? AS_ALL : EVERY_RUN}
                  options={[AS_ALL, EVERY_RUN, ...(fields.length > 0 ? [BY_GROUP] : [])].map((value) => ({
                    value,
                    label: value,
                  }))}
                  onValueChange={(lines) => {
                    setGrouped(lines === BY_GROUP);
                    edit({ group: lines === EVERY_RUN ? [] : undefined });
                  }}
                />
                {isGrouped && (
                  <ChosenList
                    label="Params and tags of the groups"
                    addLabel="Add a param or a tag"
                    chosen={draft.group ?? NONE}
                    options={fields}
                    onChange={(group) => edit({ group: group.length > 0 ? group : undefined })}
                  />
                )}
              </div>
            )}
            <EndsFields axis="Horizontal" ends={xEnds} onChange={setXEnds} hint={X_UNITS[x]} />
            <EndsFields axis="Vertical" ends={ends} onChange={setEnds} />
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
            <div className="flex flex-col gap-1">
              <span className="font-medium">Kind of smoothing</span>
              <Select
                label="Kind of smoothing of the panel"
                value={draft.smoothingKind ?? ""}
                onValueChange={(kind) => edit({ smoothingKind: kind === "" ? undefined : kind })}
                options={[{ value: "", label: AS_ALL }, ...SMOOTHING_KINDS]}
              />
            </div>
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
