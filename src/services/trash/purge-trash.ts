import { isServed } from "../../domain/artifact-location.ts";
import { TRASH_KINDS, type Trashed, type TrashKind } from "../../domain/trash.ts";
import type { Usage } from "../../stores/artifacts/artifact-store.ts";
import { findMove } from "../../stores/d1/experiments/experiment-moves.ts";
import { findLocationsAround } from "../../stores/d1/experiments/locations.ts";
import { hasMovedThings } from "../../stores/d1/runs/move-runs.ts";
import {
  beginExperimentPurge,
  beginPurges,
  countUnfinished,
  hasPurges,
  type Purge,
  type Unfinished,
} from "../../stores/d1/trash/purges.ts";
import { callerOf } from "../access/audit.ts";
import { Budget } from "../budget.ts";
import type { ServiceContext } from "../context.ts";
import { finishMove } from "../experiments/experiment-stage.ts";
import { ownFolder, type PurgeFailure, Purger } from "./purger.ts";
import {
  findNamed,
  listPage,
  nextKind,
  pageOf,
  pageToken,
  type TrashSelection,
  whyItStays,
} from "./trash-selection.ts";

/** Maximum number of calls to stores and objects: the platform allows a request 1,000. */
const CALLS_PER_REQUEST = 700;
/** How long one call works: a client waits for the answer, and shows the progress. */
const MS_PER_REQUEST = 5000;

/** What a call of {@link purgeTrash} did. */
export interface Purged {
  /** Things that are gone: nobody sees them from now on, and nobody can restore them. */
  readonly gone: readonly Trashed[];
  /** Requested ids that do not exist: an earlier call deleted them, or they were never here. */
  readonly missing: Readonly<Record<TrashKind, readonly string[]>>;
  /** Things that stay in the trash. */
  readonly kept: readonly { readonly thing: Trashed; readonly reason: string }[];
  /** The files that this call deleted. */
  readonly freed: Usage;
  /** Artifact URIs of things that are gone but whose files this server does not delete. */
  readonly filesLeft: readonly string[];
  /** Data of gone things that is still to be deleted. The next call continues with it. */
  readonly unfinished: Unfinished;
  readonly failures: readonly PurgeFailure[];
  /** Set where the trash holds more than one call deletes. */
  readonly nextPageToken?: string | undefined;
}

/**
 * Deletes the selected things in the trash for good, and continues what earlier calls began. One call does a limited amount
 * of work; clients repeat it until the answer has no token and nothing unfinished. It may be repeated after any crash.
 * @throws MlflowError INVALID_PARAMETER_VALUE, with nothing done, where a selected thing is not in the trash.
 */
export async function purgeTrash(ctx: ServiceContext, selection: TrashSelection): Promise<Purged> {
  const call = new PurgeCall(ctx);
  try {
    const nextPageToken = selection.all ? await call.purgeAll(selection) : await call.purgeNamed(selection);
    return { ...(await call.finish()), nextPageToken };
  } finally {
    await call.release();
  }
}

/** Continues what earlier calls began, as far as one request may. */
export async function finishPurges(ctx: ServiceContext, calls = CALLS_PER_REQUEST): Promise<void> {
  if (!(await hasPurges(ctx.db))) return;
  const call = new PurgeCall(ctx, calls);
  try {
    await call.finish();
  } finally {
    await call.release();
  }
}

class PurgeCall {
  readonly #ctx: ServiceContext;
  readonly #budget: Budget;
  readonly #purger: Purger;
  readonly #gone: Trashed[] = [];
  readonly #kept: { thing: Trashed; reason: string }[] = [];
  readonly #filesLeft: string[] = [];
  readonly #missing: Record<TrashKind, readonly string[]> = { experiment: [], run: [], logged_model: [] };

  constructor(ctx: ServiceContext, calls = CALLS_PER_REQUEST) {
    this.#ctx = ctx;
    this.#budget = new Budget(calls, MS_PER_REQUEST);
    this.#purger = new Purger(ctx, this.#budget);
  }

