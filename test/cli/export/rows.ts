import { TrackingServer } from "../../../src/cli/transfer/http.ts";
import { ServerRows } from "../../../src/cli/transfer/trackflare/server-rows.ts";

/** Of one server alone: how far its objects have told D1, who may sign in, what was imported, and who did what. */
const OWN_TABLES: ReadonlySet<string> = new Set([
  "imports",
  "users",
  "roles",
  "user_roles",
  "role_permissions",
  "audit_log",
]);
const OWN_COLUMNS: ReadonlySet<string> = new Set(["live_epoch", "flushed_through", "has_object", "cell", "stamp"]);

/**
 * All rows of a server, by table, in one order; a row that another server would number differently names what it names.
 * @param ownTables those that are left out
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
