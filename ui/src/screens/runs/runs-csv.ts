import { spell } from "../../api/field-spelling.ts";
import { listKeys } from "../../api/keys.ts";
import { type RunTable, type RunTableSearch, readRunTable } from "../../api/run-table.ts";
import { ATTRIBUTES, columnLabels, parseColumn, type RunColumn } from "./run-columns.ts";
import { cellOf, type RunRow, rowsOf } from "./run-rows.ts";

/** All rows with the shown columns, as CSV (RFC 4180). Times are in ISO 8601. */
export function runsCsv(rows: readonly RunRow[], columns: readonly RunColumn[]): string {
  const header = ["run_id", "run_name", "status", ...columnLabels(columns).values()];
  const lines = rows.map((row) => [row.id, row.name, row.status, ...columns.map((column) => plainCell(row, column))]);
  return [header, ...lines].map((cells) => cells.map(csvCell).join(",")).join("\r\n");
}

function plainCell(row: RunRow, { spelling, field = "" }: RunColumn): string {
  switch (spelling) {
    case "attributes.start_time":
      return plainTime(row.startMs);
    case "attributes.end_time":
      return plainTime(row.endMs);
    case "attributes.status":
      return row.status;
    case "duration":
      return row.startMs === null || row.endMs === null ? "" : String((row.endMs - row.startMs) / 1000);
    case "attributes.user_id":
      return row.user;
    case "source":
      return row.source ?? "";
    case "attributes.experiment_id":
      return row.experimentId;
    case "attributes.run_id":
      return row.id;
    default:
      return String(cellOf(row, field) ?? "");
  }
}

function plainTime(timeMs: number | null): string {
  return timeMs === null ? "" : new Date(timeMs).toISOString();
}

/** Spreadsheets read a text with such a beginning as a formula. Numbers may begin with a sign. */
function csvCell(text: string): string {
  const isFormula = /^[=+\-@\t\r]/.test(text) && !Number.isFinite(Number(text)) && text !== "-Infinity";
  const safe = isFormula ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** The server's limits: columns per request, and cells per answer. */
const MAX_COLUMNS = 1000;
const MAX_CELLS = 500_000;

/** The rows of a search with all their metrics, params and tags. System keys come last. */
export async function readAllColumns(search: RunTableSearch): Promise<{ rows: RunRow[]; columns: RunColumn[] }> {
  const keys = await listKeys(search.experiment_ids);
  const spellings = [
    ...keys.metrics.map(({ key }) => spell("metric", key)),
    ...keys.params.map(({ key }) => spell("param", key)),
    ...keys.tags.map(({ key }) => spell("tag", key)),
  ];
  const columns = [...Object.keys(ATTRIBUTES).filter((name) => name !== "attributes.run_id"), ...spellings].flatMap(
    (spelling) => parseColumn(spelling) ?? [],
  );
  const fields = [...new Set(columns.flatMap(({ field }) => field ?? []))];
  const parts = Array.from({ length: Math.max(1, Math.ceil(fields.length / MAX_COLUMNS)) }, (_, part) =>
    fields.slice(part * MAX_COLUMNS, (part + 1) * MAX_COLUMNS),
  );
  const pageRows = Math.min(10_000, Math.floor(MAX_CELLS / Math.max(...parts.map(({ length }) => length), 1)));
  const rows: RunRow[] = [];
  let token: string | undefined;
  do {
    const page: RunTableSearch = {
      ...search,
      max_results: pageRows,
      ...(token !== undefined && { page_token: token }),
    };
    const [first, ...others] = await Promise.all(parts.map((some) => readRunTable({ ...page, columns: some })));
    const all = Object.assign({}, first!.columns, ...others.map((other) => aligned(other, first!)));
    rows.push(...rowsOf({ ...first!, columns: all }));
    token = first!.next_page_token;
  } while (token !== undefined);
  return { rows, columns };
}

/** Reorders the columns of another answer about the same runs into the order of the first answer. */
function aligned(other: RunTable, first: RunTable): RunTable["columns"] {
  const places = new Map(other.runs.run_id.map((id, at) => [id, at]));
  const order = first.runs.run_id.map((id) => places.get(id));
  return Object.fromEntries(
    Object.entries(other.columns).map(([name, cells]) => [
      name,
      order.map((at) => (at === undefined ? null : cells[at]!)),
    ]),
  );
}

/** Makes the browser save the rows as a file. */
export function downloadCsv(name: string, rows: readonly RunRow[], columns: readonly RunColumn[]): void {
  const url = URL.createObjectURL(new Blob([runsCsv(rows, columns)], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
