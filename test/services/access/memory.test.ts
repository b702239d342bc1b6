import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  accessEpoch,
  changed,
  dropAccess,
  forgetAccess,
  keepAccess,
  recallAccess,
  type Said,
  TRUSTED_MS,
} from "../../../src/services/access/memory.ts";
import type { GrantedThing } from "../../../src/stores/d1/access/decisions.ts";

/* The isolate's memory of callers' rights, and its duration. */

const RUN: GrantedThing = { kind: "run", runId: "r" };
const EXPERIMENT: GrantedThing = { kind: "experiment", experimentId: "7" };

const said = (level: number, isAdmin = false): Said => ({
  principal: { username: "ann", isAdmin, user: { userId: 1, stamp: 1 } },
  isAdmin,
  levels: [level],
});

const keep = (key: string, thing: GrantedThing, answer: Said) => keepAccess(accessEpoch(), key, [thing], answer);
const levelsOf = (key: string, ...things: GrantedThing[]) => recallAccess(key, things)?.said.levels;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000_000 });
  forgetAccess();
});

afterEach(() => {
  vi.useRealTimers();
});

test("an answer that was asked for before a change of rights is not kept", async () => {
  const before = accessEpoch();
  await changed(Promise.resolve());
  keepAccess(before, "ann", [RUN], said(2));
  expect(levelsOf("ann", RUN)).toBeUndefined();
});

test("a change that fails forgets too: it may have been made", async () => {
  keep("ann", RUN, said(2));
  await expect(changed(Promise.reject(new Error("the answer is lost")))).rejects.toThrow("lost");
  expect(levelsOf("ann", RUN)).toBeUndefined();
});

test("an answer about a thing counts until its time is over, also while the caller's other answers are new", () => {
  keep("ann", RUN, said(2));
  vi.advanceTimersByTime(TRUSTED_MS - 1);
  expect(levelsOf("ann", RUN)).toEqual([2]);
  keep("ann", EXPERIMENT, said(3));
  vi.advanceTimersByTime(1);
  expect(levelsOf("ann", EXPERIMENT)).toEqual([3]);
  expect(levelsOf("ann", RUN)).toBeUndefined();
  expect(levelsOf("ann", EXPERIMENT, RUN)).toBeUndefined();
});

test("an admin is asked about again when the time is over", () => {
  keep("admin", RUN, said(2, true));
  vi.advanceTimersByTime(TRUSTED_MS - 1);
  expect(recallAccess("admin", [EXPERIMENT])?.said.isAdmin).toBe(true);
  vi.advanceTimersByTime(1);
  expect(recallAccess("admin", [EXPERIMENT])).toBeUndefined();
});

test("an answer is renewed once in the second half of its time", () => {
  keep("ann", RUN, said(2));
  vi.advanceTimersByTime(TRUSTED_MS / 2 - 1);
  expect(recallAccess("ann", [RUN])?.isOld).toBe(false);
  vi.advanceTimersByTime(1);
  expect(recallAccess("ann", [RUN])?.isOld).toBe(true);
  expect(recallAccess("ann", [RUN])?.isOld).toBe(false);
});

test("refusals, and things that go by a name, are not kept", () => {
  keep("ann", RUN, said(2));
  keep("ann", RUN, said(0));
  expect(levelsOf("ann", RUN)).toBeUndefined();
  const named: GrantedThing = { kind: "registeredModel", name: "m" };
  keep("ann", named, said(3));
  expect(levelsOf("ann", named)).toBeUndefined();
});

test("callers and kinds of things with one id are kept apart", () => {
  keep("ann", EXPERIMENT, said(2));
  expect(levelsOf("ben", EXPERIMENT)).toBeUndefined();
  expect(levelsOf("ann", { kind: "runsOf", experimentId: "7" })).toBeUndefined();
  dropAccess("ann");
  expect(levelsOf("ann", EXPERIMENT)).toBeUndefined();
});

test("the memory holds a thousand callers, the last ones", () => {
  for (let i = 0; i < 1001; i++) keep(`caller ${i}`, RUN, said(2));
  expect(levelsOf("caller 0", RUN)).toBeUndefined();
  expect(levelsOf("caller 1", RUN)).toEqual([2]);
  expect(levelsOf("caller 1000", RUN)).toEqual([2]);
});

test("the memory forgets all when one caller asks about more things than it holds", () => {
  for (let i = 0; i < 20_000; i++) keep("ann", { kind: "run", runId: `r${i}` }, said(2));
  expect(levelsOf("ann", { kind: "run", runId: "r0" })).toEqual([2]);
  keep("ann", { kind: "run", runId: "r20000" }, said(2));
  expect(levelsOf("ann", { kind: "run", runId: "r0" })).toBeUndefined();
});
