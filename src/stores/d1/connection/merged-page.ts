import { compareCodePoints } from "../../../domain/code-points.ts";
import type { OrderColumn, Position } from "../../../search/order.ts";
import type { SearchPlan } from "../../../search/plan.ts";

/** Most characters of texts in the positions that are held in memory. A page with more ends early. */
const MAX_CHARACTERS = 8_000_000;

/** One page of a search: ids in order, and a token only if there are more. */
export interface Page {
  readonly ids: readonly string[];
  readonly nextPageToken?: string;
}

/** `[id, ...position, ...values of the residues, isDecided, bytes]`, as a plan's statements select them. */
export type PageRow = readonly [id: string, ...rest: (string | number | null)[]];

type MergedPlan = Pick<SearchPlan, "maxResults" | "positionLength" | "pageToken" | "columns">;

/** The first rows of a search, among the rows of several statements. */
export class MergedPage {
  readonly #plan: MergedPlan;
  #rows: readonly PageRow[] = [];
  /** The page can have no row after this position, because such rows were left out. */
  #end: Position | undefined;

  constructor(plan: MergedPlan) {
    this.#plan = plan;
  }

  /** Whether there are more rows than the page can have. */
  get #isFull(): boolean {
    return this.#rows.length > this.#plan.maxResults;
  }

  /**
   * @param rows in the order of the search
   * @param isCutOff whether rows were left out after the last one
   */
  add(rows: readonly PageRow[], isCutOff: boolean): void {
    const last = rows.at(-1);
    if (isCutOff && last !== undefined) this.#endAt(last);
    // A run that was moved to another experiment meanwhile may be found twice. So may what a walk has found.
    const known = new Set(this.#rows.map(([id]) => id));
    const added = this.#rows.length === 0 ? rows : rows.filter(([id]) => !known.has(id));
    this.#rows = this.#rows.length === 0 ? added : [...this.#rows, ...added].sort((a, b) => this.#compare(a, b));
    this.#shorten();
  }

  /** Whether the page is full, and no row of it comes after `position`, which may be the beginning of a position. */
  isFullBefore(position: Position): boolean {
    const last = this.#rows[this.#plan.maxResults];
    const ends = [last && this.#positionOf(last), this.#end];
    return ends.some((end) => end !== undefined && comparePositions(end, position, this.#plan.columns) <= 0);
  }

  get page(): Page {
    const { maxResults } = this.#plan;
    const rows = this.#rows.slice(0, maxResults);
    const ids = rows.map(([id]) => id);
    const last = rows.at(-1);
    if ((!this.#isFull && this.#end === undefined) || last === undefined) return { ids };
    return { ids, nextPageToken: this.#plan.pageToken(this.#positionOf(last)) };
  }

  #shorten(): void {
    this.#rows = this.#rows.slice(0, this.#plan.maxResults + 1);
    const texts = this.#plan.columns.flatMap(({ type }, index) => (type === "text" ? [index + 1] : []));
    let characters = 0;
    for (const [index, row] of this.#rows.entries()) {
      for (const text of texts) characters += String(row[text]).length;
      if (characters > MAX_CHARACTERS && index < this.#rows.length - 1) {
        this.#endAt(row);
        break;
      }
    }
    const end = this.#end;
    if (end === undefined) return;
    this.#rows = this.#rows.filter((row) => comparePositions(this.#positionOf(row), end, this.#plan.columns) <= 0);
  }

  #endAt(row: PageRow): void {
    const position = this.#positionOf(row);
    if (this.#end === undefined || comparePositions(position, this.#end, this.#plan.columns) < 0) this.#end = position;
  }

  #compare(a: PageRow, b: PageRow): number {
    return comparePositions(this.#positionOf(a), this.#positionOf(b), this.#plan.columns);
  }

  #positionOf(row: PageRow): Position {
    return row.slice(1, 1 + this.#plan.positionLength) as Position;
  }
}

/** The order of SQLite, with NULLs last. The columns that both positions have decide. */
export function comparePositions(a: Position, b: Position, columns: readonly OrderColumn[]): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const [x, y] = [a[index]!, b[index]!];
    if (x === y) continue;
    if (x === null) return 1;
    if (y === null) return -1;
    const order = compareValues(x, y, columns[index]!);
    if (order !== 0) return columns[index]!.ascending ? order : -order;
  }
  return 0;
}

function compareValues(x: string | number, y: string | number, { type }: OrderColumn): number {
  if (type === "text") return compareCodePoints(String(x), String(y));
  const [a, b] = type === "integer" ? [BigInt(x), BigInt(y)] : [x, y];
  return a < b ? -1 : a > b ? 1 : 0;
}
