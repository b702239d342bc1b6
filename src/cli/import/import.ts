import { existsSync, statSync } from "node:fs";
import { TrackingServer } from "../transfer/http.ts";
import { startProgress } from "../transfer/progress.ts";
import type { ArtifactMode } from "../transfer/relocation.ts";
import { Report } from "../transfer/report.ts";
import type { Source } from "../transfer/source.ts";
import { transfer } from "../transfer/transfer.ts";
import { UserError } from "../user-error.ts";
import { TrackflareTarget } from "./trackflare-target.ts";

export interface ImportFlags {
  readonly to: string;
  readonly artifacts: ArtifactMode;
  readonly artifactsFrom?: string;
  readonly experiment?: string;
  readonly json?: boolean;
}

/**
 * Imports one source into a Trackflare server.
 * @param words the source, perhaps after the name of its format.
 * @throws {UserError} for a source that is none, and where the server cannot be reached or written to.
 */
export async function runImport(words: readonly string[], flags: ImportFlags): Promise<Report> {
  const report = new Report();
  const server = new TrackingServer(flags.to, process.env);
  const source = await openSource(words, flags, report);
  try {
    const target = new TrackflareTarget(server, report);
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

/** Each source's reader, and its driver, is loaded only where it is needed. */
async function openSource(words: readonly string[], _flags: ImportFlags, report: Report): Promise<Source> {
  const [place = ""] = words;
  if (words.length > 1) throw new UserError(`Unknown format '${place}'.`);
  if (existsSync(place) && statSync(place).isDirectory()) {
    const { MlrunsSource } = await import("./mlruns/source.ts");
    return new MlrunsSource(place, report);
  }
  throw new UserError(`${place} is neither a folder nor a file nor a URL that can be read.`);
}
