import { encodeBlock, type KeySlice, MAX_BLOCK_POINTS } from "./block.ts";
import { encodeBound } from "./bound.ts";
import { type Series, SeriesBuilder, slice } from "./series.ts";

/** A metric with at least this many points has blocks of its own in a segment; smaller metrics share blocks. */
const MIN_OWN_POINTS = 1000;
/** A block with at least this many points may be closed early, so that the next block can be moved here whole. */
const MIN_SHORT_POINTS = MAX_BLOCK_POINTS / 4;

/** Cuts sorted points into blocks of one segment. */
export class SegmentWriter {
  readonly segmentId: number;
  readonly #sql: SqlStorage;
  readonly #lastJournalId: number;
  #points = 0;
  #pending = new SeriesBuilder(MAX_BLOCK_POINTS);
  #keyIds: number[] = [];
  #ends: number[] = [];

  /** Starts a new segment of run number `run`. `lastJournalId` is the latest journal row whose points it will hold. */
  constructor(sql: SqlStorage, run: number, lastJournalId: number) {
    this.#sql = sql;
    this.#lastJournalId = lastJournalId;
    this.segmentId = sql
      .exec<{ id: number }>("INSERT INTO segment (run, points) VALUES (?, 0) RETURNING id", run)
      .one().id;
  }

  /** Adds points. They must come after all earlier points. */
  append({ keyId, series, from, to }: KeySlice): void {
    for (let at = from; at < to; ) {
      if (this.#keyIds.at(-1) !== keyId) this.#startKey(keyId);
      const count = Math.min(to - at, MAX_BLOCK_POINTS - this.#pending.length);
      this.#pending.append(series, at, at + count);
      this.#ends[this.#ends.length - 1] = this.#pending.length;
      at += count;
      if (this.#keyIds.length > 1 && this.#lastKeyPoints >= MIN_OWN_POINTS) this.#writeAllButLastKey();
      if (this.#pending.length === MAX_BLOCK_POINTS) this.#writePending();
    }
  }

  /** Whether a block of another segment may follow here unchanged. */
  get takesWholeBlocks(): boolean {
    return this.#pending.length === 0 || this.#pending.length >= MIN_SHORT_POINTS;
  }

  /** Moves a block here from its segment. Its points must come after all earlier points. */
  moveHere(block: { readonly bodyId: number; readonly segmentId: number; readonly points: number }): void {
    this.#writePending();
    this.#points += block.points;
    this.#sql.exec(
      "UPDATE block SET segment_id = ? WHERE segment_id = ? AND body_id = ?",
      this.segmentId,
      block.segmentId,
      block.bodyId,
    );
  }

  finish(): void {
    this.#writePending();
    this.#sql.exec("UPDATE segment SET points = ? WHERE id = ?", this.#points, this.segmentId);
  }

  get #lastKeyPoints(): number {
    return this.#pending.length - (this.#ends.at(-2) ?? 0);
  }

  #startKey(keyId: number): void {
    if (this.#lastKeyPoints >= MIN_OWN_POINTS) this.#writePending();
    this.#keyIds.push(keyId);
    this.#ends.push(this.#pending.length);
  }

  #writePending(): void {
    if (this.#pending.length === 0) return;
    this.#write(this.#pending.view(), this.#keyIds, this.#ends);
    this.#pending.clear();
    this.#keyIds = [];
    this.#ends = [];
  }

  #writeAllButLastKey(): void {
    const start = this.#ends.at(-2)!;
    this.#write(slice(this.#pending.view(), 0, start), this.#keyIds.slice(0, -1), this.#ends.slice(0, -1));
    const own = new SeriesBuilder(MAX_BLOCK_POINTS);
    own.append(this.#pending.view(), start, this.#pending.length);
    this.#pending = own;
    this.#keyIds = this.#keyIds.slice(-1);
    this.#ends = [own.length];
  }

  #write(series: Series, keyIds: readonly number[], ends: readonly number[]): void {
    const points = series.values.length;
    const { id } = this.#sql
      .exec<{ id: number }>("INSERT INTO block_body (body) VALUES (?) RETURNING id", encodeBlock(series, keyIds, ends))
      .one();
    this.#sql.exec(
      "INSERT INTO block (segment_id, last, first, points, last_journal_id, body_id) VALUES (?, ?, ?, ?, ?, ?)",
      this.segmentId,
      encodeBound(keyIds.at(-1)!, series, points - 1),
      encodeBound(keyIds[0]!, series, 0),
      points,
      this.#lastJournalId,
      id,
    );
    this.#points += points;
  }
}
