import * as z from "zod/mini";
import { optional } from "../../parts/search-fields.ts";

/** The part of the experiment list's state that the address holds. */
export const experimentsSearch = z.object({
  q: optional(z.string()),
  folder: optional(z.string()),
  /** Without folders. */
  flat: optional(z.boolean()),
  /** A column, with a leading `-` for descending order: `name`, `-activity`. */
  sort: optional(z.string()),
});
