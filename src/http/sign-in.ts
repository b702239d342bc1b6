import { MlflowError } from "../domain/errors.ts";
import type { Principal } from "../domain/principal.ts";
import { passwordMatches } from "../services/access/passwords.ts";
import { type Credentials, findUser } from "../stores/d1/access/users.ts";

/*
 * Signing in by name and password. A password costs a fifth of a second to check, so an isolate remembers for a minute that
 * it was right. What was remembered opens nothing by itself: every request asks the database whether the user is still there
 * with that password (see decide), so a changed password, a lost admin's right and a deleted user count at once.
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
 * @returns the user; undefined for a wrong name or password, which take the same time.
 * @throws MlflowError REQUEST_LIMIT_EXCEEDED after too many wrong passwords, before any is checked.
 */
export async function signIn(
  db: D1Database,
  readings: readonly NameAndPassword[],
  network: string,
): Promise<Principal | undefined> {
  const now = Date.now();
  const keys = await Promise.all(readings.map(digest));
  for (const key of keys) {
    const remembered = known.get(key);
    if (remembered !== undefined && remembered.untilMs > now) return toPrincipal(remembered);
  }
  const counters = [...new Set(readings.map(({ username }) => `${network} ${username}`))];
  if (counters.some((counter) => failuresOf(counter, now).count >= MAX_FAILURES)) {
    throw new MlflowError("REQUEST_LIMIT_EXCEEDED", "Too many wrong passwords; please wait a minute.");
  }
  for (const [index, { username, password }] of readings.entries()) {
    const user = await findUser(db, username);
    if (!(await passwordMatches(password, user?.passwordHash)) || user === undefined) continue;
    for (const counter of counters) failures.delete(counter);
    keep(known, keys[index]!, { ...user, untilMs: now + REMEMBERED_MS }, MAX_REMEMBERED);
    return toPrincipal(user);
  }
  for (const counter of counters) {
    const failed = failuresOf(counter, now);
    keep(failures, counter, { ...failed, count: failed.count + 1 }, MAX_COUNTED);
  }
  return undefined;
}

function failuresOf(counter: string, nowMs: number): Failures {
  const failed = failures.get(counter);
  return failed !== undefined && failed.untilMs > nowMs ? failed : { count: 0, untilMs: nowMs + FAILURES_MS };
}

/** An admin by what authorization reads, and not before. */
function toPrincipal({ userId, username, stamp }: Omit<Known, "untilMs">): Principal {
  return { username, isAdmin: false, user: { userId, stamp } };
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
