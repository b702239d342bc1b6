import { remember } from "../../domain/remember.ts";
import { findRun } from "../../stores/d1/runs/runs.ts";
import { cellOfNewRun } from "../../stores/run/placement.ts";
import { createCell, type RunPlace } from "../../stores/run/stub.ts";
import type { ServiceContext } from "../context.ts";

const MAX_KNOWN_RUNS = 10_000;

/** Facts about a run that an isolate may remember. */
export interface KnownRun {
  /** The run may have moved to another experiment since. Only the choice of a cell depends on it. */
  readonly experimentId: string;
  /** Whether the run's object is known to hold its history. False is not certain: another isolate may know better. */
  readonly hasObject: boolean;
  /** Which object holds the history, or will hold it: see {@link RunPlace}. */
  readonly cell: string;
  /** When this isolate created the run, in milliseconds since 1970; undefined if it did not. */
  readonly createdMs?: number;
}

/** Run id → what this isolate knows of the run. A Durable Object stub is made only for a run that exists. */
const knownRuns = new Map<string, KnownRun>();

export function rememberRun(runId: string, run: KnownRun): void {
  remember(knownRuns, runId, run, MAX_KNOWN_RUNS);
}

/** Forgets a run that was deleted for good. Other isolates find out when they ask for it. */
export function forgetRun(runId: string): void {
  knownRuns.delete(runId);
}

/** @returns the run, from memory if this isolate has seen it; undefined when there is no such run. */
export async function findKnownRun(ctx: ServiceContext, runId: string): Promise<KnownRun | undefined> {
  const known = knownRuns.get(runId);
  if (known !== undefined) return known;
  const run = await findRun(ctx.db, runId);
  if (run !== undefined) rememberRun(runId, run);
  return run;
}

/** Where a run's history is, if this isolate knows that an object holds it. */
export function knownPlaceOfObject(runId: string): RunPlace | undefined {
  const run = knownRuns.get(runId);
  return run?.hasObject ? { runId, cell: run.cell } : undefined;
}

/** Cells that this isolate has created, or found. */
const createdCells = new Set<string>();

/** Creates a run's cell near the client that has created the run, after the answer, if this isolate has not done so yet. */
export function createCellNear({ env, clientRegion, waitUntil }: ServiceContext, cell: string): void {
  if (cell === "" || clientRegion === undefined || createdCells.has(cell)) return;
  createdCells.add(cell);
  const creating = createCell(env, cell, clientRegion);
  waitUntil(creating.catch((error: unknown) => console.error("creation of cell", cell, error)));
}

/** Cells that have told this isolate that they are full. */
const fullCells = new Set<string>();

/** The cell of a new run: see {@link cellOfNewRun}. */
export function placeNewRun(ctx: ServiceContext, runId: string, experimentId: string): string {
  return cellOfNewRun(runId, experimentId, ctx.cells, (cell) => fullCells.has(cell));
}

export function rememberFullCell(cell: string): void {
  fullCells.add(cell);
}
