import { MlflowError } from "../../domain/errors.ts";
import type { Principal } from "../../domain/principal.ts";
import { remember } from "../../domain/remember.ts";
import { auditStatement } from "../../stores/d1/access/audit.ts";
import { decideForNames, type GrantedThing } from "../../stores/d1/access/decisions.ts";
import { AttemptCounter } from "../../stores/gate/attempts.ts";
import { inLine } from "./check-line.ts";
import { type Claim, type Doors, unauthenticated, userClaim, userKey } from "./claim.ts";
import { accessEpoch, keepAccess, type Said } from "./memory.ts";
import { passwordMatches } from "./passwords.ts";
import type { SettingsAdmin } from "./sign-ins.ts";

/*
 * Signing in by name and password. Checking a user's password takes a fifth of a second, and counting an attempt takes a
 * round trip, so an isolate remembers a right password for a minute. The memory alone does not let a user in: as for every
 * other caller, the database says whether the user still exists and has that password (memory.ts).
 */

const REMEMBERED_MS = 60_000;
const MAX_REMEMBERED = 1000;

interface Known {
  readonly principal: Principal;
  readonly untilMs: number;
  /** For the admin of the settings: the secrets at that time. A change of the secrets ends the entry. */
  readonly secrets?: string | undefined;
}

/** Right passwords, by a keyed digest of name and password. */
const known = new Map<string, Known>();

/** Passwords that are being checked, by the same digest: requests that arrive together share a check and an attempt. */
const checks = new Map<string, Promise<Said>>();

export interface NameAndPassword {
  /** Empty for a secret of the settings that was sent without a name. */
  readonly username: string;
  readonly password: string;
}

/** The admin of the server's settings, as far as a sign-in needs to know. */
export interface SettingsDoor extends SettingsAdmin {
  /** Whether the reading has the admin's name, or none, and a secret of the admin. */
  readonly isRight: (reading: NameAndPassword) => Promise<boolean>;
}

/**
 * @param readings the possible decodings of one header, as UTF-8 and as Latin-1. Together they count as one attempt.
 * @param tellNetwork tells the network that failures are counted for. It never comes from what a client says of itself.
 * @returns the admin of the settings, whose secret is remembered; or a claim that fails alike, and in the same time, for a
 * wrong name and a wrong password. After too many wrong passwords of the name from the network it is refused unchecked with
 * REQUEST_LIMIT_EXCEEDED.
 */
export async function passwordClaim(
  readings: readonly NameAndPassword[],
  tellNetwork: () => string,
  doors: Doors,
  settings: SettingsDoor | undefined,
): Promise<Principal | Claim> {
  const keys = await Promise.all(readings.map(digest));
  const recalled = recallCaller(keys, settings);
  if (recalled !== undefined) return recalled.user ? userClaim(recalled, recalled.user, doors) : recalled;
  const signing = { readings, keys, settings, network: tellNetwork() };
  return { recall: () => undefined, ask: (things) => signInOnce(signing, doors, things) };
}

interface SignIn {
  readonly readings: readonly NameAndPassword[];
  /** Digests of the readings. */
  readonly keys: readonly string[];
  readonly network: string;
  readonly settings: SettingsDoor | undefined;
}

function recallCaller(keys: readonly string[], settings: SettingsDoor | undefined): Principal | undefined {
  const nowMs = Date.now();
  const isKnown = (one: Known | undefined): one is Known =>
    one !== undefined && one.untilMs > nowMs && (one.principal.user !== undefined || one.secrets === settings?.secrets);
  return keys.map((key) => known.get(key)).find(isKnown)?.principal;
}

async function signInOnce(signing: SignIn, doors: Doors, things: readonly GrantedThing[]): Promise<Said> {
  const { keys, network, settings } = signing;
  const check = `${keys.join(" ")} ${network}`;
  const underWay = checks.get(check);
  if (underWay !== undefined) {
    await underWay;
    const caller = recallCaller(keys, settings);
    if (caller === undefined) throw unauthenticated();
    return caller.user ? await userClaim(caller, caller.user, doors).ask(things) : saidOfSettings(caller);
  }
  const signingIn = inLine(network, () => signIn(signing, doors, things));
  checks.set(check, signingIn);
  try {
    return await signingIn;
  } finally {
    checks.delete(check);
  }
}

const saidOfSettings = (principal: Principal): Said => ({ principal, isAdmin: true, levels: [] });

async function signIn(
  { readings, keys, network, settings }: SignIn,
  doors: Doors,
  things: readonly GrantedThing[],
): Promise<Said> {
  const { env, db, defaultLevel, waitUntil } = doors;
  const usernames = [...new Set(readings.map(({ username }) => username))];
  // The name of the settings' admin belongs to nobody else, even if the database has a user with that name.
  const names = usernames.filter((name) => name !== "" && name !== settings?.username);
  const epoch = accessEpoch();
  const counter = new AttemptCounter(env, network, usernames);
  const [attempt, found] = await Promise.all([
    counter.begin(),
    names.length === 0 ? [] : decideForNames(db, names, { things, defaultLevel }),
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
  for (const [index, reading] of readings.entries()) {
    if (settings !== undefined && (await settings.isRight(reading))) {
      waitUntil(counter.succeeded());
      const principal = { username: settings.username, isAdmin: true };
      const one = { principal, secrets: settings.secrets, untilMs: Number.POSITIVE_INFINITY };
      remember(known, keys[index]!, one, MAX_REMEMBERED);
      return saidOfSettings(principal);
    }
    const { username, password } = reading;
    // Nobody's name can be learned from the time that a secret without a name takes.
    if (username === "") continue;
    const { user, decision } = found.find((one) => one.user.username === username) ?? {};
    if (!(await passwordMatches(password, user?.passwordHash)) || user === undefined || decision === undefined)
      continue;
    waitUntil(counter.succeeded());
    const identity = { userId: user.userId, stamp: user.stamp };
    const one = { principal: { username, isAdmin: false, user: identity }, untilMs: Date.now() + REMEMBERED_MS };
    remember(known, keys[index]!, one, MAX_REMEMBERED);
    const said = { ...decision, principal: { username, isAdmin: decision.isAdmin, user: identity } };
    keepAccess(epoch, userKey(user), things, said);
    return said;
  }
  if ("isNoted" in attempt && attempt.isNoted) {
    // A name that no user has may be a password in the wrong field, so it is not written down.
    const isOfSettings = settings !== undefined && usernames.includes(settings.username);
    noteFailure(doors, isOfSettings ? settings.username : (found[0]?.user.username ?? ""), attempt.failures);
  }
  throw unauthenticated();
}

function noteFailure({ db, waitUntil, auditedFrom }: Doors, username: string, failures: number): void {
  const failure = { action: "sign_in.fail", targetType: "user", targetId: username, detail: { failures } } as const;
  const entry = auditStatement(db, { username: "", credential: "none", ...auditedFrom }, failure);
  waitUntil(entry.run().catch((error: unknown) => console.error("audit of a failed sign-in", error)));
}

/** This isolate's key, which prevents fast guessing of passwords by digest. A Worker may create it only during a request. */
let digestKey: Promise<CryptoKey> | undefined;

async function digest({ username, password }: NameAndPassword): Promise<string> {
  digestKey ??= crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign"]) as Promise<CryptoKey>;
  const text = new TextEncoder().encode(JSON.stringify([username, password]));
  return Buffer.from(await crypto.subtle.sign("HMAC", await digestKey, text)).toString("base64");
}
