import type { RunSearchPlan } from "../../../search/run-plan.ts";
import { type Page, type PageRow, readPage } from "../connection/page.ts";
import { fillDocuments, recallDocuments, rememberDocuments } from "./recent-documents.ts";
import { type RecordRow, withRecords } from "./runs.ts";

export interface RunPageRows<T> extends Page {
  /** Of the page's runs in their order, where they were asked for. */
  readonly records: readonly RecordRow[] | undefined;
  /** Of the statement that went along. */
  readonly rows: readonly T[];
}

/**
 * The ids of one page of runs, and what else can be had in the same round trip: the runs' records, and the rows of
 * `alongside`, which is executed in the transaction of the search's first statement, or not where the search needs none.
 */
export async function readRunPage<T>(
  db: D1Database,
  plan: RunSearchPlan,
  { readsRecords, alongside }: { readsRecords: boolean; alongside?: D1PreparedStatement },
): Promise<RunPageRows<T>> {
  const records = new Map<string, RecordRow>();
  let rows: readonly T[] | undefined;
  const page = await readPage(db, plan, async (slice) => {
    const question = readsRecords ? JSON.stringify(slice) : "";
    const recent = recallDocuments(question);
    const search = readsRecords
      ? withRecords(db, slice, plan.maxResults + 1, recent)
      : db.prepare(slice.sql).bind(...slice.values);
    const first = alongside === undefined || rows !== undefined ? [] : [alongside];
    const [found, along] = await db.batch<RecordRow>([search, ...first]);
    rows ??= (along?.results ?? []) as T[];
    const answer = found?.results ?? [];
    if (readsRecords) {
      const filled = fillDocuments(answer, recent);
      rememberDocuments(question, filled);
      for (const record of filled) records.set(record.run_id, record);
    }
    // The plan's columns are c0, c1, … and the first, so their order is kept.
    return answer.map((row) => Object.values(row) as unknown as PageRow);
  });
  return {
    ...page,
    records: readsRecords ? page.ids.flatMap((id) => records.get(id) ?? []) : undefined,
    rows: rows ?? [],
  };
}

/** How many runs match in all, whatever the page. */
export async function countRuns(db: D1Database, plan: RunSearchPlan): Promise<number> {
  if (plan.count === undefined) {
    const all = await readPage(db, { ...plan, start: undefined, maxResults: Number.MAX_SAFE_INTEGER - 1 });
    return all.ids.length;
  }
  const { sql, values } = plan.count;
  const row = await db
    .prepare(sql)
    .bind(...values)
    .first<{ runs: number }>();
  return row?.runs ?? 0;
}
