import { joinUpTo } from "../../domain/bytes.ts";
import type { KeySlice } from "./block.ts";
import { slicesOf } from "./block.ts";
import { decodeBound, encodeBound } from "./bound.ts";
import { type ChartOptions, type ChartSeries, chartSeries } from "./chart-series.ts";
import { frameLength, hasPoints } from "./frame.ts";
import { groupByKey, seriesByKey, seriesOfKey } from "./group.ts";
import { type Chunk, firstAfter, Merge } from "./merge.ts";
import { decodeJoinedPoints, type Points } from "./points.ts";
import { type SampleOptions, sampleSeries } from "./sample.ts";
import { Segments } from "./segments.ts";
import { type Position, type Series, SeriesBuilder, seriesOf } from "./series.ts";
import { MetricSummaries } from "./summaries.ts";
import { isOfRun, type ObjectTables } from "./tables.ts";

/** The journal is folded at this many rows or bytes; the bytes are about 53,000 points. */
const FOLD_ROWS = 64;
const FOLD_BYTES = 1_500_000;
/** Bodies are joined into rows of up to this size; SQLite rows of an object hold at most 2 MB. */
const MAX_JOURNAL_ROW_BYTES = 1_000_000;
const MAX_BODY_BYTES = 1_900_000;
/** Rows of the journal, of up to 2 MB each, that one slice of a purge removes. */
const PURGED_ROWS = 64;

export type { SampleOptions };

const NO_POINTS = new SeriesBuilder(0).view();

/** The journal rows after row `after` up to row `through`. */
export interface JournalRange {
  readonly after: number;
  readonly through: number;
}

export interface ReadOptions {
  /** The last point of the page before; absent for the first page. */
  readonly after?: Position | undefined;
  /** Most points to answer, at least 1. */
  readonly limit: number;
}

/** Reads a run's metrics, wherever the history is stored. */
export interface HistoryReader {
  /** The next points in get-history's order (timestamp, step, value), each once; empty at the end. */
  read(key: string, options: ReadOptions): Promise<Series>;
  /** At most `maxResults` points by (step, timestamp, value), spread as get-history-bulk-interval wants them. */
  sample(key: string, options: SampleOptions): Promise<Series>;
  /** Metrics for charts, in the order of `keys`. */
  chart(keys: readonly string[], options: ChartOptions): Promise<ChartSeries[]>;
}

/**
 * The metric history of one run in an object's SQLite: a journal of appended points, and the sorted segments that the
 * journal is folded into. All state is in SQL, so that an instance may start and end at any time.
 *
 * A point is (key, timestamp, step, value, is_nan). It is stored once, however often it was appended.
 */
export class MetricHistory {
  readonly #tables: ObjectTables;
  readonly #run: number;
  readonly #isOfRun: string;
  readonly #segments: Segments;
  #journalRows = 0;
  #journalBytes = 0;
  #hidden: JournalRange | undefined;
  #lastJournalId: number;

  /**
   * @param run the run's number in a cell; 0 if the object is the run's own
   * @param usedThrough a journal id that is known to be used; new ids are greater
   * @param isNew whether nothing is stored yet; then nothing is read
   */
  constructor(tables: ObjectTables, run = 0, usedThrough = 0, isNew = false) {
    this.#tables = tables;
    this.#run = run;
    this.#isOfRun = isOfRun(run);
    this.#segments = new Segments(tables.sql, run);
    this.#lastJournalId = isNew ? 0 : Math.max(usedThrough, this.#measureJournal(), this.#segments.lastJournalId());
  }

  /**
   * Stores bodies made by `encodePoints`, all or none, in one journal row if they fit.
   * @returns the id of the last journal row, greater than every earlier id of this run
   * @throws Error when a body has an unknown format, is incomplete, or is larger than a row may be
   */
  append(bodies: readonly Uint8Array[]): number {
    for (const body of bodies) checkBody(body);
    // Bodies without points are left out: folding such a row would leave nothing, and its id would be given again.
    const [first, ...more] = joinUpTo(MAX_JOURNAL_ROW_BYTES, bodies.filter(hasPoints));
    if (first === undefined) return this.lastJournalId;
    // A single statement is atomic, and a savepoint would cost as much as the insert.
    if (more.length === 0) return this.#appendRow(first);
    return this.#tables.storage.transactionSync(() =>
      more.reduce((_, row) => this.#appendRow(row), this.#appendRow(first)),
    );
  }

