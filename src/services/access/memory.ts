import type { Principal } from "../../domain/principal.ts";
import type { Decision, GrantedThing } from "../../stores/d1/access/decisions.ts";

/*
 * The database's answers about callers, kept for seconds, so that a series of requests does not ask it each time.
 *
 * Only answers that let a caller in are kept, so a new grant takes effect at once. A revoked grant takes effect at once in
 * the isolate that revoked it, which on one machine is the only one, and after TRUSTED_MS in other isolates. Answers about
 * things that are addressed by name are not kept, since the name may belong to another thing a moment later.
 */

/** How long an answer is valid. */
export const TRUSTED_MS = 10_000;
/** The age from which a request that uses an answer also refreshes it in the background. */
const RENEWED_MS = 5_000;

const MAX_CALLERS = 1_000;
const MAX_LEVELS = 20_000;

/** The database's answer about a caller. */
export interface Said extends Decision {
  readonly principal: Principal;
}

interface Entry {
  readonly principal: Principal;
  readonly isAdmin: boolean;
  readonly saidMs: number;
  readonly levels: Map<string, { readonly level: number; readonly saidMs: number }>;
  /** When the answer was last refreshed. */
  renewedMs: number;
}

const entries = new Map<string, Entry>();
let levelCount = 0;
let epoch = 0;

/** Forgets everything, after each change of access rights. Answers to queries in flight are not kept either. */
export function forgetAccess(): void {
  epoch++;
  entries.clear();
  levelCount = 0;
}

/** Awaits a change of access rights, then forgets everything, even on failure, since the change may have been made. */
export async function changed<T>(change: Promise<T>): Promise<T> {
  try {
    return await change;
  } finally {
    forgetAccess();
  }
}

/** @returns undefined unless the whole answer is known; `isOld` where the caller should refresh it. */
export function recallAccess(
  key: string,
  things: readonly GrantedThing[],
): { readonly said: Said; readonly isOld: boolean } | undefined {
  const nowMs = Date.now();
  const entry = entries.get(key);
  if (entry === undefined || nowMs - entry.saidMs >= TRUSTED_MS) return undefined;
  let oldestMs = entry.saidMs;
  const levels: number[] = [];
  const isUnlimited = entry.isAdmin && entry.principal.narrowing?.experimentIds === undefined;
  for (const thing of isUnlimited ? [] : things) {
    const known = entry.levels.get(nameOf(thing) ?? "");
    if (known === undefined || nowMs - known.saidMs >= TRUSTED_MS) return undefined;
    oldestMs = Math.min(oldestMs, known.saidMs);
    levels.push(known.level);
  }
  const isOld = nowMs - Math.max(oldestMs, entry.renewedMs) >= RENEWED_MS;
  if (isOld) entry.renewedMs = nowMs;
  return { said: { principal: entry.principal, isAdmin: entry.isAdmin, levels }, isOld };
}

/** The epoch, read before the database is asked and passed to `keepAccess` with the answer. */
export function accessEpoch(): number {
  return epoch;
}

/** Keeps an answer under `key`, unless rights changed during the query: the answer may still show the old rights. */
export function keepAccess(
  before: number,
  key: string,
  things: readonly GrantedThing[],
  { principal, isAdmin, levels }: Said,
): void {
  if (before !== epoch) return;
  const nowMs = Date.now();
  const known = entries.get(key)?.levels ?? new Map();
  entries.delete(key);
  entries.set(key, { principal, isAdmin, saidMs: nowMs, renewedMs: nowMs, levels: known });
  for (const [index, thing] of things.entries()) {
    const name = nameOf(thing);
    const level = levels[index];
    if (name === undefined) continue;
    if (known.delete(name)) levelCount--;
    if (typeof level !== "number" || level <= 0) continue;
    known.set(name, { level, saidMs: nowMs });
    levelCount++;
  }
  if (levelCount > MAX_LEVELS) forgetAccess();
  else if (entries.size > MAX_CALLERS) dropAccess(entries.keys().next().value ?? "");
}

/** Forgets the answer for a caller who is no longer let in. */
export function dropAccess(key: string): void {
  levelCount -= entries.get(key)?.levels.size ?? 0;
  entries.delete(key);
}

/** The memory key of a thing with an id, since an id never passes to another thing; undefined for other things. */
function nameOf(thing: GrantedThing): string | undefined {
  switch (thing.kind) {
    case "run":
      return `run ${thing.runId}`;
    case "experiment":
    case "runsOf":
    case "loggedModelsOf":
      return `${thing.kind} ${thing.experimentId}`;
    case "loggedModel":
      return `model ${thing.modelId}`;
    case "artifact":
      // All artifacts in one folder of a run, in the usual place, have the same answer. Elsewhere the location is unknown here.
      return `artifact ${/^\d+\/(?:[0-9a-f]{32}|models\/[^/]+)(?=\/)/.exec(thing.objectKey)?.[0] ?? thing.objectKey}`;
    default:
      return undefined;
  }
}
