import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { RunningServer } from "./running-server.ts";
import { seedRuns } from "./seeded-runs.ts";
import { seedSeries } from "./seeded-series.ts";
import { SERVERS, type ServerName } from "./servers.ts";
import type { DataSet, Scale } from "./workloads/workload.ts";

const CACHE = `${import.meta.dirname}/.cache/`;
const WORK = `${CACHE}work/`;
const SEEDED = `${CACHE}seeded/`;

/** Removes what an interrupted run has left. */
export function clearWorkFolders(): void {
  rmSync(WORK, { recursive: true, force: true });
  mkdirSync(WORK, { recursive: true });
  mkdirSync(SEEDED, { recursive: true });
}

/**
 * A folder for one measurement: empty, or a copy of one that was filled through the server's own API. Filling takes
 * minutes for the slowest server, so it happens once for each version and size.
 */
export async function newDataFolder(name: ServerName, data: DataSet, scale: Scale, port: number): Promise<string> {
  const folder = `${WORK}${name}-${crypto.randomUUID().slice(0, 8)}`;
  if (data !== "empty") cpSync(await seededFolder(name, data, scale, port), folder, { recursive: true });
  return folder;
}

export function removeDataFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  rmSync(`${folder}.log`, { force: true });
}

async function seededFolder(name: ServerName, data: Exclude<DataSet, "empty">, scale: Scale, port: number) {
  const count = data === "runs" ? scale.runs : scale.points;
  const prefix = `${name}-${data}-${count}-`;
  const seeded = `${SEEDED}${prefix}${SERVERS[name].version()}`;
  if (existsSync(seeded)) return seeded;
  for (const old of readdirSync(SEEDED)) {
    if (old.startsWith(prefix)) rmSync(SEEDED + old, { recursive: true });
  }
  const folder = `${WORK}seed-${name}`;
  removeDataFolder(folder);
  const server = await RunningServer.start(name, folder, port);
  const start = performance.now();
  try {
    if (data === "runs") await seedRuns(server, count);
    else await seedSeries(server, count);
  } finally {
    await server.stop();
  }
  console.log(`${name}: seeded ${count} ${data === "runs" ? "runs" : "points"} in ${seconds(start)} s`);
  renameSync(folder, seeded);
  return seeded;
}

function seconds(startMs: number): string {
  return ((performance.now() - startMs) / 1000).toFixed(0);
}
