import { doesNotExist, invalidParameter, MlflowError } from "../../domain/errors.ts";
import { RESTORED_DIGEST } from "../../domain/records.ts";
import {
  findRestore,
  isEmptyServer,
  noteRestoreStatement,
  restoreStatements,
  sequenceStatements,
} from "../../stores/d1/backup/restore.ts";
import { type CellValue, readTableGroups } from "../../stores/d1/backup/tables.ts";
import { recorded } from "../access/audit.ts";
import type { ServiceContext } from "../context.ts";
import { placeNewRun } from "../runs/known-runs.ts";

/**
 * Begins to restore a backup, or continues to.
 * @param id the backup's id
 * @throws MlflowError BAD_REQUEST unless the server is empty, or holds a part of this very backup.
 */
export async function beginRestore(ctx: ServiceContext, id: string): Promise<void> {
  const state = await findRestore(ctx.db, id);
  if (state === "begun") return;
  if (state === "done" || !(await isEmptyServer(ctx.db))) {
    throw new MlflowError("BAD_REQUEST", "A backup is restored into an empty server, and this one holds something.");
  }
  const writes = recorded(ctx, { action: "server.restore", targetType: "server", targetId: id });
  await writes.batch([noteRestoreStatement(writes, id, "begun")]);
}

async function requireBegun(ctx: ServiceContext, id: string): Promise<void> {
  if ((await findRestore(ctx.db, id)) === "begun") return;
  throw new MlflowError("BAD_REQUEST", `Backup '${id}' is not being restored here.`);
}

export interface RowsToRestore {
  readonly id: string;
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly CellValue[])[];
}

/**
 * Writes rows as they were, all or none. Runs are active and without points until their points are imported and the runs
 * are finished.
 */
export async function restoreRows(ctx: ServiceContext, { id, table, columns, rows }: RowsToRestore): Promise<void> {
  await requireBegun(ctx, id);
  const groups = await readTableGroups(ctx.db);
  const found = groups.flatMap(({ parent, children }) => [parent, ...children]).find(({ name }) => name === table);
  if (found === undefined) throw doesNotExist(`There is no table '${table}'.`);
  const unknown = columns.find((name) => found.columns.every((column) => column.name !== name));
  if (unknown !== undefined) throw invalidParameter(`Table '${table}' has no column '${unknown}'.`);
  if (rows.some((row) => row.length !== columns.length)) throw invalidParameter("A row has not one value a column.");
  const isInteger = columns.map((name) => found.columns.find((column) => column.name === name)?.type === "INTEGER");
  const isWrong = (value: CellValue, i: number) => isInteger[i] && value !== null && !/^-?\d+$/.test(String(value));
  if (rows.some((row) => row.some(isWrong))) throw invalidParameter(`A row of '${table}' has a text for an integer.`);
  const ofRuns = {
    lifecycle_stage: () => "active",
    deleted_time: () => null,
    live_epoch: () => null,
    has_object: () => 0,
    flushed_through: () => null,
    cell: (row: Readonly<Record<string, CellValue>>) => placeNewRun(ctx, String(row.run_id), String(row.experiment_id)),
  };
  // Rows may be written twice, which triggers would count twice: the runs are counted after the restore.
  const ofExperiments = { active_runs: () => null, deleted_runs: () => null, running_runs: () => null };
  const overrides = table === "runs" ? ofRuns : table === "experiments" ? ofExperiments : {};
  await ctx.writes.batch(restoreStatements(ctx.writes, found, columns, rows, overrides));
}

/** Ends the restore once the whole backup is written. The server can then be used. */
export async function endRestore(
  ctx: ServiceContext,
  id: string,
  sequences: Readonly<Record<string, string>>,
): Promise<void> {
  if ((await findRestore(ctx.db, id)) === "done") return;
  await requireBegun(ctx, id);
  await ctx.writes.batch([
    ctx.writes.prepare("DELETE FROM imports WHERE kind = 'run' AND digest = ?").bind(RESTORED_DIGEST),
    ...sequenceStatements(ctx.writes, sequences),
    noteRestoreStatement(ctx.writes, id, "done"),
  ]);
}
