import { beforeEach, expect, test, vi } from "vitest";
import { CellAlarm } from "../../../../src/stores/run/cell-alarm.ts";
import { CellRuns, MAX_OPEN_RUNS, OWN } from "../../../../src/stores/run/cell-runs.ts";
import { LiveSockets } from "../../../../src/stores/run/live-sockets.ts";
import type { OpenRun } from "../../../../src/stores/run/open-run.ts";
import { SqliteStorage } from "./sqlite-storage.ts";
import { FakeD1, turn, World } from "./world.ts";

/* The register of a cell's runs and its alarm, by themselves. */

beforeEach(() => {
  vi.spyOn(console, "error")
    .mockImplementation(() => undefined)
    .mockClear();
});

class Runs {
  readonly sqlite: SqliteStorage;
  readonly runs: CellRuns;
  readonly alarm: CellAlarm;
  nowMs = 1_000_000;
  storedBytes = 0;
  alarmMs: number | null = null;
  setAlarms: number[] = [];
  /** The runs for which the alarm was handled. */
  readonly rung: string[] = [];
  ring: (run: OpenRun) => Promise<void> = async () => undefined;
  getAlarm = async () => this.alarmMs;
  opened = 0;
  /** The runs whose sockets were asked for; undefined for the own run. */
  readonly socketsOf: (string | undefined)[] = [];

  /** @param sqlite what an earlier instance stored */
  constructor(sqlite = new SqliteStorage()) {
    this.sqlite = sqlite;
    const nowMs = () => this.nowMs;
    this.runs = new CellRuns(
      {
        ...{ storage: sqlite.storage, nowMs, latest: new FakeD1() },
        storedBytes: () => this.storedBytes,
        socketsOf: (runId) => {
          this.socketsOf.push(runId);
          return new LiveSockets(() => []);
        },
      },
      async () => undefined,
      (dueMs) => this.alarm.note(dueMs),
      () => {
        this.opened++;
      },
    );
    const setAlarm = async (atMs: number) => {
      this.setAlarms.push(atMs);
      this.alarmMs = atMs;
    };
    this.alarm = new CellAlarm({ setAlarm, getAlarm: () => this.getAlarm(), nowMs }, this.runs, async (run) => {
      this.rung.push(run.fields.runId);
      await this.ring(run);
    });
  }

  add(runId: string, dueMs?: number): number {
    const number = this.runs.add(runId)!;
    if (dueMs !== undefined) this.setDue(runId, dueMs);
    return number;
  }

  /** Stores a run as an earlier instance would. */
  setDue(runId: string, dueMs: number | null): void {
    this.sqlite.storage.sql.exec("UPDATE cell_run SET due_ms = ? WHERE run_id = ?", dueMs, runId);
  }

  dueOf(runId: string): number | null {
    return this.sqlite.rows<{ due_ms: number | null }>("SELECT due_ms FROM cell_run WHERE run_id = ?", runId)[0]!
      .due_ms;
  }
}

test("nothing is stored until the tables are needed, and they are opened once", () => {
  const { runs, sqlite } = new Runs();
  expect(runs.isStored).toBe(false);
  expect(sqlite.rows("SELECT name FROM sqlite_master")).toEqual([]);
  expect(runs.numberOf("a")).toBeUndefined();
  const { statements } = sqlite;
  expect([runs.isStored, sqlite.statements]).toEqual([true, statements]);
  const next = new Runs(sqlite);
  expect([next.runs.isStored, next.opened]).toEqual([true, 0]);
});

test("a run's number is read once", () => {
  const before = new Runs();
  const number = before.add("a");
  const { runs, sqlite } = new Runs(before.sqlite);
  expect(runs.numberOf("a")).toBe(number);
  const statements = sqlite.statements;
  expect([runs.numberOf("a"), sqlite.statements]).toEqual([number, statements]);
});

