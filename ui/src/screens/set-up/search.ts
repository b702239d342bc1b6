import * as z from "zod/mini";
import { optional } from "../../parts/search-fields.ts";

export const setUpSearch = z.object({
  /** The token that the server printed. */
  token: optional(z.string()),
});
