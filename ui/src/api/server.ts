import { ApiError } from "./client.ts";

/** Whether the server answers at all. Never rejects. */
export async function isServerThere(): Promise<boolean> {
  try {
    return (await fetch("health", { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}

/** The obstacle between the page and its server. */
export type ServerTrouble = "away" | "signed-out";

/** The obstacle that an error shows; undefined if the error is about its request only. */
export function serverTrouble(error: unknown): ServerTrouble | undefined {
  if (!(error instanceof ApiError)) return undefined;
  if (error.status === 401) return "signed-out";
  // A proxy's 502 to 504 has no error code, unlike MLflow's errors.
  const isProxy = error.status >= 502 && error.status <= 504 && error.code === "INTERNAL_ERROR";
  return error.status === 0 || isProxy ? "away" : undefined;
}
