import { joinBytes } from "../../domain/bytes.ts";
import type { KeySlice } from "./block.ts";
import { slicesOf } from "./block.ts";
import { decodeBound, encodeBound } from "./bound.ts";
import { type ChartOptions, type ChartSeries, chartSeries } from "./chart-series.ts";
import { frameLength } from "./frame.ts";
import { groupByKey, seriesByKey, seriesOfKey } from "./group.ts";
import { MetricKeys } from "./keys.ts";
import { type Chunk, firstAfter, Merge } from "./merge.ts";
import { migrateObject, type ObjectStorage } from "./migrations.ts";
import { decodeJoinedPoints, type Points } from "./points.ts";
import { type SampleOptions, sampleSeries } from "./sample.ts";
import { Segments } from "./segments.ts";
import { type Position, type Series, SeriesBuilder, seriesOf } from "./series.ts";
import { MetricSummaries } from "./summaries.ts";

/** The journal is due for folding at so many rows or bytes; the latter are about 53,000 points. */
const FOLD_ROWS = 64;
const FOLD_BYTES = 1_500_000;
/** Bodies are gathered into rows up to this size; SQLite rows of an object end at 2 MB. */
const MAX_JOURNAL_ROW_BYTES = 1_000_000;
const MAX_BODY_BYTES = 1_900_000;
/** Journal ids that are taken at once. */
const IDS_PER_RESERVATION = 1000;

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

/** Reads a run's metrics, wherever its history is. */
export interface HistoryReader {
  /** The next points in get-history's order (timestamp, step, value), each once; empty at the end. */
  read(key: string, options: ReadOptions): Promise<Series>;
  /** At most `maxResults` points by (step, timestamp, value), spread as get-history-bulk-interval wants them. */
  sample(key: string, options: SampleOptions): Promise<Series>;
  /** Metrics for charts, in the order of `keys`. */
  chart(keys: readonly string[], options: ChartOptions): Promise<ChartSeries[]>;
}

/**
 * The metric history of one run in its object's SQLite: a journal of what was appended, and sorted segments that it
 * is folded into. All state is in SQL, so that an instance may start and end at any time.
 *
 * A point is (key, timestamp, step, value, is_nan), and is there once however often it was appended.
 */
export class MetricHistory {
  readonly #storage: ObjectStorage;
  readonly #keys: MetricKeys;
  readonly #segments: Segments;
  #journalRows = 0;
  #journalBytes = 0;
  #hidden: JournalRange | undefined;
  #lastJournalId: number;
  #reservedThrough: number;

  /** Brings the object's tables up to date. */
  constructor(storage: ObjectStorage) {
    migrateObject(storage);
    this.#storage = storage;
    this.#lastJournalId = this.#reservedThrough = readSequence(storage.sql);
    this.#keys = new MetricKeys(storage.sql);
    this.#segments = new Segments(storage.sql);
    this.#measureJournal();
  }

  /**
   * Stores bodies made by `encodePoints`, all or none, in one journal row where they fit.
   * @returns the id of the last journal row, greater than every one before
   * @throws Error when a body is of an unknown format, incomplete, or larger than a row may be
   */
  append(bodies: readonly Uint8Array[]): number {
    for (const body of bodies) checkBody(body);
    const [first, ...more] = joinIntoRows(bodies);
    if (first === undefined) return this.lastJournalId;
    // One statement is all or nothing by itself, and a savepoint costs as much as the insert.
    if (more.length === 0) return this.#appendRow(first);
    return this.#storage.transactionSync(() => more.reduce((_, row) => this.#appendRow(row), this.#appendRow(first)));
  }

  #appendRow(row: Uint8Array): number {
    const id = this.#lastJournalId + 1;
    if (id > this.#reservedThrough) this.#reserveIds(id + IDS_PER_RESERVATION);
    this.#storage.sql.exec("INSERT INTO journal (id, body) VALUES (?, ?)", id, row);
    this.#lastJournalId = id;
    this.#journalRows++;
    this.#journalBytes += row.length;
    return id;
  }

