import { useCallback, useMemo } from "react";
import { type ArtifactRoot, artifactUrl } from "../../api/artifacts.ts";
import type { LogTable, TableImage } from "./parsers.ts";
import { useShownPlace } from "./shown-place.ts";
import { TableView } from "./table-view.tsx";

/** What `mlflow.log_table` wrote; its images are read as their rows come into sight. */
export function LogTableView({ root, table }: { root: ArtifactRoot; table: LogTable }) {
  const { columns, rows } = table;
  const cell = useCallback(
    (row: number, column: number) => {
      const value = rows[row]?.[column] ?? "";
      return typeof value === "string" ? value : value.path;
    },
    [rows],
  );
  const hasImages = useMemo(() => rows.some((row) => row.some((value) => typeof value !== "string")), [rows]);
  const picture = useCallback(
    (row: number, column: number) => {
      const value = rows[row]?.[column];
      return typeof value === "object" ? <Thumbnail root={root} image={value} /> : undefined;
    },
    [root, rows],
  );
  return (
    <TableView
      columns={columns}
      rowCount={rows.length}
      cell={cell}
      picture={hasImages ? picture : undefined}
      version={0}
      isComplete
    />
  );
}

/** A press shows the image as a file. */
function Thumbnail({ root, image: { path, compressedPath } }: { root: ArtifactRoot; image: TableImage }) {
  const { open } = useShownPlace();
  return (
    <button type="button" aria-label={`Show ${path}`} onClick={() => open(path)} className="flex h-20 max-w-full">
      <img
        src={artifactUrl(root, compressedPath)}
        alt=""
        loading="lazy"
        className="h-full min-w-10 max-w-full rounded-sm bg-surface object-contain"
      />
    </button>
  );
}
