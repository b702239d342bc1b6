import * as z from "zod/mini";
import { optional } from "../search-fields.ts";

/** The state of a comparison that its address holds. */
export const compareSearch = z.object({
  runs: optional(z.array(z.string())),
  view: optional(z.enum(["table", "parallel", "scatter", "contour", "box"])),
});
