import type { TrackingServer } from "../../transfer/http.ts";
import type { Report } from "../../transfer/report.ts";
import type { Source } from "../../transfer/source.ts";
import { ServerRows } from "../../transfer/trackflare/server-rows.ts";
import { TrackflareSource } from "../../transfer/trackflare/source.ts";
import { TrackingServerSource } from "./source.ts";

/**
 * A tracking server as a source: Trackflare by what it tells an admin, any other by MLflow's API.
 * @throws {UserError} where no tracking server answers.
 */
export async function openServer(server: TrackingServer, report: Report): Promise<Source> {
  const rows = await ServerRows.open(server);
  return rows === undefined ? await TrackingServerSource.open(server, report) : new TrackflareSource(rows);
}
