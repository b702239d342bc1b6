import { MlflowError } from "../../domain/errors.ts";
import { remember } from "../../domain/remember.ts";

/*
 * A check of a password keeps the isolate's one thread busy for a fifth of a second. If checks that arrive together ran one
 * right after the other, a stranger with fifty guesses would keep all other clients waiting for ten seconds. So each check
 * has a time at which it begins, and the server serves others in between. A check that is alone begins at once. No check
 * waits for another request, because that one may be cut off. A check reads its data when its time has come.
 */

/** The time from the start of one check to the start of the next. */
const APART_MS = 300;
/** How long a check may wait for others from its network: twenty of them. Only a network that guesses has more. */
const MAX_WAIT_MS = 20 * APART_MS;

const MAX_NETWORKS = 1000;

/** When the next check may begin. */
let nextMs = 0;
/** The same for each network, as if the checks of other networks took no time. */
const nextOf = new Map<string, number>();

/**
 * Makes a check when its time has come.
 * @throws MlflowError REQUEST_LIMIT_EXCEEDED where too many checks from the network wait. Then the check is not made.
 */
export async function inLine<T>(network: string, check: () => Promise<T>): Promise<T> {
  const nowMs = Date.now();
  const ownMs = Math.max(nowMs, nextOf.get(network) ?? 0);
  if (ownMs - nowMs > MAX_WAIT_MS) {
    const message = "Too many passwords are being checked; please wait a few seconds. Tokens go on working.";
    throw new MlflowError("REQUEST_LIMIT_EXCEEDED", message, {}, MAX_WAIT_MS / 1000);
  }
  const startMs = Math.max(ownMs, nextMs);
  const [ownEndMs, endMs] = [ownMs + APART_MS, startMs + APART_MS];
  remember(nextOf, network, ownEndMs, MAX_NETWORKS);
  nextMs = endMs;
  if (startMs > nowMs) await scheduler.wait(startMs - nowMs);
  try {
    return await check();
  } finally {
    // If no other check came meanwhile, the next one need not wait.
    if (nextOf.get(network) === ownEndMs) nextOf.delete(network);
    if (nextMs === endMs) nextMs = 0;
  }
}
