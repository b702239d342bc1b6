import { useMemo, useState } from "react";
import GridLayout, { type Layout } from "react-grid-layout";
import type { MenuEntry } from "../../parts/menu.tsx";
import { PanelCard, type PanelDrawing } from "./panel-card.tsx";
import { PanelDialog } from "./panel-dialog.tsx";
import { COLUMNS, newPanel, type Panel } from "./panel-search.ts";

const ROW_PX = 40;
const GAP_PX = 12;
const LEAST = { minW: 2, minH: 3 };
/** A narrower page has the panels one below the other. */
const NARROW_PX = 640;

/*
 * react-draggable writes a <style> into the page while something is dragged, which the page's policy refuses, unless there
 * is one by this name already. What it would say is in base.css.
 */
if (document.getElementById("react-draggable-style-el") === null) {
  document.head.append(Object.assign(document.createElement("meta"), { id: "react-draggable-style-el" }));
}

export interface PanelGridProps extends PanelDrawing {
  panels: readonly Panel[];
  /** Of the page, in px. */
  width: number;
  metricKeys: readonly string[];
  onChange: (panels: Panel[]) => void;
  /** A panel that is being made. */
  draft: Panel | undefined;
  onDraftEnd: () => void;
}

/** Panels that readers made: dragged by their heads, resized at their corners, and both by their menus. */
export function PanelGrid({ panels, width, metricKeys, onChange, draft, onDraftEnd, ...drawing }: PanelGridProps) {
  const [edited, setEdited] = useState<Panel>();
  const isNarrow = width < NARROW_PX;
  const layout = useMemo(
    (): Layout =>
      panels.map(({ id, at: [x, y, w, h] }) =>
        isNarrow ? { i: id, x: 0, y, w: COLUMNS, h } : { i: id, x, y, w, h, ...LEAST },
      ),
    [panels, isNarrow],
  );
  const onLayoutChange = (next: Layout): void => {
    if (isNarrow) return;
    const places = new Map(next.map(({ i, x, y, w, h }) => [i, [x, y, w, h] as Panel["at"]]));
    const moved = panels.map((panel) => ({ ...panel, at: places.get(panel.id) ?? panel.at }));
    if (moved.some(({ at }, index) => String(at) !== String(panels[index]!.at))) onChange(moved);
  };
  const place = (panel: Panel, by: readonly [number, number, number, number]): void => {
    const [x, y, w, h] = panel.at.map((value, index) => value + by[index]!) as Panel["at"];
    const wide = Math.min(COLUMNS, Math.max(LEAST.minW, w));
    const at: Panel["at"] = [Math.min(COLUMNS - wide, Math.max(0, x)), Math.max(0, y), wide, Math.max(LEAST.minH, h)];
    onChange(panels.map((one) => (one.id === panel.id ? { ...one, at } : one)));
  };
  const entriesOf = (panel: Panel): MenuEntry[] => [
    { label: "Edit…", onSelect: () => setEdited(panel) },
    {
      label: "Move and size",
      entries: [
        { label: "To the left", onSelect: () => place(panel, [-1, 0, 0, 0]) },
        { label: "To the right", onSelect: () => place(panel, [1, 0, 0, 0]) },
        { label: "Up", onSelect: () => place(panel, [0, -panel.at[3], 0, 0]) },
        { label: "Down", onSelect: () => place(panel, [0, panel.at[3], 0, 0]) },
        { label: "Wider", onSelect: () => place(panel, [0, 0, 1, 0]) },
        { label: "Narrower", onSelect: () => place(panel, [0, 0, -1, 0]) },
        { label: "Taller", onSelect: () => place(panel, [0, 0, 0, 1]) },
        { label: "Lower", onSelect: () => place(panel, [0, 0, 0, -1]) },
      ],
    },
    { label: "Duplicate", onSelect: () => onChange([...panels, newPanel(panels, panel)]) },
    { label: "Remove", onSelect: () => onChange(panels.filter(({ id }) => id !== panel.id)) },
  ];
  const open = edited ?? draft;
  return (
    <>
      {panels.length > 0 && width > 0 && (
        <GridLayout
          width={width}
          layout={layout}
          gridConfig={{ cols: COLUMNS, rowHeight: ROW_PX, margin: [GAP_PX, GAP_PX], containerPadding: [0, 0] }}
          dragConfig={{ enabled: !isNarrow, handle: ".panel-handle" }}
          resizeConfig={{ enabled: !isNarrow, handles: ["se"] }}
          onLayoutChange={onLayoutChange}
          className="panel-grid"
        >
          {panels.map((panel) => (
            <div key={panel.id}>
              <PanelCard {...{ panel }} entries={entriesOf(panel)} {...drawing} />
            </div>
          ))}
        </GridLayout>
      )}
      {open !== undefined && (
        <PanelDialog
          panel={open}
          isNew={edited === undefined}
          metricKeys={metricKeys}
          onSave={(panel) =>
            onChange(
              edited === undefined ? [...panels, panel] : panels.map((one) => (one.id === panel.id ? panel : one)),
            )
          }
          onClose={() => {
            setEdited(undefined);
            onDraftEnd();
          }}
        />
      )}
    </>
  );
}
