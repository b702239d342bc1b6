import type { Field } from "../../../search/ast.ts";
import type { SqlStatement } from "../../../search/plan.ts";
import { planPageColumns } from "../../../search/run-columns.ts";
import type { RunSearchPlan } from "../../../search/run-plan.ts";
import { ANSWER_BYTES } from "../connection/items.ts";
import { type Page, type PageRow, readPage } from "../connection/page.ts";
import { fillDocuments, recallDocuments, rememberDocuments } from "./recent-documents.ts";
import type { Cell } from "./run-columns.ts";
import { type RecordRow, withRecords } from "./runs.ts";

export interface RunPageRows extends Page {
  /** The records of the page's runs in their order, if they were asked for. */
  readonly records: readonly RecordRow[] | undefined;
  /** The values of the fields by run id, if they were asked for and fit one answer. */
  readonly cells: ReadonlyMap<string, readonly Cell[]> | undefined;
  /** The results of the statements that ran along with the page. */
  readonly told: readonly D1Result<unknown>[];
}

/** What to read together with a page. */
export interface PageReads {
  readonly readsRecords?: boolean;
  readonly fields?: readonly Field[] | undefined;
  /** Executed in the transaction of the search's first statement; not executed if the search needs no statement. */
  readonly alongside?: readonly D1PreparedStatement[];
  /** Likewise, but executed before the page is read, so that the page sees what they write. */
  readonly before?: readonly D1PreparedStatement[];
}

/** The ids of one page of runs, and what else can be read in the same round trip. */
export async function readRunPage(
  db: D1Database,
  plan: RunSearchPlan,
  { readsRecords = false, fields, alongside = [], before = [] }: PageReads,
): Promise<RunPageRows> {
  const records = new Map<string, RecordRow>();
  const cells = new Map<string, readonly Cell[]>();
  let hasCells = fields !== undefined;
  let told: readonly D1Result<unknown>[] | undefined;
  const page = await readPage(db, plan, async (slice) => {
    const question = readsRecords ? JSON.stringify(slice) : "";
    const recent = recallDocuments(question);
    const isPlain = plan.residues.length === 0;
    const withColumns =
      fields && isPlain ? planPageColumns(slice, 1 + plan.positionLength, fields, ANSWER_BYTES) : undefined;
    if (withColumns === undefined) hasCells = false;
    const { sql, values } = withColumns ?? slice;
    const search = readsRecords ? withRecords(db, slice, plan.maxResults + 1, recent) : db.prepare(sql).bind(...values);
    const isFirst = told === undefined;
    const results = await db.batch<RecordRow>(isFirst ? [...before, search, ...alongside] : [search]);
    const [found, ...along] = isFirst ? results.slice(before.length) : results;
    told ??= along;
    const answer = found?.results ?? [];
    if (readsRecords) {
      const filled = fillDocuments(answer, recent);
      rememberDocuments(question, filled);
      for (const record of filled) records.set(record.run_id, record);
    }
    // The plan's columns c0, c1, … come first, so their order is kept.
    const rows = answer.map((row) => Object.values(row) as unknown as PageRow);
    const last = rows.at(-1);
    if (Number(last?.at(-1) ?? 0) > ANSWER_BYTES) hasCells = false;
    const from = 1 + plan.positionLength;
    if (hasCells) for (const row of rows) cells.set(row[0], row.slice(from, -1) as Cell[]);
    return rows;
  });
  return {
    ...page,
    records: readsRecords ? page.ids.flatMap((id) => records.get(id) ?? []) : undefined,
    cells: hasCells ? cells : undefined,
    told: told ?? [],
  };
}

/** How many runs match in total, regardless of the page. */
export async function countRuns(db: D1Database, plan: RunSearchPlan): Promise<number> {
  if (plan.count === undefined) {
    const all = await readPage(db, { ...plan, start: undefined, maxResults: Number.MAX_SAFE_INTEGER - 1 });
    return all.ids.length;
  }
  return toCount(await countStatement(db, plan.count).all());
}

/** A statement to execute along with a page: see {@link toCount}. */
export function countStatement(db: D1Database, { sql, values }: SqlStatement): D1PreparedStatement {
  return db.prepare(sql).bind(...values);
}

export function toCount(result: D1Result<unknown> | undefined): number {
  const [row] = (result?.results ?? []) as { runs: number }[];
  return row?.runs ?? 0;
}
