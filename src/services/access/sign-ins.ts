import { Buffer } from "node:buffer";
import { MlflowError } from "../../domain/errors.ts";
import { NOBODY, type Principal } from "../../domain/principal.ts";
import { remember } from "../../domain/remember.ts";
import { decideForUser } from "../../stores/d1/access/decisions.ts";
import {
  deleteSignIn,
  deleteSignInsOf,
  findSignIn,
  findSignInsOf,
  insertSignIn,
  type Oldest,
  type SignIn,
  type SignInOwner,
  touchSignIn,
} from "../../stores/d1/access/sign-ins.ts";
import { findUser } from "../../stores/d1/access/users.ts";
import { keyedHash } from "../../stores/gate/server-key.ts";
import type { ServiceContext } from "../context.ts";
import { recorded } from "./audit.ts";
import type { Doors } from "./claim.ts";
import { forgetAccess } from "./memory.ts";
import { isPasswordHash } from "./passwords.ts";
import { getUser, userTarget } from "./users.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** How long after its last use a sign-in ends. */
const IDLE_MS = 7 * DAY_MS;
/** How long after it began a sign-in ends, even if it is in use. */
export const MAX_AGE_MS = 30 * DAY_MS;

const MAX_USER_AGENT_LENGTH = 255;

/** The value of a cookie: 256 random bits, and a 128-bit proof that this server made them. */
const VALUE = /^([\w-]{43})\.([\w-]{22})$/;

function oldestThatCounts(nowMs: number): Oldest {
  return { createdMs: nowMs - MAX_AGE_MS, seenMs: nowMs - IDLE_MS };
}

/** A cookie by name and value, as a browser keeps it. */
export interface Cookie {
  readonly name: string;
  readonly value: string;
}

/** The digest that is stored for a cookie. It covers the cookie's name, so the value is invalid under another name. */
async function digestOf(env: Env, { name, value }: Cookie): Promise<string> {
  return await keyedHash(env, "sign-in", `${name}=${value}`);
}

/**
 * How long an isolate accepts a cookie without asking the database. For users, the statement that decides what the user may
 * do also checks that the sign-in is still valid (memory.ts). The admin of the server's settings needs no such statement,
 * so the end of the admin's sign-in takes effect after this time.
 */
const REMEMBERED_MS = 10_000;
const MAX_REMEMBERED = 1000;

/** The shortest time between two updates of a sign-in's last use. */
const SEEN_EVERY_MS = 15 * 60_000;

interface Remembered {
  readonly principal: Principal;
  readonly stamp: number;
  readonly untilMs: number;
}

/** Accepted cookies, by the digest of the cookie. */
const remembered = new Map<string, Remembered>();

/** The admin of the server's settings. `secrets` is the text that changes when any of the admin's secrets does. */
export interface SettingsAdmin {
  readonly username: string;
  readonly secrets: string;
}

/** The principal of a cookie; undefined if the cookie is invalid or expired. A forged cookie costs no database query. */
export async function principalOfCookie(
  { env, db, waitUntil }: Doors,
  cookie: Cookie,
  admin: SettingsAdmin | undefined,
): Promise<Principal | undefined> {
  const [, random, proof] = VALUE.exec(cookie.value) ?? [];
  if (random === undefined) return undefined;
  const [digest, adminStamp] = await Promise.all([digestOf(env, cookie), admin && stampOf(env, admin.secrets)]);
  const nowMs = Date.now();
  const known = remembered.get(digest);
  if (known !== undefined && known.untilMs > nowMs) {
    return known.principal.user !== undefined || known.stamp === adminStamp ? known.principal : undefined;
  }
  if (proof !== (await proofOf(env, random))) return undefined;
  const found = await findSignIn(db, digest, oldestThatCounts(nowMs));
  if (found === undefined || (found.userId === 0 && found.stamp !== adminStamp)) return undefined;
  const { userId, stamp, signInId, username } = found;
  if (nowMs - found.lastSeenTimeMs > SEEN_EVERY_MS) waitUntil(touchSignIn(db, signInId, nowMs));
  const principal: Principal =
    username === null
      ? { username: admin?.username ?? "", isAdmin: true, signInId }
      : // Authorization reads from the database whether the user is an admin.
        { username, isAdmin: false, user: { userId, stamp }, signInId };
  remember(remembered, digest, { principal, stamp, untilMs: nowMs + REMEMBERED_MS }, MAX_REMEMBERED);
  return principal;
}

/** Makes the end of a sign-in take effect at once in the isolate that ended it. */
function forget(isEnded: (principal: Principal) => boolean): void {
  for (const [digest, { principal }] of remembered) if (isEnded(principal)) remembered.delete(digest);
  forgetAccess();
}

/**
 * Signs a browser in.
 * @param replaced the browser's old cookie, which becomes invalid
 * @returns the value of the browser's new cookie, which is independent of the old one.
 * @throws MlflowError UNAUTHENTICATED for a user whose password was changed meanwhile.
 */
