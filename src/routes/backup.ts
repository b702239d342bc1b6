import { invalidParameter } from "../domain/errors.ts";
import { MAX_BULK_RUN_IDS, MAX_IMPORTED_ITEMS } from "../domain/limits.ts";
import { type RunPoints, readAllPoints } from "../services/backup/points.ts";
import { beginRestore, endRestore, restoreRows } from "../services/backup/restore.ts";
import { describeTables, readRowPage } from "../services/backup/rows.ts";
import type { CellValue } from "../stores/d1/backup/tables.ts";
import { field, message, repeated, required, string } from "../wire/message.ts";
import { json, jsonStream } from "../wire/respond.ts";
import { apiPaths, nothing, type Route, route } from "../wire/route.ts";
import { onServer } from "./permissions.ts";

/*
 * Everything that the server stores, in its stored form: `trackflare export` and `trackflare backup` read it, and
 * `trackflare restore` writes it. Only an admin may call these endpoints, since the data includes rows of users.
 */

const cell = field<CellValue>((value, path) => {
  if (value === null || typeof value === "string" || typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  throw invalidParameter(`Parameter '${path}' is no text, no number and not null.`);
});

const sequences = field<Record<string, string>>((value, path) => {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : undefined;
  if (entries?.every((entry): entry is [string, string] => /^\d+$/.test(String(entry[1])))) {
    return Object.fromEntries(entries);
  }
  throw invalidParameter(`Parameter '${path}' is no list of tables and their last ids.`);
});

/** A line of JSON for each stretch of points, and a last line, which says that no points are missing. */
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
    handle: async ({ ctx }) => json(await describeTables(ctx)),
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
  route({
    method: "POST",
    paths: apiPaths("/trackflare/restore/begin"),
    permission: onServer("MANAGE"),
    input: message({ id: required(string) }),
    handle: async ({ ctx, input: { id } }) => {
      await beginRestore(ctx, id);
      return json({});
    },
  }),
  route({
    method: "POST",
    paths: apiPaths("/trackflare/restore/rows"),
    permission: onServer("MANAGE"),
    input: message({
      id: required(string),
      table: required(string),
      columns: required(repeated(string)),
      rows: required(repeated(repeated(cell), MAX_IMPORTED_ITEMS)),
    }),
    handle: async ({ ctx, input }) => {
      await restoreRows(ctx, input);
      return json({});
    },
  }),
  route({
    method: "POST",
    paths: apiPaths("/trackflare/restore/end"),
    permission: onServer("MANAGE"),
    input: message({ id: required(string), sequences: required(sequences) }),
    handle: async ({ ctx, input: { id, sequences: of } }) => {
      await endRestore(ctx, id, of);
      return json({});
    },
  }),
];
