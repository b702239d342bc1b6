import { TrackingServer } from "../../../src/cli/transfer/http.ts";
import { ServerRows } from "../../../src/cli/transfer/trackflare/server-rows.ts";

/** Tables that describe one server only: what its objects have written to D1, sign-ins, imports and the audit log. */
const OWN_TABLES: ReadonlySet<string> = new Set([
  "imports",
  "users",
  "roles",
  "user_roles",
  "role_permissions",
  "audit_log",
]);
/** Likewise columns: what objects have written, and counts that a server makes when they are first asked for. */
const OWN_COLUMNS: ReadonlySet<string> = new Set([
  ...["live_epoch", "flushed_through", "has_object", "cell", "stamp"],
  ...["active_runs", "deleted_runs", "running_runs"],
]);

/**
 * All rows of a server by table, in a fixed order. Names replace ids that another server would number differently.
 * @param ownTables tables to leave out
 */
export async function rowsOf(url: string, ownTables = OWN_TABLES): Promise<Map<string, string[]>> {
  const server = await ServerRows.open(new TrackingServer(url, {}));
  if (server === undefined) throw new Error(`${url} is no Trackflare that is open`);
  const all = new Map<string, Record<string, unknown>[]>();
  for (const [parent] of server.groups) {
    for await (const page of server.pages(parent!.name)) {
      for (const table of Object.keys(page)) {
        all.set(table, [...(all.get(table) ?? []), ...server.named(page, table)]);
      }
    }
  }
  const names = new Map(all.get("registered_models")?.map((row) => [row.registered_model_id, row.name]));
  const datasets = new Map(
    all.get("datasets")?.map((row) => [row.dataset_id, `${row.experiment_id} ${row.name} ${row.digest}`]),
  );
  const comparable = (row: Record<string, unknown>) => {
    const fields = Object.entries(row).filter(([column]) => !OWN_COLUMNS.has(column));
    return JSON.stringify(
      fields.map(([column, value]) => {
        if (column === "registered_model_id") return names.get(value as string);
        return column === "dataset_id" ? datasets.get(value as string) : value;
      }),
    );
  };
  const tables = [...all].filter(([table]) => !ownTables.has(table));
  return new Map(tables.map(([table, rows]) => [table, rows.map(comparable).sort()]));
}
