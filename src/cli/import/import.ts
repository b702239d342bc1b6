import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { TrackingServer } from "../transfer/http.ts";
import { startProgress } from "../transfer/progress.ts";
import type { ArtifactMode } from "../transfer/relocation.ts";
import { Report } from "../transfer/report.ts";
import type { Source } from "../transfer/source.ts";
import { transfer } from "../transfer/transfer.ts";
import { UserError } from "../user-error.ts";
import type { SqlDatabase } from "./database/sql-database.ts";
import { TrackflareTarget } from "./trackflare-target.ts";

export interface ImportFlags {
  readonly to: string;
  readonly artifacts: ArtifactMode;
  readonly artifactsFrom?: string;
  /** Undefined if the place itself tells what it is. */
  readonly format?: "tensorboard" | "wandb";
  /** The experiment for the runs of a format. */
  readonly experiment?: string;
  /** The file that takes the passwords of new users. */
  readonly passwords?: string;
  readonly json?: boolean;
}

/**
 * Imports one source into a Trackflare server.
 * @throws {UserError} if the source is invalid, or if the server cannot be reached or written.
 */
export async function runImport(place: string, flags: ImportFlags): Promise<Report> {
  const report = new Report();
  const server = new TrackingServer(flags.to, process.env);
  const source = await openSource(place, flags, report);
  try {
    const target = new TrackflareTarget(server, report, flags.passwords);
    const progress = startProgress(`Importing ${source.title}`, await source.countRuns(), !flags.json);
    try {
      await transfer(source, target, report, { artifacts: flags.artifacts }, progress);
    } finally {
      progress.stop();
    }
  } finally {
    await source.close();
  }
  return report;
}

/** Loads a source's reader and driver only if the import needs them. */
async function openSource(place: string, flags: ImportFlags, report: Report): Promise<Source> {
  if (flags.format === "tensorboard") {
    const { TensorBoardSource } = await import("./tensorboard/source.ts");
    return new TensorBoardSource(place, flags.experiment, report);
  }
  if (flags.format === "wandb") {
    const { WandbSource } = await import("./wandb/source.ts");
    return new WandbSource(place, flags.experiment, report);
  }
  const isThere = existsSync(place);
  if (isThere && statSync(place).isDirectory()) {
    const { MlrunsSource } = await import("./mlruns/source.ts");
    return new MlrunsSource(place, report);
  }
  const url = URL.canParse(place) ? new URL(place) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") {
    const { openServer } = await import("./tracking-server/open-server.ts");
    return await openServer(new TrackingServer(place, process.env), report);
  }
  const database = await openDatabase(place, url);
  if (database === undefined) {
    throw new UserError(`${place} is no folder, no file and no URL that can be imported: see --help.`);
  }
  const { artifactsBeside, DatabaseSource } = await import("./database/source.ts");
  const beside = url?.hostname ? undefined : artifactsBeside(dirname(sqlitePath(place)));
  return await DatabaseSource.open(database, flags.artifactsFrom ?? beside, report);
}

/** @returns undefined if the argument does not name a database. */
async function openDatabase(place: string, url: URL | undefined): Promise<SqlDatabase | undefined> {
  const [dialect] = (url?.protocol ?? "").split(/[+:]/);
  if (url !== undefined && (dialect === "postgresql" || dialect === "postgres")) {
    return await (await import("./database/postgresql.ts")).openPostgresql(withoutDriver(url));
  }
  if (url !== undefined && (dialect === "mysql" || dialect === "mariadb")) {
    return await (await import("./database/mysql.ts")).openMysql(withoutDriver(url));
  }
  if (dialect === "mssql") {
    throw new UserError(
      "SQL Server is imported by way of MLflow: start `mlflow server` on it, and give the server's http:// URL.",
    );
  }
  const path = sqlitePath(place);
  return existsSync(path) ? (await import("./database/sqlite.ts")).openSqlite(path) : undefined;
}

/** The file of a `sqlite:///` URI of MLflow, or a plain path unchanged. */
function sqlitePath(place: string): string {
  return place.replace(/^sqlite:\/\/\//, "");
}

/** SQLAlchemy's URLs also name the Python driver: `mysql+pymysql://`. */
function withoutDriver(url: URL): URL {
  return new URL(url.href.replace(/^([a-z]+)\+\w+:/, "$1:"));
}
