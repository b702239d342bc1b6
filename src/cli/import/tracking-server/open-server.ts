import type { TrackingServer } from "../../transfer/http.ts";
import type { Report } from "../../transfer/report.ts";
import type { Source } from "../../transfer/source.ts";
import { ServerRows } from "../../transfer/trackflare/server-rows.ts";
import { TrackflareSource } from "../../transfer/trackflare/source.ts";
import { TrackingServerSource } from "./source.ts";

/**
 * A tracking server as a source. It reads Trackflare through the admin's endpoints, and other servers through MLflow's API.
 * @throws {UserError} if no tracking server answers.
 */
export async function openServer(server: TrackingServer, report: Report): Promise<Source> {
  const rows = await ServerRows.open(server);
  return rows === undefined ? await TrackingServerSource.open(server, report) : new TrackflareSource(rows, report);
}
