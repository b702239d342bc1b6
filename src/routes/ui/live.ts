import { MlflowError } from "../../domain/errors.ts";
import { whatChanged } from "../../services/live/live-changes.ts";
import { watchRun } from "../../services/live/watch-run.ts";
import { runIdField } from "../../wire/fields.ts";
import { message, orElse, repeated, required, string } from "../../wire/message.ts";
import { json } from "../../wire/respond.ts";
import { type Route, route } from "../../wire/route.ts";
import { onLinks, onRun, onRuns } from "../permissions.ts";

/** How the web UI learns of changes to runs. docs/ui-api.md describes the messages. */
export const uiLiveRoutes: readonly Route[] = [
  route({
    method: "GET",
    paths: ["/ui-api/runs/:run_id/live"],
    permission: onLinks("runs", onRun("READ")),
    input: message({ runId: runIdField }),
    handle: async ({ ctx, input, request }) => {
      if (request.headers.get("Upgrade")?.toLowerCase() !== "websocket") {
        throw new MlflowError("BAD_REQUEST", "Expected a request for a WebSocket (Upgrade: websocket).");
      }
      return watchRun(ctx, input.runId);
    },
  }),
  route({
    method: "POST",
    paths: ["/ui-api/live"],
    permission: onLinks("runs", onRuns("READ")),
    reads: "newest",
    input: message({ runIds: required(repeated(string)), cursor: orElse("", string) }),
    handle: async ({ ctx, input }) => {
      const { changed, cursor } = await whatChanged(ctx, input.runIds, input.cursor);
      return json({ cursor, runs: changed });
    },
  }),
];
