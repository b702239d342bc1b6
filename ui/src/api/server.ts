import { ApiError } from "./client.ts";

/** Whether the server answers at all. Never rejects. */
export async function isServerThere(): Promise<boolean> {
  try {
    return (await fetch("health", { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}

/** What stands between the page and its server. */
export type ServerTrouble = "away" | "signed-out";

/** What an error says of the server as a whole; undefined where it is about the request alone. */
export function serverTrouble(error: unknown): ServerTrouble | undefined {
  if (!(error instanceof ApiError)) return undefined;
  if (error.status === 401) return "signed-out";
  // A proxy's 502 to 504 is no error of MLflow's, which names a code of its own.
  const isProxy = error.status >= 502 && error.status <= 504 && error.code === "INTERNAL_ERROR";
  return error.status === 0 || isProxy ? "away" : undefined;
}
