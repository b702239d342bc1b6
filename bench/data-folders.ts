import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { RunningServer } from "./running-server.ts";
import { GRANTED_EXPERIMENTS, seedGrants } from "./seeded-grants.ts";
import { seedRuns } from "./seeded-runs.ts";
import { seedSeries } from "./seeded-series.ts";
import { SERVERS, type ServerName } from "./servers.ts";
import type { DataSet, Scale } from "./workloads/workload.ts";

const CACHE = `${import.meta.dirname}/.cache/`;
const WORK = `${CACHE}work/`;
/** This process's folder. Two benchmarks at once disturb each other's figures, but must not use each other's folders. */
const OWN_WORK = `${WORK}${process.pid}/`;
const SEEDED = `${CACHE}seeded/`;

/** Makes this run's folder, and removes the folders of interrupted runs. */
export function prepareWorkFolders(): void {
  mkdirSync(OWN_WORK, { recursive: true });
  mkdirSync(SEEDED, { recursive: true });
  for (const pid of readdirSync(WORK)) {
    if (!isAlive(Number(pid))) rmSync(WORK + pid, { recursive: true, force: true });
  }
}

export function removeWorkFolders(): void {
  rmSync(OWN_WORK, { recursive: true, force: true });
}

/**
 * A folder for one measurement: empty, or a copy of a folder that was filled through the server's own API. Filling takes
 * minutes for the slowest server, so it happens once for each version and size.
 */
export async function newDataFolder(name: ServerName, data: DataSet, scale: Scale, port: number): Promise<string> {
  const folder = `${OWN_WORK}${name}-${crypto.randomUUID().slice(0, 8)}`;
  if (data !== "empty") cpSync(await seededFolder(name, data, scale, port), folder, { recursive: true });
  return folder;
}

export function removeDataFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  rmSync(`${folder}.log`, { force: true });
}

async function seededFolder(name: ServerName, data: Exclude<DataSet, "empty">, scale: Scale, port: number) {
  const count = { runs: scale.runs, series: scale.points, users: GRANTED_EXPERIMENTS }[data];
  const prefix = `${name}-${data}-${count}-`;
  const seeded = `${SEEDED}${prefix}${SERVERS[name].version()}`;
  if (existsSync(seeded)) return seeded;
  for (const old of readdirSync(SEEDED)) {
    if (old.startsWith(prefix)) rmSync(SEEDED + old, { recursive: true });
  }
  const folder = `${OWN_WORK}seed-${name}`;
  removeDataFolder(folder);
  const closed = data === "users" ? { isFilled: false } : undefined;
  const server = await RunningServer.start(name, folder, port, closed);
  const start = performance.now();
  try {
    if (data === "runs") await seedRuns(server, count);
    else if (data === "users") await seedGrants(server);
    else await seedSeries(server, count);
  } finally {
    await server.stop();
  }
  const what = { runs: "runs", series: "points", users: "experiments of a user" }[data];
  console.log(`${name}: seeded ${count} ${what} in ${seconds(start)} s`);
  renameSync(folder, seeded);
  return seeded;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function seconds(startMs: number): string {
  return ((performance.now() - startMs) / 1000).toFixed(0);
}
