import { useQueries } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { type ArtifactRoot, artifactTextQuery, artifactUrl } from "../../api/artifacts.ts";
import { runQuery } from "../../api/runs.ts";
import { type LogTable, logTable, type TableImage } from "./parsers.ts";
import { type FilesRoot, rootId, rootsBeside } from "./run-image.tsx";
import { useShownPlace } from "./shown-place.ts";
import { TableView } from "./table-view.tsx";

interface LogTableViewProps {
  root: FilesRoot;
  path: string;
  table: LogTable;
  /** Runs whose rows of the same table are listed below. */
  otherRunIds: readonly string[];
}

/** A table from `mlflow.log_table`, of one run or of several. Its images load when their rows become visible. */
export function LogTableView({ root, path, table, otherRunIds }: LogTableViewProps) {
  const { columns, rows, roots, missing } = useJoined(root, path, table, otherRunIds);
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
      return typeof value === "object" ? <Thumbnail root={roots[row]!} image={value} /> : undefined;
    },
    [roots, rows],
  );
  return (
    <TableView
      // Other runs are other columns, and other widths.
      key={otherRunIds.join()}
      columns={columns}
      rowCount={rows.length}
      cell={cell}
      picture={hasImages ? picture : undefined}
      version={0}
      isComplete
      note={missing > 0 ? `${missing} of the other runs have no such table` : undefined}
    />
  );
}

interface Joined extends LogTable {
  /** Whose files each row's images are. */
  readonly roots: readonly FilesRoot[];
  /** Runs without the table, or whose table is not read yet. */
  readonly missing: number;
}

/**
 * The rows of all runs, one below the other. A column names the run of each row. A column that a run lacks is empty.
 */
function useJoined(root: FilesRoot, path: string, table: LogTable, otherRunIds: readonly string[]): Joined {
  const others = rootsBeside(root, otherRunIds).slice(1);
  const texts = useQueries({ queries: others.map((one) => ({ ...artifactTextQuery(one, path), retry: false })) });
  const names = useQueries({
    queries: [root, ...others].map((one) => ({ ...runQuery(rootId(one)), enabled: one.kind === "run" })),
  }).map(({ data }, index) => data?.info.run_name ?? rootId([root, ...others][index]!));
  const read = texts.map(({ data }) => data);
  // biome-ignore lint/correctness/useExhaustiveDependencies: texts and names stand for what was read
  return useMemo(() => {
    if (others.length === 0) return { ...table, roots: table.rows.map(() => root), missing: 0 };
    const tables = [table, ...read.map((text) => (text === undefined ? undefined : logTable(parsed(text))))];
    const columns = [...new Set(tables.flatMap((one) => one?.columns ?? []))];
    const parts = tables.flatMap((one, index) =>
      (one?.rows ?? []).map((row) => ({
        root: [root, ...others][index]!,
        cells: [names[index]!, ...columns.map((name) => row[one!.columns.indexOf(name)] ?? "")],
      })),
    );
    return {
      columns: ["run", ...columns],
      rows: parts.map(({ cells }) => cells),
      roots: parts.map(({ root: of }) => of),
      missing: tables.filter((one) => one === undefined).length,
    };
  }, [root, table, otherRunIds.join(), names.join("\n"), read.filter((text) => text !== undefined).length]);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A press shows the image as a file. */
function Thumbnail({ root, image: { path, compressedPath } }: { root: ArtifactRoot; image: TableImage }) {
  const { open } = useShownPlace();
  return (
    <button
      type="button"
      aria-label={`Show ${path}`}
      onClick={(event) => {
        event.stopPropagation();
        open(path);
      }}
      className="flex h-20 max-w-full"
    >
      <img
        src={artifactUrl(root, compressedPath)}
        alt=""
        loading="lazy"
        className="h-full min-w-10 max-w-full rounded-sm bg-surface object-contain"
      />
    </button>
  );
}
