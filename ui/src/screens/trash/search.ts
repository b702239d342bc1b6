import * as z from "zod/mini";
import { optional } from "../../parts/search-fields.ts";

/** The state of the trash that its address holds. */
export const trashSearch = z.object({
  kind: optional(z.enum(["run", "experiment", "logged_model"])),
});