test("a run has one number for good, which is not another's, and none once it is removed", () => {
  const world = new Runs();
  const { runs } = world;
  const [a, b] = [world.add("a"), world.add("b")];
  expect([a === b, a === OWN, b === OWN]).toEqual([false, false, false]);
  expect([runs.numberOf("a"), runs.numberOf("b"), world.opened]).toEqual([a, b, 1]);
  expect(runs.open(a).fields.runId).toBe("a");
  expect(runs.ifOpen(b)?.fields.runId).toBe("b");
  expect(runs.open(a)).toBe(runs.ifOpen(a));
  runs.remove("a", a);
  expect([runs.numberOf("a"), runs.ifOpen(a)]).toEqual([undefined, undefined]);
  expect(world.sqlite.rows("SELECT run_id FROM cell_run")).toEqual([{ run_id: "b" }]);
});

test("a run has the sockets of its id, and the own run those without an id", () => {
  const before = new Runs();
  const number = before.add("a");
  const world = new Runs(before.sqlite);
  world.runs.open(number);
  world.runs.open(OWN);
  expect([before.socketsOf, world.socketsOf]).toEqual([["a"], ["a", undefined]]);
});

test("of many open runs the least recently used is closed", () => {
  const world = new Runs();
  const { runs } = world;
  const numbers = Array.from({ length: MAX_OPEN_RUNS }, (_, i) => world.add(`run ${i}`));
  runs.open(numbers[0]!);
  expect([...runs.opened]).toHaveLength(MAX_OPEN_RUNS);
  world.add("one more");
  expect([...runs.opened]).toHaveLength(MAX_OPEN_RUNS);
  expect(runs.ifOpen(numbers[0]!)).toBeDefined();
  expect(runs.ifOpen(numbers[1]!)).toBeUndefined();
  // Its number is read again.
  const { statements } = world.sqlite;
  expect([runs.numberOf("run 0"), world.sqlite.statements]).toEqual([numbers[0], statements]);
  expect([runs.numberOf("run 1"), world.sqlite.statements]).toEqual([numbers[1], statements + 1]);
  expect(runs.open(numbers[1]!).fields.runId).toBe("run 1");
});

test("a new run's first point reads nothing but whether the cell has the run, and writes the run and the point", async () => {
  const world = new World();
  await world.logNew(1, world.create("before"), "before");
  const statements: string[] = [];
  world.sqlite.onStatement = (sql) => statements.push(sql.trim().split(/\s+/).slice(0, 3).join(" "));
  await world.logNew(1, world.create());
  expect(statements).toEqual(["SELECT number FROM", "INSERT INTO cell_run", "INSERT INTO journal"]);
  // Both runs share one alarm.
  expect(world.alarmsSet).toBe(1);
});

test("a cell of 4 GB takes no further run", () => {
  const world = new Runs();
  world.storedBytes = 3_999_999_999;
  expect(world.runs.add("a")).toBeDefined();
  world.storedBytes = 4_000_000_000;
  expect(world.runs.add("b")).toBeUndefined();
  expect(world.runs.numberOf("b")).toBeUndefined();
});

test("the alarm is set for the first that is due, and not again for a later one", async () => {
  const world = new Runs();
  world.alarm.note(500);
  world.alarm.note(700);
  world.alarm.note(500);
  world.alarm.note(300);
  expect(world.setAlarms).toEqual([500, 300]);
});

test("a lost alarm is set again, and one that is there is left alone", async () => {
  const world = new Runs();
  world.add("a", 5000);
  world.add("b", 4000);
  await world.alarm.keep();
  expect(world.setAlarms).toEqual([4000]);
  world.alarmMs = 3000;
  const next = new Runs();
  next.alarmMs = 3000;
  next.add("a", 5000);
  await next.alarm.keep();
  expect(next.setAlarms).toEqual([]);
  next.alarm.note(3500);
  expect(next.setAlarms).toEqual([]);
  next.alarm.note(2500);
  expect(next.setAlarms).toEqual([2500]);
});

