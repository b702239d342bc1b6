import { invalidParameter } from "../domain/errors.ts";
import { MAX_PURGED_IDS } from "../domain/limits.ts";
import { measureTrash } from "../services/trash/measure-trash.ts";
import { purgeTrash } from "../services/trash/purge-trash.ts";
import type { TrashSelection } from "../services/trash/trash-selection.ts";
import { bool, id, longText, message, orElse, repeated, string } from "../wire/message.ts";
import { json } from "../wire/respond.ts";
import { apiPaths, type Permission, type Resource, type Route, route } from "../wire/route.ts";
import { byKind, eachKind, trashedToWire } from "../wire/trash.ts";
import { wholeExperiment } from "./permissions.ts";

interface PurgeInput {
  readonly runIds: readonly string[];
  readonly experimentIds: readonly string[];
  readonly loggedModelIds: readonly string[];
  readonly all: boolean;
}

/**
 * Whoever manages a thing may delete it for good. Emptying the whole trash needs a permission on the server. A call that
 * names nothing only continues purges that other callers were allowed to begin.
 */
const onTrash: Permission<PurgeInput> = {
  level: "MANAGE",
  on: ({ runIds, experimentIds, loggedModelIds, all }) => [
    { kind: all ? "server" : "list" },
    ...runIds.map((runId): Resource => ({ kind: "run", runId })),
    ...experimentIds.flatMap(wholeExperiment),
    ...loggedModelIds.map((modelId): Resource => ({ kind: "loggedModel", modelId })),
  ],
};

const ids = orElse([], repeated(id, MAX_PURGED_IDS));

/** Deletion for good. docs/operate.md describes how a caller works through the whole trash. */
export const trashRoutes: readonly Route[] = [
  route({
    method: "POST",
    paths: apiPaths("/trackflare/gc"),
    permission: onTrash,
    input: message({
      runIds: ids,
      experimentIds: ids,
      loggedModelIds: ids,
      all: orElse(false, bool),
      olderThan: string,
      dryRun: orElse(false, bool),
      pageToken: longText,
    }),
    handle: async ({ ctx, input }) => {
      const { runIds, experimentIds, loggedModelIds, all, olderThan, dryRun, pageToken } = input;
      const named = { run: runIds, experiment: experimentIds, logged_model: loggedModelIds };
      if (all && Object.values(named).some((some) => some.length > 0)) {
        throw invalidParameter("'all' is the whole trash: give either it or ids.");
      }
      const selection: TrashSelection = {
        ids: named,
        all,
        olderThan: olderThan || undefined,
        pageToken: pageToken || undefined,
      };
      return json(dryRun ? await measured(measureTrash(ctx, selection)) : await purged(purgeTrash(ctx, selection)));
    },
  }),
];

async function measured(answer: ReturnType<typeof measureTrash>): Promise<object> {
  const { things, nextPageToken } = await answer;
  const going = things.filter(({ stays }) => stays === undefined);
  return {
    ...byKind(
      going,
      ({ thing }) => thing,
      ({ thing, files, bytes, points, leavesFiles, registeredVersions }) => ({
        ...trashedToWire(thing),
        files,
        bytes,
        points,
        ...(leavesFiles && { artifacts_left: thing.artifactUri }),
        ...(registeredVersions > 0 && { registered_versions: registeredVersions }),
      }),
    ),
    kept: things.flatMap(({ thing, stays }) => (stays === undefined ? [] : [keptToWire(thing, stays)])),
    ...(nextPageToken !== undefined && { next_page_token: nextPageToken }),
  };
}

async function purged(answer: ReturnType<typeof purgeTrash>): Promise<object> {
  const { gone, missing, kept, freed, filesLeft, unfinished, failures, nextPageToken } = await answer;
  return {
    ...byKind(gone, (thing) => thing, trashedToWire),
    missing: eachKind(missing),
    kept: kept.map(({ thing, reason }) => keptToWire(thing, reason)),
    freed,
    artifacts_left: filesLeft,
    unfinished: eachKind(unfinished),
    failures,
    ...(nextPageToken !== undefined && { next_page_token: nextPageToken }),
  };
}

function keptToWire(thing: Parameters<typeof trashedToWire>[0], reason: string): object {
  return { ...trashedToWire(thing), reason };
}
