import type { Position } from "../../../search/order.ts";
import {
  type LastCandidate,
  MAX_POSITION_BYTES,
  type PagePlan,
  type SearchPlan,
  type SqlStatement,
  type Step,
  type StepQuery,
} from "../../../search/plan.ts";
import { MergedPage, type Page, type PageRow } from "./merged-page.ts";
import { yieldTurn } from "./turn.ts";

/** What else the first statements of a search read, in the same transaction. */
export interface FirstRead {
  /** The statement for the rows, which may select further columns after those of the plan. */
  readonly search?: (rows: SqlStatement) => D1PreparedStatement;
  /** Takes the rows from the answer to {@link search}. */
  readonly rows?: (result: D1Result) => PageRow[];
  /** Executed before the page is read, so that the page sees what they write. */
  readonly before?: readonly D1PreparedStatement[];
  readonly alongside?: (rows: SqlStatement) => readonly D1PreparedStatement[];
}

export interface ReadPage extends Page {
  /** The results of the statements alongside. None if the search needs no statement. */
  readonly told: readonly D1Result[];
  /** How many transactions the search took. */
  readonly steps: number;
}

/**
 * Reads the ids of one page. If it takes several transactions, a thing that matches all the time is on the page, whatever
 * others write meanwhile.
 */
export async function readPage<Cursor>(
  db: D1Database,
  plan: SearchPlan<Cursor>,
  { search, rows: rowsOf = toPageRows, before = [], alongside }: FirstRead = {},
): Promise<ReadPage> {
  const merged = new MergedPage(plan);
  const steps = new Steps(plan, plan, (position) => merged.isFullBefore(position));
  let told: readonly D1Result[] = [];
  for (let query = steps.query; query !== undefined; query = steps.query) {
    const { isFirst } = query;
    const step = plan.step(query);
    const { rows, last } = step;
    const statements = isFirst
      ? [
          ...before,
          search?.(rows) ?? prepare(db, rows),
          ...(last === undefined ? [] : [prepare(db, last)]),
          ...(alongside?.(rows) ?? []),
        ]
      : statementsOf(db, step);
    const [found, ...others] = (await db.batch(statements)).slice(isFirst ? before.length : 0);
    if (isFirst) told = others.slice(last === undefined ? 0 : 1);
    steps.note(
      isFirst ? rowsOf(found!) : toPageRows(found!),
      last && (others[0]!.results[0] as LastCandidate | undefined),
      (matching, isCutOff) => merged.add(matching, isCutOff),
    );
    if (steps.query !== undefined) await yieldTurn();
  }
  return { ...merged.page, told, steps: steps.taken };
}

/** Goes through the candidates of a search, one transaction after the other. */
export class Steps<Cursor> {
  readonly #plan: SearchPlan<Cursor>;
  readonly #next: SearchPlan<Cursor>["next"];
  readonly #isFullBefore: (position: Position) => boolean;
  #cursor: Cursor | undefined;
  #candidates: number;
  taken = 0;

  /** @param of where the search begins and goes on: the plan's page, or its count */
  constructor(
    plan: SearchPlan<Cursor>,
    of: Pick<SearchPlan<Cursor>, "from" | "next">,
    isFullBefore: (position: Position) => boolean = () => false,
  ) {
    this.#plan = plan;
    this.#next = of.next;
    this.#cursor = of.from;
    this.#isFullBefore = isFullBefore;
    this.#candidates = plan.candidates;
  }

  /** What the next statement looks at; undefined if there is none. */
  get query(): StepQuery<Cursor> | undefined {
    const cursor = this.#cursor;
    return cursor && { cursor, isFirst: this.taken === 0, candidates: this.#candidates };
  }

  /**
   * Notes the answer to {@link query}. If it was too long, the next statement looks at fewer candidates.
   * @param use takes the rows that match. `isCutOff`: rows were left out after the last one, because the texts of their
   *   positions are too long
   */
  note(
    rows: readonly PageRow[],
    last: LastCandidate | undefined,
    use: (matching: readonly PageRow[], isCutOff: boolean) => void,
  ): void {
    const { residues, sliceSize, candidates } = this.#plan;
    this.taken++;
    if (residues.length > 0 && rows.length >= sliceSize && this.#candidates > sliceSize) {
      this.#candidates = sliceSize;
      return;
    }
    this.#candidates = Math.min(candidates, 2 * this.#candidates);
    const [isDecided, bytes] = rows.at(-1)?.slice(this.#rowLength) ?? [];
    use(
      rows.filter((row) => holdsResidues(row, this.#plan)),
      Number(bytes ?? 0) > MAX_POSITION_BYTES,
    );
    const cursor = this.#cursor;
    this.#cursor = cursor && isDecided !== 1 ? this.#next(cursor, last, this.#isFullBefore) : undefined;
  }

  get #rowLength(): number {
    const { residues, positionLength } = this.#plan;
    return residues.reduce((sum, { width }) => sum + width, 1 + positionLength);
  }
}

/** The plan's columns c0, c1, … come first, so their order is kept. */
export function toPageRows(result: D1Result): PageRow[] {
  return (result.results as object[]).map((row) => Object.values(row) as unknown as PageRow);
}

export function prepare(db: D1Database, { sql, values }: SqlStatement): D1PreparedStatement {
  return db.prepare(sql).bind(...values);
}

export function statementsOf(db: D1Database, { rows, last }: Step): D1PreparedStatement[] {
  return last === undefined ? [prepare(db, rows)] : [prepare(db, rows), prepare(db, last)];
}

/** Whether a row satisfies the conditions that SQL only narrows down. */
function holdsResidues(row: PageRow, plan: Pick<PagePlan, "positionLength" | "residues">): boolean {
  let from = 1 + plan.positionLength;
  return plan.residues.every(({ width, matches }) => {
    const values = row.slice(from, from + width);
    from += width;
    return matches(values);
  });
}
