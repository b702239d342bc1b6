import { MlflowError } from "../../domain/errors.ts";
import { decideForNames, type GrantedThing } from "../../stores/d1/access/decisions.ts";
import type { Credentials } from "../../stores/d1/access/users.ts";
import { type Claim, type Doors, unauthenticated, userClaim, userKey } from "./claim.ts";
import { accessEpoch, keepAccess, type Said } from "./memory.ts";
import { passwordMatches } from "./passwords.ts";

/*
 * Signing in by name and password. A password costs a fifth of a second to check, so an isolate remembers for a minute that
 * it was right. What was remembered opens nothing by itself: the database says whether the user is still there with that
 * password, as of every other caller (memory.ts).
 */

const REMEMBERED_MS = 60_000;
const MAX_REMEMBERED = 1000;

/** Wrong passwords of one name from one network in a minute; more are refused unread, right ones too. */
const MAX_FAILURES = 10;
const FAILURES_MS = 60_000;
const MAX_COUNTED = 10_000;

type Known = Pick<Credentials, "userId" | "username" | "stamp"> & { readonly untilMs: number };

/** By a keyed digest of name and password. */
const known = new Map<string, Known>();

/** By name and network: of this isolate, which is near to one network's requests. */
const failures = new Map<string, Failures>();

interface Failures {
  readonly count: number;
  readonly untilMs: number;
}

export interface NameAndPassword {
  readonly username: string;
  readonly password: string;
}

/**
 * @param readings what one header may mean: its bytes as UTF-8 and as Latin-1. All of them are one attempt.
 * @param network whom failures are counted for; what a client says of itself does not name one.
 * @returns a claim that a wrong name and a wrong password fail alike and in the same time, and that is refused unread
 * after too many wrong passwords: REQUEST_LIMIT_EXCEEDED.
 */
export async function passwordClaim(
  readings: readonly NameAndPassword[],
  network: string,
  doors: Doors,
): Promise<Claim> {
  const nowMs = Date.now();
  const keys = await Promise.all(readings.map(digest));
  for (const key of keys) {
    const user = known.get(key);
    if (user !== undefined && user.untilMs > nowMs) return userClaim(user, user, doors);
  }
  return { recall: () => undefined, ask: (things) => signIn(readings, keys, network, doors, things) };
}

async function signIn(
  readings: readonly NameAndPassword[],
  keys: readonly string[],
  network: string,
  { db, defaultLevel }: Doors,
  things: readonly GrantedThing[],
): Promise<Said> {
  const nowMs = Date.now();
  const usernames = [...new Set(readings.map(({ username }) => username))];
  const counters = usernames.map((username) => `${network} ${username}`);
  const full = counters.map((counter) => failuresOf(counter, nowMs)).filter(({ count }) => count >= MAX_FAILURES);
  if (full.length > 0) {
    const seconds = Math.ceil((Math.max(...full.map(({ untilMs }) => untilMs)) - nowMs) / 1000);
    throw new MlflowError(
      "REQUEST_LIMIT_EXCEEDED",
      `Too many wrong passwords of this name; please wait ${seconds} s. Tokens go on working.`,
      {},
      seconds,
    );
  }
  const epoch = accessEpoch();
  const found = await decideForNames(db, usernames, { things, defaultLevel });
  for (const [index, { username, password }] of readings.entries()) {
    const { user, decision } = found.find((one) => one.user.username === username) ?? {};
    if (!(await passwordMatches(password, user?.passwordHash)) || user === undefined || decision === undefined)
      continue;
    for (const counter of counters) failures.delete(counter);
    const { userId, stamp } = user;
    keep(known, keys[index]!, { userId, username, stamp, untilMs: nowMs + REMEMBERED_MS }, MAX_REMEMBERED);
    const said = { ...decision, principal: { username, isAdmin: decision.isAdmin, user: { userId, stamp } } };
    keepAccess(epoch, userKey(user), things, said);
    return said;
  }
  for (const counter of counters) {
    const failed = failuresOf(counter, nowMs);
    keep(failures, counter, { ...failed, count: failed.count + 1 }, MAX_COUNTED);
  }
  throw unauthenticated();
}

function failuresOf(counter: string, nowMs: number): Failures {
  const failed = failures.get(counter);
  return failed !== undefined && failed.untilMs > nowMs ? failed : { count: 0, untilMs: nowMs + FAILURES_MS };
}

function keep<T>(map: Map<string, T>, key: string, value: T, most: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > most) map.delete(map.keys().next().value ?? "");
}

/** Of this isolate, so that a digest is no fast way to guess a password. A Worker may make one only while it has a request. */
let digestKey: Promise<CryptoKey> | undefined;

async function digest({ username, password }: NameAndPassword): Promise<string> {
  digestKey ??= crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign"]) as Promise<CryptoKey>;
  const text = new TextEncoder().encode(JSON.stringify([username, password]));
  return Buffer.from(await crypto.subtle.sign("HMAC", await digestKey, text)).toString("base64");
}
