import { queryOptions } from "@tanstack/react-query";
import { deleteJson, errorOf, getJson, postJson } from "./client.ts";

/** The reader, as the server knows them. */
export interface Session {
  /** False if the server is open to its own machine, so that nobody signs in. */
  asks_for_credentials: boolean;
  user: { username: string; is_admin: boolean } | null;
  /** The name of the single sign-on provider, for its button; null without one. */
  provider: string | null;
  /** False if the password is a setting of the server, or a provider's. */
  can_change_password: boolean;
  /** "settings", or the provider that holds the password; null if this server holds it. */
  managed_by: string | null;
}

export const sessionQuery = () =>
  queryOptions({
    queryKey: ["session"],
    queryFn: ({ signal }) => readSession(signal),
    staleTime: 60_000,
  });

/** No listener hears this answer, because the server answers this request whatever else it refuses. */
async function readSession(signal: AbortSignal): Promise<Session> {
  const response = await fetch("ui-api/session", { credentials: "same-origin", signal });
  if (!response.ok) throw await errorOf(response);
  return response.json();
}

export function signIn(credentials: { username: string; password: string }): Promise<unknown> {
  return postJson("ui-api/session", credentials);
}

/** Makes the first admin with the token that the server prints, and signs in. */
export function makeFirstAdmin(admin: { token: string; username: string; password: string }): Promise<unknown> {
  return postJson("ui-api/setup", admin);
}

export function signOut(): Promise<unknown> {
  return deleteJson("ui-api/session");
}

/** Sets the own password. All other browsers are signed out. */
export function changePassword(change: { current_password: string; password: string }): Promise<unknown> {
  return postJson("ui-api/session/password", change);
}

/** A browser that is signed in. Times in ms since 1970. */
export interface SignIn {
  sign_in_id: number;
  creation_time: number;
  /** A quarter of an hour late at most. */
  last_seen_time: number;
  user_agent: string;
  /** Empty if the server does not know the address. */
  address: string;
  /** The browser that asks. */
  is_current: boolean;
}

export const signInsQuery = () =>
  queryOptions({
    queryKey: ["sign-ins"],
    queryFn: async ({ signal }) =>
      (await getJson<{ sign_ins: SignIn[] }>("ui-api/sign-ins", undefined, signal)).sign_ins,
  });

/** One of the own, all of the own but this browser's, or, for an admin, all of another's. */
export function endSignIns(which: { sign_in_id: number } | { others: true; username?: string }): Promise<unknown> {
  return postJson("ui-api/sign-ins/end", which);
}
