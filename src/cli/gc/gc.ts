import { setTimeout as sleep } from "node:timers/promises";
import { counted } from "../counted.ts";
import { Refused, TrackingServer } from "../transfer/http.ts";
import { type Progress, startProgress } from "../transfer/progress.ts";
import { UserError } from "../user-error.ts";
import { type Failure, GcReport, KINDS, type Kind, type Thing } from "./report.ts";

export interface GcFlags {
  readonly trackingUri: string;
  readonly olderThan?: string;
  readonly runIds?: string;
  readonly experimentIds?: string;
  readonly loggedModelIds?: string;
  readonly dryRun?: true;
  readonly json?: true;
}

interface Answer extends Readonly<Record<Kind, readonly Thing[]>> {
  readonly kept: readonly Thing[];
  readonly freed?: { readonly files: number; readonly bytes: number };
  readonly artifacts_left?: readonly string[];
  readonly unfinished?: Readonly<Record<Kind, number>>;
  readonly failures?: readonly Failure[];
  readonly next_page_token?: string;
}

type Message = Readonly<Record<string, unknown>>;

/** The most ids that one request takes. */
const IDS_PER_REQUEST = 1000;

/** Another caller's claim on a thing ends after a minute. */
const WAIT_MS = 2000;
const LONGEST_WAIT_MS = 90_000;

/**
 * Empties a server's trash for good, call by call until nothing is left.
 * @throws {UserError} if the server refuses. Nothing is deleted if it refuses a dry run or the first call.
 */
export async function runGc(flags: GcFlags): Promise<GcReport> {
  const server = new TrackingServer(flags.trackingUri, process.env);
  const report = new GcReport(flags.dryRun === true);
  const shown = startProgress(flags.dryRun ? "Looking at the trash" : "Deleting", undefined, flags.json !== true);
  try {
    const selections = selectionsOf(flags);
    // Dry runs first, so that the server refuses a wrong list before anything is deleted.
    if (!flags.dryRun && selections.some((selection) => !("all" in selection))) {
      for (const selection of selections) await ask(server, { ...selection, dry_run: true });
    }
    for (const selection of selections)
      await goThrough(server, { ...selection, dry_run: report.isDryRun }, report, shown);
    if (!report.isDryRun) await finish(server, report, shown);
  } finally {
    shown.stop();
  }
  return report;
}

function selectionsOf({ runIds, experimentIds, loggedModelIds, olderThan }: GcFlags): Message[] {
  const age = olderThan === undefined ? {} : { older_than: olderThan };
  const named = { run_ids: runIds, experiment_ids: experimentIds, logged_model_ids: loggedModelIds };
  const selections = Object.entries(named).flatMap(([name, text]) => {
    const ids = (text ?? "")
      .split(",")
      .map((id) => id.trim())
      .filter((id) => id !== "");
    const slices = Array.from({ length: Math.ceil(ids.length / IDS_PER_REQUEST) }, (_, i) =>
      ids.slice(i * IDS_PER_REQUEST, (i + 1) * IDS_PER_REQUEST),
    );
    return slices.map((slice): Message => ({ [name]: slice, ...age }));
  });
  if (selections.length > 0) return selections;
  // A list that turns out empty must never mean "everything".
  if (Object.values(named).some((text) => text !== undefined)) throw new UserError("Give at least one id.");
  return [{ all: true, ...age }];
}

async function goThrough(server: TrackingServer, selection: Message, report: GcReport, shown: Progress): Promise<void> {
  for (let token: string | undefined, isFirst = true; isFirst || token !== undefined; isFirst = false) {
    const answer = await ask(server, token === undefined ? selection : { ...selection, page_token: token });
    take(answer, report, shown);
    token = answer.next_page_token;
  }
}

/** Continues until all started deletions are finished, whoever started them, or until there is no progress. */
async function finish(server: TrackingServer, report: GcReport, shown: Progress): Promise<void> {
  for (let waitedMs = 0; report.unfinished > 0; ) {
    const before = report.unfinished;
    take(await ask(server, {}), report, shown);
    if (report.unfinished < before) {
      waitedMs = 0;
      continue;
    }
    if (report.failures.length > 0 || waitedMs >= LONGEST_WAIT_MS) return;
    await sleep(WAIT_MS);
    waitedMs += WAIT_MS;
  }
}

function take(answer: Answer, report: GcReport, shown: Progress): void {
  for (const kind of KINDS) report.add(kind, answer[kind]);
  report.keep(answer.kept);
  report.leave(answer.artifacts_left ?? []);
  report.files += answer.freed?.files ?? 0;
  report.bytes += answer.freed?.bytes ?? 0;
  report.failures = answer.failures ?? [];
  report.unfinished = KINDS.reduce((sum, kind) => sum + (answer.unfinished?.[kind] ?? 0), 0);
  const left = report.unfinished > 0 ? `, ${report.unfinished} to go` : "";
  shown.advance(0, `${counted(report.count, "thing")}, ${counted(report.files, "file")}${left}`);
}

async function ask(server: TrackingServer, message: Message): Promise<Answer> {
  try {
    return await server.post<Answer>("/api/2.0/trackflare/gc", JSON.stringify(message));
  } catch (error) {
    throw error instanceof Refused ? new UserError(error.message) : error;
  }
}
