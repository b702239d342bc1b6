import { MlflowError } from "../../domain/errors.ts";
import { auditStatement } from "../../stores/d1/access/audit.ts";
import { decideForNames, type GrantedThing } from "../../stores/d1/access/decisions.ts";
import type { Credentials } from "../../stores/d1/access/users.ts";
import { AttemptCounter } from "../../stores/gate/attempts.ts";
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

type Known = Pick<Credentials, "userId" | "username" | "stamp"> & { readonly untilMs: number };

/** Right passwords, by a keyed digest of name and password. */
const known = new Map<string, Known>();

/** Passwords that are being checked, by the same digest: requests that arrive together share a check and an attempt. */
const checks = new Map<string, Promise<Said>>();

export interface NameAndPassword {
  readonly username: string;
  readonly password: string;
}

/**
 * @param readings the possible decodings of one header, as UTF-8 and as Latin-1. Together they count as one attempt.
 * @param network the network that failures are counted for. It never comes from what a client says of itself.
 * @returns a claim that fails alike, and in the same time, for a wrong name and a wrong password. After too many wrong
 * passwords of the name from the network it is refused unchecked with REQUEST_LIMIT_EXCEEDED.
 */
export async function passwordClaim(
  readings: readonly NameAndPassword[],
  network: string,
  doors: Doors,
): Promise<Claim> {
  const keys = await Promise.all(readings.map(digest));
  const recalled = recallUser(keys);
  if (recalled !== undefined) return userClaim(recalled, recalled, doors);
  return { recall: () => undefined, ask: (things) => signInOnce(readings, keys, network, doors, things) };
}

function recallUser(keys: readonly string[]): Known | undefined {
  const nowMs = Date.now();
  return keys.map((key) => known.get(key)).find((user) => user !== undefined && user.untilMs > nowMs);
}

async function signInOnce(
  readings: readonly NameAndPassword[],
  keys: readonly string[],
  network: string,
  doors: Doors,
  things: readonly GrantedThing[],
): Promise<Said> {
  const check = `${keys.join(" ")} ${network}`;
  const underWay = checks.get(check);
  if (underWay !== undefined) {
    await underWay;
    const user = recallUser(keys);
    if (user === undefined) throw unauthenticated();
    return await userClaim(user, user, doors).ask(things);
  }
  const signingIn = signIn(readings, keys, network, doors, things);
  checks.set(check, signingIn);
  try {
    return await signingIn;
  } finally {
    checks.delete(check);
  }
}

async function signIn(
  readings: readonly NameAndPassword[],
  keys: readonly string[],
  network: string,
  { env, db, defaultLevel, waitUntil, auditedFrom }: Doors,
  things: readonly GrantedThing[],
): Promise<Said> {
  const usernames = [...new Set(readings.map(({ username }) => username))];
  const epoch = accessEpoch();
  const counter = new AttemptCounter(env, network, usernames);
  const [attempt, found] = await Promise.all([
    counter.begin(),
    decideForNames(db, usernames, { things, defaultLevel }),
  ]);
  const { waitSeconds } = attempt;
  if (waitSeconds > 0) {
    throw new MlflowError(
      "REQUEST_LIMIT_EXCEEDED",
      `Too many wrong passwords of this name; please wait ${waitSeconds} s. Tokens go on working.`,
      {},
      waitSeconds,
    );
  }
  for (const [index, { username, password }] of readings.entries()) {
    const { user, decision } = found.find((one) => one.user.username === username) ?? {};
    if (!(await passwordMatches(password, user?.passwordHash)) || user === undefined || decision === undefined)
      continue;
    waitUntil(counter.succeeded());
    const { userId, stamp } = user;
    keep(known, keys[index]!, { userId, username, stamp, untilMs: Date.now() + REMEMBERED_MS }, MAX_REMEMBERED);
    const said = { ...decision, principal: { username, isAdmin: decision.isAdmin, user: { userId, stamp } } };
    keepAccess(epoch, userKey(user), things, said);
    return said;
  }
  if ("isNoted" in attempt && attempt.isNoted) {
    // A name that no user has may be a password in the wrong field, so it is not written down.
    const targetId = found[0]?.user.username ?? "";
    const failure = {
      action: "sign_in.fail",
      targetType: "user",
      targetId,
      detail: { failures: attempt.failures },
    } as const;
    const entry = auditStatement(db, { username: "", credential: "none", ...auditedFrom }, failure);
    waitUntil(entry.run().catch((error: unknown) => console.error("audit of a failed sign-in", error)));
  }
  throw unauthenticated();
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
