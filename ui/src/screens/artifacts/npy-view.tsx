import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { getRange } from "../../api/client.ts";
import { formatBytes, formatCount, formatExact } from "../../parts/format.ts";
import { ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { HexView } from "./hex-view.tsx";
import { Note } from "./note.tsx";
import { npyHeader, npyItemBytes, npyValues } from "./npy.ts";
import { TableView } from "./table-view.tsx";

/** The header, and as many values as anyone looks at. */
const FIRST_BYTES = 512 * 1024;
const MAX_COLUMNS = 200;

/** An array of NumPy: its shape and type, and its first values; of more dimensions than two, row by row. */
export default function NpyView({ url }: { url: string }) {
  const file = useQuery({
    queryKey: ["artifacts", "npy", url],
    queryFn: async ({ signal }) => {
      const { bytes, totalBytes } = await getRange(url, 0, FIRST_BYTES - 1, signal);
      const header = npyHeader(bytes);
      return { header, totalBytes, values: header === undefined ? [] : npyValues(bytes, header, FIRST_BYTES) };
    },
    structuralSharing: false,
  });
  const header = file.data?.header;
  const values = file.data?.values;
  const shape = header?.shape ?? [];
  const width = Math.max(1, shape.length > 1 ? shape.at(-1)! : 1);
  const cell = useCallback(
    (row: number, column: number) => {
      const value = values?.[row * width + column];
      return value === undefined ? "" : typeof value === "number" ? formatExact(value) : String(value);
    },
    [values, width],
  );
  if (file.error !== null) {
    return <ErrorState title="The file could not be read" error={file.error} onRetry={() => void file.refetch()} />;
  }
  if (file.data === undefined) return <SkeletonRows rows={10} />;
  if (header === undefined || values === undefined) return <HexView url={url} />;
  const total = shape.reduce((product, length) => product * length, 1);
  const itemBytes = npyItemBytes(header);
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <Note>
        <dl className="flex flex-wrap gap-x-4 gap-y-1">
          {[
            ["Shape", shape.length === 0 ? "one value" : shape.map(formatCount).join(" × ")],
            ["Type", header.dtype],
            ["Values", formatCount(total)],
            ["Order", header.isFortran ? "Fortran" : "C"],
            ["Memory", itemBytes === undefined ? "–" : formatBytes(itemBytes * total)],
          ].map(([name, text]) => (
            <div key={name} className="flex gap-1.5">
              <dt className="text-ink-muted">{name}</dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
      </Note>
      {values.length === 0 ? (
        <p className="p-4 text-ink-muted">Values of this type are not shown.</p>
      ) : (
        <TableView
          columns={Array.from({ length: Math.min(width, MAX_COLUMNS) }, (_, column) => String(column))}
          rowCount={Math.ceil(values.length / width)}
          cell={cell}
          version={0}
          isComplete={values.length === total}
          totalRows={Math.ceil(total / width)}
          note={width > MAX_COLUMNS ? `The first ${MAX_COLUMNS} of ${formatCount(width)} columns` : undefined}
        />
      )}
    </div>
  );
}
