import { useCallback, useEffect, useRef, useState } from "react";
import { ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { MAX_LINES } from "./file-parts.ts";
import { PartError } from "./note.tsx";
import { ParquetFile } from "./parquet-file.ts";
import { TableView } from "./table-view.tsx";

/** Rows to read beyond the visible rows. */
const MORE_ROWS = 1000;

/** Parquet as a table: its footer, and the rows of the columns that the reader comes to. */
export default function ParquetView({ url, size }: { url: string; size: number }) {
  const [file, setFile] = useState<ParquetFile>();
  const [error, setError] = useState<unknown>();
  const [attempt, setAttempt] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: an attempt opens the file anew
  useEffect(() => {
    let isCurrent = true;
    setError(undefined);
    setFile(undefined);
    ParquetFile.open(url, size).then(
      (opened) => isCurrent && setFile(opened),
      (failure: unknown) => isCurrent && setError(failure),
    );
    return () => {
      isCurrent = false;
    };
  }, [url, size, attempt]);
  if (error !== undefined) {
    return (
      <ErrorState
        title="The file could not be read as Parquet"
        error={error}
        onRetry={() => setAttempt((before) => before + 1)}
      />
    );
  }
  if (file === undefined) return <SkeletonRows rows={10} />;
  return <Rows file={file} onUnreadable={setError} />;
}

function Rows({ file, onUnreadable }: { file: ParquetFile; onUnreadable: (error: unknown) => void }) {
  const last = Math.min(file.totalRows, MAX_LINES);
  const [rowCount, setRowCount] = useState(0);
  const [version, setVersion] = useState(0);
  const [error, setError] = useState<unknown>();
  const wanted = useRef({ rows: Math.min(last, MORE_ROWS), from: 0, to: 0 });
  const isReading = useRef(false);
  const read = async (): Promise<void> => {
    if (isReading.current) return;
    isReading.current = true;
    setError(undefined);
    try {
      // The wanted range may change meanwhile.
      for (;;) {
        const { rows, from, to } = wanted.current;
        const columns = file.columns.map((_, column) => column).slice(from, to);
        const lacking = columns.filter((column) => file.rowsOf(column) < rows);
        if (lacking.length === 0) break;
        await Promise.all(lacking.map((column) => file.read(column, rows)));
        // Pages have more rows than were wanted.
        const common = Math.min(last, ...columns.map((column) => file.rowsOf(column)));
        wanted.current.rows = Math.max(wanted.current.rows, common);
        setRowCount((before) => Math.max(before, common));
        setVersion((before) => before + 1);
      }
    } catch (failure) {
      if (file.columns.some((_, column) => file.rowsOf(column) > 0)) setError(failure);
      else onUnreadable(failure);
    } finally {
      isReading.current = false;
    }
  };
  const want = (part: Partial<typeof wanted.current>): void => {
    Object.assign(wanted.current, part);
    void read();
  };
  const cell = useCallback((row: number, column: number) => file.cell(row, column), [file]);
  return (
    <TableView
      columns={file.columns}
      shapes={file.shapes}
      {...{ rowCount, cell, version }}
      totalRows={file.totalRows}
      isComplete={rowCount >= file.totalRows}
      note={rowCount >= last && last < file.totalRows ? "No more rows are shown; download it for the rest" : undefined}
      problem={<PartError file={{ error, retry: () => void read() }} />}
      onColumns={(from, to) => want({ from, to })}
      onEndNear={() => rowCount > 0 && error === undefined && want({ rows: Math.min(last, rowCount + MORE_ROWS) })}
    />
  );
}
