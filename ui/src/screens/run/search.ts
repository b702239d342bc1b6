import * as z from "zod/mini";
import { chartSearch } from "../../charts/chart-search.ts";
import { optional } from "../../parts/search-fields.ts";
import { artifactSearch } from "../artifacts/search.ts";

/** The state of a run's page that its address holds. */
export const runSearch = z.object({
  tab: optional(z.enum(["overview", "charts", "system", "artifacts"])),
  /** Other runs whose images of the same name are shown beside this one's, their ids apart by commas. */
  runs: optional(z.string()),
  /** What is searched for among metrics, and among parameters. */
  mq: optional(z.string()),
  pq: optional(z.string()),
  /** The metrics' order: a column, with `-` before it descending. */
  sort: optional(z.string()),
  ...artifactSearch,
  ...chartSearch,
});
