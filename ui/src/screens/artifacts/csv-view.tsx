import { lazy, type ReactNode, Suspense, useCallback, useMemo } from "react";
import { ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { evaluationTable } from "./evaluation-tables.ts";
import { extensionOf } from "./file-kinds.ts";
import { useFileParts } from "./file-parts.ts";
import { PartError } from "./note.tsx";
import { CsvParser } from "./parsers.ts";
import { useView } from "./shown-place.ts";
import { TableView } from "./table-view.tsx";
import { ViewSwitch } from "./view-switch.tsx";

const EvaluationView = lazy(() => import("./evaluation-view.tsx"));

/** Longer tables are not drawn. */
const MAX_DRAWN_ROWS = 50_000;

const NO_COLUMNS: readonly string[] = [];

/** CSV and TSV as a table. Parts are read as the reader scrolls. */
export function CsvView({ url, path }: { url: string; path: string }) {
  const file = useFileParts(url, () => new CsvParser(extensionOf(path) === "tsv" ? "\t" : ","));
  const { rows } = file.parser;
  const cell = useCallback((row: number, column: number) => rows[row]?.[column] ?? "", [rows]);
  if (file.error !== undefined && file.end === 0) {
    return <ErrorState title="The file could not be read" error={file.error} onRetry={file.retry} />;
  }
  if (file.total === undefined) return <SkeletonRows rows={10} />;
  if (file.isComplete) file.parser.end();
  const columns = file.parser.columns ?? NO_COLUMNS;
  const isSmall = file.isComplete && rows.length <= MAX_DRAWN_ROWS;
  const table = (
    <TableView
      columns={columns}
      rowCount={rows.length}
      cell={cell}
      version={file.version}
      isComplete={file.isComplete}
      note={file.isFull ? "No more of the file is shown; download it for the rest" : undefined}
      problem={<PartError file={file} />}
      onEndNear={file.more}
    />
  );
  return isSmall ? <DrawnTable {...{ path, columns, rows, table }} /> : table;
}

interface DrawnTableProps {
  path: string;
  columns: readonly string[];
  rows: readonly (readonly string[])[];
  table: ReactNode;
}

/** A table, or the drawing of a classifier's evaluation if the table has one. */
function DrawnTable({ path, columns, rows, table }: DrawnTableProps) {
  const evaluation = useMemo(() => evaluationTable(path, columns, rows), [path, columns, rows]);
  const views: ("chart" | "table")[] = evaluation === undefined ? ["table"] : ["chart", "table"];
  const [view, setView] = useView(views);
  return (
    <>
      {evaluation !== undefined && (
        <div className="flex shrink-0 items-center gap-2 border-line border-b px-3 py-1">
          <ViewSwitch views={views} view={view} onView={setView} />
        </div>
      )}
      {view === "chart" && evaluation !== undefined ? (
        <Suspense fallback={<SkeletonRows rows={8} />}>
          <EvaluationView table={evaluation} />
        </Suspense>
      ) : (
        table
      )}
    </>
  );
}
