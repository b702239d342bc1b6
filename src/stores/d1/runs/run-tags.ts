import type { KeyValue } from "../../../domain/entities.ts";
import type { Database, Statement } from "../connection/database.ts";
import { ifRoom } from "../connection/guard.ts";
import { keyValueLists } from "../connection/json-lists.ts";
import { isLiveStatement, type RunPlaceRow, toPlace } from "../metrics/latest-metrics.ts";

/** Sets tags of an existing run; of two tags with the same key the later wins. */
export function upsertTagsStatements(db: Database, runId: string, tags: readonly KeyValue[]): Statement[] {
  return upsertTagLists(db, runId, keyValueLists(tags));
}

/** As {@link upsertTagsStatements}, of lists that {@link keyValueLists} made. */
export function upsertTagLists(db: Database, runId: string, lists: readonly string[]): Statement[] {
  const statement = db.prepare(
    `INSERT INTO tags (run_id, key, value, experiment_id)
     SELECT r.run_id, j.value ->> 0, ${ifRoom("j.value ->> 1", "FROM tags WHERE run_id = ?1")}, r.experiment_id
     FROM json_each(?2) j JOIN runs r ON r.run_id = ?1
     WHERE TRUE ON CONFLICT DO UPDATE SET value = excluded.value`,
  );
  return lists.map((list) => statement.bind(runId, list));
}

/** @returns whether the tag existed, and where the run's object is if the run is live. */
export async function deleteRunTag(db: Database, guard: Statement, runId: string, key: string) {
  const [, deleted, live] = await db.batch<RunPlaceRow>([
    guard,
    db.prepare("DELETE FROM tags WHERE run_id = ? AND key = ?").bind(runId, key),
    isLiveStatement(db, runId),
  ]);
  return { isDeleted: (deleted?.meta.changes ?? 0) > 0, livePlace: live?.results.map(toPlace)[0] };
}

/**
 * Adds one item, as JSON, to a tag that holds a JSON list.
 * @returns false if the tag is not a JSON list, or already has more than `maxLength` characters.
 */
export async function appendToListTag(
  db: Database,
  guard: Statement,
  runId: string,
  key: string,
  item: string,
  maxLength: number,
): Promise<boolean> {
  const [, appended] = await db.batch([
    guard,
    db
      .prepare(
        `INSERT INTO tags (run_id, key, value, experiment_id)
         SELECT run_id, ?2, json_array(json(?3)), experiment_id FROM runs WHERE run_id = ?1
         ON CONFLICT DO UPDATE SET value = json_insert(value, '$[#]', json(?3))
         WHERE CASE WHEN json_valid(value) THEN json_type(value) END = 'array' AND length(value) <= ?4`,
      )
      .bind(runId, key, item, maxLength),
  ]);
  return (appended?.meta.changes ?? 0) > 0;
}
