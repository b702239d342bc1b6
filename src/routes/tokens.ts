import { SCOPES } from "../domain/access.ts";
import { createToken, listTokens, type NewSecret, revokeToken, rotateToken } from "../services/access/tokens.ts";
import type { ApiToken } from "../stores/d1/access/tokens.ts";
import { id, message, oneOf, repeated, required, safeInteger, string } from "../wire/message.ts";
import { json } from "../wire/respond.ts";
import { apiPaths, type Permission, type Route, route } from "../wire/route.ts";

function tokenToWire(token: ApiToken): object {
  return {
    token_id: token.tokenId,
    name: token.name,
    username: token.username,
    scopes: token.scopes,
    experiment_ids: token.experimentIds,
    creation_time: token.creationTimeMs,
    expiration_time: token.expirationTimeMs,
    last_used_time: token.lastUsedTimeMs,
    previous_until: token.previousUntilMs,
  };
}

const newSecretToWire = ({ token, secret }: NewSecret): object => ({ token: tokenToWire(token), secret });

/** The caller's own tokens. An admin may also use another user's. */
const onTokens: Permission<{ readonly username?: string | undefined }> = {
  level: "EDIT",
  scope: "admin",
  on: ({ username }) => [username ? { kind: "account", username } : { kind: "list" }],
};

/** Every caller may name a token. The service checks the owner, and tells nobody else that the token exists. */
const onToken: Permission<unknown> = { level: "EDIT", scope: "admin", on: () => [{ kind: "list" }] };

const TOKENS = "/trackflare/tokens";

/** Tokens, by which jobs sign in instead of with a password. Only the answer that creates a secret contains it. */
export const tokensRoutes: readonly Route[] = [
  route({
    method: "POST",
    paths: apiPaths(`${TOKENS}/create`),
    permission: onTokens,
    input: message({
      username: string,
      name: required(string),
      scopes: required(repeated(oneOf(SCOPES))),
      experimentIds: repeated(id),
      expiresInSeconds: safeInteger,
    }),
    handle: async ({ ctx, input: { username, ...asked } }) =>
      json(newSecretToWire(await createToken(ctx, { ...asked, username: username || undefined }))),
  }),
  route({
    method: "GET",
    paths: apiPaths(`${TOKENS}/list`),
    permission: onTokens,
    input: message({ username: string }),
    handle: async ({ ctx, input }) =>
      json({ tokens: (await listTokens(ctx, input.username || undefined)).map(tokenToWire) }),
  }),
  route({
    method: "POST",
    paths: apiPaths(`${TOKENS}/rotate`),
    permission: onToken,
    input: message({ tokenId: required(string), overlapSeconds: safeInteger, expiresInSeconds: safeInteger }),
    handle: async ({ ctx, input }) => json(newSecretToWire(await rotateToken(ctx, input))),
  }),
  route({
    method: "POST",
    paths: apiPaths(`${TOKENS}/revoke`),
    permission: onToken,
    input: message({ tokenId: required(string) }),
    handle: async ({ ctx, input }) => {
      await revokeToken(ctx, input.tokenId);
      return json({});
    },
  }),
];
