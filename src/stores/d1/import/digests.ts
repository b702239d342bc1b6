import type { RecordDigest, RecordKind } from "../../../domain/records.ts";
import type { Database, Statement } from "../connection/database.ts";
import { jsonLists } from "../connection/json-lists.ts";
import type { imports } from "../schema/imports.ts";
import type { StoredRow } from "../schema/rows.ts";

function digestRows(digests: readonly RecordDigest[]): string[] {
  return digests.map(({ kind, id, digest }) => JSON.stringify([kind, id, digest]));
}

/** Records that these records were imported completely. */
export function noteDigestStatements(db: Database, digests: readonly RecordDigest[]): Statement[] {
  const statement = db.prepare(
    `INSERT INTO imports (kind, id, digest)
     SELECT j.value ->> 0, j.value ->> 1, j.value ->> 2 FROM json_each(?) j WHERE TRUE
     ON CONFLICT DO UPDATE SET digest = excluded.digest WHERE digest <> excluded.digest`,
  );
  return jsonLists(digestRows(digests)).map((list) => statement.bind(list));
}

/** A record that was deleted for good after its import no longer counts as imported. */
const IS_STILL_HERE = `CASE i.kind
    WHEN 'experiment' THEN EXISTS (SELECT 1 FROM experiments e WHERE e.experiment_id = i.id)
    WHEN 'run' THEN EXISTS (SELECT 1 FROM runs r WHERE r.run_id = i.id)
    WHEN 'logged_model' THEN EXISTS (SELECT 1 FROM logged_models l WHERE l.model_id = i.id)
    WHEN 'registered_model' THEN EXISTS (SELECT 1 FROM registered_models m WHERE m.name = i.id)
  END`;

/** The digests, of `digests`, whose records were imported completely and are still here. */
export async function findNotedDigests(
  db: D1Database,
  digests: readonly RecordDigest[],
): Promise<{ readonly kind: RecordKind; readonly id: string }[]> {
  const found = await Promise.all(
    jsonLists(digestRows(digests)).map((list) =>
      db
        .prepare(
          `SELECT i.kind, i.id FROM json_each(?) j CROSS JOIN imports i
             ON i.kind = j.value ->> 0 AND i.id = j.value ->> 1 AND i.digest = j.value ->> 2
           WHERE ${IS_STILL_HERE}`,
        )
        .bind(list)
        .all<Pick<StoredRow<typeof imports>, "kind" | "id">>(),
    ),
  );
  return found.flatMap(({ results }) => results);
}
