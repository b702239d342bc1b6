import * as z from "zod/mini";
import { optional } from "../../parts/search-fields.ts";

export const auditSearch = z.object({
  /** Who did it. */
  by: optional(z.string()),
  action: optional(z.string()),
  /** The id or name of what it was done to. */
  to: optional(z.string()),
});
