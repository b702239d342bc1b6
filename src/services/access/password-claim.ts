import { MlflowError } from "../../domain/errors.ts";
import { decideForNames, type GrantedThing } from "../../stores/d1/access/decisions.ts";
import type { Credentials } from "../../stores/d1/access/users.ts";
import { type Claim, type Doors, unauthenticated, userClaim, userKey } from "./claim.ts";
import { accessEpoch, keepAccess, type Said } from "./memory.ts";
import { passwordMatches } from "./passwords.ts";

/*
 * Signing in by name and password. Checking a password takes a fifth of a second, so an isolate remembers a right password
 * for a minute. The memory alone does not let anybody in: as for every other caller, the database says whether the user
 * still exists and has that password (memory.ts).
 */

const REMEMBERED_MS = 60_000;
const MAX_REMEMBERED = 1000;

/** Wrong passwords allowed for one name from one network per minute. Further ones are refused unchecked, even right ones. */
const MAX_FAILURES = 10;
const FAILURES_MS = 60_000;
const MAX_COUNTED = 10_000;

type Known = Pick<Credentials, "userId" | "username" | "stamp"> & { readonly untilMs: number };

/** Right passwords, by a keyed digest of name and password. */
const known = new Map<string, Known>();

/** Failures by name and network. Each isolate counts its own, and one network's requests reach an isolate near to it. */
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
 * @param readings the possible decodings of one header, as UTF-8 and as Latin-1. Together they count as one attempt.
 * @param network the network that failures are counted for. It never comes from what a client says of itself.
 * @returns a claim that fails alike, and in the same time, for a wrong name and a wrong password. After too many wrong
 * passwords it is refused unchecked with REQUEST_LIMIT_EXCEEDED.
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

/** This isolate's key, which prevents fast guessing of passwords by digest. A Worker may create it only during a request. */
let digestKey: Promise<CryptoKey> | undefined;

async function digest({ username, password }: NameAndPassword): Promise<string> {
  digestKey ??= crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign"]) as Promise<CryptoKey>;
  const text = new TextEncoder().encode(JSON.stringify([username, password]));
  return Buffer.from(await crypto.subtle.sign("HMAC", await digestKey, text)).toString("base64");
}
