import type { Principal } from "../../domain/principal.ts";
import type { Decision, GrantedThing } from "../../stores/d1/access/decisions.ts";

/*
 * What the database said of callers, kept for seconds, so that a request that follows others asks it nothing.
 *
 * Only what lets a caller in is kept: a right that was just given counts at once. A right that was taken counts at once in
 * the isolate that took it, which is all of them on one machine, and after TRUSTED_MS in others. Nothing is kept of things
 * that are called by a name, which may be another thing's a moment later.
 */

/** For how long an answer counts. */
export const TRUSTED_MS = 10_000;
/** From when on an answer is asked for again, beside the request that it lets in. */
const RENEWED_MS = 5_000;

const MAX_CALLERS = 1_000;
const MAX_LEVELS = 20_000;

/** What the database says of a caller. */
export interface Said extends Decision {
  readonly principal: Principal;
}

interface Entry {
  readonly principal: Principal;
  readonly isAdmin: boolean;
  readonly saidMs: number;
  readonly levels: Map<string, { readonly level: number; readonly saidMs: number }>;
  /** When it was last asked for again. */
  renewedMs: number;
}

const entries = new Map<string, Entry>();
let levelCount = 0;
let epoch = 0;

/** Forgets everything: after each change of who may do what. What is being asked meanwhile is not kept either. */
export function forgetAccess(): void {
  epoch++;
  entries.clear();
  levelCount = 0;
}

/** A change of who may do what, after which nothing is remembered: neither if it failed, since it may have been made. */
export async function changed<T>(change: Promise<T>): Promise<T> {
  try {
    return await change;
  } finally {
    forgetAccess();
  }
}

/** @returns undefined unless all of it is known; `isOld` where somebody should ask again. */
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

/** Taken before the database is asked, and given back with its answer. */
export function accessEpoch(): number {
  return epoch;
}

/** Keeps an answer under `key`, unless a right was changed while it was asked for: it may be in the answer yet. */
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

/** The caller is let in no more. */
export function dropAccess(key: string): void {
  levelCount -= entries.get(key)?.levels.size ?? 0;
  entries.delete(key);
}

/** Of what has an id, which is never another's. */
function nameOf(thing: GrantedThing): string | undefined {
  switch (thing.kind) {
    case "run":
      return `run ${thing.runId}`;
    case "experiment":
    case "runsOf":
      return `${thing.kind} ${thing.experimentId}`;
    case "loggedModel":
      return `model ${thing.modelId}`;
    case "artifact":
      // All of one folder are decided alike.
      return `artifact ${thing.objectKey.split("/", 2).join("/")}`;
    default:
      return undefined;
  }
}
