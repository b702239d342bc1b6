import type { Int64 } from "../../../domain/int64.ts";
import { parseInt64 } from "../../../domain/int64.ts";
import { compareValues } from "../../run/series.ts";
import type { MetricSummaries, MetricSummary } from "../../run/summaries.ts";

/*
 * Merges the news of a live run into D1's document of the run: see run-document.ts, whose text this reads. If both have a
 * metric, the winner is the one that D1's upsert would keep.
 */

const METRICS_BEGIN = '"data":{"metrics":[';
const DATA_BEGIN = '"data":{';

const METRIC = /\{"key":("(?:[^"\\]|\\.)*"),"value":("NaN"|[^,]+),"timestamp":(-?\d+),"step":(-?\d+)\},?/y;

/** The record with `news` of its metrics merged in; unchanged if there is no news. */
export function layOver<Record extends { readonly document: string }>(
  record: Record,
  news: MetricSummaries | undefined,
): Record {
  return news === undefined || news.size === 0 ? record : { ...record, document: withNews(record.document, news) };
}

function withNews(document: string, news: MetricSummaries): string {
  const start = document.indexOf(METRICS_BEGIN);
  const items = new Map<string, string>();
  let end = start + METRICS_BEGIN.length;
  METRIC.lastIndex = end;
  for (let match = start < 0 ? null : METRIC.exec(document); match !== null; match = METRIC.exec(document)) {
    end = METRIC.lastIndex;
    const [item, key = "", value = "", timestamp = "", step = ""] = match;
    const name: string = JSON.parse(key);
    const summary = news.get(name);
    const isNews = summary !== undefined && isLater(summary, value, timestamp, step);
    items.set(name, isNews ? itemOf(name, summary) : item.replace(/,$/, ""));
  }
  for (const [key, summary] of news) if (!items.has(key)) items.set(key, itemOf(key, summary));
  const metrics = [...items].sort(([a], [b]) => compareUtf8(a, b)).map(([, item]) => item);
  if (start >= 0) return document.slice(0, start) + METRICS_BEGIN + metrics.join(",") + document.slice(end);
  const data = document.indexOf(DATA_BEGIN) + DATA_BEGIN.length;
  const separator = document[data] === "}" ? "" : ",";
  return `${document.slice(0, data)}"metrics":[${metrics.join(",")}]${separator}${document.slice(data)}`;
}

/** Compares by (step, timestamp, value, is_nan), as `latest_metrics` does. */
function isLater(summary: MetricSummary, value: string, timestamp: string, step: string): boolean {
  return (
    (compare(summary.step, parseInt64(step) ?? 0) ||
      compare(summary.timestamp, parseInt64(timestamp) ?? 0) ||
      compareValues(summary.value, value === '"NaN"' ? Number.NaN : Number(value))) > 0
  );
}

function compare(a: Int64, b: Int64): number {
  return a > b ? 1 : a < b ? -1 : 0;
}

function itemOf(key: string, { value, timestamp, step }: MetricSummary): string {
  // As SQL renders a double: an integral value keeps its decimal point.
  const digits = String(value);
  const text = Number.isNaN(value) ? '"NaN"' : /^-?\d+$/.test(digits) ? `${digits}.0` : digits;
  return `{"key":${JSON.stringify(key)},"value":${text},"timestamp":${timestamp},"step":${step}}`;
}

/** The order of texts in SQLite: by their UTF-8 bytes, which is the order of their code points. */
function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const [left, right] = [a.charCodeAt(index), b.charCodeAt(index)];
    if (left === right) continue;
    // A surrogate stands for a code point greater than every code point of one unit.
    const isLeftPair = left >= 0xd800 && left < 0xe000;
    const isRightPair = right >= 0xd800 && right < 0xe000;
    return isLeftPair === isRightPair ? left - right : isLeftPair ? 1 : -1;
  }
  return a.length - b.length;
}
