import * as z from "zod/mini";
import { optional } from "../../parts/search-fields.ts";

export const signInSearch = z.object({
  /** Where the reader was going: see shell/return-address.ts. */
  to: optional(z.string()),
  /** A provider's answer was refused; the server's log says why. */
  failed: optional(z.boolean()),
});
