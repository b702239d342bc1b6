import { VERSION_HEADER } from "../../domain/version.ts";
import { TrackflareTarget } from "../import/trackflare-target.ts";
import { openServer } from "../import/tracking-server/open-server.ts";
import { TrackingServer } from "../transfer/http.ts";
import { startProgress } from "../transfer/progress.ts";
import type { ArtifactMode } from "../transfer/relocation.ts";
import { Report } from "../transfer/report.ts";
import type { Target } from "../transfer/target.ts";
import { transfer } from "../transfer/transfer.ts";

export interface ExportFlags {
  readonly from: string;
  readonly format: "mlruns" | "parquet";
  readonly artifacts: ArtifactMode;
  /** The file that takes the passwords of users that another Trackflare server lacks. */
  readonly passwords?: string;
  readonly json?: boolean;
}

/**
 * Exports everything that a server holds.
 * @throws {UserError} if the server cannot be reached, or the folder or the other server cannot be written.
 */
export async function runExport(place: string, flags: ExportFlags): Promise<Report> {
  const report = new Report();
  const source = await openServer(new TrackingServer(flags.from, process.env), report);
  const target = await openTarget(place, flags, report);
  const progress = startProgress(`Exporting ${source.title}`, await source.countRuns(), !flags.json);
  try {
    // The two Parquet tables have no place for files.
    const artifacts = flags.format === "parquet" ? "keep" : flags.artifacts;
    await transfer(source, target, report, { artifacts }, progress);
  } finally {
    progress.stop();
    await target.close();
    await source.close();
  }
  return report;
}

/** Loads a target's writer only if the export needs it. */
async function openTarget(place: string, { format, passwords }: ExportFlags, report: Report): Promise<Target> {
  if (format === "parquet") return await (await import("./parquet/target.ts")).ParquetTarget.open(place);
  if (/^https?:/.test(place)) return await openServerTarget(place, passwords, report);
  const { MlrunsTarget } = await import("./mlruns/target.ts");
  return new MlrunsTarget(place, report);
}

/** Another Trackflare server, or MLflow's own. */
async function openServerTarget(uri: string, passwords: string | undefined, report: Report): Promise<Target> {
  const server = new TrackingServer(uri, process.env);
  const { headers } = await server.fetch("/health");
  if (headers.has(VERSION_HEADER)) return new TrackflareTarget(server, report, passwords);
  const { MlflowServerTarget } = await import("./mlflow-server/target.ts");
  return new MlflowServerTarget(server, report);
}
