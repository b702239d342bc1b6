import { MAX_MOVED_RUNS } from "../domain/limits.ts";
import { copyRuns } from "../services/runs/copy-runs.ts";
import { moveRuns } from "../services/runs/move-runs.ts";
import { id, longText, message, repeated, required, string } from "../wire/message.ts";
import { json } from "../wire/respond.ts";
import { apiPaths, type Permission, type PermissionLevel, type Resource, type Route, route } from "../wire/route.ts";

interface Transfer {
  readonly runIds: readonly string[];
  readonly experimentId: string;
}

/** @param level what the caller needs on the runs */
const onBothSides = (level: PermissionLevel): Permission<Transfer> => ({
  level: "EDIT",
  on: ({ runIds, experimentId }) => [
    { kind: "experiment", experimentId },
    ...runIds.map((runId): Resource => ({ kind: "run", runId, level })),
  ],
});

const transfer = { runIds: required(repeated(string, MAX_MOVED_RUNS)), experimentId: required(id) };

/** Runs go to another experiment. docs/clients.md describes the calls. */
export const runTransferRoutes: readonly Route[] = [
  route({
    method: "POST",
    paths: apiPaths("/trackflare/runs/move"),
    // The experiment loses the runs, as by a deletion: whoever manages the new experiment may delete them.
    permission: onBothSides("MANAGE"),
    input: message(transfer),
    handle: async ({ ctx, input: { runIds, experimentId } }) => {
      await moveRuns(ctx, runIds, experimentId);
      return json({});
    },
  }),
  route({
    method: "POST",
    paths: apiPaths("/trackflare/runs/copy"),
    permission: onBothSides("EDIT"),
    input: message({ ...transfer, copyId: required(string), pageToken: longText }),
    handle: async ({ ctx, input }) => {
      const copied = await copyRuns(ctx, { ...input, pageToken: input.pageToken || undefined });
      return json({
        runs: copied.copies.map(({ fromId, toId }) => ({ run_id: toId, source_run_id: fromId })),
        artifacts_left: copied.filesLeft,
        ...(copied.nextPageToken !== undefined && { next_page_token: copied.nextPageToken }),
      });
    },
  }),
];
