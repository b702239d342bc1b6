import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Endpoint } from "./endpoints.ts";

/** The endpoints that one client called: with success at least once, or without any success. */
export interface ClientCoverage {
  /** The date, such as 2026-11-21. */
  readonly recorded: string;
  readonly answered: readonly Endpoint[];
  readonly refused: readonly Endpoint[];
}

/** The recordings, by client. */
export type Coverage = Readonly<Record<string, ClientCoverage>>;

const ROOT = join(import.meta.dirname, "../..");
const FILE = join(import.meta.dirname, "coverage.json");

export function readCoverage(): Coverage {
  return JSON.parse(readFileSync(FILE, "utf8")) as Coverage;
}

/** Writes the file in the repository's format. */
export function writeCoverage(coverage: Coverage): void {
  writeFileSync(FILE, `${JSON.stringify(coverage, null, 2)}\n`);
  execFileSync(join(ROOT, "node_modules/.bin/biome"), ["format", "--write", FILE], { cwd: ROOT, stdio: "ignore" });
}

/** Replaces the entries of recorded clients. The entries of other clients stay. */
export function merged(known: Coverage, recordings: readonly Recording[], today: string): Coverage {
  const clients = [...new Set(recordings.flatMap((recording) => Object.keys(recording)))];
  const seen = clients.map((client): [string, ClientCoverage] => {
    const outcomes = recordings.flatMap((recording) => Object.entries(recording[client] ?? {}));
    const answered = [...new Set(outcomes.filter(([, isAnswered]) => isAnswered).map(([endpoint]) => endpoint))].sort();
    const refused = [...new Set(outcomes.map(([endpoint]) => endpoint))]
      .filter((one) => !answered.includes(one))
      .sort();
    return [client, { recorded: today, answered, refused }];
  });
  return Object.fromEntries([...Object.entries({ ...known, ...Object.fromEntries(seen) })].sort());
}

/** Whether an endpoint was answered with success, by client and endpoint. */
export type Recording = Readonly<Record<string, Readonly<Record<Endpoint, boolean>>>>;

/** Reads the recordings of all processes of a test run. */
export function readRecordings(folder: string): Recording[] {
  return readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as Recording);
}

let recorders = 0;

/** Stores one recorder's observations in its own file. The file is complete at any time. */
export class RecordingFile {
  readonly #path: string;
  readonly #recording: Record<string, Record<Endpoint, boolean>> = {};

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    recorders += 1;
    this.#path = join(folder, `${process.pid}-${recorders}.json`);
  }

  add(client: string, endpoint: Endpoint, isAnswered: boolean): void {
    const known = this.#recording[client]?.[endpoint];
    if (known === true || known === isAnswered) return;
    this.#recording[client] = { ...this.#recording[client], [endpoint]: isAnswered };
    writeFileSync(this.#path, JSON.stringify(this.#recording));
  }
}
