import type { Scope } from "../../domain/access.ts";
import { newTokenId, newTokenSecret, tokenText } from "../../domain/api-token.ts";
import { alreadyExists, doesNotExist, invalidParameter, MlflowError } from "../../domain/errors.ts";
import { isExperimentId } from "../../domain/ids.ts";
import { checkLength } from "../../domain/names.ts";
import {
  type ApiToken,
  deleteToken,
  findToken,
  findTokens,
  insertToken,
  replaceTokenSecret,
  type StoredToken,
} from "../../stores/d1/access/tokens.ts";
import { findUser } from "../../stores/d1/access/users.ts";
import { isDuplicate } from "../../stores/d1/connection/guard.ts";
import type { ServiceContext } from "../context.ts";
import { recorded } from "./audit.ts";
import { changed } from "./memory.ts";
import { hashOfToken } from "./token-claim.ts";
import { userNotFound } from "./users.ts";

const MAX_NAME_LENGTH = 100;
const MAX_EXPERIMENTS = 100;
/** Maximum number of tokens per user. */
const MAX_TOKENS = 200;
const MAX_LIFETIME_SECONDS = 10 * 366 * 86_400;
/** How long a replaced secret stays valid, unless the caller says: jobs start again within a day. */
const OVERLAP_SECONDS = 86_400;
const MAX_OVERLAP_SECONDS = 30 * 86_400;

/** A token with its secret, which is shown only once. */
export interface NewSecret {
  readonly token: ApiToken;
  readonly secret: string;
}

/**
 * Creates a token for the caller. An admin may also create one for another user.
 * @throws MlflowError INVALID_PARAMETER_VALUE, RESOURCE_ALREADY_EXISTS for a name that another of the user's tokens has,
 * PERMISSION_DENIED for more rights than the caller's own token has.
 */
export async function createToken(
  ctx: ServiceContext,
  asked: {
    readonly username?: string | undefined;
    readonly name: string;
    readonly scopes: readonly Scope[];
    readonly experimentIds?: readonly string[] | undefined;
    readonly expiresInSeconds?: number | undefined;
  },
): Promise<NewSecret> {
  const scopes = [...new Set(asked.scopes)];
  const experimentIds = asked.experimentIds?.length ? [...new Set(asked.experimentIds)] : undefined;
  checkName(asked.name);
  if (scopes.length === 0) throw invalidParameter("A token needs a scope.");
  checkExperiments(experimentIds, scopes);
  requireWithin(ctx, { scopes, experimentIds });
  const { userId, username } = await ownerOf(ctx, asked.username);
  const nowMs = Date.now();
  const parts = { tokenId: newTokenId(), secret: newTokenSecret() };
  const token = {
    tokenId: parts.tokenId,
    userId,
    name: asked.name,
    scopes,
    experimentIds,
    creationTimeMs: nowMs,
    expirationTimeMs: expiration(asked.expiresInSeconds, nowMs),
    secretHash: await hashOfToken(ctx.env, parts),
  };
  const writes = recorded(ctx, {
    action: "token.create",
    ...tokenTarget(token.tokenId),
    detail: {
      username,
      name: asked.name,
      scopes,
      experiment_ids: experimentIds,
      expiration_time: token.expirationTimeMs,
    },
  });
  try {
    if (!(await insertToken(writes, token, MAX_TOKENS))) {
      throw invalidParameter(`A user has at most ${MAX_TOKENS} tokens: revoke some first.`);
    }
  } catch (error) {
    if (!isDuplicate(error, "api_tokens.user_id")) throw error;
    throw alreadyExists(`Token (username=${username}, name=${asked.name}) already exists.`);
  }
  const told = { ...token, username, lastUsedTimeMs: undefined, previousUntilMs: undefined };
  return { token: told, secret: tokenText(parts) };
}

/** The caller's tokens. An admin may also list another user's, or everybody's. */
export async function listTokens(ctx: ServiceContext, username: string | undefined): Promise<ApiToken[]> {
  if (username === undefined && ctx.principal.isAdmin) return await findTokens(ctx.db, undefined);
  const { userId } = await ownerOf(ctx, username);
  return await findTokens(ctx.db, userId);
}

/**
 * Gives a token a new secret. The previous secret stays valid for some time; older secrets are invalid.
 * @throws MlflowError RESOURCE_DOES_NOT_EXIST, or BAD_REQUEST where another call has rotated the token meanwhile.
 */
