import type { StatusName } from "../../parts/badges.tsx";
import {
  firstLine,
  formatDuration,
  formatExact,
  formatMetric,
  formatRelative,
  formatTime,
} from "../../parts/format.ts";
import { shownStatus } from "../../parts/run-status.ts";
import type { RunColumn } from "./run-columns.ts";
import { cellOf, type GroupRow, numberOf, numbersOf, type RunRow } from "./run-rows.ts";

/** The content of a cell. Without a text there is no value; with an empty text the value is loading. */
export interface CellText {
  text?: string | undefined;
  /** The full text, if `text` is shortened. */
  title?: string;
}

const MAX_TEXT = 300;
const MAX_TITLE = 2000;

/** What cells tell that rows do not. */
export interface CellContext {
  nowMs: number;
  /** By experiment id. */
  experimentNames: Readonly<Record<string, string>>;
  /** Names that several rows have. The start of the id stands beside such a name. */
  sharedNames: ReadonlySet<string>;
}

/** One value of a run. */
export function runCell(
  row: RunRow,
  { spelling, kind, field = "", isNumber }: RunColumn,
  context: CellContext,
): CellText {
  const { nowMs, experimentNames } = context;
  switch (spelling) {
    case "attributes.start_time":
      return timeCell(row.startMs, nowMs);
    case "attributes.end_time":
      return timeCell(row.endMs, nowMs);
    case "attributes.status":
      return { text: statusText(shownStatus(row.status, row.heardMs, nowMs)) };
    case "duration":
      return durationCell(row, nowMs);
    case "attributes.user_id":
      return words(row.user);
    case "source":
      return words(row.source ?? "");
    case "attributes.experiment_id":
      return words(experimentNames[row.experimentId] ?? row.experimentId);
    case "attributes.run_id":
      return words(row.id);
  }
  const cell = cellOf(row, field);
  if (cell === undefined) return { text: "" };
  if (cell === null) return {};
  if (spelling === "description") return { ...words(String(cell)), text: firstLine(String(cell)).slice(0, MAX_TEXT) };
  if (kind !== "metric") return isNumber ? numberText(String(cell)) : words(String(cell));
  const value = Number(cell);
  return { text: formatMetric(value), title: formatExact(value) };
}

/** A param's number: an integer unchanged, others with five digits. */
function numberText(text: string): CellText {
  const value = numberOf(text);
  if (value === undefined || /^\d{1,15}$/.test(text)) return words(text);
  return { text: formatMetric(value), title: text.slice(0, MAX_TITLE) };
}

function statusText(status: StatusName): string {
  return status[0] + status.slice(1).toLowerCase();
}

function timeCell(timeMs: number | null, nowMs: number): CellText {
  return timeMs === null ? {} : { text: formatRelative(timeMs, nowMs), title: formatTime(timeMs) };
}

function durationCell({ startMs, endMs, status }: RunRow, nowMs: number): CellText {
  if (startMs === null || (endMs === null && status !== "RUNNING")) return {};
  const ms = (endMs ?? Math.max(nowMs, startMs)) - startMs;
  return { text: formatDuration(ms), title: `${ms} ms` };
}

function words(text: string): CellText {
  return text === "" ? {} : { text: text.slice(0, MAX_TEXT), title: text.slice(0, MAX_TITLE) };
}

/** What a group's cell shows: the mean and the standard deviation, or the least and the greatest number. */
export type Spread = "std" | "range";

/** A group's value: of numbers the mean and the spread; of texts the common text, or the number of different texts. */
export function groupCell({ members }: GroupRow, { kind, field, isNumber }: RunColumn, spread: Spread): CellText {
  if (field === undefined) return { text: "" };
  if (kind !== "metric") {
    const texts = new Set(members.map((row) => cellOf(row, field) ?? null));
    const [only] = texts;
    if (texts.size > 1) return { text: `${texts.size} values`, ...(isNumber && { title: rangeText(members, field) }) };
    return only === null || only === undefined ? {} : isNumber ? numberText(String(only)) : words(String(only));
  }
  const numbers = numbersOf(members, field);
  if (numbers === undefined) return {};
  const { mean, std, min, max, count } = numbers;
  const text =
    spread === "range"
      ? `${formatMetric(min, 4)} … ${formatMetric(max, 4)}`
      : `${formatMetric(mean, 4)} ± ${formatMetric(std, 2)}`;
  return { text, title: `mean ${mean}, std ${std}, min ${min}, max ${max}, of ${count}` };
}

function rangeText(members: readonly RunRow[], field: string): string {
  const { min, max } = numbersOf(members, field) ?? {};
  return min === undefined || max === undefined ? "" : `${formatExact(min)} … ${formatExact(max)}`;
}