  /**
   * Has SQLite note that ids up to `throughId` were used. It keeps the last id of the journal in a page of its own, which
   * each commit would write beside its row; an id that is noted already leaves that page alone.
   */
  #reserveIds(throughId: number): void {
    this.#storage.transactionSync(() => {
      this.#storage.sql.exec("INSERT INTO journal (id, body) VALUES (?, x'')", throughId);
      this.#storage.sql.exec("DELETE FROM journal WHERE id = ?", throughId);
    });
    this.#reservedThrough = throughId;
  }

  /** At least the id of the last journal row ever appended, and less than that of every later one; 0 before the first. */
  get lastJournalId(): number {
    return this.#lastJournalId;
  }

  /** Removes journal rows, which must not have been folded. */
  takeBack({ after, through }: JournalRange): void {
    this.#storage.sql.exec("DELETE FROM journal WHERE id > ? AND id <= ?", after, through);
    this.#measureJournal();
  }

  /** Keeps journal rows, and only those, from readers: they may yet be refused. */
  hide(rows: JournalRange | undefined): void {
    this.#hidden = rows;
  }

  /** Whether {@link fold} has enough to do. */
  get foldIsDue(): boolean {
    return this.#journalRows >= FOLD_ROWS || this.#journalBytes >= FOLD_BYTES;
  }

  /**
   * Moves the whole journal into segments and merges those that are due. Changes nothing that a reader sees. Called in
   * the same turn as an append it is part of that commit. Not for use in a transaction of the caller's.
   */
  fold(): void {
    for (let batch = this.#readFoldBatch(); batch; batch = this.#readFoldBatch()) {
      const { points, lastId } = batch;
      const idByKey = this.#keys.ensureIds(new Set(points.flatMap(({ keys }) => keys)));
      this.#storage.transactionSync(() => {
        this.#segments.write(groupByKey(points, idByKey), lastId);
        this.#storage.sql.exec("DELETE FROM journal WHERE id <= ?", lastId);
      });
      while (this.#storage.transactionSync(() => this.#segments.mergeTier())) {}
    }
    this.#measureJournal();
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

  /** Metrics for a chart, in the order of `keys`. The journal is read once, however many they are. */
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

  /** Every metric key, in no order. */
  keys(): string[] {
    const keys = new Set(this.#keys.all());
    for (const points of this.#journal()) for (const key of points.keys) keys.add(key);
    return [...keys];
  }

  /** Summaries of at least the points appended after journal row `journalId`: of all for 0. */
  summariesSince(journalId: number): MetricSummaries {
    const summaries = new MetricSummaries();
    for (const block of this.#segments.blocksSince(journalId)) {
      const slices = [...slicesOf(block)];
      const keys = this.#keys.between(slices[0]!.keyId, slices.at(-1)!.keyId);
      for (const { keyId, series, from, to } of slices) summaries.addSeries(keys.get(keyId)!, series, from, to);
    }
    for (const points of this.#journal(journalId)) summaries.add(points);
    return summaries;
  }

  /** A metric's points after `after` in order, each once. */
  *#slices(key: string, after: Position | undefined, recent = this.#recent(key)): Generator<KeySlice> {
    const keyId = this.#keys.findId(key) ?? 0;
    // 0 and −0 are one value, and −0 is the later of the two.
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
    const rows = this.#storage.sql.exec<{ body: ArrayBuffer }>(
      "SELECT body FROM journal WHERE id > ? AND NOT (id > ? AND id <= ?) ORDER BY id",
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
    for (const row of this.#storage.sql.exec<{ id: number; body: ArrayBuffer }>(
      "SELECT id, body FROM journal ORDER BY id",
    )) {
      points.push(...decodeJoinedPoints(new Uint8Array(row.body)));
      lastId = row.id;
      bytes += row.body.byteLength;
      if (bytes >= FOLD_BYTES) break;
    }
    return lastId === 0 ? undefined : { points, lastId };
  }

  #measureJournal(): void {
    const { rows, bytes } = this.#storage.sql
      .exec<{ rows: number; bytes: number }>("SELECT count(*) AS rows, total(length(body)) AS bytes FROM journal")
      .one();
    this.#journalRows = rows;
    this.#journalBytes = bytes;
  }
}

/** The greatest id that the journal is known to have had. */
function readSequence(sql: SqlStorage): number {
  const [row] = sql.exec<{ seq: number }>("SELECT seq FROM sqlite_sequence WHERE name = 'journal'").toArray();
  return row?.seq ?? 0;
}

function checkBody(body: Uint8Array): void {
  if (frameLength(body) !== body.length) throw new Error("A body of metric points has bytes beyond its end");
  if (body.length > MAX_BODY_BYTES) {
    throw new RangeError(`A body of metric points has ${body.length} bytes; at most ${MAX_BODY_BYTES} fit a row`);
  }
}

function* joinIntoRows(bodies: readonly Uint8Array[]): Generator<Uint8Array> {
  for (let from = 0; from < bodies.length; ) {
    let to = from;
    let bytes = 0;
    do bytes += bodies[to++]!.length;
    while (to < bodies.length && bytes + bodies[to]!.length <= MAX_JOURNAL_ROW_BYTES);
    yield to - from === 1 ? bodies[from]! : joinBytes(bodies.slice(from, to), bytes);
    from = to;
  }
}

function chunkOf(keyId: number, series: Series, from: number): Chunk {
  const to = series.values.length;
  const boundAt = (index: number) => decodeBound(encodeBound(keyId, series, index).buffer);
  return { first: boundAt(from), last: boundAt(to - 1), open: () => [{ keyId, series, from, to }] };
}
