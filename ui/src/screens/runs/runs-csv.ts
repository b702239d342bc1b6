import { columnLabels, type RunColumn } from "./run-columns.ts";
import { cellOf, type RunRow } from "./run-rows.ts";

/** All rows with the shown columns, as RFC 4180 has it; times in ISO 8601. */
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

/** A spreadsheet takes a text that begins so for a formula; numbers may begin with a sign. */
function csvCell(text: string): string {
  const isFormula = /^[=+\-@\t\r]/.test(text) && !Number.isFinite(Number(text)) && text !== "-Infinity";
  const safe = isFormula ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Has the browser save the rows as a file. */
export function downloadCsv(name: string, rows: readonly RunRow[], columns: readonly RunColumn[]): void {
  const url = URL.createObjectURL(new Blob([runsCsv(rows, columns)], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
