import { useMemo } from "react";
import GridLayout, { type Layout } from "react-grid-layout";
import type { MenuEntry } from "../../parts/menu.tsx";
import { PanelCard, type PanelDrawing } from "./panel-card.tsx";
import { COLUMNS, newPanel, type Panel } from "./panel-search.ts";

const ROW_PX = 40;
const GAP_PX = 12;
const LEAST = { minW: 2, minH: 3 };
/** On a narrower page, the panels are one below the other. */
const NARROW_PX = 640;
/** The width between the margins of A4 or Letter in landscape, in px. */
const PAPER_PX = 960;

/*
 * During a drag, react-draggable adds a <style> to the page, which the page's policy refuses. It adds none if an
 * element with this id exists. base.css has the same rules.
 */
if (document.getElementById("react-draggable-style-el") === null) {
  document.head.append(Object.assign(document.createElement("meta"), { id: "react-draggable-style-el" }));
}

/** From the top and from the left, for keys, screen readers and paper. */
const inReadingOrder = (panels: readonly Panel[]): readonly Panel[] =>
  panels.toSorted(({ at: [left, top] }, { at: [otherLeft, otherTop] }) => top - otherTop || left - otherLeft);

export interface PanelGridProps extends PanelDrawing {
  /** The panels of one section. */
  panels: readonly Panel[];
  /** The width of the page, in px. */
  width: number;
  onChange: (panels: Panel[]) => void;
  onEdit: (panel: Panel) => void;
  /** The other sections, to which panels can be moved. "" is the section without a name. */
  otherSections: readonly string[];
  onSection: (panel: Panel, section: string) => void;
}

/** The panels of a section. Readers drag them by their heads, resize them at their corners, or use their menus for both. */
export function PanelGrid(props: PanelGridProps) {
  const { panels, width, onChange, onEdit, otherSections, onSection, ...drawing } = props;
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
    { label: "Edit…", onSelect: () => onEdit(panel) },
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
    ...(otherSections.length > 0
      ? [
          {
            label: "To the section",
            entries: otherSections.map((section) => ({
              label: section || "Above all sections",
              onSelect: () => onSection(panel, section),
            })),
          },
        ]
      : []),
    { label: "Duplicate", onSelect: () => onChange([...panels, newPanel(panels, panel)]) },
    { label: "Remove", onSelect: () => onChange(panels.filter(({ id }) => id !== panel.id)) },
  ];
  if (width === 0) return null;
  return (
    <GridLayout
      width={width}
      layout={layout}
      gridConfig={{ cols: COLUMNS, rowHeight: ROW_PX, margin: [GAP_PX, GAP_PX], containerPadding: [0, 0] }}
      dragConfig={{ enabled: !isNarrow, handle: ".panel-handle" }}
      resizeConfig={{ enabled: !isNarrow, handles: ["se"] }}
      onLayoutChange={onLayoutChange}
      className="panel-grid"
      style={{ "--print-zoom": Math.min(1, PAPER_PX / width) }}
    >
      {inReadingOrder(panels).map((panel) => (
        <div key={panel.id}>
          <PanelCard
            {...{ panel }}
            entries={entriesOf(panel)}
            onPlot={(plot) => onChange(panels.map((one) => (one.id === panel.id ? { ...one, plot } : one)))}
            {...drawing}
          />
        </div>
      ))}
    </GridLayout>
  );
}
