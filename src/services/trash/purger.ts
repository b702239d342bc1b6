import { artifactPlace } from "../../domain/artifact-location.ts";
import { MlflowError } from "../../domain/errors.ts";
import { forEachAtMost } from "../../domain/for-each-at-most.ts";
import { slices } from "../../domain/slices.ts";
import { TRASH_KINDS, type TrashKind } from "../../domain/trash.ts";
import { deleteRowsSlice } from "../../stores/d1/trash/purged-rows.ts";
import {
  beginPurges,
  type Claim,
  claimPurges,
  endPurges,
  hasPurgesOf,
  nextOfPurged,
  type Purge,
  releaseClaim,
  renewClaim,
} from "../../stores/d1/trash/purges.ts";
import { groupByObject, purgeHistories } from "../../stores/run/stub.ts";
import { dropGathered } from "../artifacts/file-digests.ts";
import type { Budget } from "../budget.ts";
import type { ServiceContext } from "../context.ts";
import { forgetRun } from "../runs/known-runs.ts";

/** How long a claim lasts: far longer than any step. A caller that is delayed for longer loses its claim. */
const CLAIM_MS = 60_000;

/** Maximum number of runs or models whose rows are deleted together. */
const THINGS_AT_A_TIME = 100;

/** Maximum number of artifact folders or objects emptied at the same time. */
const STORES_AT_A_TIME = 16;

/** A thing that could not be deleted yet, and why. */
export interface PurgeFailure {
  readonly kind: TrashKind;
  readonly id: string;
  readonly message: string;
}

/** Matches runs deleted at any time: a purged experiment takes all of its runs along. */
const ANY_TIME = Number.MAX_SAFE_INTEGER;

/**
 * Deletes the things that `beginPurges` has moved into `purges`, step by step, within its budget: files, history, rows, and
 * the row in `purges`. Each step may be repeated. A failed step leaves the thing in `purges`, and the next call tries again.
 */
export class Purger {
  readonly #ctx: ServiceContext;
  readonly #budget: Budget;
  readonly #claimName = crypto.randomUUID();
  readonly failures: PurgeFailure[] = [];
  /** The files deleted so far. */
  readonly freed = { files: 0, bytes: 0 };

  constructor(ctx: ServiceContext, budget: Budget) {
    this.#ctx = ctx;
    this.#budget = budget;
  }

