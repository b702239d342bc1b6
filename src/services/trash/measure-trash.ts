import { forEachAtMost } from "../../domain/for-each-at-most.ts";
import type { Trashed } from "../../domain/trash.ts";
import { countVersionsOf } from "../../stores/d1/trash/made-versions.ts";
import type { TrashPosition } from "../../stores/d1/trash/trash.ts";
import { Budget } from "../budget.ts";
import type { ServiceContext } from "../context.ts";
import { type CountedPoints, countPointsIn, countPointsOf } from "./count-points.ts";
import { isApart } from "./purge-trash.ts";
import { ownFolder } from "./purger.ts";
import {
  findNamed,
  listPage,
  nextKind,
  notThere,
  pageOf,
  pageToken,
  type TrashPage,
  type TrashSelection,
  whyItStays,
} from "./trash-selection.ts";

const CALLS_PER_REQUEST = 500;
const MS_PER_REQUEST = 5000;
/** Maximum number of folders measured at the same time. */
const FOLDERS_AT_A_TIME = 16;

/** A thing in the trash, and how much space its deletion for good frees. */
export interface Measured {
  readonly thing: Trashed;
  /** How many of its files this page counted. Further pages count the rest of a large folder. */
  readonly files: number;
  readonly bytes: number;
  /** How many metric points this page counted: of the run, or of the experiment's runs. */
  readonly points: number;
  /** Whether its files lie in a place where this server deletes no files. */
  readonly leavesFiles: boolean;
  /** How many versions of registered models were made from it. They stay. */
  readonly registeredVersions: number;
  /** Why it would not be deleted; undefined where it would be. */
  readonly stays: string | undefined;
}

export interface MeasuredPage {
  readonly things: readonly Measured[];
  readonly nextPageToken?: string | undefined;
}

/**
 * What {@link purgeTrash} would delete of a selection, and how much space that would free. Changes nothing.
 * @throws MlflowError RESOURCE_DOES_NOT_EXIST for an id that is not there, INVALID_PARAMETER_VALUE as purgeTrash.
 */
export async function measureTrash(ctx: ServiceContext, selection: TrashSelection): Promise<MeasuredPage> {
  const budget = new Budget(CALLS_PER_REQUEST, MS_PER_REQUEST);
  const things: Measured[] = [];
  let page: TrashPage | undefined = pageOf(selection, Date.now());
  while (page !== undefined) {
    if (budget.isSpent) return { things, nextPageToken: pageToken(page) };
    await budget.spend(3);
    const listed: readonly Trashed[] = selection.all
      ? await listPage(ctx, page, selection)
      : await namedAfter(ctx, page, selection);
    if (listed.length === 0) {
      page = nextKind(page);
      continue;
    }
    const versions = await countVersionsOf(
      ctx.db,
      page.kind,
      listed.map(({ id }) => id),
    );
    const measured = await measureEach(ctx, listed, page.from, budget);
    for (const { thing, usage, leavesFiles } of measured.things) {
      const registeredVersions = versions.get(thing.id) ?? 0;
      things.push({ thing, ...usage, leavesFiles, registeredVersions, stays: whyItStays(thing) });
    }
    page = after(page, listed, measured, selection.all);
  }
  return { things };
}

/** The named things of a page. The page's position is the number of things measured so far. */
async function namedAfter(
  ctx: ServiceContext,
  page: TrashPage,
  selection: TrashSelection,
): Promise<readonly Trashed[]> {
  const { found, missing } = await findNamed(ctx, page.kind, selection, page.throughMs);
  const [first] = missing;
  if (first !== undefined) throw notThere(page.kind, first);
  const isFirst = page.after.deletedTimeMs === page.throughMs;
  return found.slice(isFirst ? 0 : page.after.deletedTimeMs);
}

interface MeasuredThings {
  readonly things: readonly {
    readonly thing: Trashed;
    readonly usage: { readonly files: number; readonly bytes: number; readonly points: number };
    readonly leavesFiles: boolean;
  }[];
  /** How many things were measured completely. */
  readonly whole: number;
  /** Where to continue with the first thing that was not measured completely. */
  readonly from: string | undefined;
}

/** Measures things in parallel. The first thing that is too large for this call is measured in part. */
async function measureEach(
  ctx: ServiceContext,
  things: readonly Trashed[],
  from: string | undefined,
  budget: Budget,
): Promise<MeasuredThings> {
  const results = things.map((thing, i) => ({
    thing,
    usage: { files: 0, bytes: 0, points: 0 },
    leavesFiles: false,
    next: i === 0 ? from : undefined,
    isBegun: false,
    isWhole: false,
  }));
  await forEachAtMost(FOLDERS_AT_A_TIME, results, async (result) => {
    if (budget.isSpent) return;
    result.isBegun = true;
    const { kind, id, artifactUri } = result.thing;
    const mayDelete = kind !== "experiment" || (await isApart(ctx, id, artifactUri));
    const key = mayDelete ? ownFolder(kind, id, artifactUri) : undefined;
    result.leavesFiles = key === undefined && artifactUri !== "";
    while (key !== undefined && runsAfter(result.next) === undefined) {
      await budget.spend(2);
      const { files, bytes, next } = await ctx.artifacts.usage(key, result.next);
      result.usage.files += files;
      result.usage.bytes += bytes;
      result.next = next ?? (kind === "experiment" ? positionOf(FIRST_RUN) : undefined);
      if (next === undefined) break;
      if (budget.isSpent) return;
    }
    if (kind === "run") result.usage.points += (await countPointsOf(ctx, [id], budget)).points;
    let after = kind === "experiment" ? (runsAfter(result.next) ?? FIRST_RUN) : undefined;
    while (after !== undefined) {
      result.next = positionOf(after);
      if (budget.isSpent) return;
      const counted: CountedPoints = await countPointsIn(ctx, id, after, budget);
      result.usage.points += counted.points;
      after = counted.next;
    }
    result.next = undefined;
    result.isWhole = true;
  });
  const firstLeft = results.findIndex(({ isWhole }) => !isWhole);
  const whole = firstLeft === -1 ? results.length : firstLeft;
  const first = results[whole];
  // The next call measures everything after the first incomplete thing again.
  const told = results.slice(0, first?.isBegun && first.next !== undefined ? whole + 1 : whole);
  return { things: told, whole, from: first?.next };
}

const FIRST_RUN: TrashPosition = { deletedTimeMs: -1, id: "" };

/** Separates the two kinds of positions. No position of a store begins with this character, because no object key has it. */
const POINTS = "\0points ";

/** The position in an experiment whose files are measured, and whose points are counted up to this run. */
const positionOf = ({ deletedTimeMs, id }: TrashPosition) => `${POINTS}${deletedTimeMs} ${id}`;

/** @returns undefined while files are measured */
function runsAfter(position: string | undefined): TrashPosition | undefined {
  if (!position?.startsWith(POINTS)) return undefined;
  const [deletedTimeMs, id = ""] = position.slice(POINTS.length).split(" ");
  return { deletedTimeMs: Number(deletedTimeMs), id };
}

function after(page: TrashPage, listed: readonly Trashed[], { whole, from }: MeasuredThings, all: boolean): TrashPage {
  if (!all) {
    const isFirst = page.after.deletedTimeMs === page.throughMs;
    const done = (isFirst ? 0 : page.after.deletedTimeMs) + whole;
    return { ...page, after: { deletedTimeMs: done, id: "" }, from };
  }
  const last = listed[whole - 1];
  return { ...page, after: last ? { deletedTimeMs: last.deletedTimeMs, id: last.id } : page.after, from };
}
