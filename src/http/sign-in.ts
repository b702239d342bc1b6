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

/** By a digest of name and password. */
const known = new Map<string, Known>();

/** By name and network: of this isolate, which is near to one network's requests. */
const failures = new Map<string, { count: number; readonly untilMs: number }>();

/**
 * @param network whom failures are counted for; what a client says of itself does not name one.
 * @returns the user; undefined for a wrong name or password, which take the same time.
 * @throws MlflowError REQUEST_LIMIT_EXCEEDED after too many wrong passwords, before any is checked.
 */
export async function signIn(
  db: D1Database,
  username: string,
  password: string,
  network: string,
): Promise<Principal | undefined> {
  const now = Date.now();
  const key = await digest(username, password);
  const remembered = known.get(key);
  if (remembered !== undefined && remembered.untilMs > now) return toPrincipal(remembered);
  const counter = `${network} ${username}`;
  const failed = failures.get(counter);
  if (failed !== undefined && failed.untilMs > now && failed.count >= MAX_FAILURES) {
    throw new MlflowError("REQUEST_LIMIT_EXCEEDED", "Too many wrong passwords; please wait a minute.");
  }
  const user = await findUser(db, username);
  if (!(await passwordMatches(password, user?.passwordHash)) || user === undefined) {
    const counted = failed !== undefined && failed.untilMs > now ? failed : { count: 0, untilMs: now + FAILURES_MS };
    counted.count++;
    keep(failures, counter, counted, MAX_COUNTED);
    return undefined;
  }
  failures.delete(counter);
  keep(known, key, { ...user, untilMs: now + REMEMBERED_MS }, MAX_REMEMBERED);
  return toPrincipal(user);
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

async function digest(username: string, password: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify([username, password])));
  return Buffer.from(bytes).toString("base64");
}
