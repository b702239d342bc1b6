import * as z from "zod/mini";
import { chartSearch } from "../../charts/chart-search.ts";
import { optional } from "../../parts/search-fields.ts";
import { artifactSearch } from "../artifacts/search.ts";

/** The state of a run's page that its address holds. */
export const runSearch = z.object({
  tab: optional(z.enum(["overview", "charts", "system", "artifacts"])),
  /** The ids of other runs whose images are shown beside this run's, with commas between. */
  runs: optional(z.string()),
  /** The search texts for metrics and for params. */
  mq: optional(z.string()),
  pq: optional(z.string()),
  /** The metrics' order: a column, with `-` before it descending. */
  sort: optional(z.string()),
  ...artifactSearch,
  ...chartSearch,
});
