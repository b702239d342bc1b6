import type { ExperimentSearchPlan } from "../../search/experiment-plan.ts";
import type { Position, SearchPlan } from "../../search/plan.ts";
import type { RunSearchPlan } from "../../search/run-plan.ts";

/** The ids of one page in order; a token only if there are more. */
export async function searchRunIds(
  db: D1Database,
  plan: RunSearchPlan,
): Promise<{ runIds: string[]; nextPageToken?: string }> {
  const { ids, nextPageToken } = await searchIds(db, plan);
  return { runIds: ids, ...(nextPageToken !== undefined && { nextPageToken }) };
}

/** The ids of one page in order; a token only if there are more. */
export async function searchExperimentIds(
  db: D1Database,
  plan: ExperimentSearchPlan,
): Promise<{ experimentIds: string[]; nextPageToken?: string }> {
  const { ids, nextPageToken } = await searchIds(db, plan);
  return { experimentIds: ids, ...(nextPageToken !== undefined && { nextPageToken }) };
}

interface Row {
  readonly id: string;
  readonly position: Position;
}

async function searchIds(db: D1Database, plan: SearchPlan): Promise<{ ids: string[]; nextPageToken?: string }> {
  const ids: string[] = [];
  let position = plan.start;
  for (;;) {
    // One more than asked for tells whether there is a next page.
    const limit = Math.min(plan.sliceSize, plan.maxResults + 1 - ids.length);
    const { rows, candidates, last } = await slice(db, plan, position, limit);
    for (const row of rows) {
      if (ids.length === plan.maxResults) return { ids, nextPageToken: plan.pageToken(position ?? []) };
      ids.push(row.id);
      position = row.position;
    }
    if (candidates < limit) return { ids };
    position = last;
  }
}

async function slice(
  db: D1Database,
  plan: SearchPlan,
  after: Position | undefined,
  limit: number,
): Promise<{ rows: Row[]; candidates: number; last: Position | undefined }> {
  void db;
  void plan;
  void limit;
  return { rows: [], candidates: 0, last: after };
}
