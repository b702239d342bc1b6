import * as z from "zod/mini";
import { optional } from "../../parts/search-fields.ts";

const end = z.nullable(z.number());

/** A panel that a reader made, as the address and saved views hold it. */
export const panelSchema = z.object({
  id: z.string(),
  title: optional(z.string()),
  /** Place and size: column and row from 0, of twelve columns; width in columns, height in rows. */
  at: z.tuple([z.number(), z.number(), z.number(), z.number()]),
  /** Text in markdown, of a panel that is no chart. */
  text: optional(z.string()),
  /** Drawn together. */
  metrics: optional(z.array(z.string())),
  /** Drawn in place of the metrics, such as ``1 - metrics.acc``. */
  formula: optional(z.string()),
  /** `step`, `time`, `relative` or `metric:<key>`; as in all charts where absent. */
  x: optional(z.string()),
  log: optional(z.enum(["x", "y", "xy"])),
  smoothing: optional(z.number().check(z.gte(0), z.lt(1))),
  /** Ends of the vertical axis; null for what the lines need. */
  y: optional(z.tuple([end, end])),
  /** Heights of reference lines. */
  marks: optional(z.array(z.number())),
});

export type Panel = z.infer<typeof panelSchema>;

export const COLUMNS = 12;
const SIZE = [6, 7] as const;

/** A panel below all others. */
export function newPanel(panels: readonly Panel[], of: Partial<Panel>): Panel {
  const bottom = Math.max(0, ...panels.map(({ at: [, row, , rows] }) => row + rows));
  const row = panels.filter(({ at }) => at[1] + at[3] === bottom);
  const right = Math.max(0, ...row.map(({ at: [column, , columns] }) => column + columns));
  const hasRoom = row.length > 0 && right + SIZE[0] <= COLUMNS;
  const id = crypto.getRandomValues(new Uint32Array(1))[0]!.toString(36);
  return { ...of, id, at: [hasRoom ? right : 0, hasRoom ? Math.min(...row.map(({ at }) => at[1])) : bottom, ...SIZE] };
}

/** What heads a panel that nobody named. */
export function titleOf({ title, formula, metrics = [], text }: Panel): string {
  return title || formula || metrics.join(", ") || (text === undefined ? "No metric" : "Text");
}
