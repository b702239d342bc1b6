import * as z from "zod/mini";
import { optional } from "../../parts/search-fields.ts";

const end = z.nullable(z.number());

/** Kinds of panels that are no curves: what they show is made by the screen, of all its runs. */
export const PANEL_KINDS = {
  matters: "What matters",
  best: "Best so far",
  bar: "Bars",
  scatter: "Scatter",
  parallel: "Parallel coordinates",
  contour: "Contour",
  box: "Box plot",
  histogram: "Histogram",
  gantt: "Runs over time",
  table: "Table of runs",
  files: "Files and images",
} as const;

export type PanelKind = keyof typeof PANEL_KINDS;

/** A panel that a reader made, as the address and saved views hold it. */
export const panelSchema = z.object({
  id: z.string(),
  title: optional(z.string()),
  /** Place and size: column and row from 0, of twelve columns; width in columns, height in rows. */
  at: z.tuple([z.number(), z.number(), z.number(), z.number()]),
  /** The section that it is in, by its name; the first, which has none, where absent. */
  section: optional(z.string()),
  kind: optional(z.enum(Object.keys(PANEL_KINDS) as [PanelKind, ...PanelKind[]])),
  /** Of a panel with a kind: what it shows, as comparisons have it in their addresses. */
  plot: optional(z.record(z.string(), z.unknown())),
  /** Text in markdown, of a panel that is no chart. */
  text: optional(z.string()),
  /** Drawn together. */
  metrics: optional(z.array(z.string())),
  /** Drawn in place of the metrics, such as ``1 - metrics.acc``. */
  formula: optional(z.string()),
  /** `step`, `time`, `relative` or `metric:<key>`; as in all charts where absent. */
  x: optional(z.string()),
  log: optional(z.enum(["x", "y", "xy"])),
  /** Leaves values beyond the middle 98 % out of the vertical axis. */
  outliers: optional(z.boolean()),
  smoothing: optional(z.number().check(z.gte(0), z.lt(1))),
  /** Ends of the vertical axis; null for what the lines need. */
  y: optional(z.tuple([end, end])),
  /** Heights of reference lines. */
  marks: optional(z.array(z.number())),
});

export type Panel = z.infer<typeof panelSchema>;

export const COLUMNS = 12;
const SIZE = [6, 7] as const;

const KIND_SIZES: Partial<Record<PanelKind, readonly [number, number]>> = {
  ...{ matters: [6, 8], parallel: [12, 8], table: [12, 9], files: [12, 9], contour: [6, 9] },
};

/** A panel below all others of its section. */
export function newPanel(panels: readonly Panel[], of: Partial<Panel>): Panel {
  const beside = panels.filter(({ section }) => section === of.section);
  const [width, height] = (of.kind && KIND_SIZES[of.kind]) ?? SIZE;
  const bottom = Math.max(0, ...beside.map(({ at: [, row, , rows] }) => row + rows));
  const row = beside.filter(({ at }) => at[1] + at[3] === bottom);
  const right = Math.max(0, ...row.map(({ at: [column, , columns] }) => column + columns));
  const hasRoom = row.length > 0 && right + width <= COLUMNS;
  const id = crypto.getRandomValues(new Uint32Array(1))[0]!.toString(36);
  const top = hasRoom ? Math.min(...row.map(({ at }) => at[1])) : bottom;
  return { ...of, id, at: [hasRoom ? right : 0, top, width, height] };
}

/** What heads a panel that nobody named. */
export function titleOf({ title, kind, formula, metrics = [], text }: Panel): string {
  return (
    title || (kind && PANEL_KINDS[kind]) || formula || metrics.join(", ") || (text === undefined ? "No metric" : "Text")
  );
}
