import * as z from "zod/mini";
import { optional } from "../../parts/search-fields.ts";

/** The state of the list of experiments that its address holds. */
export const experimentsSearch = z.object({
  q: optional(z.string()),
  view: optional(z.enum(["active", "deleted"])),
  folder: optional(z.string()),
  /** Without folders. */
  flat: optional(z.boolean()),
  /** A column, with `-` before it the other way round: `name`, `-activity`. */
  sort: optional(z.string()),
});
