import { expect, test } from "vitest";
import { CommitGroup } from "../../../../src/stores/run/commit-group.ts";
import { Gate, turn } from "./world.ts";

class Writes {
  readonly groups: string[][] = [];
  yields = 0;
  /** Holds the end of each write. */
  held: Gate | undefined;
  fails = false;
  readonly #group = new CommitGroup<string, string>(
    (items) => {
      if (this.fails) throw new Error("the disk is full");
      this.groups.push([...items]);
      return { answers: items.map(async (item) => `${item} is written`), isOver: this.held?.pass() ?? turn() };
    },
    () => {
      this.yields++;
      return turn();
    },
  );

  add = (item: string): Promise<string> => this.#group.add(item);
}

test("a lone item is written at once, and no turn is given away for it", async () => {
  const writes = new Writes();
  const answer = writes.add("a");
  expect(writes.groups).toEqual([["a"]]);
  expect(await answer).toBe("a is written");
  await turn();
  await writes.add("b");
  expect([writes.groups, writes.yields]).toEqual([[["a"], ["b"]], 0]);
});

test("items that come during a write share the next one, which begins when that write is over", async () => {
  const writes = new Writes();
  writes.held = new Gate();
  const { held } = writes;
  const answers = ["a", "b", "c"].map(writes.add);
  for (let turns = 0; turns < 5; turns++) await turn();
  expect(writes.groups).toEqual([["a"]]);
  // An answer does not wait for the end of its write.
  expect(await answers[0]).toBe("a is written");
  writes.held = undefined;
  held.open();
  expect(await Promise.all(answers)).toEqual(["a is written", "b is written", "c is written"]);
  expect(writes.groups).toEqual([["a"], ["b", "c"]]);
});

test("after a shared write, one turn is given to clients whose requests are not read yet", async () => {
  const writes = new Writes();
  await Promise.all(["a", "b", "c"].map(writes.add));
  expect(writes.yields).toBe(0);
  const later = writes.add("d");
  await turn();
  const latest = writes.add("e");
  await Promise.all([later, latest]);
  expect(writes.yields).toBeGreaterThan(0);
});

test("a write that fails fails for all of its items, and for no later one", async () => {
  const writes = new Writes();
  const first = writes.add("a");
  const second = writes.add("b");
  writes.fails = true;
  await first;
  await expect(second).rejects.toThrow("the disk is full");
  writes.fails = false;
  expect(await writes.add("c")).toBe("c is written");
  expect(writes.groups).toEqual([["a"], ["c"]]);
});
