import { expect, test } from "vitest";
import { isExperimentId, isRunId, newRunId } from "../../src/domain/ids.ts";
import { asStored } from "../../src/domain/key-values.ts";
import { randomRunName } from "../../src/domain/run-names.ts";

test("a run id of this server is 32 hex digits, and valid", () => {
  const id = newRunId();
  expect(id).toMatch(/^[0-9a-f]{32}$/);
  expect(isRunId(id)).toBe(true);
});

test("an experiment id is a decimal number without leading zeros, of at most 18 digits", () => {
  const valid = ["0", "1", "42", "712345678901234567"];
  const invalid = ["", "00", "01", "-1", "1.0", "1a", "a1", " 1", "1\n", "7123456789012345678"];
  expect([...valid, ...invalid].filter(isExperimentId)).toEqual(valid);
});

test("names of runs vary in each part, and the number has up to three digits", () => {
  const names = Array.from({ length: 300 }, randomRunName);
  for (const name of names) expect(name).toMatch(/^[a-z]+-[a-z]+-\d{1,3}$/);
  for (const part of [0, 1, 2]) expect(new Set(names.map((name) => name.split("-")[part])).size).toBeGreaterThan(20);
});

test("pairs are stored in the order of their keys, and the last of a repeated key stays", () => {
  const pair = (key: string, value: string) => ({ key, value });
  expect(asStored([pair("b", "1"), pair("a", "2"), pair("c", "3"), pair("b", "4")])).toEqual([
    pair("a", "2"),
    pair("b", "4"),
    pair("c", "3"),
  ]);
});
