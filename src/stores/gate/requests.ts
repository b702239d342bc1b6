import { askGate } from "./ask-gate.ts";

/**
 * Counts a request of a caller. Each caller has an object, so the count is exact.
 * @param limit requests within a minute
 * @returns the seconds that the caller must wait; 0 if the request is within the limit.
 */
export async function takeRequest(env: Env, caller: string, limit: number): Promise<number> {
  return await askGate(env, `requests of ${caller}`, async (gate) => await gate.takeRequest(limit));
}