export async function rotateToken(
  ctx: ServiceContext,
  asked: {
    readonly tokenId: string;
    readonly overlapSeconds?: number | undefined;
    readonly expiresInSeconds?: number | undefined;
  },
): Promise<NewSecret> {
  const { overlapSeconds = OVERLAP_SECONDS } = asked;
  if (overlapSeconds < 0 || overlapSeconds > MAX_OVERLAP_SECONDS) {
    throw invalidParameter(`overlap_seconds must be from 0 to ${MAX_OVERLAP_SECONDS}.`);
  }
  const token = await requireToken(ctx, asked.tokenId);
  requireWithin(ctx, token);
  const nowMs = Date.now();
  const parts = { tokenId: token.tokenId, secret: newTokenSecret() };
  const expirationTimeMs = expiration(asked.expiresInSeconds, nowMs) ?? token.expirationTimeMs;
  // Rotation never extends the life of the previous secret.
  const previousUntilMs = Math.min(nowMs + overlapSeconds * 1000, token.expirationTimeMs ?? Number.MAX_SAFE_INTEGER);
  const next = { secretHash: await hashOfToken(ctx.env, parts), previousUntilMs, expirationTimeMs };
  const writes = recorded(ctx, {
    action: "token.rotate",
    ...tokenTarget(token.tokenId),
    detail: { username: token.username, previous_until: previousUntilMs, expiration_time: expirationTimeMs },
  });
  if (!(await changed(replaceTokenSecret(writes, token, next)))) {
    throw new MlflowError("BAD_REQUEST", "The token was rotated or revoked meanwhile.");
  }
  return { token: { ...token, expirationTimeMs, previousUntilMs }, secret: tokenText(parts) };
}

/** @throws MlflowError RESOURCE_DOES_NOT_EXIST */
export async function revokeToken(ctx: ServiceContext, tokenId: string): Promise<void> {
  const { username, name } = await requireToken(ctx, tokenId);
  const writes = recorded(ctx, { action: "token.revoke", ...tokenTarget(tokenId), detail: { username, name } });
  if (!(await changed(deleteToken(writes, tokenId)))) throw tokenNotFound(tokenId);
}

const tokenTarget = (tokenId: string) => ({ targetType: "token", targetId: tokenId }) as const;

async function requireToken(ctx: ServiceContext, tokenId: string): Promise<StoredToken> {
  const token = await findToken(ctx.db, tokenId);
  const isTold = token !== undefined && (ctx.principal.isAdmin || token.userId === ctx.principal.user?.userId);
  if (!isTold) throw tokenNotFound(tokenId);
  return token;
}

/** @throws MlflowError INVALID_PARAMETER_VALUE for the admin of the server's settings, who is no user. */
async function ownerOf(ctx: ServiceContext, username: string | undefined) {
  const { principal } = ctx;
  if (username === undefined && principal.user === undefined) {
    throw invalidParameter("Tokens are users': name one by 'username'.");
  }
  const user = await findUser(ctx.db, username ?? principal.username);
  if (user === undefined) throw userNotFound(username ?? principal.username);
  return user;
}

/** Refuses a new token with more rights than the caller's own token. */
function requireWithin({ principal }: ServiceContext, asked: Pick<ApiToken, "scopes" | "experimentIds">): void {
  const { narrowing } = principal;
  if (narrowing === undefined || asked.scopes.every((scope) => narrowing.scopes.has(scope))) return;
  throw new MlflowError("PERMISSION_DENIED", "A token makes no token of more scopes than its own.");
}

function checkName(name: string): void {
  checkLength("name of the token", name, MAX_NAME_LENGTH);
  if (/\p{Cc}/u.test(name) || name.trim() !== name) {
    throw invalidParameter("A token's name may not contain control characters, nor begin or end with a blank.");
  }
}

function checkExperiments(experimentIds: readonly string[] | undefined, scopes: readonly Scope[]): void {
  if (experimentIds === undefined) return;
  if (scopes.includes("admin"))
    throw invalidParameter("The scope admin is of no experiment: leave out one of the two.");
  if (experimentIds.length > MAX_EXPERIMENTS) throw invalidParameter(`At most ${MAX_EXPERIMENTS} experiments.`);
  const wrong = experimentIds.find((id) => !isExperimentId(id));
  if (wrong !== undefined) throw invalidParameter(`'${wrong}' is no experiment's id.`);
}

function expiration(seconds: number | undefined, nowMs: number): number | undefined {
  if (seconds === undefined) return undefined;
  if (seconds < 1 || seconds > MAX_LIFETIME_SECONDS) {
    throw invalidParameter(`expires_in_seconds must be from 1 to ${MAX_LIFETIME_SECONDS}; without it a token stays.`);
  }
  return nowMs + seconds * 1000;
}

function tokenNotFound(tokenId: string): Error {
  return doesNotExist(`Token with token_id=${tokenId} not found`);
}
