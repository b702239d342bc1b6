import { useCallback } from "react";
import { ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { extensionOf } from "./file-kinds.ts";
import { useFileParts } from "./file-parts.ts";
import { PartError } from "./note.tsx";
import { CsvParser } from "./parsers.ts";
import { TableView } from "./table-view.tsx";

const NO_COLUMNS: readonly string[] = [];

/** CSV and TSV as a table, of which parts are read as the reader scrolls. */
export function CsvView({ url, path }: { url: string; path: string }) {
  const file = useFileParts(url, () => new CsvParser(extensionOf(path) === "tsv" ? "\t" : ","));
  const { rows } = file.parser;
  const cell = useCallback((row: number, column: number) => rows[row]?.[column] ?? "", [rows]);
  if (file.error !== undefined && file.end === 0) {
    return <ErrorState title="The file could not be read" error={file.error} onRetry={file.retry} />;
  }
  if (file.total === undefined) return <SkeletonRows rows={10} />;
  if (file.isComplete) file.parser.end();
  return (
    <TableView
      columns={file.parser.columns ?? NO_COLUMNS}
      rowCount={rows.length}
      cell={cell}
      version={file.version}
      isComplete={file.isComplete}
      note={file.isFull ? "No more of the file is shown; download it for the rest" : undefined}
      problem={<PartError file={file} />}
      onEndNear={file.more}
    />
  );
}
