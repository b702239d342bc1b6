import { accessSync, constants, existsSync, statfsSync } from "node:fs";
import { resolve } from "node:path";
import { TRACKFLARE_VERSION, VERSION_HEADER } from "../../domain/version.ts";
import { readHolder } from "../data-folder.ts";
import { TrackingServer } from "../transfer/http.ts";
import { ServerRows } from "../transfer/trackflare/server-rows.ts";
import { UserError } from "../user-error.ts";
import { type Finding, good, note, wrong } from "./checks.ts";
import { compareSchema, migrationsOfFolder, type SchemaState } from "./data-schema.ts";

export interface DoctorFlags {
  readonly to?: string;
  readonly dataDir: string;
}

/** With less free space than this, a data folder's disk is nearly full. */
const LEAST_FREE_BYTES = 1024 ** 3;
/** MLflow's clients write times from their own clocks, and runs are ordered by these times. */
const MOST_SECONDS_APART = 60;

/** Checks this installation, the data folder, and the named server, if any. Changes nothing. */
export async function runDoctor({ to, dataDir }: DoctorFlags): Promise<Finding[]> {
  const node = process.versions.node;
  return [
    good(`Trackflare ${TRACKFLARE_VERSION}, Node ${node}, ${process.platform} ${process.arch}`),
    ...(await checkFolder(resolve(dataDir))),
    ...(to === undefined ? [] : await checkServer(to)),
  ];
}

async function checkFolder(folder: string): Promise<Finding[]> {
  if (!existsSync(folder)) return [note(`There is no data folder ${folder}`, "The first start makes it.")];
  const found: Finding[] = [];
  try {
    accessSync(folder, constants.R_OK | constants.W_OK);
  } catch {
    return [
      wrong(
        `${folder} cannot be written`,
        "Give it to the user who runs the server, or choose another with --data-dir.",
      ),
    ];
  }
  const holder = readHolder(folder);
  found.push(
    good(
      `Data folder ${folder}${holder === undefined ? "" : `, held by process ${holder.pid}${holder.url ? `, ${holder.url}` : ""}`}`,
    ),
  );
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const gigabytes = `${(free / 1024 ** 3).toFixed(1)} GB`;
  if (free < LEAST_FREE_BYTES) found.push(wrong(`Its disk has ${gigabytes} left`, "Make room, or move the folder."));
  else found.push(good(`Its disk has ${gigabytes} left`));
  const applied = migrationsOfFolder(folder);
  if (applied !== undefined) found.push(schemaFinding("Its database", await compareSchema(applied)));
  return found;
}

async function checkServer(uri: string): Promise<Finding[]> {
  const server = new TrackingServer(uri, process.env);
  const startedMs = Date.now();
  let health: Response;
  try {
    health = await server.fetch("/health");
  } catch (error) {
    return [wrong(`${server.url} is not well: ${error instanceof Error ? error.message : error}`, "See its log.")];
  }
  const version = health.headers.get(VERSION_HEADER);
  const found = [
    version === null
      ? note(`${server.url} answers, and is no Trackflare, or one before 0.1.0`)
      : version === TRACKFLARE_VERSION
        ? good(`${server.url} answers, Trackflare ${version}`)
        : note(
            `${server.url} is Trackflare ${version}, and this command ${TRACKFLARE_VERSION}`,
            "Upgrade the older one.",
          ),
  ];
  const date = Date.parse(health.headers.get("Date") ?? "");
  const apart = Math.abs(date - (startedMs + Date.now()) / 2) / 1000;
  if (apart > MOST_SECONDS_APART) {
    found.push(
      note(
        `Its clock is ${Math.round(apart)} s from this machine's`,
        "Set both by NTP: runs are ordered by their clients' times.",
      ),
    );
  }
  try {
    const rows = await ServerRows.open(server);
    if (rows === undefined)
      found.push(
        note(
          "It does not let you in as an admin, so its schema is not known",
          "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN.",
        ),
      );
    else found.push(schemaFinding("Its database", await compareSchema(rows.migrations)));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    found.push(wrong(error.message, "See its log."));
  }
  return found;
}

export function schemaFinding(what: string, { applied, missing, newer }: SchemaState): Finding {
  if (newer.length > 0) {
    return note(
      `${what} has ${newer.join(", ")} of a newer version`,
      "This version can read it; upgrade for what is new.",
    );
  }
  if (missing.length > 0) {
    return note(
      `${what} lacks ${missing.join(", ")}`,
      "The next start brings it up to date by itself, and so does `trackflare db upgrade`.",
    );
  }
  return good(`${what} is up to date: ${applied.at(-1) ?? "no migration"}`);
}
