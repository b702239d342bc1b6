import type { AccessGate } from "./access-gate.ts";

/** Calls the gate of this name. An object that a deploy resets fails once; asking again is safe. */
export async function askGate<T>(
  env: Env,
  name: string,
  call: (gate: DurableObjectStub<AccessGate>) => Promise<T>,
): Promise<T> {
  return await call(env.GATE.getByName(name)).catch(() => call(env.GATE.getByName(name)));
}
