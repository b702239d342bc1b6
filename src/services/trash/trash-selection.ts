import { Buffer } from "node:buffer";
import { doesNotExist, invalidParameter, type MlflowError } from "../../domain/errors.ts";
import { isExperimentId } from "../../domain/ids.ts";
import { parseAge, TRASH_KINDS, type Trashed, type TrashKind } from "../../domain/trash.ts";
import { findThings, LAST_ID, listTrash, type TrashPosition } from "../../stores/d1/trash/trash.ts";
import type { ServiceContext } from "../context.ts";

/** Which things in the trash a call is about: things by their ids, or everything. */
export interface TrashSelection {
  readonly ids: Readonly<Record<TrashKind, readonly string[]>>;
  readonly all: boolean;
  /** `#d#h#m#s`: only things that were deleted at least this long ago. */
  readonly olderThan?: string | undefined;
  /** The token from the previous call. */
  readonly pageToken?: string | undefined;
}

/** Where a call continues. */
export interface TrashPage {
  /** Things that were deleted later than this are not part of the selection. */
  readonly throughMs: number;
  readonly kind: TrashKind;
  readonly after: TrashPosition;
  /** Where to continue in the files of the thing after `after`; undefined for their beginning. */
  readonly from?: string | undefined;
}

/** Maximum number of things in one page of the trash. */
export const LIST_LENGTH = 100;

/** The first page, or the page that the token names. @throws MlflowError INVALID_PARAMETER_VALUE */
export function pageOf({ olderThan, pageToken }: TrashSelection, nowMs: number): TrashPage {
  const ageMs = olderThan === undefined ? 0 : parseAge(olderThan);
  if (!pageToken) return firstOf("experiment", nowMs - ageMs);
  const page = readToken(pageToken);
  if (page === undefined) throw invalidParameter("Invalid page token.");
  return page;
}

export function firstOf(kind: TrashKind, throughMs: number): TrashPage {
  return { throughMs, kind, after: { deletedTimeMs: throughMs, id: LAST_ID } };
}

/** The first page of the next kind; undefined after the last kind. */
export function nextKind({ kind, throughMs }: TrashPage): TrashPage | undefined {
  const next = TRASH_KINDS[TRASH_KINDS.indexOf(kind) + 1];
  return next === undefined ? undefined : firstOf(next, throughMs);
}

export function pageToken({ throughMs, kind, after, from }: TrashPage): string {
  const parts = [throughMs, kind, after.deletedTimeMs, after.id, ...(from === undefined ? [] : [from])];
  return Buffer.from(JSON.stringify(parts), "utf8").toString("base64url");
}

/** The page that a token names; undefined for any other text. */
export function readToken(token: string): TrashPage | undefined {
  try {
    const parts: unknown = JSON.parse(Buffer.from(token, "base64url").toString("utf8"));
    if (!Array.isArray(parts)) return undefined;
    const [throughMs, kind, deletedTimeMs, id, from] = parts as unknown[];
    const isPage =
      typeof throughMs === "number" &&
      TRASH_KINDS.includes(kind as TrashKind) &&
      typeof deletedTimeMs === "number" &&
      typeof id === "string" &&
      (id === LAST_ID || id === "" || kind !== "experiment" || isExperimentId(id)) &&
      (from === undefined || typeof from === "string");
    return isPage ? { throughMs, kind: kind as TrashKind, after: { deletedTimeMs, id }, from } : undefined;
  } catch {
    return undefined;
  }
}

/** The next things of this kind, of everything in the trash. */
export async function listPage(
  ctx: ServiceContext,
  { kind, after }: TrashPage,
  {
    olderThan,
    experimentIds,
  }: Pick<TrashSelection, "olderThan"> & { readonly experimentIds?: readonly string[] | undefined },
): Promise<Trashed[]> {
  return await listTrash(ctx.db, kind, {
    after,
    limit: LIST_LENGTH,
    withUnknownTime: olderThan === undefined,
    experimentIds,
    visibility: ctx.visibility,
  });
}

/** Things of one kind that were found by their ids, and the ids that were not found. */
export interface NamedThings {
  readonly found: readonly Trashed[];
  readonly missing: readonly string[];
}

/**
 * @throws MlflowError INVALID_PARAMETER_VALUE where a thing is not in the trash, or was deleted too recently; `mlflow gc`
 *   refuses it likewise.
 */
export async function findNamed(
  ctx: ServiceContext,
  kind: TrashKind,
  { ids, olderThan }: TrashSelection,
  throughMs: number,
): Promise<NamedThings> {
  const asked = [...new Set(ids[kind])];
  const malformed = kind === "experiment" ? asked.find((id) => !isExperimentId(id)) : undefined;
  if (malformed !== undefined) {
    throw invalidParameter(`Invalid experiment ID '${malformed}'. Experiment ID must be a valid integer.`);
  }
  const things = await findThings(ctx.db, kind, asked);
  const found = asked.flatMap((id) => things.get(id) ?? []);
  for (const thing of found) refuseOthers(thing, throughMs, olderThan);
  return { found, missing: asked.filter((id) => !things.has(id)) };
}

const NAMES = { run: "Run", logged_model: "Logged model", experiment: "Experiment" } as const;

function refuseOthers(thing: Trashed, throughMs: number, olderThan: string | undefined): void {
  const { kind, id, isDeleted, deletedTimeMs } = thing;
  const name = `${NAMES[kind]} ${id}`;
  const plural = `${NAMES[kind].toLowerCase()}s`;
  if (!isDeleted) {
    throw invalidParameter(
      `${name} is not in the 'deleted' lifecycle stage. Only ${plural} in the 'deleted' lifecycle stage can be deleted for good.`,
    );
  }
  const whyNot = whyItStays(thing);
  if (whyNot !== undefined) throw invalidParameter(`${name} stays: ${whyNot}`);
  const isUnknown = deletedTimeMs === 0;
  if (olderThan !== undefined && (isUnknown || deletedTimeMs > throughMs)) {
    throw invalidParameter(
      `${name} is not older than the required age. Only ${plural} older than ${olderThan} can be deleted.`,
    );
  }
}

/** Why a thing in the trash may not be deleted for good; undefined where it may be. */
export function whyItStays({ kind, id, activeRuns }: Trashed): string | undefined {
  if (kind !== "experiment") return undefined;
  if (id === "0") return "it is the experiment that every server has. Its deleted runs can be deleted for good.";
  if (activeRuns > 0) return `${activeRuns} of its runs were restored. Delete them first.`;
  return undefined;
}

export function notThere(kind: TrashKind, id: string): MlflowError {
  if (kind === "run") return doesNotExist(`Run with id=${id} not found`);
  if (kind === "experiment") return doesNotExist(`No Experiment with id=${id} exists`);
  return doesNotExist(`Logged model with ID '${id}' not found.`);
}
