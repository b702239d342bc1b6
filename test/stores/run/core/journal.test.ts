import { expect, test } from "vitest";
import type { ChartX } from "../../../../src/stores/run/chart-series.ts";
import { MetricHistory } from "../../../../src/stores/run/history.ts";
import { encodePoints } from "../../../../src/stores/run/points.ts";
import { ObjectTables } from "../../../../src/stores/run/tables.ts";
import { SqliteStorage } from "./sqlite-storage.ts";

/* The journal of one run of a cell, and how it is folded. */

class Journal {
  readonly sqlite = new SqliteStorage();
  readonly tables = new ObjectTables(this.sqlite.storage);
  readonly history = new MetricHistory(this.tables, 1);
  #step = 0;

  /** Points of the next steps, as one body. */
  body(count: number): Uint8Array {
    const steps = Array.from({ length: count }, () => this.#step++);
    return encodePoints(steps.map((step) => ({ key: "loss", value: step, step, timestamp: step })));
  }

  rows(): number {
    return this.sqlite.rows("SELECT 1 FROM journal WHERE run = 1").length;
  }

  steps(): number[] {
    return [...this.history.read("loss", { limit: 10_000_000 }).values];
  }
}

const upTo = (count: number) => Array.from({ length: count }, (_, step) => step);

test("it is folded at 64 rows, or at 1.5 MB in few rows", () => {
  const many = new Journal();
  for (let row = 1; row <= 63; row++) many.history.append([many.body(1)]);
  expect(many.history.foldIsDue).toBe(false);
  many.history.append([many.body(1)]);
  expect(many.history.foldIsDue).toBe(true);
  many.history.foldJournal();
  expect([many.history.foldIsDue, many.rows()]).toEqual([false, 0]);
  expect(many.steps()).toEqual(upTo(64));

  const large = new Journal();
  const body = large.body(40_000);
  expect(body.length).toBeGreaterThan(750_000);
  large.history.append([body]);
  expect(large.history.foldIsDue).toBe(false);
  large.history.append([large.body(40_000)]);
  expect(large.history.foldIsDue).toBe(true);
  large.history.foldJournal();
  expect([large.history.foldIsDue, large.rows()]).toEqual([false, 0]);
  expect(large.steps()).toEqual(upTo(80_000));
});

test("a new run's history reads nothing", () => {
  const { sqlite, tables } = new Journal();
  const { statements } = sqlite;
  const history = new MetricHistory(tables, 2, 0, true);
  expect([history.lastJournalId, sqlite.statements]).toEqual([0, statements]);
});

test("a history is empty until it has a row or a segment, and after both are gone", () => {
  const journal = new Journal();
  const { history } = journal;
  const seen = [history.isEmpty];
  history.append([journal.body(1)]);
  seen.push(history.isEmpty);
  history.fold();
  seen.push(history.isEmpty);
  while (history.purgeSlice());
  seen.push(history.isEmpty);
  expect(seen).toEqual([true, false, false, true]);
});

test("rows that are hidden are in no answer, and in the next fold", () => {
  const journal = new Journal();
  const { history } = journal;
  history.append([journal.body(2)]);
  const after = history.lastJournalId;
  const through = history.append([journal.body(2)]);
  history.append([journal.body(1)]);
  history.hide({ after, through });
  expect([journal.steps(), history.pointCount, history.summariesSince(after).size]).toEqual([[0, 1, 4], 3, 1]);
  history.hide(undefined);
  expect([journal.steps(), history.pointCount]).toEqual([upTo(5), 5]);
});

test("a fold makes one segment of the journal, and merges segments while enough are there", () => {
  const journal = new Journal();
  const sizes = () => journal.sqlite.rows<{ points: number }>("SELECT points FROM segment").map(({ points }) => points);
  for (let fold = 1; fold <= 7; fold++) {
    for (let row = 0; row < 3; row++) journal.history.append([journal.body(2)]);
    journal.history.fold();
  }
  expect(sizes()).toEqual(Array(7).fill(6));
  journal.history.append([journal.body(470)]);
  journal.history.fold();
  expect(sizes()).toEqual([512]);
  expect(journal.steps()).toEqual(upTo(512));
});

test("charts read the journal once, and once more for the metric of the x axis if one metric is asked for", () => {
  const { tables, sqlite } = new Journal();
  const history = new MetricHistory(tables, 1);
  history.append([encodePoints(["a", "b", "c"].map((key) => ({ key, step: 1, timestamp: 1, value: 1 })))]);
  let reads = 0;
  sqlite.onStatement = (sql) => {
    if (sql.startsWith("SELECT body FROM journal")) reads++;
  };
  const readsOf = (keys: readonly string[], x: ChartX) => {
    reads = 0;
    expect(history.chart(keys, { x, buckets: 1 }).map(({ total }) => total)).toEqual(keys.map(() => 1));
    return reads;
  };
  const [time, metric] = [{ kind: "time" }, { kind: "metric", key: "c" }] as const;
  expect([readsOf(["a"], time), readsOf(["a", "b", "c"], time)]).toEqual([1, 1]);
  expect([readsOf(["a"], metric), readsOf(["a", "b"], metric)]).toEqual([2, 1]);
});

test("rows that are taken back do not count", () => {
  const journal = new Journal();
  const after = journal.history.lastJournalId;
  let through = after;
  for (let row = 1; row <= 64; row++) through = journal.history.append([journal.body(1)]);
  journal.history.takeBack({ after, through });
  expect([journal.history.foldIsDue, journal.history.isEmpty, journal.rows()]).toEqual([false, true, 0]);
});

test("a journal that could not be folded for long is folded by parts, each of which fits into memory", () => {
  const journal = new Journal();
  for (let row = 0; row < 6; row++) journal.history.append([journal.body(40_000)]);
  const parts: number[] = [];
  let rows = 0;
  journal.sqlite.onStatement = (sql) => {
    if (sql.startsWith("INSERT INTO segment")) rows = journal.rows();
    if (sql.startsWith("SELECT id, body FROM journal") && rows > 0) {
      parts.push(rows - journal.rows());
      rows = 0;
    }
  };
  journal.history.foldJournal();
  journal.sqlite.onStatement = () => {};
  expect(parts).toEqual([2, 2, 2]);
  expect(journal.steps()).toEqual(upTo(240_000));
});

test("whichever step of folding fails, every point is there once, and a later fold goes on", () => {
  for (let step = 1; step <= 12; step++) {
    const journal = new Journal();
    for (let row = 0; row < 64; row++) journal.history.append([journal.body(2)]);
    journal.sqlite.failsAt = journal.sqlite.statements + step;
    let failed = false;
    try {
      journal.history.foldJournal();
    } catch {
      failed = true;
    }
    journal.sqlite.failsAt = 0;
    // Points in both places would count twice.
    expect(journal.history.pointCount, `step ${step}`).toBe(128);
    if (failed) journal.history.foldJournal();
    expect(journal.history.pointCount, `step ${step}`).toBe(128);
    expect(journal.steps(), `step ${step}`).toEqual(upTo(128));
  }
});

test("of bodies that need several rows all are stored, or none", () => {
  const journal = new Journal();
  const bodies = [0, 1, 2].map(() => journal.body(40_000));
  journal.sqlite.onStatement = (sql) => {
    if (sql.startsWith("INSERT INTO journal (id, run") && journal.rows() === 2) throw new Error("the disk is full");
  };
  expect(() => journal.history.append(bodies)).toThrow("the disk is full");
  journal.sqlite.onStatement = () => {};
  expect([journal.steps(), journal.rows()]).toEqual([[], 0]);
  journal.history.append(bodies);
  expect(journal.steps()).toEqual(upTo(120_000));
});

test("bodies share a row of up to 1,000,000 bytes, and a body may have 1,900,000", () => {
  const bodyOf = (points: number, keyLength: number) =>
    encodePoints(
      Array.from({ length: points }, (_, step) => ({ key: "k".repeat(keyLength), value: 1, step, timestamp: step })),
    );
  const journal = new Journal();
  const half = bodyOf(17_800, 1580);
  journal.history.append([half, half, bodyOf(1, 1), half]);
  const rows = journal.sqlite.rows<{ bytes: number }>("SELECT length(body) AS bytes FROM journal ORDER BY id");
  expect([half.length, rows.map(({ bytes }) => bytes)]).toEqual([500_000, [1_000_000, 500_056]]);
  const most = bodyOf(67_800, 1580);
  expect(most.length).toBe(1_900_000);
  journal.history.append([most]);
  expect(() => journal.history.append([bodyOf(67_800, 1581)])).toThrow(
    new RangeError("A body of metric points has 1900008 bytes; at most 1900000 fit a row"),
  );
});

test("folding one run's journal leaves the rows of its neighbours", () => {
  const journal = new Journal();
  const neighbour = new MetricHistory(journal.tables, 2);
  for (let row = 0; row < 64; row++) {
    journal.history.append([journal.body(1)]);
    neighbour.append([encodePoints([{ key: "loss", value: row, step: row, timestamp: row }])]);
  }
  const after = neighbour.lastJournalId;
  journal.history.foldJournal();
  expect(neighbour.read("loss", { limit: 100 }).values).toHaveLength(64);
  const through = journal.history.append([journal.body(1)]);
  neighbour.append([encodePoints([{ key: "loss", value: 64, step: 64, timestamp: 64 }])]);
  journal.history.takeBack({ after, through: through + 10 });
  expect(neighbour.read("loss", { limit: 100 }).values).toHaveLength(65);
});

test("a purge removes at most 64 rows of the journal, or one segment, at a time, and nothing of a neighbour", () => {
  const journal = new Journal();
  const neighbour = new MetricHistory(journal.tables, 2);
  neighbour.append([encodePoints([{ key: "loss", value: 1, step: 1, timestamp: 1 }])]);
  neighbour.fold();
  for (let segment = 0; segment < 3; segment++) {
    journal.history.append([journal.body(10)]);
    journal.history.foldJournal();
  }
  for (let row = 0; row < 130; row++) journal.history.append([journal.body(1)]);
  const left: number[][] = [];
  const segments = () => journal.sqlite.rows("SELECT 1 FROM segment WHERE run = 1").length;
  do left.push([journal.rows(), segments()]);
  while (journal.history.purgeSlice());
  expect(left).toEqual([
    [130, 3],
    [66, 3],
    [2, 3],
    [0, 3],
    [0, 2],
    [0, 1],
    [0, 0],
  ]);
  expect([journal.history.isEmpty, neighbour.pointCount]).toEqual([true, 1]);
  expect(journal.sqlite.rows("SELECT 1 FROM block_body")).toHaveLength(1);
});

test("ids are the object's own, whichever run and instance gives them, and greater than those of an object that was there before", () => {
  const sqlite = new SqliteStorage();
  const append = (tables: ObjectTables, run: number) =>
    new MetricHistory(tables, run).append([encodePoints([{ key: "loss", value: 1, step: 1, timestamp: 1 }])]);
  const createdMs = 1_700_000_000_000;
  const tables = new ObjectTables(sqlite.storage, createdMs);
  const first = append(tables, 1);
  expect(first).toBe(createdMs * 1000 + 1);
  expect([append(tables, 1), append(tables, 2)]).toEqual([first + 1, first + 2]);
  // The clock of the next instance is behind, or long after.
  for (const [index, nowMs] of [createdMs - 5000, createdMs + 1_000_000].entries()) {
    expect(append(new ObjectTables(sqlite.storage, nowMs), 3 + index)).toBe(first + 3 + index);
  }
  const later = new ObjectTables(new SqliteStorage().storage, createdMs + 1);
  expect(append(later, 1)).toBeGreaterThan(first + 4);
});
