import * as z from "zod/mini";
import { optional } from "../../parts/search-fields.ts";

/** The state of the list of prompts that its address holds. */
export const promptsSearch = z.object({ q: optional(z.string()) });

/** The state of a prompt's page that its address holds. */
export const promptSearch = z.object({
  /** The shown version. The default is the latest version. */
  version: optional(z.coerce.string()),
  /** The version to compare with. */
  with: optional(z.coerce.string()),
});
