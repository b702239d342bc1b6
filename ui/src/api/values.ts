import { queryOptions, skipToken } from "@tanstack/react-query";
import { readRunTable } from "./run-table.ts";

/** The number of newest runs whose values are offered. */
const MAX_RUNS = 1000;
/** A text longer than this is no word to be chosen. */
const MAX_LENGTH = 80;

const STATUSES = ["RUNNING", "FINISHED", "FAILED", "KILLED", "SCHEDULED"];

/** The values of a param, a tag or an attribute, as a filter names it: the most frequent first. */
export const valuesQuery = (experimentIds: readonly string[], field: string | undefined) =>
  queryOptions({
    queryKey: ["runs", "values", experimentIds, field],
    queryFn:
      field === undefined || /^metrics?\./.test(field) ? skipToken : ({ signal }) => read(experimentIds, field, signal),
    staleTime: 60_000,
  });

async function read(experimentIds: readonly string[], field: string, signal: AbortSignal): Promise<string[]> {
  if (/^(attributes?\.)?status$/.test(field)) return STATUSES;
  const { columns } = await readRunTable(
    { experiment_ids: [...experimentIds], columns: [field], max_results: MAX_RUNS },
    signal,
  );
  const counts = new Map<string, number>();
  for (const cell of columns[field] ?? []) {
    if (cell === null || String(cell).length > MAX_LENGTH) continue;
    counts.set(String(cell), (counts.get(String(cell)) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a).map(([value]) => value);
}
