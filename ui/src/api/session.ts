import { queryOptions } from "@tanstack/react-query";
import { deleteJson, errorOf, postJson } from "./client.ts";

/** Who is before the page, as the server knows. */
export interface Session {
  /** False on a server that is open to its own machine: nobody signs in there. */
  asks_for_credentials: boolean;
  user: { username: string; is_admin: boolean } | null;
  /** False for the admin whose password is a setting of the server. */
  can_change_password: boolean;
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

export function signOut(): Promise<unknown> {
  return deleteJson("ui-api/session");
}
