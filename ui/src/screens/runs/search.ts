import * as z from "zod/mini";
import { chartSearch } from "../../charts/chart-settings.ts";
import { optional } from "../search-fields.ts";

/** The state of the table of runs that its address holds. */
export const runsSearch = z.object({
  q: optional(z.string()),
  sort: optional(z.string()),
  columns: optional(z.array(z.string())),
  ...chartSearch,
});
