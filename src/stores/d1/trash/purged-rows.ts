import { SERVED_ROOT } from "../../../domain/artifact-location.ts";
import type { TrashKind } from "../../../domain/trash.ts";
import type { Claim } from "./purges.ts";

/** Most rows of a table that one statement deletes. */
const ROWS_PER_STATEMENT = 2000;

interface Table {
  readonly name: string;
  /** The table's primary key, in the order in which the rows of one thing are stored. */
  readonly key: readonly string[];
  /** SQL that finds the rows `t` of the things `p`. */
  readonly of: string;
  /** A further condition on the rows. */
  readonly where?: string;
}

const byRun = (name: string, ...key: string[]): Table => ({ name, key: ["run_id", ...key], of: "t.run_id = p.id" });
const byModel = (name: string, ...key: string[]): Table => ({
  name,
  key: ["model_id", ...key],
  of: "t.model_id = p.id",
});
const byExperiment = (name: string, ...key: string[]): Table => ({
  name,
  key,
  of: "t.experiment_id = p.experiment_id",
});
const named = (name: string, kind: TrashKind): Table => ({
  name,
  key: ["kind", "id"],
  of: `t.kind = '${kind}' AND t.id = p.id`,
});

/** The digests of the files that only this thing has. `0` is the character after `/`. */
const digests: Table = {
  name: "artifact_digests",
  key: ["object_key"],
  of: `p.artifact_uri LIKE '${SERVED_ROOT}_%'
    AND t.object_key > substr(p.artifact_uri, ${SERVED_ROOT.length + 1}) || '/'
    AND t.object_key < substr(p.artifact_uri, ${SERVED_ROOT.length + 1}) || '0'`,
};

/**
 * All rows of a thing except its own row, in the order of deletion. Versions of registered models stay, whatever they were
 * created from, and so do the points of logged models that a run measured.
 */
export const PURGED_TABLES: Readonly<Record<TrashKind, readonly Table[]>> = {
  run: [
    byRun("run_documents"),
    byRun("params", "key"),
    byRun("tags", "key"),
    byRun("latest_metrics", "key"),
    byRun("input_tags", "dataset_id", "key"),
    {
      // Datasets that no other run has used.
      name: "datasets",
      key: ["dataset_id"],
      of: "t.dataset_id IN (SELECT i.dataset_id FROM inputs i WHERE i.run_id = p.id)",
      where: `NOT EXISTS (SELECT 1 FROM inputs o WHERE o.dataset_id = t.dataset_id
        AND o.run_id NOT IN (SELECT value FROM json_each(?1)))`,
    },
    byRun("inputs", "dataset_id"),
    byRun("model_inputs", "model_id"),
    byRun("model_outputs", "model_id"),
    digests,
    named("imports", "run"),
    named("moved_things", "run"),
  ],
  logged_model: [
    {
      // The documents of the runs that created the model, because they mention it.
      name: "run_documents",
      key: ["run_id"],
      of: "t.run_id IN (SELECT o.run_id FROM model_outputs o WHERE o.model_id = p.id)",
    },
    byModel("logged_model_params", "key"),
    byModel("logged_model_tags", "key"),
    byModel("logged_model_metrics", "key", "timestamp", "step", "run_id"),
    { name: "model_inputs", key: ["run_id", "model_id"], of: "t.model_id = p.id" },
    { name: "model_outputs", key: ["run_id", "model_id"], of: "t.model_id = p.id" },
    digests,
    named("imports", "logged_model"),
    named("moved_things", "logged_model"),
  ],
  experiment: [
    byExperiment("experiment_tags", "experiment_id", "key"),
    byExperiment("experiment_moves", "experiment_id"),
    byExperiment("datasets", "dataset_id"),
    {
      name: "role_permissions",
      key: ["role_id", "resource_type", "resource_pattern"],
      of: "t.resource_type = 'experiment' AND t.resource_pattern = p.id",
    },
    digests,
    named("imports", "experiment"),
  ],
};

/** `?1` is a JSON list of ids, `?2` the claim: nothing is deleted of a thing that another caller has claimed. */
function deleteSql(kind: TrashKind, { name, key, of, where = "TRUE" }: Table): string {
  const columns = (table: string) => key.map((column) => `${table}${column}`).join(", ");
  return `DELETE FROM ${name} WHERE (${columns("")}) IN (
    SELECT ${columns("t.")} FROM json_each(?1) j
    CROSS JOIN purges p ON p.kind = '${kind}' AND p.id = j.value AND p.claim = ?2
    CROSS JOIN ${name} t ON ${of} WHERE ${where} LIMIT ${ROWS_PER_STATEMENT})`;
}

/**
 * Deletes a slice of the rows of things that are being purged.
 * @returns whether there may be more
 */
export async function deleteRowsSlice(
  db: D1Database,
  kind: TrashKind,
  ids: readonly string[],
  claim: Claim,
): Promise<boolean> {
  const asked = JSON.stringify(ids);
  const deleted = await db.batch(
    PURGED_TABLES[kind].map((table) => db.prepare(deleteSql(kind, table)).bind(asked, claim.name)),
  );
  return deleted.some(({ meta }) => meta.changes >= ROWS_PER_STATEMENT);
}
