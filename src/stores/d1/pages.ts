import type { ExperimentSearchPlan } from "../../search/experiment-plan.ts";
import type { LoggedModelSearchPlan } from "../../search/logged-model-plan.ts";
import type { Position, SearchPlan, SqlStatement } from "../../search/plan.ts";
import type { RegistrySearchPlan } from "../../search/registry-plan.ts";
import type { RunSearchPlan } from "../../search/run-plan.ts";
import { fillDocuments, recallDocuments, rememberDocuments } from "./runs/recent-documents.ts";
import { type RecordRow, withRecords } from "./runs/runs.ts";

export interface RunPageRows<T> {
  readonly runIds: readonly string[];
  readonly nextPageToken?: string;
  /** Of the page's runs in their order, where they were asked for. */
  readonly records: readonly RecordRow[] | undefined;
  /** Of the statement that went along. */
  readonly rows: readonly T[];
}

/**
 * The ids of one page of runs, and what else can be had in the same round trip: the runs' records, and the rows of
 * `statement`, which is executed in the transaction of the search's first statement, or not where the search needs none.
 */
export async function searchRunPage<T>(
  db: D1Database,
  plan: RunSearchPlan,
  { readsRecords, statement }: { readsRecords: boolean; statement?: D1PreparedStatement },
): Promise<RunPageRows<T>> {
  const records = new Map<string, RecordRow>();
  let rows: readonly T[] | undefined;
  const { ids, ...page } = await searchIds(db, plan, async (slice) => {
    const question = readsRecords ? JSON.stringify(slice) : "";
    const recent = recallDocuments(question);
    const search = readsRecords ? withRecords(db, slice, recent) : db.prepare(slice.sql).bind(...slice.values);
    const alongside = statement === undefined || rows !== undefined ? [] : [statement];
    const [found, first] = await db.batch<RecordRow>([search, ...alongside]);
    rows ??= (first?.results ?? []) as T[];
    const answer = found?.results ?? [];
    if (readsRecords) {
      const filled = fillDocuments(answer, recent);
      rememberDocuments(question, filled);
      for (const record of filled) records.set(record.run_id, record);
    }
    // The plan's columns are c0, c1, … and the first, so their order is kept.
    return answer.map((row) => Object.values(row) as unknown as Row);
  });
  return {
    runIds: ids,
    ...page,
    records: readsRecords ? ids.flatMap((id) => records.get(id) ?? []) : undefined,
    rows: rows ?? [],
  };
}

/** How many runs match in all, whatever the page. */
export async function countRuns(db: D1Database, plan: RunSearchPlan): Promise<number> {
  if (plan.count === undefined) {
    const all = await searchIds(db, { ...plan, start: undefined, maxResults: Number.MAX_SAFE_INTEGER - 1 });
    return all.ids.length;
  }
  const { sql, values } = plan.count;
  const row = await db
    .prepare(sql)
    .bind(...values)
    .first<{ runs: number }>();
  return row?.runs ?? 0;
}

/** The ids of one page in order; a token only if there are more. */
export async function searchExperimentIds(
  db: D1Database,
  plan: ExperimentSearchPlan,
): Promise<{ experimentIds: string[]; nextPageToken?: string }> {
  const { ids, ...page } = await searchIds(db, plan);
  return { experimentIds: ids, ...page };
}

/** The ids of one page in order; a token only if there are more. */
export async function searchLoggedModelIds(
  db: D1Database,
  plan: LoggedModelSearchPlan,
): Promise<{ modelIds: string[]; nextPageToken?: string }> {
  const { ids, ...page } = await searchIds(db, plan);
  return { modelIds: ids, ...page };
}

/** The row ids of the registered models of one page in order; a token only if there are more. */
export async function searchRegisteredModelIds(
  db: D1Database,
  plan: RegistrySearchPlan,
): Promise<{ ids: string[]; nextPageToken?: string }> {
  return await searchIds(db, plan);
}

/** The keys (`versionKey`) of the model versions of one page in order; a token only if there are more. */
export async function searchModelVersionKeys(
  db: D1Database,
  plan: RegistrySearchPlan,
): Promise<{ keys: string[]; nextPageToken?: string }> {
  const { ids, ...page } = await searchIds(db, plan);
  return { keys: ids, ...page };
}

/** `[id, isLast, ...position, ...values of the residues]`, as the plan's statements select them. */
type Row = readonly [id: string, isLast: number, ...rest: (string | number | null)[]];

/** Where a row's position begins. */
const POSITION = 2;

/** Executes one statement of a search. */
type Run = (statement: SqlStatement) => Promise<Row[]>;

async function searchIds(
  db: D1Database,
  plan: SearchPlan,
  run: Run = ({ sql, values }) =>
    db
      .prepare(sql)
      .bind(...values)
      .raw<Row>(),
): Promise<{ ids: string[]; nextPageToken?: string }> {
  const ids: string[] = [];
  let pageEnd: Row | undefined;
  let position = plan.start;
  for (;;) {
    // One more than asked for tells whether there is a next page.
    const missing = plan.maxResults + 1 - ids.length;
    const limit = plan.residues.length === 0 ? Math.min(plan.sliceSize, missing) : plan.sliceSize;
    const rows = await readSlice(plan, position, limit, run);
    for (const row of rows) {
      if (!holdsResidues(row, plan)) continue;
      if (ids.length === plan.maxResults) {
        return { ids, ...(pageEnd !== undefined && { nextPageToken: plan.pageToken(positionOf(pageEnd, plan)) }) };
      }
      ids.push(row[0]);
      pageEnd = row;
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < limit) return { ids };
    position = positionOf(last, plan);
  }
}

function positionOf(row: Row, plan: SearchPlan): Position {
  return row.slice(POSITION, POSITION + plan.positionLength);
}

function holdsResidues(row: Row, plan: SearchPlan): boolean {
  let from = POSITION + plan.positionLength;
  return plan.residues.every(({ width, matches }) => {
    const values = row.slice(from, from + width);
    from += width;
    return matches(values);
  });
}

/** The next `limit` rows, or fewer where there are no more. */
async function readSlice(plan: SearchPlan, after: Position | undefined, limit: number, run: Run): Promise<Row[]> {
  const rows: Row[] = [];
  for (const statement of plan.stages(after, limit)) {
    const answer = await run(statement);
    for (const row of answer) rows.push(row);
    if (answer[0]?.[1] === 1 || rows.length >= limit) break;
  }
  return rows.slice(0, limit);
}
