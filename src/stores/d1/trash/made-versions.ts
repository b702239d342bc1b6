import type { TrashKind } from "../../../domain/trash.ts";
import { integerList } from "../connection/json-lists.ts";
import { yieldTurn } from "../connection/turn.ts";

/** Versions made from things of a kind, found by an index. */
const COUNTS = {
  run: `SELECT v.run_id AS id, count(*) AS versions FROM json_each(?) j
    CROSS JOIN model_versions v INDEXED BY model_versions_by_run ON v.run_id = j.value
    WHERE v.current_stage <> 'Deleted_Internal' GROUP BY v.run_id`,
  logged_model: `SELECT v.model_id AS id, count(*) AS versions FROM json_each(?) j
    CROSS JOIN model_versions v INDEXED BY model_versions_by_model ON v.model_id = j.value
    WHERE v.current_stage <> 'Deleted_Internal' GROUP BY v.model_id`,
} as const;

/** How many versions one statement looks at for the experiments of their runs and models: it takes some 50 ms. */
const VERSIONS_AT_ONCE = 10_000;

/** The versions after `?2` and `?3`. */
const versionsAfter = (columns: string, limit: string) => `SELECT ${columns} FROM model_versions
  WHERE (registered_model_id, version) > (?2, ?3) ORDER BY registered_model_id, version LIMIT ${limit}`;

const OF_EXPERIMENTS = `SELECT CAST(coalesce(r.experiment_id, m.experiment_id) AS TEXT) AS id, count(*) AS versions
  FROM (${versionsAfter("registered_model_id, version, run_id, model_id, current_stage", "?4 + 0")}) v
    LEFT JOIN runs r ON r.run_id = v.run_id LEFT JOIN logged_models m ON m.model_id = v.model_id
  WHERE v.current_stage <> 'Deleted_Internal'
    AND coalesce(r.experiment_id, m.experiment_id) IN (SELECT value FROM json_each(?1)) GROUP BY id`;

const LAST_VERSION = versionsAfter("registered_model_id AS model, version", "1 OFFSET ?4 - 1");

interface Counted {
  readonly id: string;
  readonly versions: number;
}

/**
 * How many versions of registered models were created from each of these things. These versions stay, and may lose their
 * files.
 * @param versionsAtOnce how many versions one statement looks at, if it must look at all of them
 */
export async function countVersionsOf(
  db: D1Database,
  kind: TrashKind,
  ids: readonly string[],
  versionsAtOnce = VERSIONS_AT_ONCE,
): Promise<Map<string, number>> {
  if (ids.length === 0) return new Map();
  if (kind === "experiment") return await countOfExperiments(db, ids, versionsAtOnce);
  const { results } = await db.prepare(COUNTS[kind]).bind(JSON.stringify(ids)).all<Counted>();
  return new Map(results.map(({ id, versions }) => [id, versions]));
}

/** No index leads from an experiment to the versions of its runs and models. */
async function countOfExperiments(
  db: D1Database,
  ids: readonly string[],
  versionsAtOnce: number,
): Promise<Map<string, number>> {
  const list = integerList(ids);
  const counts = new Map<string, number>();
  for (let after: { model: number; version: number } | undefined = { model: 0, version: 0 }; after !== undefined; ) {
    const { model, version }: { model: number; version: number } = after;
    const [counted, last] = await db.batch(
      [OF_EXPERIMENTS, LAST_VERSION].map((sql) => db.prepare(sql).bind(list, model, version, versionsAtOnce)),
    );
    for (const { id, versions } of counted!.results as Counted[]) counts.set(id, (counts.get(id) ?? 0) + versions);
    after = last!.results[0] as { model: number; version: number } | undefined;
    if (after !== undefined) await yieldTurn();
  }
  return counts;
}
