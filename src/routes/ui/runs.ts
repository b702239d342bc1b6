import { type ListedExperiment, listExperiments } from "../../services/experiments/experiment-list.ts";
import { listKeys } from "../../services/runs/distinct-keys.ts";
import { readRunTable } from "../../services/runs/run-table.ts";
import { experimentIdsField } from "../../wire/fields.ts";
import { bool, message, repeated, string } from "../../wire/message.ts";
import { listToPieces } from "../../wire/page.ts";
import { json, jsonStream } from "../../wire/respond.ts";
import { type Route, route } from "../../wire/route.ts";
import { experimentToWire } from "../../wire/tracking.ts";
import { onLinks, onList, onReadableExperiments } from "../permissions.ts";
import { runSearchFields, toRunSearch } from "../run-search.ts";

function listedToWire({ experiment, activity }: ListedExperiment): string {
  return JSON.stringify({
    ...experimentToWire(experiment),
    tags: experiment.tags,
    active_runs: activity?.activeRuns ?? 0,
    deleted_runs: activity?.deletedRuns ?? 0,
    running_runs: activity?.runningRuns ?? 0,
    last_activity: activity?.lastActivityMs ?? null,
  });
}

/** The data for the web UI's lists, one answer per list. docs/ui-api.md describes the answers. */
export const uiRunsRoutes: readonly Route[] = [
  route({
    method: "GET",
    paths: ["/ui-api/experiments"],
    permission: onList,
    reads: "near list",
    input: message({}),
    handle: ({ ctx }) => jsonStream(listToPieces("experiments", listExperiments(ctx), listedToWire)),
  }),
  route({
    method: "GET",
    paths: ["/ui-api/keys"],
    // The keys are those of all runs of an experiment.
    permission: onLinks("experiments", onReadableExperiments),
    reads: "near",
    input: message({ experimentIds: experimentIdsField }),
    handle: async ({ ctx, input }) => json(await listKeys(ctx, input.experimentIds ?? [])),
  }),
  route({
    method: "POST",
    paths: ["/ui-api/runs"],
    permission: onLinks("runs", onReadableExperiments),
    reads: "near",
    input: message({ ...runSearchFields, columns: repeated(string), count: bool }),
    handle: async ({ ctx, input }) => {
      const { columns = [], count = false } = input;
      const table = await readRunTable(ctx, { ...toRunSearch(input), columns, count });
      return json({
        ...(table.total !== undefined && { total: table.total }),
        ...(table.nextPageToken !== undefined && { next_page_token: table.nextPageToken }),
        is_exact: table.isExact,
        runs: table.runs,
        columns: table.columns,
      });
    },
  }),
];
