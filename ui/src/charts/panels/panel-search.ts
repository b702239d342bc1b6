import * as z from "zod/mini";
import { optional } from "../../parts/search-fields.ts";

const end = z.nullable(z.number());

/** Kinds of panels without curves. The screen draws them for all its runs. */
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
  files: "Files, images and media",
} as const;

export type PanelKind = keyof typeof PANEL_KINDS;

/** The drawings whose axes can have other ends: both, or the vertical one. The ends are in `plot`. */
export const DRAWN_ENDS: Partial<Record<PanelKind, "xy" | "y">> = {
  ...{ scatter: "xy", contour: "xy", histogram: "xy", bar: "y", box: "y", best: "y" },
};

/** The ends of a drawing's axes, which are a part of `plot`. */
export const plotEnds = z.object({ xEnds: optional(z.tuple([end, end])), yEnds: optional(z.tuple([end, end])) });

/** A panel that a reader made, as the address and saved views hold it. */
export const panelSchema = z.object({
  id: z.string(),
  title: optional(z.string()),
  /** Position and size: column (of twelve) and row from 0; width in columns, height in rows. */
  at: z.tuple([z.number(), z.number(), z.number(), z.number()]),
  /** The name of the panel's section. Without a name the panel is in the first section. */
  section: optional(z.string()),
  kind: optional(z.enum(Object.keys(PANEL_KINDS) as [PanelKind, ...PanelKind[]])),
  /** For a panel with a kind: its settings, as the address of a comparison has them. */
  plot: optional(z.record(z.string(), z.unknown())),
  /** The markdown of a panel with text. */
  text: optional(z.string()),
  /** Metrics that the panel draws together. */
  metrics: optional(z.array(z.string())),
  /** A formula that the panel draws instead of the metrics, such as ``1 - metrics.acc``. */
  formula: optional(z.string()),
  /** `step`, `time`, `relative` or `metric:<key>`. The default is the axis of all charts. */
  x: optional(z.string()),
  log: optional(z.enum(["x", "y", "xy"])),
  /** Leaves values beyond the middle 98 % out of the vertical axis. */
  outliers: optional(z.boolean()),
  smoothing: optional(z.number().check(z.gte(0), z.lt(1))),
  smoothingKind: optional(z.enum(["exponential", "mean", "gaussian", "median"])),
  /** The ends of the axes. If an end is null, the lines decide. Those of times are in ms. */
  xEnds: optional(z.tuple([end, end])),
  y: optional(z.tuple([end, end])),
  /** Params and tags whose values make the panel's own groups; an empty list draws each run. The default is as all charts. */
  group: optional(z.array(z.string())),
  /** The heights of reference lines. */
  marks: optional(z.array(z.number())),
});

export type Panel = z.infer<typeof panelSchema>;

export const COLUMNS = 12;
const SIZE = [6, 7] as const;

const KIND_SIZES: Partial<Record<PanelKind, readonly [number, number]>> = {
  ...{ matters: [6, 8], parallel: [12, 8], table: [12, 9], files: [12, 9], contour: [6, 9] },
};

/** The position below all other panels of the section. */
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

/** The title of a panel without a name. */
export function titleOf({ title, kind, formula, metrics = [], text }: Panel): string {
  return (
    title || (kind && PANEL_KINDS[kind]) || formula || metrics.join(", ") || (text === undefined ? "No metric" : "Text")
  );
}