export async function openSignIn(
  ctx: ServiceContext,
  principal: Principal,
  name: string,
  replaced: Cookie | undefined,
  userAgent: string,
): Promise<string> {
  const { env } = ctx;
  const random = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");
  const value = `${random}.${await proofOf(env, random)}`;
  const nowMs = Date.now();
  const signInId = await insertSignIn(
    recorded(ctx, { action: "sign_in.begin", ...userTarget(principal.username) }, principal),
    {
      ...(await ownerOf(ctx, principal)),
      digest: await digestOf(env, { name, value }),
      nowMs,
      userAgent: userAgent.slice(0, MAX_USER_AGENT_LENGTH).toWellFormed(),
      address: ctx.clientAddress,
    },
    replaced && (await digestOf(env, replaced)),
    oldestThatCounts(nowMs),
  );
  if (signInId === undefined) throw new MlflowError("UNAUTHENTICATED", "The password was changed: sign in again.");
  return value;
}

/** What a page learns about its visitor. */
export interface Visitor {
  readonly username: string;
  readonly isAdmin: boolean;
  /** Whether the visitor has a password that can be changed here. */
  readonly hasPassword: boolean;
}

/** The visitor of a page; undefined if nobody is signed in. */
export async function whoIsThere({ db, principal }: ServiceContext): Promise<Visitor | undefined> {
  const { username, isAdmin, user, signInId } = principal;
  if (principal === NOBODY) return undefined;
  if (user === undefined) return { username, isAdmin, hasPassword: false };
  const [decision, found] = await Promise.all([
    decideForUser(db, { ...user, signInId }, { things: [], defaultLevel: 0 }),
    findUser(db, username),
  ]);
  const hasPassword = found !== undefined && isPasswordHash(found.passwordHash);
  return decision && { username, isAdmin: decision.isAdmin, hasPassword };
}

/** The sign-ins of a user. Callers see their own, admins everybody's. */
export async function listSignIns(ctx: ServiceContext, username: string): Promise<SignIn[]> {
  return await findSignInsOf(ctx.db, await userIdOf(ctx, username), oldestThatCounts(Date.now()));
}

/**
 * Ends one sign-in of a user, or all but the caller's own.
 * @returns how many sign-ins ended.
 */
export async function endSignIns(ctx: ServiceContext, username: string, signInId: number | "others"): Promise<number> {
  const userId = await userIdOf(ctx, username);
  const own = ctx.principal.signInId;
  if (signInId === "others") {
    const count = await deleteSignInsOf(recordedEnd(ctx, username, "others"), userId, own);
    forget((other) => (other.user?.userId ?? 0) === userId && other.signInId !== own);
    return count;
  }
  if (!(await deleteSignIn(recordedEnd(ctx, username, signInId), userId, signInId))) {
    throw new MlflowError("RESOURCE_DOES_NOT_EXIST", "There is no such sign-in: it has ended already.");
  }
  forget((other) => other.signInId === signInId);
  return 1;
}

/** Signs the calling browser out. */
export async function endOwnSignIn(ctx: ServiceContext): Promise<void> {
  const { user, username, signInId } = ctx.principal;
  if (signInId === undefined) return;
  await deleteSignIn(recordedEnd(ctx, username, signInId), user?.userId ?? 0, signInId);
  forget((other) => other.signInId === signInId);
}

function recordedEnd(ctx: ServiceContext, username: string, signIn: number | "others") {
  return recorded(ctx, { action: "sign_in.end", ...userTarget(username), detail: { sign_in: signIn } });
}

async function ownerOf({ env, adminSecrets }: ServiceContext, { user }: Principal): Promise<SignInOwner> {
  if (user === undefined) return { userId: 0, stamp: await stampOf(env, adminSecrets ?? "") };
  return { userId: user.userId, stamp: user.stamp ?? 0 };
}

let adminStamp: { readonly env: Env; readonly secrets: string; readonly stamp: number } | undefined;

/** A 52-bit number that changes with the secrets of the settings' admin, so that new secrets end the admin's sign-ins. */
async function stampOf(env: Env, secrets: string): Promise<number> {
  if (adminStamp?.secrets !== secrets || adminStamp.env !== env) {
    const hash = await keyedHash(env, "admin of the settings", secrets);
    adminStamp = { env, secrets, stamp: Number.parseInt(hash.slice(0, 13), 16) };
  }
  return adminStamp.stamp;
}

async function userIdOf(ctx: ServiceContext, username: string): Promise<number> {
  const { user, username: caller } = ctx.principal;
  if (username === caller) return user?.userId ?? 0;
  return (await getUser(ctx, username)).userId;
}

async function proofOf(env: Env, random: string): Promise<string> {
  const hash = await keyedHash(env, "sign-in is ours", random);
  return Buffer.from(hash, "hex").toString("base64url").slice(0, 22);
}
