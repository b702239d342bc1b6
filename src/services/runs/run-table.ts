import { invalidParameter } from "../../domain/errors.ts";
import { MAX_FINITE_VALUE } from "../../domain/limits.ts";
import type { Field } from "../../search/ast.ts";
import { RUN_GRAMMAR, RUN_TABLE_ORDER_GRAMMAR } from "../../search/grammar.ts";
import { parseField } from "../../search/parser.ts";
import { metricKeysOf } from "../../search/run-plan.ts";
import { type Cell, readRunColumns } from "../../stores/d1/runs/run-columns.ts";
import { countStatements, finishCount } from "../../stores/d1/runs/run-page.ts";
import { MetricSummaries, type MetricSummary } from "../../stores/run/summaries.ts";
import type { ServiceContext } from "../context.ts";
import { findRunPage, type RunPage, type RunSearch } from "./search-runs.ts";

/** Maximum number of cells in a page, not counting {@link INFO}. A page with more columns has fewer runs. */
const MAX_CELLS = 500_000;
const MAX_RUNS = 10_000;
/** Maximum number of cells that are read together with the page's ids. */
const MAX_CELLS_AT_ONCE = 60_000;
const MAX_COLUMNS = 1000;

/** The fields that every row of the table has, by their wire names. */
const INFO = {
  run_id: attribute("run_id"),
  experiment_id: attribute("experiment_id"),
  run_name: attribute("run_name"),
  status: attribute("status"),
  lifecycle_stage: attribute("lifecycle_stage"),
  start_time: attribute("start_time"),
  end_time: attribute("end_time"),
  last_metric_time: attribute("last_metric_time"),
  user_id: attribute("user_id"),
  parent_run_id: { entity: "tag", key: "mlflow.parentRunId" },
  run_colour: { entity: "tag", key: "mlflow.runColor" },
  source_name: { entity: "tag", key: "mlflow.source.name" },
} as const satisfies Record<string, Field>;

/** Columns that no filter can name. */
const OWN_COLUMNS: ReadonlyMap<string, Field> = new Map([["models", attribute("models")]]);

const INFO_NAMES = Object.keys(INFO);

export interface RunTableQuery extends RunSearch {
  /**
   * Fields as a filter spells them: `params.lr`, `metrics.acc` (the latest value), `min(metrics.acc)`; and `models`, the
   * names of logged models.
   */
  readonly columns: readonly string[];
  /** Whether to count all runs that match. */
  readonly count: boolean;
}

export interface RunTable {
  /** The columns of {@link INFO}, of equal length. Times are in milliseconds. */
  readonly runs: Readonly<Record<string, readonly Cell[]>>;
  /** By the spelling in the query. Values that are not finite are "NaN", "Infinity" and "-Infinity". */
  readonly columns: Readonly<Record<string, readonly Cell[]>>;
  readonly total: number | undefined;
  readonly nextPageToken: string | undefined;
  readonly isExact: boolean;
}

/** One page of a search. Only the requested columns are read. */
export async function readRunTable(ctx: ServiceContext, query: RunTableQuery): Promise<RunTable> {
  const spellings = [...new Set(query.columns)];
  if (spellings.length > MAX_COLUMNS) {
    throw invalidParameter(`A table has at most ${MAX_COLUMNS} columns. Got ${spellings.length}.`);
  }
  const fields = spellings.map((spelling) => OWN_COLUMNS.get(spelling) ?? parseField(spelling, RUN_GRAMMAR));
  const most = Math.min(MAX_RUNS, Math.floor(MAX_CELLS / Math.max(fields.length, 1)));
  const maxResults = Math.min(query.maxResults, most);
  const asked = [...Object.values(INFO), ...fields];
  const page = await findRunPage(
    ctx,
    { ...query, orderGrammar: RUN_TABLE_ORDER_GRAMMAR, maxResults },
    {
      // A larger page's cells are read later, in slices.
      fields: maxResults * asked.length <= MAX_CELLS_AT_ONCE ? asked : undefined,
      shows: metricKeysOf(fields),
      along: (plan) => (query.count ? countStatements(ctx.db, plan) : []),
    },
  );
  const [total, cells] = await Promise.all([
    query.count ? finishCount(page.db, page.plan, page.told) : undefined,
    page.cells === undefined ? readRunColumns(page.db, page.runIds, asked) : toColumns(page.runIds, page.cells, asked),
  ]);
  const read = cells[0]!.length;
  // The cells' texts are too long for one answer: return a shorter page, whose token leads to the rest.
  if (read < page.runIds.length)
    return { ...(await readRunTable(ctx, { ...query, count: false, maxResults: read })), total };
  layNewsOver(cells, asked, page);
  // A run that was purged after the search found it is left out.
  const isThere = cells[0]!.map((runId) => runId !== null);
  const columns = isThere.includes(false) ? cells.map((column) => column.filter((_, row) => isThere[row])) : cells;
  return {
    runs: Object.fromEntries(INFO_NAMES.map((name, index) => [name, toWire(name, columns[index]!)])),
    columns: Object.fromEntries(spellings.map((spelling, index) => [spelling, columns[INFO_NAMES.length + index]!])),
    total,
    nextPageToken: page.nextPageToken,
    isExact: page.isExact,
  };
}

function toColumns(
  runIds: readonly string[],
  cells: ReadonlyMap<string, readonly Cell[]>,
  fields: readonly Field[],
): Cell[][] {
  return fields.map((_, index) => runIds.map((runId) => cells.get(runId)?.[index] ?? null));
}

/** Replaces D1's values with the values from live runs' objects where those are newer. */
function layNewsOver(cells: Cell[][], fields: readonly Field[], { runIds, news, known }: RunPage): void {
  const isRunning = cells[INFO_NAMES.indexOf("status")]!.map((status) => status === "RUNNING");
  const times = cells[INFO_NAMES.indexOf("last_metric_time")]!;
  runIds.forEach((runId, row) => {
    const last = news.lastTimestamps.get(runId);
    if (last !== undefined && isRunning[row] && Number(last) > Number(times[row] ?? 0)) times[row] = String(last);
    const ofRun = news.summaries.get(runId);
    if (ofRun === undefined) return;
    const summaries = new MetricSummaries();
    for (const part of [known.get(runId), ofRun]) if (part !== undefined) summaries.addAll(part);
    fields.forEach((field, column) => {
      const summary = summaries.get(field.key);
      const value = summary && metricCell(field, summary);
      if (value !== undefined) cells[column]![row] = value;
    });
  });
}

/** The cell for a metric's field; undefined for fields that are not a metric's. */
function metricCell({ entity }: Field, { value, first, minValue, maxValue }: MetricSummary): Cell | undefined {
  switch (entity) {
    case "metric":
      return toCell(value);
    case "metricFirst":
      return toCell(first.value);
    case "metricMin":
      return minValue === null ? null : toCell(minValue);
    case "metricMax":
      return maxValue === null ? null : toCell(maxValue);
    default:
      return undefined;
  }
}

/** A number as D1 returns it: see run-columns.ts. */
function toCell(value: number): Cell {
  if (Number.isNaN(value)) return "NaN";
  if (Math.abs(value) < MAX_FINITE_VALUE) return value;
  return value > 0 ? "Infinity" : "-Infinity";
}

function attribute(key: string): Field {
  return { entity: "attribute", key };
}

/** Turns the cells of time columns into numbers. */
function toWire(name: string, cells: readonly Cell[]): readonly Cell[] {
  return name.endsWith("_time") ? cells.map((cell) => (cell === null ? null : Number(cell))) : cells;
}
