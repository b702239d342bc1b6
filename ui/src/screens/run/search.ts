import * as z from "zod/mini";
import { chartSearch } from "../../charts/chart-settings.ts";
import { optional } from "../search-fields.ts";

/** The state of a run's page that its address holds. */
export const runSearch = z.object({
  tab: optional(z.enum(["overview", "charts", "system", "artifacts"])),
  path: optional(z.string()),
  ...chartSearch,
});
