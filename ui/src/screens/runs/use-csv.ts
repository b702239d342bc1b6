import type { TableSearch } from "../../api/run-table.ts";
import { say, sayFailed } from "../../parts/toast.tsx";
import type { Query } from "./filter-words.ts";
import type { RunColumn } from "./run-columns.ts";
import type { RunRow } from "./run-rows.ts";

interface CsvOptions {
  table: Omit<TableSearch, "columns">;
  /** The rows that the table lists, and its columns. */
  runs: readonly RunRow[];
  columns: readonly RunColumn[];
  query: Query;
}

/** Makes the browser save the runs: as the table shows them, or with every column that they have. */
export function useCsv({ table, runs, columns, query }: CsvOptions) {
  const name = `runs-${table.experiment_ids.join("-").slice(0, 60)}.csv`;
  const download = async (): Promise<void> => {
    const { downloadCsv } = await import("./runs-csv.ts");
    downloadCsv(name, runs, columns);
  };
  const downloadAll = async (): Promise<void> => {
    say("Reading every column…");
    const { downloadCsv, readAllColumns } = await import("./runs-csv.ts");
    const all = await readAllColumns({ ...table, columns: [] });
    const listed = query.kind === "name" ? all.rows.filter((row) => query.pattern.test(row.name)) : all.rows;
    downloadCsv(name, listed, all.columns);
  };
  const failed = (error: unknown): void => sayFailed("The runs could not be saved.", error);
  return { download: () => void download().catch(failed), downloadAll: () => void downloadAll().catch(failed) };
}
