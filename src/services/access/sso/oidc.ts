import * as oauth from "oauth4webapi";
import { MlflowError } from "../../../domain/errors.ts";
import { keyedHash, sameHash } from "../../../stores/gate/server-key.ts";
import type { Claims } from "./identity.ts";
import { verifiedClaims } from "./keys.ts";
import type { OidcSettings } from "./settings.ts";

/*
 * Signing in with an OpenID Connect provider: the code flow with PKCE. The values that tie the provider's answer to the
 * browser that asked (state, nonce, code verifier) are kept only in a cookie of that browser, with a proof that this server
 * made it.
 */

/** How long a user may take to sign in at the provider, in seconds. */
export const TRANSACTION_SECONDS = 600;

/** How long a provider's discovery document is kept: an hour. */
const DISCOVERED_MS = 3_600_000;

interface Transaction {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  /** The page that the reader was going to. */
  readonly to: string;
  readonly untilMs: number;
}

const discovered = new Map<string, { readonly server: oauth.AuthorizationServer; readonly untilMs: number }>();

/** Allows plain http only for providers on this machine. */
function optionsOf({ issuer }: OidcSettings) {
  const isLocal = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(\/|$)/.test(issuer);
  return { signal: AbortSignal.timeout(10_000), [oauth.allowInsecureRequests]: isLocal };
}

async function serverOf(oidc: OidcSettings): Promise<oauth.AuthorizationServer> {
  const known = discovered.get(oidc.issuer);
  if (known !== undefined && known.untilMs > Date.now()) return known.server;
  const issuer = new URL(oidc.issuer);
  const response = await oauth.discoveryRequest(issuer, optionsOf(oidc));
  const server = await oauth.processDiscoveryResponse(issuer, response);
  discovered.set(oidc.issuer, { server, untilMs: Date.now() + DISCOVERED_MS });
  return server;
}

export interface Started {
  /** The provider's page. */
  readonly location: string;
  /** The value of the browser's cookie. */
  readonly transaction: string;
}

export async function startOidc(env: Env, oidc: OidcSettings, redirectUri: string, to: string): Promise<Started> {
  const { authorization_endpoint: endpoint } = await serverOf(oidc);
  if (endpoint === undefined) throw failed("The provider names no authorization_endpoint.");
  const transaction: Transaction = {
    state: oauth.generateRandomState(),
    nonce: oauth.generateRandomNonce(),
    verifier: oauth.generateRandomCodeVerifier(),
    to,
    untilMs: Date.now() + TRANSACTION_SECONDS * 1000,
  };
  const location = new URL(endpoint);
  for (const [name, value] of Object.entries({
    client_id: oidc.clientId,
    redirect_uri: redirectUri,
    response_type: "code",
    scope: oidc.scopes,
    state: transaction.state,
    nonce: transaction.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(transaction.verifier),
    code_challenge_method: "S256",
  })) {
    location.searchParams.set(name, value);
  }
  return { location: location.href, transaction: await sealed(env, transaction) };
}

export interface Finished {
  readonly issuer: string;
  readonly subject: string;
  readonly claims: Claims;
  readonly to: string;
}

/**
 * The user whom the provider has signed in.
 * @param query the query with which the provider sent the browser back
 * @param transaction the value of the browser's cookie; undefined where the browser has none
 * @throws MlflowError PERMISSION_DENIED where anything in the query, the cookie or the provider's answer is wrong.
 */
export async function finishOidc(
  env: Env,
  oidc: OidcSettings,
  redirectUri: string,
  query: URLSearchParams,
  transaction: string | undefined,
): Promise<Finished> {
  const { state, nonce, verifier, to } = await openedInTime(env, transaction);
  const server = await serverOf(oidc);
  const client: oauth.Client = { client_id: oidc.clientId };
  const secret = oidc.clientSecret === undefined ? oauth.None() : oauth.ClientSecretPost(oidc.clientSecret);
  try {
    const parameters = oauth.validateAuthResponse(server, client, query, state);
    const options = optionsOf(oidc);
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      secret,
      parameters,
      redirectUri,
      verifier,
      options,
    );
    const answer = await oauth.processAuthorizationCodeResponse(server, client, response, {
      expectedNonce: nonce,
      requireIdToken: true,
    });
    const claims = await verifiedClaims(answer.id_token ?? "", server.jwks_uri ?? "", server.issuer, [oidc.clientId]);
    if (typeof claims.sub !== "string" || claims.sub === "") throw failed("The provider names nobody.");
    return { issuer: server.issuer, subject: claims.sub, claims, to };
  } catch (error) {
    if (error instanceof MlflowError) throw error;
    // A provider's error text may repeat secrets that were sent to it, so only the error's name and code are used.
    const what = error instanceof Error ? `${error.name} ${"code" in error ? String(error.code) : ""}` : "";
    throw failed(`The provider's answer was refused: ${what.trim()}.`);
  }
}

const failed = (message: string) => new MlflowError("PERMISSION_DENIED", message);

async function sealed(env: Env, transaction: Transaction): Promise<string> {
  const text = Buffer.from(JSON.stringify(transaction)).toString("base64url");
  return `${text}.${await keyedHash(env, "oidc", text)}`;
}

/** @returns undefined for a value that this server did not make */
async function opened(env: Env, value: string | undefined): Promise<Transaction | undefined> {
  const [text = "", proof = ""] = (value ?? "").split(".");
  if (!sameHash(proof, await keyedHash(env, "oidc", text))) return undefined;
  return JSON.parse(Buffer.from(text, "base64url").toString());
}

async function openedInTime(env: Env, value: string | undefined): Promise<Transaction> {
  const transaction = await opened(env, value);
  if (transaction === undefined) throw failed("This browser did not begin to sign in here.");
  if (transaction.untilMs < Date.now()) throw failed("Signing in took too long: begin anew.");
  return transaction;
}

/** The page that the reader was going to, also where the sign-in fails. @param transaction the value of the browser's cookie */
export async function pageBefore(env: Env, transaction: string | undefined): Promise<string> {
  return (await opened(env, transaction))?.to ?? "";
}
