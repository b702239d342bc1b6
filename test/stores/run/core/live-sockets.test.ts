import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { LiveSockets } from "../../../../src/stores/run/live-sockets.ts";

/* What the watchers of a run are sent, and when. */

class Watcher {
  readonly messages: (string | Uint8Array)[] = [];
  isClosed = false;

  send(message: string | Uint8Array): void {
    if (this.isClosed) throw new Error("closed");
    this.messages.push(message);
  }
}

const bytes = (...values: number[]) => Uint8Array.from(values);

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test("the sockets are counted when one opens or closes", () => {
  const [a, b] = [new Watcher(), new Watcher()];
  const open: Watcher[] = [];
  const sockets = new LiveSockets(() => open);
  expect(sockets.hasWatchers).toBe(false);
  open.push(a);
  sockets.recount();
  expect(sockets.hasWatchers).toBe(true);
  // The platform still lists the socket that has closed.
  sockets.recount(a);
  expect(sockets.hasWatchers).toBe(false);
  open.push(b);
  sockets.recount(a);
  expect(sockets.hasWatchers).toBe(true);
});

test("a run that nobody watches sends nothing, and gathers nothing", () => {
  const open: Watcher[] = [];
  const sockets = new LiveSockets(() => open);
  const late = new Watcher();
  open.push(late);
  const unwatched = new LiveSockets(() => []);
  unwatched.tellPoints([bytes(1)]);
  unwatched.tell({ type: "data" });
  expect([unwatched.isGathering, sockets.isGathering, late.messages]).toEqual([false, false, []]);
});

test("the first points are sent at once, those of the next 40 ms together, and a notice after the points before it", () => {
  const watcher = new Watcher();
  const sockets = new LiveSockets(() => [watcher]);
  sockets.tellPoints([bytes(1), bytes(2)]);
  expect([sockets.isGathering, watcher.messages]).toEqual([true, [bytes(1, 2)]]);
  sockets.tellPoints([bytes(3)]);
  sockets.tellPoints([bytes(4, 5)]);
  vi.advanceTimersByTime(39);
  expect(watcher.messages).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect([sockets.isGathering, watcher.messages[1]]).toEqual([false, bytes(3, 4, 5)]);
  sockets.tellPoints([bytes(6)]);
  sockets.tellPoints([bytes(7)]);
  sockets.tell({ type: "data" });
  expect(watcher.messages.slice(2)).toEqual([bytes(6), bytes(7), '{"type":"data"}']);
  vi.advanceTimersByTime(40);
  expect(watcher.messages).toHaveLength(5);
});

describe("a message", () => {
  const lengths = (sizes: readonly number[]) => {
    const watcher = new Watcher();
    new LiveSockets(() => [watcher]).tellPoints(sizes.map((size) => new Uint8Array(size)));
    return watcher.messages.map((message) => message.length);
  };

  test.each([
    [[600_000, 400_000], [1_000_000]],
    [
      [600_000, 400_001],
      [600_000, 400_001],
    ],
    [
      [1, 1_100_000, 1],
      [1, 1_100_000, 1],
    ],
    [
      [400_000, 400_000, 400_000],
      [800_000, 400_000],
    ],
  ])("of bodies of %j bytes each is of %j", (sizes, expected) => {
    expect(lengths(sizes)).toEqual(expected);
  });

  test("reaches the other watchers if one has closed", () => {
    const [closed, open] = [new Watcher(), new Watcher()];
    closed.isClosed = true;
    new LiveSockets(() => [closed, open]).tell({ type: "run", status: "FINISHED" });
    expect(open.messages).toEqual(['{"type":"run","status":"FINISHED"}']);
  });
});
