import { expect, test } from "vitest";
import { forEachAtMost } from "../../src/domain/for-each-at-most.ts";

/** Starts the work, and lets the caller end it item by item. */
function heldWork(limit: number, count: number) {
  const started: number[] = [];
  const ends: (() => void)[] = [];
  const all = forEachAtMost(limit, [...Array(count).keys()], async (item) => {
    started.push(item);
    await new Promise<void>((resolve) => {
      ends[item] = resolve;
    });
  });
  return { started, ends, all };
}

const turns = () => new Promise((resolve) => setTimeout(resolve, 0));

test("works on at most the limit of items at a time, and on all of them", async () => {
  const { started, ends, all } = heldWork(2, 5);
  await turns();
  expect(started).toEqual([0, 1]);
  ends[1]!();
  await turns();
  expect(started).toEqual([0, 1, 2]);
  ends[0]!();
  ends[2]!();
  await turns();
  expect(started).toEqual([0, 1, 2, 3, 4]);
  ends[3]!();
  ends[4]!();
  await all;
});

test("begins no item twice, and takes no items at all", async () => {
  const { started, ends, all } = heldWork(8, 3);
  await turns();
  expect(started).toEqual([0, 1, 2]);
  for (const end of ends) end();
  await all;
  await heldWork(4, 0).all;
});

test("an error ends it", async () => {
  const started: number[] = [];
  const work = forEachAtMost(1, [1, 2, 3], async (item) => {
    started.push(item);
    if (item === 2) throw new Error("two");
  });
  await expect(work).rejects.toThrow("two");
  expect(started).toEqual([1, 2]);
});
