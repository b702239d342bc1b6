import { findThings } from "../../services/find-things.ts";
import { message, string } from "../../wire/message.ts";
import { json } from "../../wire/respond.ts";
import { type Route, route } from "../../wire/route.ts";
import { onList } from "../permissions.ts";

/** The web UI's search over everything that has a name. docs/ui-api.md describes the answer. */
export const uiFindRoutes: readonly Route[] = [
  route({
    method: "GET",
    paths: ["/ui-api/find"],
    permission: onList,
    reads: "near list",
    input: message({ text: string }),
    handle: async ({ ctx, input }) => {
      const { experiments, runs, models } = await findThings(ctx, input.text ?? "");
      return json({
        experiments: experiments.map(({ experimentId, name }) => ({ experiment_id: experimentId, name })),
        runs: runs.map(({ runId, experimentId, runName }) => ({
          run_id: runId,
          experiment_id: experimentId,
          run_name: runName,
        })),
        models,
      });
    },
  }),
];
