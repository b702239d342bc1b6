import { invalidParameter } from "../domain/errors.ts";
import { MAX_BULK_RUN_IDS } from "../domain/limits.ts";
import { type RunPoints, readAllPoints } from "../services/backup/points.ts";
import { listTables, readRowPage } from "../services/backup/rows.ts";
import { message, repeated, required, string } from "../wire/message.ts";
import { json, jsonStream } from "../wire/respond.ts";
import { apiPaths, nothing, type Route, route } from "../wire/route.ts";
import { onServer } from "./permissions.ts";

/*
 * All that the server holds, as it holds it: what `trackflare export` and `trackflare backup` read. Only an admin may call
 * these, since rows of users are among them.
 */

/** A line of JSON for each stretch of points, and a last one, which says that none is missing. */
async function* pointLines(points: AsyncIterable<RunPoints>): AsyncGenerator<string, void> {
  for await (const { runId, key, series } of points) {
    const { timestamps, steps, values } = series;
    yield `{"run_id":${JSON.stringify(runId)},"key":${JSON.stringify(key)},"timestamps":[${timestamps.join(",")}],"steps":[${steps.join(",")}],"values":[${Array.from(values, numberText).join(",")}]}\n`;
  }
  yield '{"end":true}\n';
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return '"NaN"';
  return Object.is(value, -0) ? "-0" : String(value);
}

export const backupRoutes: readonly Route[] = [
  route({
    method: "GET",
    paths: apiPaths("/trackflare/backup/tables"),
    permission: onServer("MANAGE"),
    input: nothing,
    handle: async ({ ctx }) => json({ groups: await listTables(ctx) }),
  }),
  route({
    method: "POST",
    paths: apiPaths("/trackflare/backup/rows"),
    permission: onServer("MANAGE"),
    input: message({ table: required(string), page: string }),
    handle: async ({ ctx, input: { table, page } }) => json(await readRowPage(ctx, table, page || undefined)),
  }),
  route({
    method: "POST",
    paths: apiPaths("/trackflare/backup/points"),
    permission: onServer("MANAGE"),
    input: message({ runIds: required(repeated(string)) }),
    handle: async ({ ctx, input: { runIds } }) => {
      if (runIds.length > MAX_BULK_RUN_IDS) {
        throw invalidParameter(`At most ${MAX_BULK_RUN_IDS} runs can be asked for at once, not ${runIds.length}.`);
      }
      return await jsonStream(pointLines(readAllPoints(ctx, runIds)));
    },
  }),
];
