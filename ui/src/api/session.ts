import { queryOptions } from "@tanstack/react-query";
import { deleteJson, errorOf, getJson, postJson } from "./client.ts";

/** Who is before the page, as the server knows. */
export interface Session {
  /** False on a server that is open to its own machine: nobody signs in there. */
  asks_for_credentials: boolean;
  user: { username: string; is_admin: boolean } | null;
  /** Of single sign-on, on the button that leads there; null where there is none. */
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

/** Told to no listener of answers: that the server answers this says nothing of what else it answers. */
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
  /** Empty where the server does not know it. */
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
