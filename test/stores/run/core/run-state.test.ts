import { describe, expect, test } from "vitest";
import {
  CellRunStore,
  OwnRunStore,
  type RunChanges,
  RunState,
  type RunStore,
} from "../../../../src/stores/run/run-state.ts";
import { ObjectTables } from "../../../../src/stores/run/tables.ts";
import { SqliteStorage } from "./sqlite-storage.ts";

/* What an object stores of a run in addition to its history. */

describe.each([
  { place: "an own object", isOwn: true },
  { place: "a cell", isOwn: false },
])("in $place", ({ isOwn }) => {
  function newStore() {
    const sqlite = new SqliteStorage();
    const { sql } = new ObjectTables(sqlite.storage);
    if (!isOwn) sql.exec("INSERT INTO cell_run (number, run_id, due_ms, state) VALUES (7, 'a', NULL, '{}')");
    const store: RunStore = isOwn ? new OwnRunStore(sql) : new CellRunStore(sql, 7);
    const dues: number[] = [];
    const statements: string[] = [];
    const open = () => new RunState(store, (dueMs) => dues.push(dueMs));
    const state = open();
    if (isOwn) state.change({ runId: "a" });
    sqlite.onStatement = (text) => statements.push(text);
    return { sqlite, open, state, dues, statements };
  }

  test("every field is there in the next instance, whichever changed", () => {
    const { open, state } = newStore();
    const changes: RunChanges[] = [
      { epoch: 3, dueMs: 5000, flushDistanceMs: 30_000, unmarked: { after: 4, through: 9 } },
      { isMarked: true, unmarked: undefined },
      { hasFirstPoints: true },
      { flushedThrough: 12 },
      { dueMs: 9000, flushDistanceMs: 120_000, alarmThrough: 12 },
      { flushDistanceMs: 480_000 },
      { alarmThrough: 13 },
      { dueMs: undefined },
      { isMarked: false },
      { dueMs: 10_000 },
    ];
    for (const change of changes) {
      state.change(change);
      expect(open().fields, JSON.stringify(change)).toEqual(state.fields);
    }
    expect(state.fields).toEqual({
      runId: "a",
      epoch: 3,
      isMarked: false,
      flushedThrough: 12,
      unmarked: undefined,
      hasFirstPoints: true,
      dueMs: 10_000,
      flushDistanceMs: 480_000,
      alarmThrough: 13,
    });
  });

  test("what does not change is not written, and one change is one statement", () => {
    const { state, statements } = newStore();
    state.change({ isMarked: true, flushDistanceMs: 30_000, alarmThrough: 2 });
    expect(statements).toHaveLength(1);
    state.change({ isMarked: true, alarmThrough: 2, dueMs: undefined, unmarked: undefined });
    expect(statements).toHaveLength(1);
    state.change({ flushedThrough: 2, isMarked: true });
    state.change({ hasFirstPoints: true });
    expect(statements).toHaveLength(3);
    // The index of times is not written if the time stays.
    expect(statements.filter((text) => text.includes("due_ms"))).toEqual([]);
  });

  test("who sets the alarm is told of each new time, and of no other change", () => {
    const { state, dues } = newStore();
    state.change({ dueMs: 5000 });
    state.change({ dueMs: 5000, epoch: 2 });
    state.change({ isMarked: true });
    state.change({ dueMs: undefined });
    state.change({ dueMs: 4000 });
    expect(dues).toEqual([5000, 4000]);
  });
});
