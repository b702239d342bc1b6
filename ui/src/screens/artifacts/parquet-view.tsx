import { useEffect, useRef, useState } from "react";
import { ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { MAX_LINES } from "./file-parts.ts";
import { ParquetFile } from "./parquet-file.ts";
import { TableView } from "./table-view.tsx";

const FIRST_ROWS = 1000;
const MOST_ROWS = 20_000;

interface Opened {
  file: ParquetFile;
  /** Grows in place. */
  rows: string[][];
}

/** Parquet as a table: its footer, and the rows that the reader comes to. */
export default function ParquetView({ url }: { url: string }) {
  const [opened, setOpened] = useState<Opened>();
  const [count, setCount] = useState(0);
  const [error, setError] = useState<unknown>();
  const [attempt, setAttempt] = useState(0);
  const isReading = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: an attempt opens the file anew
  useEffect(() => {
    let isCurrent = true;
    setError(undefined);
    setOpened(undefined);
    setCount(0);
    ParquetFile.open(url).then(
      (file) => isCurrent && setOpened({ file, rows: [] }),
      (failure: unknown) => isCurrent && setError(failure),
    );
    return () => {
      isCurrent = false;
    };
  }, [url, attempt]);
  if (error !== undefined) {
    return (
      <ErrorState
        title="The file could not be read as Parquet"
        error={error}
        onRetry={() => setAttempt((before) => before + 1)}
      />
    );
  }
  if (opened === undefined) return <SkeletonRows rows={10} />;
  const { file, rows } = opened;
  const last = Math.min(file.totalRows, MAX_LINES);
  const more = (): void => {
    if (isReading.current || rows.length >= last) return;
    isReading.current = true;
    // Ever more at once, as each part decodes what lies before it in its page.
    const to = Math.min(last, rows.length + Math.min(MOST_ROWS, Math.max(FIRST_ROWS, Math.floor(rows.length / 2))));
    file
      .read(rows.length, to)
      .then((next) => {
        for (const row of next) rows.push(row);
        setCount(rows.length);
      }, setError)
      .finally(() => {
        isReading.current = false;
      });
  };
  return (
    <TableView
      columns={file.columns}
      rows={rows}
      version={count}
      totalRows={file.totalRows}
      isComplete={rows.length >= file.totalRows}
      note={
        rows.length >= last && last < file.totalRows ? "No more rows are shown; download it for the rest" : undefined
      }
      onEndNear={more}
    />
  );
}
