import { doesNotExist, invalidParameter, MlflowError } from "../../domain/errors.ts";
import { readSequences } from "../../stores/d1/backup/restore.ts";
import {
  type CellValue,
  readGroup,
  readParentKeys,
  readTableGroups,
  type Table,
  type TableGroup,
} from "../../stores/d1/backup/tables.ts";
import { appliedMigrations } from "../../stores/d1/connection/applied-migrations.ts";
import { findImportedRuns } from "../../stores/d1/import/runs.ts";
import type { ServiceContext } from "../context.ts";
import { bringUpToDate } from "../live/live-news.ts";

/** Maximum size of one answer, in UTF-16 units: D1 answers at most 50 MB, and an isolate holds 128 MB. */
const MAX_CHARACTERS = 4_000_000;
const MAX_PARENTS = 500;

export interface RowPage {
  /** Rows by the name of their table, with integers as text and bytes as hexadecimal digits. */
  readonly tables: Readonly<Record<string, readonly (readonly CellValue[])[]>>;
  /** Where the next page begins; undefined after the last. */
  readonly next: string | undefined;
}

/**
 * The tables in groups, each table with its columns and key. The other tables of a group belong to its first table. Also
 * the migrations that made the tables, and the last id that each table has assigned.
 */
export async function describeTables(ctx: ServiceContext) {
  const groups = (await readTableGroups(ctx.db)).map(({ parent, children }): Table[] => [parent, ...children]);
  return {
    groups,
    migrations: [...((await appliedMigrations(ctx.db)) ?? [])].sort(),
    sequences: await readSequences(ctx.db),
  };
}

/**
 * Rows of a table, in the order of its key, with all rows that belong to them. Each page is one snapshot of the database.
 * For runs, D1 has every point that their objects had acknowledged before the call.
 * @param page `next` of the previous page
 * @throws MlflowError RESOURCE_DOES_NOT_EXIST for a table that is not the first of its group.
 */
export async function readRowPage(ctx: ServiceContext, table: string, page: string | undefined): Promise<RowPage> {
  const group = (await readTableGroups(ctx.db)).find(({ parent }) => parent.name === table);
  if (group === undefined) throw doesNotExist(`There is no table '${table}' to read by itself.`);
  const found = await readParentKeys(ctx.db, group, page === undefined ? page : parsePage(page, group), MAX_PARENTS);
  let size = 0;
  const taken = found.filter((key, i) => {
    size += key.size;
    return i === 0 || size <= MAX_CHARACTERS;
  });
  const keys = taken.map(({ key }) => key);
  if (table === "runs")
    await bringRunsUpToDate(
      ctx,
      keys.map(([runId]) => String(runId)),
    );
  const rows = keys.length === 0 ? [] : await readGroup(ctx.db, group, keys);
  const isLast = found.length < MAX_PARENTS && taken.length === found.length;
  return {
    tables: Object.fromEntries([...rows].map(([{ name }, of]) => [name, of])),
    next: isLast ? undefined : btoa(encodeURIComponent(JSON.stringify(keys.at(-1)))),
  };
}

function parsePage(page: string, { parent }: TableGroup): CellValue[] {
  try {
    const key: unknown = JSON.parse(decodeURIComponent(atob(page)));
    if (Array.isArray(key) && key.length === parent.key.length && key.every(isCellValue)) return key;
  } catch {
    // The error below says so.
  }
  throw invalidParameter("Invalid page token.");
}

function isCellValue(value: unknown): value is CellValue {
  return value === null || typeof value === "string" || typeof value === "number";
}

async function bringRunsUpToDate(ctx: ServiceContext, runIds: readonly string[]): Promise<void> {
  const live = [...(await findImportedRuns(ctx.db, runIds)).values()].filter(({ isLive }) => isLive);
  const staleRuns = await bringUpToDate(ctx, live);
  if (staleRuns === 0) return;
  throw new MlflowError("TEMPORARILY_UNAVAILABLE", `${staleRuns} runs do not tell what they hold; please repeat.`);
}
