import { createHash } from "node:crypto";

/*
 * Ids for things of a source that has no ids of MLflow's kind. They are derived from names, so every import of a thing gives
 * the same id.
 */

/** An experiment's id, with the length of MLflow's ids. */
export function derivedExperimentId(name: string): string {
  const hash = createHash("sha256").update(name).digest().readBigUInt64BE();
  return String((hash % 900_000_000_000_000_000n) + 100_000_000_000_000_000n);
}

/** @param names tell the run from all other runs */
export function derivedRunId(...names: readonly string[]): string {
  return createHash("md5").update(names.join("\0")).digest("hex");
}
