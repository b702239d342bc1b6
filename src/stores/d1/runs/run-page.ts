import type { Field } from "../../../search/ast.ts";
import type { SqlStatement } from "../../../search/plan.ts";
import { type Cursor, cursorAfter, type LastCandidate, nextExperiment } from "../../../search/run-candidates.ts";
import { planPageColumns } from "../../../search/run-columns.ts";
import { MAX_POSITION_BYTES, type RunSearchPlan, type RunStep, type StepQuery } from "../../../search/run-plan.ts";
import { ANSWER_BYTES } from "../connection/items.ts";
import { holdsResidues, type Page, type PageRow } from "../connection/page.ts";
import { yieldTurn } from "../connection/turn.ts";
import { MergedPage } from "./merged-page.ts";
import { fillDocuments, type RecentDocuments, recallDocuments, rememberDocuments } from "./recent-documents.ts";
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

/**
 * The ids of one page of runs, and what else can be read in the same round trip. If the search needs several statements,
 * only the ids are read. A run that matches all the time is on the page, whatever others write meanwhile.
 */
export async function readRunPage(
  db: D1Database,
  plan: RunSearchPlan,
  { readsRecords = false, fields, alongside = [], before = [] }: PageReads,
): Promise<RunPageRows> {
  const merged = new MergedPage(plan);
  // Residues drop most rows, so what the answer needs of the rows is not read yet.
  const isPlain = plan.residues.length === 0;
  const first = new FirstRead(plan, isPlain && readsRecords, isPlain ? fields : undefined);
  const steps = new Steps(plan, plan.from);
  let told: readonly D1Result<unknown>[] = [];
  for (let query = steps.query; query !== undefined; query = steps.query) {
    const { rows, last } = plan.step(query);
    const search = query.isFirst ? first.statement(db, rows) : prepare(db, rows);
    const own = last === undefined ? [search] : [search, prepare(db, last)];
    const results = await db.batch(query.isFirst ? [...before, ...own, ...alongside] : own);
    const answers = query.isFirst ? results.slice(before.length) : results;
    if (query.isFirst) told = answers.slice(own.length);
    const found = query.isFirst ? first.rows(answers[0]!) : toPageRows(answers[0]!);
    const lastCandidate = last && (answers[1]!.results[0] as LastCandidate | undefined);
    const matching = steps.note(found, lastCandidate);
    if (matching !== undefined) merged.add(matching.rows, matching.isCutOff);
    if (lastCandidate !== undefined && plan.isByStart) {
      const { start_time, run_id } = lastCandidate;
      if (merged.isFullBefore([start_time, run_id])) steps.skipExperiment();
    }
    if (steps.query !== undefined) await yieldTurn();
  }
  const { page } = merged;
  return { ...page, ...(steps.taken === 1 ? first.readOf(page.ids) : NOTHING_ELSE), told };
}

const NOTHING_ELSE = { records: undefined, cells: undefined };

/** The rows that match among a statement's candidates. */
interface Matching {
  readonly rows: readonly PageRow[];
  /** Whether rows were left out after the last one, because the texts of their positions are too long. */
  readonly isCutOff: boolean;
}

/** Goes through the candidates of a search, one statement after the other. */
class Steps {
  readonly #plan: RunSearchPlan;
  #cursor: Cursor | undefined;
  #candidates: number;
  taken = 0;

  constructor(plan: RunSearchPlan, from: Cursor | undefined) {
    this.#plan = plan;
    this.#cursor = from;
    this.#candidates = plan.candidates;
  }

  /** What the next statement looks at; undefined if there is none. */
  get query(): StepQuery | undefined {
    const cursor = this.#cursor;
    return cursor && { cursor, isFirst: this.taken === 0, candidates: this.#candidates };
  }

  /**
   * Notes the answer to {@link query}.
   * @returns undefined if the answer was too long: the next statement looks at fewer candidates
   */
  note(rows: readonly PageRow[], last: LastCandidate | undefined): Matching | undefined {
    const { residues, sliceSize, candidates } = this.#plan;
    this.taken++;
    if (residues.length > 0 && rows.length >= sliceSize && this.#candidates > sliceSize) {
      this.#candidates = sliceSize;
      return undefined;
    }
    this.#candidates = Math.min(candidates, 2 * this.#candidates);
    const [isDecided, bytes] = rows.at(-1)?.slice(this.#rowLength) ?? [];
    this.#cursor = this.#cursor && isDecided !== 1 ? cursorAfter(this.#cursor, last) : undefined;
    return {
      rows: rows.filter((row) => holdsResidues(row, this.#plan)),
      isCutOff: Number(bytes ?? 0) > MAX_POSITION_BYTES,
    };
  }

  skipExperiment(): void {
    this.#cursor &&= nextExperiment(this.#cursor);
  }

  get #rowLength(): number {
    const { residues, positionLength } = this.#plan;
    return residues.reduce((sum, { width }) => sum + width, 1 + positionLength);
  }
}

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

/** The plan's columns c0, c1, … come first, so their order is kept. */
function toPageRows(result: D1Result<unknown>): PageRow[] {
  return (result.results as object[]).map((row) => Object.values(row) as unknown as PageRow);
}

function prepare(db: D1Database, { sql, values }: SqlStatement): D1PreparedStatement {
  return db.prepare(sql).bind(...values);
}

/** The first part of a count, as statements to execute along with a page: see {@link finishCount}. */
export function countStatements(db: D1Database, plan: RunSearchPlan): D1PreparedStatement[] {
  const { query } = new Steps(plan, plan.count.from);
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
  const steps = new Steps(plan, plan.count.from);
  let total = 0;
  for (let query = steps.query; query !== undefined; query = steps.query) {
    if (!query.isFirst) await yieldTurn();
    const isTold = query.isFirst && told.length > 0;
    const [found, end] = isTold ? told : await db.batch(statementsOf(db, plan.count.step(query)));
    const rows = plan.count.isNumber ? [] : toPageRows(found!);
    const matching = steps.note(rows, end?.results[0] as LastCandidate | undefined);
    total += plan.count.isNumber ? (found!.results[0] as { runs: number }).runs : (matching?.rows.length ?? 0);
  }
  return total;
}

function statementsOf(db: D1Database, { rows, last }: RunStep): D1PreparedStatement[] {
  return last === undefined ? [prepare(db, rows)] : [prepare(db, rows), prepare(db, last)];
}
