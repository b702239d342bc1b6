import type { KeyValue } from "../../domain/entities.ts";
import { alreadyExists, doesNotExist, invalidParameter } from "../../domain/errors.ts";
import { isExperimentId } from "../../domain/ids.ts";
import {
  MAX_ARTIFACT_LOCATION_LENGTH,
  MAX_EXPERIMENT_NAME_LENGTH,
  MAX_IMPORTED_VALUE_LENGTH,
} from "../../domain/limits.ts";
import { checkLength } from "../../domain/names.ts";
import type { ExperimentRecord, RecordDigest } from "../../domain/records.ts";
import { isDuplicate } from "../../stores/d1/connection/guard.ts";
import { findNotedDigests, noteDigestStatements } from "../../stores/d1/import/digests.ts";
import { findNamedExperiments, importExperimentStatements } from "../../stores/d1/import/experiments.ts";
import type { ServiceContext } from "../context.ts";
import { afterPurges } from "../trash/after-purges.ts";

/** A record with the digest of its content. */
export type Digested<Record> = Record & { readonly digest: string };

/** Which of these records were imported completely, with exactly this content. */
export async function knownRecords(ctx: ServiceContext, digests: readonly RecordDigest[]) {
  return await findNotedDigests(ctx.db, digests);
}

/**
 * Writes experiments under their own ids and with their own times, all or none. Repeating the call changes nothing.
 * @throws MlflowError RESOURCE_ALREADY_EXISTS where an id or a name belongs to another experiment, which was not imported.
 */
export async function importExperiments(
  ctx: ServiceContext,
  experiments: readonly Digested<ExperimentRecord>[],
): Promise<void> {
  for (const experiment of experiments) checkExperiment(experiment);
  const ids = experiments.map(({ experimentId }) => experimentId);
  const found = new Map((await findNamedExperiments(ctx.db, ids)).map((named) => [named.experimentId, named]));
  for (const { experimentId, name } of experiments) {
    const there = found.get(experimentId);
    if (there === undefined || there.name === name || there.isReplaceable) continue;
    throw alreadyExists(
      `Experiment ${experimentId} is '${there.name}' here and '${name}' where it comes from. Import into a server that has no experiment of this id.`,
    );
  }
  const digests = experiments.map(({ experimentId, digest }) => ({
    kind: "experiment" as const,
    id: experimentId,
    digest,
  }));
  try {
    await afterPurges(ctx, () =>
      ctx.writes.batch([
        ...importExperimentStatements(ctx.writes, experiments),
        ...noteDigestStatements(ctx.writes, digests),
      ]),
    );
  } catch (error) {
    if (!isDuplicate(error, "experiments.name")) throw error;
    const names = experiments.map(({ name }) => `'${name}'`).join(", ");
    throw alreadyExists(`Another experiment here has the name of one of these: ${names.slice(0, 1000)}.`);
  }
}

function checkExperiment({ experimentId, name, artifactLocation, tags }: ExperimentRecord): void {
  if (!isExperimentId(experimentId)) throw invalidParameter(`'${experimentId}' is no experiment id.`);
  checkLength("experiment name", name, MAX_EXPERIMENT_NAME_LENGTH);
  checkLength("artifact location", artifactLocation, MAX_ARTIFACT_LOCATION_LENGTH);
  checkPairs("experiment tag", tags);
}

/** Checks keys and values. Another server has accepted them, so only what cannot be stored is refused. */
export function checkPairs(what: string, pairs: readonly KeyValue[]): void {
  const keys = new Set<string>();
  for (const { key, value } of pairs) {
    if (key === "") throw invalidParameter(`A ${what} has no name.`);
    checkLength(`${what} name`, key, MAX_IMPORTED_VALUE_LENGTH);
    checkLength(`value of the ${what} '${key}'`, value, MAX_IMPORTED_VALUE_LENGTH);
    if (keys.has(key)) throw invalidParameter(`The ${what} '${key}' is given twice.`);
    keys.add(key);
  }
}

/** @throws MlflowError RESOURCE_DOES_NOT_EXIST unless all of these experiments are here. */
export async function requireExperiments(ctx: ServiceContext, experimentIds: readonly string[]): Promise<void> {
  const ids = [...new Set(experimentIds)];
  const malformed = ids.find((id) => !isExperimentId(id));
  if (malformed !== undefined) throw invalidParameter(`'${malformed}' is no experiment id.`);
  const found = new Set((await findNamedExperiments(ctx.db, ids)).map((named) => named.experimentId));
  const missing = ids.find((id) => !found.has(id));
  if (missing !== undefined) throw doesNotExist(`No Experiment with id=${missing} exists`);
}
