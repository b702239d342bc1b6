import { expect, test } from "vitest";
import { firstEntryId, newEntryId } from "../../src/domain/audit.ts";

test("ids of entries are ordered as their times, and differ within a millisecond", () => {
  const times = [0, 1, 15, 16, 255, 1_700_000_000_000, 1_700_000_000_001, 253_402_300_799_999];
  const ids = times.map(newEntryId);
  expect(ids.toSorted()).toEqual(ids);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{28}$/);
  expect(new Set(Array.from({ length: 100 }, () => newEntryId(5))).size).toBe(100);
});

test("the first id of a time is between the ids of earlier and of later entries", () => {
  for (const time of [1, 16, 1_700_000_000_000]) {
    expect(firstEntryId(time) > newEntryId(time - 1)).toBe(true);
    expect(firstEntryId(time) < newEntryId(time)).toBe(true);
  }
  expect(firstEntryId(-5)).toBe(firstEntryId(0));
});