test("without a run that is due no alarm is set", async () => {
  const world = new Runs();
  world.add("a");
  await world.alarm.keep();
  await world.alarm.ring();
  expect([world.setAlarms, world.rung]).toEqual([[], []]);
});

test("an alarm comes for all runs that are due, the earliest first, and is set for the next one", async () => {
  const world = new Runs();
  world.add("late", world.nowMs + 1);
  world.add("second", world.nowMs);
  world.add("first", 10);
  world.add("never");
  world.ring = async (run) => world.setDue(run.fields.runId, null);
  await world.alarm.ring();
  expect(world.rung).toEqual(["first", "second"]);
  expect(world.setAlarms).toEqual([world.nowMs + 1]);
});

test("an alarm that comes early handles the first run that is due", async () => {
  const world = new Runs();
  world.add("a", world.nowMs + 5000);
  world.add("b", world.nowMs + 6000);
  await world.alarm.ring();
  expect(world.rung).toEqual(["a"]);
});

test("one alarm handles 256 runs, and the next alarm the others", async () => {
  const world = new Runs();
  for (let i = 0; i < 300; i++) world.add(`run ${i}`, i + 1);
  world.ring = async (run) => world.setDue(run.fields.runId, null);
  await world.alarm.ring();
  expect(world.rung).toHaveLength(256);
  expect(world.setAlarms).toEqual([257]);
});

test("runs that become due while an alarm is at work are covered by the alarm that is set at its end", async () => {
  const world = new Runs();
  world.add("a", 1);
  world.add("b");
  world.ring = async () => {
    world.setDue("a", null);
    world.setDue("b", world.nowMs + 100);
    world.alarm.note(world.nowMs + 100);
    await turn();
  };
  await world.alarm.ring();
  expect(world.setAlarms).toEqual([world.nowMs + 100]);
});

test("a run that cannot be read is tried again after a minute, and the others are handled", async () => {
  const before = new Runs();
  before.add("broken", 1);
  before.add("whole", 2);
  const world = new Runs(before.sqlite);
  world.sqlite.storage.sql.exec("UPDATE cell_run SET state = 'no JSON' WHERE run_id = 'broken'");
  world.ring = async (run) => world.setDue(run.fields.runId, null);
  await world.alarm.ring();
  expect(world.rung).toEqual(["whole"]);
  expect(console.error).toHaveBeenCalledWith("flush of run", "number 1 of this object", expect.any(Error));
  expect(world.dueOf("broken")).toBe(world.nowMs + 60_000);
  expect(world.setAlarms).toEqual([world.nowMs + 60_000]);
});

test("a run that fails while it is open has chosen its next time itself", async () => {
  const world = new Runs();
  world.add("a", 1);
  world.ring = async () => {
    world.setDue("a", 1234);
    throw new Error("D1 is away");
  };
  await world.alarm.ring();
  expect(console.error).toHaveBeenCalledWith("flush of run", "a", expect.any(Error));
  expect([world.dueOf("a"), world.setAlarms]).toEqual([1234, [1234]]);
});

test("an alarm that the platform does not tell is no error of the caller", async () => {
  const world = new Runs();
  world.add("a", 1);
  world.getAlarm = async () => {
    throw new Error("away");
  };
  await world.alarm.keep();
  expect(console.error).toHaveBeenCalledWith("alarm", expect.any(Error));
  expect(world.setAlarms).toEqual([]);
});

test("an object that cannot be read has its alarm again after a minute", async () => {
  const world = new Runs();
  world.add("a", 1);
  world.sqlite.onStatement = (sql) => {
    if (sql.includes("min(due_ms)")) throw new Error("unreadable");
  };
  await world.alarm.ring();
  expect(world.setAlarms).toEqual([world.nowMs + 60_000]);
  expect(console.error).toHaveBeenCalledWith("alarm", new Error("unreadable"));
});
