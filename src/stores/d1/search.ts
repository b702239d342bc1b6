import type { ExperimentSearchPlan } from "../../search/experiment-plan.ts";
import type { Position, SearchPlan } from "../../search/plan.ts";
import type { RunSearchPlan } from "../../search/run-plan.ts";

/** The ids of one page in order; a token only if there are more. */
export async function searchRunIds(
  db: D1Database,
  plan: RunSearchPlan,
): Promise<{ runIds: string[]; nextPageToken?: string }> {
  const { ids, ...page } = await searchIds(db, plan);
  return { runIds: ids, ...page };
}

/** The ids of one page in order; a token only if there are more. */
export async function searchExperimentIds(
  db: D1Database,
  plan: ExperimentSearchPlan,
): Promise<{ experimentIds: string[]; nextPageToken?: string }> {
  const { ids, ...page } = await searchIds(db, plan);
  return { experimentIds: ids, ...page };
}

/** `[id, ...position, ...values of the residues]`, as the plan's statements select them. */
type Row = readonly [string, ...(string | number | null)[]];

async function searchIds(db: D1Database, plan: SearchPlan): Promise<{ ids: string[]; nextPageToken?: string }> {
  const ids: string[] = [];
  let position = plan.start;
  for (;;) {
    // One more than asked for tells whether there is a next page.
    const limit = Math.min(plan.sliceSize, plan.maxResults + 1 - ids.length);
    const asked = plan.residues.length === 0 ? limit : plan.sliceSize;
    const rows = await readSlice(db, plan, position, asked);
    for (const row of rows) {
      if (!plan.residues.every(({ matches }, index) => holds(matches, row[1 + plan.positionLength + index]))) continue;
      if (ids.length === plan.maxResults) return { ids, nextPageToken: plan.pageToken(position ?? []) };
      ids.push(row[0]);
      position = row.slice(1, 1 + plan.positionLength) as Position;
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < asked) return { ids };
    position = last.slice(1, 1 + plan.positionLength) as Position;
  }
}

function holds(matches: (values: string) => boolean, value: string | number | null | undefined): boolean {
  return typeof value === "string" && matches(value);
}

/** The next `limit` rows, or fewer where there are no more. */
async function readSlice(db: D1Database, plan: SearchPlan, after: Position | undefined, limit: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const stage of plan.stages(after, limit)) {
    // One transaction, so that all statements of a stage agree on which of them is to answer.
    const answers = await db.batch<Record<string, string | number | null>>(
      stage.map(({ sql, values }) => db.prepare(sql).bind(...values)),
    );
    const counts = answers.map(({ results }) => results.length);
    for (const { results } of answers) for (const row of results) rows.push(Object.values(row) as unknown as Row);
    const answeredAlone = stage.some(({ alone }, index) => alone && counts[index] !== 0);
    if (answeredAlone || rows.length >= limit) break;
  }
  return rows.slice(0, limit);
}
