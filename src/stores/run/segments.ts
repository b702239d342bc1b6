import { type Block, decodeBlock, findSlice, type KeySlice, MAX_BLOCK_POINTS, slicesOf } from "./block.ts";
import { type Bound, decodeBound, encodeBound, encodeKeyBound } from "./bound.ts";
import { type Chunk, firstAfter, Merge } from "./merge.ts";
import { SegmentWriter } from "./segment-writer.ts";
import type { Series } from "./series.ts";
import { isOfRun } from "./tables.ts";

/** This many segments of one tier merge into one. Tier t holds segments of 64·8^t points and more. */
const SEGMENTS_PER_MERGE = 8;
const TIER_0_POINTS = 64;
/** Most points of one merge, so that no merge blocks the object for long. Larger segments stay side by side. */
const MAX_MERGE_POINTS = 524_288;
/** The limit in a cell, where other runs wait during a merge. */
const MAX_MERGE_POINTS_OF_CELL = 131_072;
/** A merge moves a block at least this full without rewriting it, if no other segment has points within its range. */
const MIN_MOVED_POINTS = (MAX_BLOCK_POINTS * 3) / 4;
const BLOCKS_PER_QUERY = 16;

/** A block as the tables describe it: where it is stored, and its first and last point. */
interface StoredBlock extends Chunk {
  readonly segmentId: number;
  readonly bodyId: number;
  readonly points: number;
}

interface BlockRow extends Record<string, SqlStorageValue> {
  segment_id: number;
  last: ArrayBuffer;
  first: ArrayBuffer;
  points: number;
  body_id: number;
}

/**
 * Immutable sorted sequences of points over all metrics. New points make new segments; merges turn many segments into few.
 * Methods that write belong in a transaction.
 */
export class Segments {
  readonly #sql: SqlStorage;
  readonly #run: number;
  readonly #isOfRun: string;

  /** @param run see {@link isOfRun} */
  constructor(sql: SqlStorage, run: number) {
    this.#sql = sql;
    this.#run = run;
    this.#isOfRun = isOfRun(run);
  }

  /** The latest journal row from which any block has points; 0 if there is none. */
  lastJournalId(): number {
    const { last } = this.#sql
      .exec<{ last: number | null }>(
        `SELECT max(last_journal_id) AS last FROM block WHERE segment_id IN (${this.#ids})`,
        this.#run,
      )
      .one();
    return last ?? 0;
  }

  get isEmpty(): boolean {
    return this.#list().length === 0;
  }

  get pointCount(): number {
    return this.#sql
      .exec<{ points: number }>(`SELECT total(points) AS points FROM segment WHERE ${this.#isOfRun}`, this.#run)
      .one().points;
  }

  /** Removes the first segment: of a cell, 2 MB at most. @returns whether there was one */
  purgeSlice(): boolean {
    const [segment] = this.#list();
    if (segment === undefined) return false;
    this.#remove([segment.id]);
    return true;
  }

  get #ids(): string {
    return `SELECT id FROM segment WHERE ${this.#isOfRun}`;
  }

