import { resolve } from "node:path";
import { DataFolder } from "../data-folder.ts";
import { NotLetIn, TrackingServer } from "../transfer/http.ts";
import { ServerRows } from "../transfer/trackflare/server-rows.ts";
import { UserError } from "../user-error.ts";
import { compareSchema, migrationsOfFolder, type SchemaState } from "./data-schema.ts";

export interface DbFlags {
  readonly to?: string;
  readonly dataDir: string;
}

/** Reports the schema's version, of the named server or else of the data folder. Changes nothing. */
export async function checkSchema({ to, dataDir }: DbFlags): Promise<SchemaState> {
  if (to !== undefined) return await compareSchema((await rowsOf(to)).migrations);
  const applied = migrationsOfFolder(resolve(dataDir));
  if (applied === undefined) throw new UserError(`${resolve(dataDir)} has no database.`);
  return await compareSchema(applied);
}

/** Upgrades the schema to this version. A server does this by itself at its first request. */
export async function upgradeSchema(flags: DbFlags): Promise<SchemaState> {
  const folder = resolve(flags.dataDir);
  if (flags.to === undefined) {
    if (migrationsOfFolder(folder) === undefined) throw new UserError(`${folder} has no database.`);
    const { parseServerSettings } = await import("../settings.ts");
    const { startEngine } = await import("../engine.ts");
    const { workerBundle } = await import("../worker-bundle.ts");
    const data = await DataFolder.hold(folder);
    try {
      const settings = parseServerSettings({ host: "127.0.0.1", port: "0", dataDir: folder }, {});
      const engine = await startEngine(settings, await workerBundle(), undefined, data);
      try {
        await rowsOf(engine.url);
      } finally {
        await engine.stop();
      }
    } finally {
      data.release();
    }
  }
  return await checkSchema(flags);
}

async function rowsOf(uri: string): Promise<ServerRows> {
  const rows = await ServerRows.open(new TrackingServer(uri, process.env));
  if (rows === undefined) throw new NotLetIn(`${uri} is no Trackflare server, or does not let you in as an admin.`);
  return rows;
}
