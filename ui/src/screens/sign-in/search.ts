import * as z from "zod/mini";
import { optional } from "../../parts/search-fields.ts";

export const signInSearch = z.object({
  /** The page to which the reader was going: see shell/return-address.ts. */
  to: optional(z.string()),
  /** Set if the server refused a provider's answer; the server's log says why. */
  failed: optional(z.boolean()),
});