  /** Writes a segment of sorted points; `lastJournalId` is the latest journal row they come from. */
  write(slices: Iterable<KeySlice>, lastJournalId: number): void {
    const writer = new SegmentWriter(this.#sql, this.#run, lastJournalId);
    for (const slice of slices) writer.append(slice);
    writer.finish();
  }

  /** For each segment, the blocks that may hold points of a metric, narrowed to points after `after`. */
  sources(keyId: number, after: Series | undefined): Iterable<Chunk>[] {
    const lower = after ? encodeBound(keyId, after, 0) : encodeKeyBound(keyId);
    const narrow = (block: Block): KeySlice[] => {
      const slice = findSlice(block, keyId);
      if (!slice) return [];
      const from = after ? firstAfter(block, slice.from, slice.to, after, 0) : slice.from;
      return from < slice.to ? [{ ...slice, from }] : [];
    };
    return this.#list().map(({ id }) => this.#blocks(id, lower, keyId, narrow));
  }

  /** At least the blocks that hold points from a journal row after `journalId`. */
  *blocksSince(journalId: number): Generator<Block> {
    const ids = this.#sql
      .exec<{ body_id: number }>(
        `SELECT body_id FROM block WHERE segment_id IN (${this.#ids}) AND last_journal_id > ?`,
        this.#run,
        journalId,
      )
      .toArray();
    for (const { body_id } of ids) yield this.#open(body_id);
  }

  /** Merges the segments of one tier if there are enough. @returns whether it merged */
  mergeTier(): boolean {
    const maxPoints = this.#run === 0 ? MAX_MERGE_POINTS : MAX_MERGE_POINTS_OF_CELL;
    const tiers = Map.groupBy(this.#list(), ({ points }) => tierOf(points));
    for (const [, segments] of [...tiers].sort(([a], [b]) => a - b)) {
      if (segments.length < SEGMENTS_PER_MERGE) continue;
      const inputs = fitting(segments.slice(0, SEGMENTS_PER_MERGE), maxPoints);
      if (inputs.length < 2) continue;
      this.#merge(inputs.map(({ id }) => id));
      return true;
    }
    return false;
  }

  #merge(inputs: readonly number[]): void {
    const { last } = this.#sql
      .exec<{ last: number }>(
        "SELECT max(last_journal_id) AS last FROM block WHERE segment_id IN (SELECT value FROM json_each(?))",
        JSON.stringify(inputs),
      )
      .one();
    const writer = new SegmentWriter(this.#sql, this.#run, last);
    const merge = new Merge<StoredBlock>(
      inputs.map((id) => this.#blocks(id, encodeKeyBound(0), Number.POSITIVE_INFINITY, slicesOf)),
    );
    for (;;) {
      const block = merge.nextWhole(({ points }) => points >= MIN_MOVED_POINTS && writer.takesWholeBlocks);
      if (block) {
        writer.moveHere(block);
        continue;
      }
      const slice = merge.next();
      if (!slice) break;
      writer.append(slice);
    }
    writer.finish();
    this.#remove(inputs);
  }

  #remove(segmentIds: readonly number[]): void {
    const ids = JSON.stringify(segmentIds);
    this.#sql.exec(
      `DELETE FROM block_body WHERE id IN
        (SELECT body_id FROM block WHERE segment_id IN (SELECT value FROM json_each(?)))`,
      ids,
    );
    this.#sql.exec("DELETE FROM block WHERE segment_id IN (SELECT value FROM json_each(?))", ids);
    this.#sql.exec("DELETE FROM segment WHERE id IN (SELECT value FROM json_each(?))", ids);
  }

  /** Blocks of a segment in order: from the first that ends after `lower` to the last with points of `lastKeyId`. */
  *#blocks(
    segmentId: number,
    lower: Uint8Array<ArrayBuffer>,
    lastKeyId: number,
    slices: (block: Block) => Iterable<KeySlice>,
  ): Generator<StoredBlock> {
    let after: Uint8Array<ArrayBuffer> | ArrayBuffer = lower;
    for (;;) {
      const rows = this.#sql
        .exec<BlockRow>(
          `SELECT segment_id, last, first, points, body_id FROM block
            WHERE segment_id = ? AND last > ? ORDER BY last LIMIT ${BLOCKS_PER_QUERY}`,
          segmentId,
          after,
        )
        .toArray();
      for (const row of rows) {
        const first: Bound = decodeBound(row.first);
        if (first.keyId > lastKeyId) return;
        yield {
          segmentId,
          bodyId: row.body_id,
          points: row.points,
          first,
          last: decodeBound(row.last),
          open: () => slices(this.#open(row.body_id)),
        };
        after = row.last;
      }
      if (rows.length < BLOCKS_PER_QUERY) return;
    }
  }

  #open(bodyId: number): Block {
    return decodeBlock(
      this.#sql.exec<{ body: ArrayBuffer }>("SELECT body FROM block_body WHERE id = ?", bodyId).one().body,
    );
  }

  #list(): { id: number; points: number }[] {
    return this.#sql
      .exec<{ id: number; points: number }>(
        `SELECT id, points FROM segment WHERE ${this.#isOfRun} ORDER BY id`,
        this.#run,
      )
      .toArray();
  }
}

function tierOf(points: number): number {
  return Math.max(0, Math.floor(Math.log2(points / TIER_0_POINTS) / Math.log2(SEGMENTS_PER_MERGE)));
}

/** The first segments that together fit one merge. */
function fitting<S extends { readonly points: number }>(segments: readonly S[], maxPoints: number): S[] {
  let points = 0;
  return segments.filter((segment) => {
    points += segment.points;
    return points <= maxPoints;
  });
}
