import type { Cell, RunTable } from "../../../../ui/src/api/run-table.ts";
import { type RunRow, rowsOf } from "../../../../ui/src/screens/runs/run-rows.ts";

/** Runs whose names are their ids. `child<parent` makes a child. */
export function rows(names: readonly string[], columns: Record<string, Cell[]> = {}): RunRow[] {
  const [ids, parents] = [0, 1].map((part) => names.map((name) => name.split("<")[part] ?? null));
  const table: RunTable = {
    is_exact: true,
    runs: {
      run_id: ids as string[],
      experiment_id: names.map(() => "1"),
      run_name: ids as string[],
      status: names.map(() => "FINISHED"),
      lifecycle_stage: names.map(() => "active"),
      start_time: names.map(() => 1_000),
      end_time: names.map(() => 3_500),
      last_metric_time: names.map(() => null),
      user_id: names.map(() => "ann"),
      parent_run_id: parents!,
      run_colour: names.map(() => null),
      source_name: names.map(() => null),
    },
    columns,
  };
  return rowsOf(table);
}
