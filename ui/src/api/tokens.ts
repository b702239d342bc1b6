import { queryOptions } from "@tanstack/react-query";
import { getJson, postJson } from "./client.ts";

const TOKENS = "ajax-api/2.0/trackflare/tokens";

export const SCOPES = ["read", "write", "artifacts", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** Times in ms since 1970. */
export interface Token {
  token_id: string;
  name: string;
  username: string;
  scopes: Scope[];
  experiment_ids?: string[];
  creation_time: number;
  expiration_time?: number;
  last_used_time?: number;
  /** Until when the secret before the last rotation opens. */
  previous_until?: number;
}

/** A token with its secret, which the server answers only once. */
export interface NewToken {
  token: Token;
  secret: string;
}

/** A user's. */
export const tokensQuery = (username: string) =>
  queryOptions({
    queryKey: ["tokens", username],
    queryFn: async ({ signal }) => (await getJson<{ tokens: Token[] }>(`${TOKENS}/list`, { username }, signal)).tokens,
  });

export interface TokenRequest {
  name: string;
  scopes: readonly Scope[];
  experiment_ids?: readonly string[];
  expires_in_seconds?: number;
}

export function createToken(asked: TokenRequest): Promise<NewToken> {
  return postJson(`${TOKENS}/create`, asked);
}

export function rotateToken(token_id: string): Promise<NewToken> {
  return postJson(`${TOKENS}/rotate`, { token_id });
}

export function revokeToken(token_id: string): Promise<unknown> {
  return postJson(`${TOKENS}/revoke`, { token_id });
}
