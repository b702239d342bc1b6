import type { Field } from "../../../search/ast.ts";
import type { LastCandidate, SqlStatement } from "../../../search/plan.ts";
import { planPageColumns } from "../../../search/run-columns.ts";
import type { RunSearchPlan } from "../../../search/run-plan.ts";
import { ANSWER_BYTES } from "../connection/items.ts";
import type { Page, PageRow } from "../connection/merged-page.ts";
import { prepare, readPage, Steps, statementsOf, toPageRows } from "../connection/page.ts";
import { yieldTurn } from "../connection/turn.ts";
import { fillDocuments, type RecentDocuments, recallDocuments, rememberDocuments } from "./recent-documents.ts";
import type { Cell } from "./run-columns.ts";
import { type RecordRow, withRecords } from "./run-records.ts";

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

/**
 * The ids of one page of runs, and what else can be read in the same round trip. If the search needs several transactions,
 * only the ids are read.
 */
export async function readRunPage(
  db: D1Database,
  plan: RunSearchPlan,
  { readsRecords = false, fields, alongside = [], before = [] }: PageReads,
): Promise<RunPageRows> {
  // Residues drop most rows, so what the answer needs of the rows is not read yet.
  const isPlain = plan.residues.length === 0;
  const first = new FirstRead(plan, isPlain && readsRecords, isPlain ? fields : undefined);
  const { steps, ...page } = await readPage(db, plan, {
    search: (rows) => first.statement(db, rows),
    rows: (result) => first.rows(result),
    before,
    alongside: () => alongside,
  });
  return { ...page, ...(steps === 1 ? first.readOf(page.ids) : NOTHING_ELSE) };
}

const NOTHING_ELSE = { records: undefined, cells: undefined };

/** The first statement of a search, which can also read what the answer needs of the runs. */
class FirstRead {
  readonly #plan: RunSearchPlan;
  readonly #fields: readonly Field[] | undefined;
  readonly #records: Map<string, RecordRow> | undefined;
  readonly #cells = new Map<string, readonly Cell[]>();
  #question = "";
  #recent: RecentDocuments = new Map();
  #hasCells = false;

  constructor(plan: RunSearchPlan, readsRecords: boolean, fields: readonly Field[] | undefined) {
    this.#plan = plan;
    this.#records = readsRecords ? new Map() : undefined;
    this.#fields = fields;
  }

  statement(db: D1Database, rows: SqlStatement): D1PreparedStatement {
    const withColumns = this.#fields && planPageColumns(rows, this.#rowLength, this.#fields, ANSWER_BYTES);
    this.#hasCells = withColumns !== undefined;
    if (this.#records === undefined) return prepare(db, withColumns ?? rows);
    this.#question = JSON.stringify(rows);
    this.#recent = recallDocuments(this.#question);
    return withRecords(db, rows, this.#plan.maxResults + 1, this.#recent);
  }

  rows(result: D1Result<unknown>): PageRow[] {
    const rows = toPageRows(result);
    if (this.#records !== undefined) {
      const filled = fillDocuments(result.results as RecordRow[], this.#recent);
      rememberDocuments(this.#question, filled);
      for (const record of filled) this.#records.set(record.run_id, record);
    }
    if (Number(rows.at(-1)?.at(-1) ?? 0) > ANSWER_BYTES) this.#hasCells = false;
    if (this.#hasCells) for (const row of rows) this.#cells.set(row[0], row.slice(this.#rowLength, -1) as Cell[]);
    return rows;
  }

  readOf(ids: readonly string[]): Pick<RunPageRows, "records" | "cells"> {
    const records = this.#records;
    return {
      records: records && ids.flatMap((id) => records.get(id) ?? []),
      cells: this.#hasCells ? this.#cells : undefined,
    };
  }

  /** Id, position, and the two columns that end a row without residues. */
  get #rowLength(): number {
    return 3 + this.#plan.positionLength;
  }
}

/** The first part of a count, as statements to execute along with a page: see {@link finishCount}. */
export function countStatements(db: D1Database, plan: RunSearchPlan): D1PreparedStatement[] {
  const { query } = new Steps(plan, plan.count);
  return query === undefined || !plan.count.isNumber ? [] : statementsOf(db, plan.count.step(query));
}

/**
 * How many runs match in total, regardless of the page.
 * @param told the results of {@link countStatements}
 */
export async function finishCount(
  db: D1Database,
  plan: RunSearchPlan,
  told: readonly D1Result<unknown>[],
): Promise<number> {
  const steps = new Steps(plan, plan.count);
  let total = 0;
  for (let query = steps.query; query !== undefined; query = steps.query) {
    if (!query.isFirst) await yieldTurn();
    const isTold = query.isFirst && told.length > 0;
    const [found, end] = isTold ? told : await db.batch(statementsOf(db, plan.count.step(query)));
    if (plan.count.isNumber) total += (found!.results[0] as { runs: number }).runs;
    const rows = plan.count.isNumber ? [] : toPageRows(found!);
    steps.note(rows, end?.results[0] as LastCandidate | undefined, (matching) => {
      total += matching.length;
    });
  }
  return total;
}