  #appendRow(row: Uint8Array): number {
    const id = this.#tables.ids.next(this.#lastJournalId);
    this.#tables.sql.exec("INSERT INTO journal (id, run, body) VALUES (?, ?, ?)", id, this.#run, row);
    this.#lastJournalId = id;
    this.#journalRows++;
    this.#journalBytes += row.length;
    return id;
  }

  /**
   * At least the id of the last journal row ever acknowledged, and less than the id of every later row; 0 before the first.
   */
  get lastJournalId(): number {
    return this.#lastJournalId;
  }

  /** Removes journal rows. They must not have been folded. */
  takeBack({ after, through }: JournalRange): void {
    this.#tables.sql.exec(
      `DELETE FROM journal WHERE ${this.#isOfRun} AND id > ? AND id <= ?`,
      this.#run,
      after,
      through,
    );
    this.#measureJournal();
  }

  /** Hides these journal rows, and no others, from readers: D1 may still refuse them. */
  hide(rows: JournalRange | undefined): void {
    this.#hidden = rows;
  }

  /** Whether no point is stored. */
  get isEmpty(): boolean {
    return this.#journalRows === 0 && this.#segments.isEmpty;
  }

  /** The number of stored points. A repeat in the journal counts until the journal is folded. */
  get pointCount(): number {
    let count = this.#segments.pointCount;
    for (const { values } of this.#journal()) count += values.length;
    return count;
  }

  /** Whether {@link fold} has enough to do. */
  get foldIsDue(): boolean {
    return this.#journalRows >= FOLD_ROWS || this.#journalBytes >= FOLD_BYTES;
  }

  /**
   * Moves the whole journal into segments and merges the segments that are due. Readers see no change. If it is called in
   * the same turn as an append, it is part of the same commit. Not for use inside a transaction.
   */
  fold(): void {
    this.foldJournal();
    while (this.merge()) {}
  }

  /** The first half of {@link fold}; the journal has a few tens of thousands of points at most. */
  foldJournal(): void {
    const { sql, storage, keys } = this.#tables;
    for (let batch = this.#readFoldBatch(); batch; batch = this.#readFoldBatch()) {
      const { points, lastId } = batch;
      const idByKey = keys.ensureIds(new Set(points.flatMap((each) => each.keys)));
      storage.transactionSync(() => {
        this.#segments.write(groupByKey(points, idByKey), lastId);
        sql.exec(`DELETE FROM journal WHERE ${this.#isOfRun} AND id <= ?`, this.#run, lastId);
      });
    }
    this.#measureJournal();
  }

  /**
   * Merges segments if enough of one size exist, and says whether it did. Bounded, so that other calls get a turn in
   * between.
   */
  merge(): boolean {
    return this.#tables.storage.transactionSync(() => this.#segments.mergeTier());
  }

  /**
   * Removes a slice of what is stored for the run.
   * @returns whether there may be more
   */
  purgeSlice(): boolean {
    const isEmpty = this.#tables.storage.transactionSync(() => {
      const rows = this.#tables.sql.exec(
        `DELETE FROM journal WHERE id IN (SELECT id FROM journal WHERE ${this.#isOfRun} LIMIT ${PURGED_ROWS}) RETURNING id`,
        this.#run,
      );
      return rows.toArray().length === 0 && !this.#segments.purgeSlice();
    });
    this.#measureJournal();
    return !isEmpty;
  }

  /** The next points of a metric in get-history's order (timestamp, step, value), each once; empty at the end. */
  read(key: string, { after, limit }: ReadOptions): Series {
    const page = new SeriesBuilder();
    for (const { series, from, to } of this.#slices(key, after)) {
      page.append(series, from, Math.min(to, from + limit - page.length));
      if (page.length === limit) break;
    }
    return page.toSeries();
  }

  /** At most `maxResults` points by (step, timestamp, value), spread as get-history-bulk-interval wants them. */
  sample(key: string, options: SampleOptions): Series {
    return sampleSeries(() => this.#slices(key, undefined), options);
  }

  /** Metrics for a chart, in the order of `keys`. The journal is read once, however many keys there are. */
  chart(keys: readonly string[], options: ChartOptions): ChartSeries[] {
    const isOne = keys.length === 1;
    const recent = isOne ? new Map<string, Series>() : seriesByKey([...this.#journal()]);
    const recentOf = (key: string): Series => {
      const series = recent.get(key) ?? (isOne ? this.#recent(key) : NO_POINTS);
      recent.set(key, series);
      return series;
    };
    return keys.map((key) => chartSeries((name) => this.#slices(name, undefined, recentOf(name)), key, options));
  }

  /** Summaries of at least the points appended after journal row `journalId`; 0 means all points. */
  summariesSince(journalId: number): MetricSummaries {
    const summaries = new MetricSummaries();
    for (const block of this.#segments.blocksSince(journalId)) {
      const slices = [...slicesOf(block)];
      const keys = this.#tables.keys.between(slices[0]!.keyId, slices.at(-1)!.keyId);
      for (const { keyId, series, from, to } of slices) summaries.addSeries(keys.get(keyId)!, series, from, to);
    }
    for (const points of this.#journal(journalId)) summaries.add(points);
    return summaries;
  }

  /** A metric's points after `after`, in order and each once. */
  *#slices(key: string, after: Position | undefined, recent = this.#recent(key)): Generator<KeySlice> {
    const keyId = this.#tables.keys.findId(key) ?? 0;
    // 0 and −0 count as one value, and −0 sorts after 0.
    const bound = after && seriesOf(after.value === 0 ? { ...after, value: -0 } : after);
    const sources: Iterable<Chunk>[] = keyId === 0 ? [] : this.#segments.sources(keyId, bound);
    const from = bound ? firstAfter(recent, 0, recent.values.length, bound, 0) : 0;
    if (from < recent.values.length) sources.push([chunkOf(keyId, recent, from)]);
    const merge = new Merge(sources);
    for (let slice = merge.next(); slice; slice = merge.next()) yield slice;
  }

  /** A metric's points that are not in segments yet. */
  #recent(key: string): Series {
    return seriesOfKey(this.#journal(0, key), key);
  }

  *#journal(afterId = 0, key?: string): Generator<Points> {
    const { after, through } = this.#hidden ?? { after: 0, through: 0 };
    const rows = this.#tables.sql.exec<{ body: ArrayBuffer }>(
      `SELECT body FROM journal WHERE ${this.#isOfRun} AND id > ? AND NOT (id > ? AND id <= ?) ORDER BY id`,
      this.#run,
      afterId,
      after,
      through,
    );
    for (const { body } of rows) yield* decodeJoinedPoints(new Uint8Array(body), key);
  }

  #readFoldBatch(): { points: Points[]; lastId: number } | undefined {
    const points: Points[] = [];
    let lastId = 0;
    let bytes = 0;
    const rows = this.#tables.sql.exec<{ id: number; body: ArrayBuffer }>(
      `SELECT id, body FROM journal WHERE ${this.#isOfRun} ORDER BY id`,
      this.#run,
    );
    for (const row of rows) {
      points.push(...decodeJoinedPoints(new Uint8Array(row.body)));
      lastId = row.id;
      bytes += row.body.byteLength;
      if (bytes >= FOLD_BYTES) break;
    }
    return lastId === 0 ? undefined : { points, lastId };
  }

  /** @returns the id of the last row; 0 if there is none. */
  #measureJournal(): number {
    const { rows, bytes, last } = this.#tables.sql
      .exec<{ rows: number; bytes: number; last: number | null }>(
        `SELECT count(*) AS rows, total(length(body)) AS bytes, max(id) AS last FROM journal WHERE ${this.#isOfRun}`,
        this.#run,
      )
      .one();
    this.#journalRows = rows;
    this.#journalBytes = bytes;
    return last ?? 0;
  }
}

function checkBody(body: Uint8Array): void {
  if (frameLength(body) !== body.length) throw new Error("A body of metric points has bytes beyond its end");
  if (body.length > MAX_BODY_BYTES) {
    throw new RangeError(`A body of metric points has ${body.length} bytes; at most ${MAX_BODY_BYTES} fit a row`);
  }
}

function chunkOf(keyId: number, series: Series, from: number): Chunk {
  const to = series.values.length;
  const boundAt = (index: number) => decodeBound(encodeBound(keyId, series, index).buffer);
  return { first: boundAt(from), last: boundAt(to - 1), open: () => [{ keyId, series, from, to }] };
}
