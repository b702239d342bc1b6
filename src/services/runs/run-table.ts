import { invalidParameter } from "../../domain/errors.ts";
import type { Field } from "../../search/ast.ts";
import { RUN_GRAMMAR, RUN_TABLE_ORDER_GRAMMAR } from "../../search/grammar.ts";
import { parseField } from "../../search/parser.ts";
import { type Cell, readRunColumns } from "../../stores/d1/runs/run-columns.ts";
import { countRuns } from "../../stores/d1/runs/run-page.ts";
import type { ServiceContext } from "../context.ts";
import { findRunPage, type RunSearch } from "./search-runs.ts";

/** A page has at most so many cells, beside {@link INFO}; with more columns it has fewer runs. */
const MAX_CELLS = 500_000;
const MAX_RUNS = 10_000;
const MAX_COLUMNS = 1000;

/** What every row of the table tells, by the names of the wire. */
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
  /** Fields as a filter spells them: `params.lr`, `metrics.acc` (the latest), `min(metrics.acc)`; and `models`, the names of logged models. */
  readonly columns: readonly string[];
  /** Whether to count all runs that match. */
  readonly count: boolean;
}

export interface RunTable {
  /** The columns of {@link INFO}, of equal length. Times are in milliseconds. */
  readonly runs: Readonly<Record<string, readonly Cell[]>>;
  /** By the spelling in the query. Values that are no finite number are "NaN", "Infinity" and "-Infinity". */
  readonly columns: Readonly<Record<string, readonly Cell[]>>;
  readonly total: number | undefined;
  readonly nextPageToken: string | undefined;
  readonly isExact: boolean;
}

/** One page of a search, of which only the asked columns are read. */
export async function readRunTable(ctx: ServiceContext, query: RunTableQuery): Promise<RunTable> {
  const spellings = [...new Set(query.columns)];
  if (spellings.length > MAX_COLUMNS) {
    throw invalidParameter(`A table has at most ${MAX_COLUMNS} columns. Got ${spellings.length}.`);
  }
  const fields = spellings.map((spelling) => OWN_COLUMNS.get(spelling) ?? parseField(spelling, RUN_GRAMMAR));
  const most = Math.min(MAX_RUNS, Math.floor(MAX_CELLS / Math.max(fields.length, 1)));
  const page = await findRunPage(ctx, {
    ...query,
    orderGrammar: RUN_TABLE_ORDER_GRAMMAR,
    maxResults: Math.min(query.maxResults, most),
  });
  const [total, cells] = await Promise.all([
    query.count ? countRuns(ctx.db, page.plan) : undefined,
    readRunColumns(ctx.db, page.runIds, [...Object.values(INFO), ...fields]),
  ]);
  const read = cells[0]!.length;
  // The texts of all are too long for one answer: a shorter page, whose token leads to the rest.
  if (read < page.runIds.length)
    return { ...(await readRunTable(ctx, { ...query, count: false, maxResults: read })), total };
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

function attribute(key: string): Field {
  return { entity: "attribute", key };
}

/** Times are numbers. */
function toWire(name: string, cells: readonly Cell[]): readonly Cell[] {
  return name.endsWith("_time") ? cells.map((cell) => (cell === null ? null : Number(cell))) : cells;
}
