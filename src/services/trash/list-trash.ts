import { invalidParameter } from "../../domain/errors.ts";
import { isExperimentId } from "../../domain/ids.ts";
import type { Trashed, TrashKind } from "../../domain/trash.ts";
import { queryFingerprint } from "../../search/page-token.ts";
import { visibilityOf } from "../../stores/d1/access/visibility.ts";
import { experimentsWith } from "../../stores/d1/trash/trash.ts";
import type { ServiceContext } from "../context.ts";
import { firstOf, LIST_LENGTH, listPage, pageToken, readToken, whyItStays } from "./trash-selection.ts";

export interface TrashQuery {
  readonly kind: TrashKind;
  /** Only runs and models of these experiments, or of all. */
  readonly experimentIds?: readonly string[] | undefined;
  /** The token from the previous page. */
  readonly pageToken?: string | undefined;
}

/** A thing in the trash, as its list shows it. */
export interface ListedTrash {
  readonly thing: Trashed;
  /** Whether the caller may restore the thing and delete it for good. */
  readonly mayManage: boolean;
  /** Why nobody can delete the thing for good now; undefined where somebody can. */
  readonly stays: string | undefined;
}

export interface TrashListPage {
  readonly things: readonly ListedTrash[];
  readonly nextPageToken?: string | undefined;
}

const MANAGED = { experiment: "experiment", run: "runsOf", logged_model: "loggedModelsOf" } as const;

/**
 * A page of the trash that the caller may see, the latest deletion first. Runs and models of an experiment in the trash are
 * not listed separately.
 * @throws MlflowError INVALID_PARAMETER_VALUE for a token of another list
 */
export async function listTrashed(ctx: ServiceContext, query: TrashQuery): Promise<TrashListPage> {
  const { kind } = query;
  const experimentIds = query.experimentIds?.filter(isExperimentId);
  // What callers see differs, so a token belongs to one list of one caller.
  const fingerprint = queryFingerprint(["trash", kind, experimentIds, ctx.visibility.name]);
  const [of, token = ""] = query.pageToken?.split(".") ?? [];
  const page = of === undefined ? firstOf(kind, Number.MAX_SAFE_INTEGER) : readToken(token);
  if (page?.kind !== kind || (of !== undefined && of !== fingerprint)) throw invalidParameter("Invalid page token.");
  const listed = await listPage(ctx, page, { experimentIds });
  const managed = visibilityOf(ctx.principal, ctx.principal.isAdmin, ctx.defaultLevel, "MANAGE");
  const ids = [...new Set(listed.map(({ experimentId }) => experimentId))];
  const mine = await experimentsWith(ctx.db, ids, managed[MANAGED[kind]]);
  const things = listed.map((thing) => ({
    thing,
    mayManage: mine.has(thing.experimentId),
    stays: whyItStays(thing),
  }));
  const last = listed.length === LIST_LENGTH ? listed.at(-1) : undefined;
  if (last === undefined) return { things };
  const next = pageToken({ ...page, after: { deletedTimeMs: last.deletedTimeMs, id: last.id } });
  return { things, nextPageToken: `${fingerprint}.${next}` };
}