  async purgeNamed(selection: TrashSelection): Promise<undefined> {
    const { throughMs } = pageOf(selection, Date.now());
    const named = new Map<TrashKind, readonly Trashed[]>();
    for (const kind of TRASH_KINDS) {
      await this.#budget.spend(1);
      const { found, missing } = await findNamed(this.#ctx, kind, selection, throughMs);
      named.set(kind, found);
      this.#missing[kind] = missing;
    }
    const begun: { kind: TrashKind; things: readonly Purge[] }[] = [];
    for (const [kind, things] of named) begun.push({ kind, things: await this.#begin(kind, things, throughMs) });
    // An experiment is finished after its runs and models, which the request may have named too.
    for (const { kind, things } of begun.toReversed()) await this.#purger.finish(kind, things);
  }

  /** @returns the token for the next call, where more is left */
  async purgeAll(selection: TrashSelection): Promise<string | undefined> {
    let page = pageOf(selection, Date.now());
    while (!this.#budget.isSpent) {
      await this.#budget.spend(1);
      const things = await listPage(this.#ctx, page, selection);
      const last = things.at(-1);
      if (last === undefined) {
        const next = nextKind(page);
        if (next === undefined) return undefined;
        page = next;
        continue;
      }
      await this.#purger.finish(page.kind, await this.#begin(page.kind, things, page.throughMs));
      page = { ...page, after: { deletedTimeMs: last.deletedTimeMs, id: last.id } };
    }
    return pageToken(page);
  }

  async #begin(kind: TrashKind, things: readonly Trashed[], throughMs: number): Promise<Purge[]> {
    const open: Trashed[] = [];
    for (const thing of things) {
      const reason = whyItStays(thing);
      if (reason === undefined) open.push(thing);
      else this.#kept.push({ thing, reason });
    }
    if (open.length === 0) return [];
    const begun: Purge[] = [];
    if (kind === "experiment") {
      for (const thing of open) begun.push(...(await this.#beginExperiment(thing, throughMs)));
    } else {
      await this.#budget.spend(1);
      const ids = open.map(({ id }) => id);
      begun.push(...(await beginPurges(this.#ctx.db, kind, ids, throughMs, this.#purger.claim, callerOf(this.#ctx))));
    }
    const gone = new Set(begun.map(({ id }) => id));
    for (const thing of open) {
      if (!gone.has(thing.id)) {
        this.#kept.push({ thing, reason: "it was restored, or changed, meanwhile." });
        continue;
      }
      this.#gone.push(thing);
      const folder = begun.find(({ id }) => id === thing.id)?.artifactUri ?? "";
      if (ownFolder(kind, thing.id, folder) === undefined && thing.artifactUri !== "") {
        this.#filesLeft.push(thing.artifactUri);
      }
    }
    return begun;
  }

  async #beginExperiment({ id, artifactUri }: Trashed, throughMs: number): Promise<Purge[]> {
    await this.#budget.spend(3);
    const move = await findMove(this.#ctx.db, id);
    if (move !== undefined) await finishMove(this.#ctx, id, move);
    const folder = (await isApart(this.#ctx, id, artifactUri)) ? artifactUri : "";
    const begun = await beginExperimentPurge(
      this.#ctx.db,
      id,
      folder,
      throughMs,
      this.#purger.claim,
      callerOf(this.#ctx),
    );
    return begun === undefined ? [] : [begun];
  }

  async finish(): Promise<Omit<Purged, "nextPageToken">> {
    await this.#purger.finishLeft();
    return {
      gone: this.#gone,
      missing: this.#missing,
      kept: this.#kept,
      freed: this.#purger.freed,
      filesLeft: this.#filesLeft,
      unfinished: await countUnfinished(this.#ctx.db),
      failures: this.#purger.failures,
    };
  }

  async release(): Promise<void> {
    await this.#purger.release();
  }
}

/**
 * Whether everything below a served location is the experiment's own. Older versions let locations overlap, and a run or
 * model that was moved to another experiment leaves its files here.
 */
export async function isApart(ctx: ServiceContext, experimentId: string, artifactUri: string): Promise<boolean> {
  const key = isServed(artifactUri) ? ownFolder("experiment", experimentId, artifactUri) : undefined;
  if (key === undefined) return false;
  const { above } = await findLocationsAround(ctx.db, key);
  if (above.length !== 1 || above[0]?.experimentId !== experimentId || !above[0].isApart) return false;
  return !(await hasMovedThings(ctx.db, experimentId));
}
