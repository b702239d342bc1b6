import {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from "hyparquet";
import { useEffect, useRef, useState } from "react";
import { getRange } from "../../api/client.ts";
import { ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { cellText } from "./parsers.ts";
import { TableView } from "./table-view.tsx";

const ROWS_A_PART = 1000;

interface Opened {
  file: AsyncBuffer;
  metadata: FileMetaData;
  columns: string[];
  totalRows: number;
}

async function open(url: string): Promise<Opened> {
  const byteLength = (await getRange(url, 0, 0)).totalBytes ?? 0;
  const file: AsyncBuffer = {
    byteLength,
    slice: async (start, end = byteLength) => {
      const { bytes } = await getRange(url, start, end - 1);
      return bytes.slice().buffer;
    },
  };
  const metadata = await parquetMetadataAsync(file);
  const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
  return { file, metadata, columns, totalRows: Number(metadata.num_rows) };
}

async function readRows({ file, metadata, columns, totalRows }: Opened, rowStart: number): Promise<string[][]> {
  const { compressors } = await import("./parquet-compressors.ts");
  const rowEnd = Math.min(rowStart + ROWS_A_PART, totalRows);
  const objects = await parquetReadObjects({ file, metadata, compressors, rowStart, rowEnd });
  return objects.map((row) => columns.map((column) => cellText(row[column])));
}

/** Parquet as a table: its footer, and the row groups that the reader comes to. */
export default function ParquetView({ url }: { url: string }) {
  const [opened, setOpened] = useState<Opened>();
  const [rows, setRows] = useState<string[][]>([]);
  const [error, setError] = useState<unknown>();
  const [attempt, setAttempt] = useState(0);
  const isReading = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: an attempt opens the file anew
  useEffect(() => {
    let isCurrent = true;
    setError(undefined);
    setRows([]);
    open(url).then(
      (next) => isCurrent && setOpened(next),
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
  const more = (): void => {
    if (isReading.current || rows.length >= opened.totalRows) return;
    isReading.current = true;
    readRows(opened, rows.length)
      .then((next) => setRows((before) => [...before, ...next]), setError)
      .finally(() => {
        isReading.current = false;
      });
  };
  return (
    <TableView
      columns={opened.columns}
      rows={rows}
      version={rows.length}
      totalRows={opened.totalRows}
      isComplete={rows.length >= opened.totalRows}
      onEndNear={more}
    />
  );
}
