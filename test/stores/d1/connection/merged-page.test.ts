import { describe, expect, test } from "vitest";
import type { OrderColumn } from "../../../../src/search/order.ts";
import { comparePositions, MergedPage, type PageRow } from "../../../../src/stores/d1/connection/merged-page.ts";

/* The first rows of a search, among the rows of several statements. */

const column = (type: OrderColumn["type"], ascending = true): OrderColumn => ({
  ...{ sql: "x", type, ascending },
  nullable: true,
});

function pageOf(type: OrderColumn["type"], maxResults: number): MergedPage {
  const columns = [column(type)];
  return new MergedPage({ maxResults, columns, positionLength: 1, pageToken: (last) => `after ${last.join()}` });
}

/** Rows whose ids are their positions. */
const rows = (...positions: number[]): PageRow[] => positions.map((position) => [String(position), position, 0, 0]);

describe("positions", () => {
  test.each([
    ["texts by code point, not by UTF-16", "text", "\ufffd", "🙂", -1],
    ["integers beyond 2^53", "integer", "9007199254740993", "9007199254740992", 1],
    ["numbers", "number", 2, 10, -1],
    ["equal ones", "number", 2, 2, 0],
  ] as const)("%s", (_what, type, a, b, order) => {
    expect(Math.sign(comparePositions([a], [b], [column(type)]))).toBe(order);
    expect(Math.sign(comparePositions([a], [b], [column(type, false)]))).toBe(order === 0 ? 0 : -order);
  });

  test("a missing value comes last in both directions", () => {
    for (const ascending of [true, false]) {
      expect(comparePositions([null], [1], [column("number", ascending)])).toBe(1);
      expect(comparePositions([1], [null], [column("number", ascending)])).toBe(-1);
    }
    expect(comparePositions([null], [null], [column("number")])).toBe(0);
  });

  test("the first column that differs decides, and a beginning equals what it begins", () => {
    const columns = [column("number"), column("number", false)];
    expect(comparePositions([1, 5], [1, 7], columns)).toBe(1);
    expect(comparePositions([1, 5], [2, 7], columns)).toBe(-1);
    expect(comparePositions([1, 5], [1], columns)).toBe(0);
    expect(comparePositions([1, 5], [], columns)).toBe(0);
  });
});

describe("a page", () => {
  test("has the first rows of all statements, each id once, and a token if there are more", () => {
    const page = pageOf("number", 3);
    page.add(rows(2, 4, 6), false);
    expect(page.page).toEqual({ ids: ["2", "4", "6"] });
    page.add([...rows(1), ["4", 5, 0, 0], ...rows(9)], false);
    expect(page.page).toEqual({ ids: ["1", "2", "4"], nextPageToken: "after 4" });
  });

  test("is full before the position of the row after its last one", () => {
    const page = pageOf("number", 2);
    page.add(rows(1, 2), false);
    expect(page.isFullBefore([])).toBe(false);
    page.add(rows(3), false);
    expect([2, 3, 4].map((position) => page.isFullBefore([position]))).toEqual([false, true, true]);
    expect(page.isFullBefore([])).toBe(true);
  });

  test("ends before the first rows that some statement left out", () => {
    const cutOffs: [number[], boolean][] = [
      [[1, 8], true],
      [[2, 5], true],
      [[3, 6], true],
      [[4, 7], false],
    ];
    for (const order of [cutOffs, cutOffs.toReversed()]) {
      const page = pageOf("number", 10);
      for (const [positions, isCutOff] of order) page.add(rows(...positions), isCutOff);
      expect(page.page).toEqual({ ids: ["1", "2", "3", "4", "5"], nextPageToken: "after 5" });
      expect([4, 5].map((position) => page.isFullBefore([position]))).toEqual([false, true]);
    }
  });

  test("ends with the row whose texts are too long for memory", () => {
    const page = pageOf("text", 10);
    const long = "x".repeat(8_000_001);
    page.add([["a", long, 0, 0]], false);
    expect(page.page).toEqual({ ids: ["a"] });
    page.add([["b", "y", 0, 0]], false);
    expect(page.page).toEqual({ ids: ["a"], nextPageToken: `after ${long}` });
  });
});