  /** A claim that begins now. */
  get claim(): Claim {
    return { name: this.#claimName, untilMs: Date.now() + CLAIM_MS };
  }

  /** Deletes the things that no other call has claimed. */
  async finishLeft(): Promise<void> {
    // An experiment is deleted after its runs and models.
    for (const kind of TRASH_KINDS.toReversed()) {
      while (!this.#budget.isSpent) {
        await this.#budget.spend(1);
        const left = await claimPurges(this.#ctx.db, kind, this.#atATime(kind), Date.now(), this.claim);
        if (left.length === 0) break;
        const done = await this.finish(kind, left);
        // A step that failed now would fail again.
        if (done < left.length) break;
      }
    }
  }

  /** Deletes claimed things of one kind. @returns how many are gone */
  async finish(kind: TrashKind, things: readonly Purge[]): Promise<number> {
    let gone = 0;
    for (const slice of slices(things, this.#atATime(kind))) {
      if (this.#budget.isSpent) break;
      await this.#budget.spend(1);
      const ours = await renewClaim(this.#ctx.db, kind, idsOf(slice), this.claim);
      gone += await this.#finishSlice(
        kind,
        slice.filter(({ id }) => ours.has(id)),
      );
    }
    return gone;
  }

  /** Releases the claim, so that the next caller need not wait until it expires. */
  async release(): Promise<void> {
    await releaseClaim(this.#ctx.db, this.claim);
  }

  #atATime(kind: TrashKind): number {
    return kind === "experiment" ? 1 : THINGS_AT_A_TIME;
  }

  async #finishSlice(kind: TrashKind, things: readonly Purge[]): Promise<number> {
    let left = things;
    if (kind === "experiment") left = await this.#thatSucceed(left, (thing) => this.#finishContents(thing));
    left = await this.#thatSucceed(left, (thing) => this.#deleteFiles(thing));
    if (kind === "run") left = await this.#purgeHistories(left);
    if (left.length === 0) return 0;
    const ids = idsOf(left);
    for (let hasMore = true; hasMore; ) {
      if (this.#budget.isSpent) return 0;
      await this.#budget.spend(1);
      hasMore = await deleteRowsSlice(this.#ctx.db, kind, ids, this.claim);
    }
    await this.#budget.spend(1);
    await endPurges(this.#ctx.db, kind, ids, this.claim);
    return left.length;
  }

  /** Deletes the runs and models of an experiment. @returns whether all are gone */
  async #finishContents({ id: experimentId }: Purge): Promise<boolean> {
    for (const kind of ["run", "logged_model"] as const) {
      for (;;) {
        if (this.#budget.isSpent) return false;
        await this.#budget.spend(2);
        const ids = await nextOfPurged(this.#ctx.db, kind, experimentId, THINGS_AT_A_TIME);
        if (ids.length === 0) break;
        const begun = await beginPurges(this.#ctx.db, kind, ids, ANY_TIME, this.claim, undefined);
        await this.finish(kind, begun);
        await renewClaim(this.#ctx.db, "experiment", [experimentId], this.claim);
      }
    }
    await this.#budget.spend(1);
    return !(await hasPurgesOf(this.#ctx.db, experimentId));
  }

  /** @returns whether all of the thing's own files are gone */
  async #deleteFiles({ kind, id, artifactUri }: Purge): Promise<boolean> {
    const key = ownFolder(kind, id, artifactUri);
    if (key === undefined) return true;
    dropGathered(key);
    for (let isAll = false; !isAll; ) {
      if (this.#budget.isSpent) return false;
      await this.#budget.spend(2);
      const page = await this.#ctx.artifacts.deletePage(key);
      this.freed.files += page.files;
      this.freed.bytes += page.bytes;
      isAll = page.isAll;
    }
    return true;
  }

  /** @returns the runs whose history is gone */
  async #purgeHistories(runs: readonly Purge[]): Promise<readonly Purge[]> {
    for (const { id } of runs) forgetRun(id);
    const withObject = runs.filter(({ hasObject }) => hasObject);
    const places = withObject.map((run) => ({ run, runId: run.id, cell: run.cell }));
    const failed = new Set<string>();
    await forEachAtMost(STORES_AT_A_TIME, groupByObject(places), async (ofObject) => {
      await this.#budget.spend(1);
      try {
        await purgeHistories(this.#ctx.env, ofObject);
      } catch (error) {
        for (const { run } of ofObject) {
          failed.add(run.id);
          this.#note(run, error);
        }
      }
    });
    return runs.filter(({ id }) => !failed.has(id));
  }

  /** @returns the things for which `step` completed */
  async #thatSucceed(things: readonly Purge[], step: (thing: Purge) => Promise<boolean>): Promise<readonly Purge[]> {
    const done = new Set<Purge>();
    await forEachAtMost(STORES_AT_A_TIME, things, async (thing) => {
      try {
        if (await step(thing)) done.add(thing);
      } catch (error) {
        this.#note(thing, error);
      }
    });
    return things.filter((thing) => done.has(thing));
  }

  #note({ kind, id }: Purge, error: unknown): void {
    console.error("purge of", kind, id, error);
    this.failures.push({ kind, id, message: error instanceof Error ? error.message : String(error) });
  }
}

const idsOf = (things: readonly Purge[]) => things.map(({ id }) => id);

/**
 * The object key of the folder that holds only this thing's files; undefined where this server keeps no files of it, or
 * where others' files may lie in the folder: an imported run may claim any folder as its own.
 */
export function ownFolder(kind: TrashKind, id: string, artifactUri: string): string | undefined {
  const key = servedKey(artifactUri);
  if (key === undefined || key === "") return undefined;
  return kind === "experiment" || key.split("/").includes(id) ? key : undefined;
}

function servedKey(artifactUri: string): string | undefined {
  try {
    const place = artifactPlace(artifactUri);
    return place.kind === "served" ? place.objectKey : undefined;
  } catch (error) {
    if (error instanceof MlflowError) return undefined;
    throw error;
  }
}
