import { describe, expect, test } from "vitest";
import type { Run } from "../../../../ui/src/api/runs.ts";
import { STALLED_AFTER_MS, shownStatus } from "../../../../ui/src/parts/run-status.ts";
import {
  findPairs,
  hasSystemMetrics,
  indented,
  lastHeardMs,
  type MetricRow,
  sortMetrics,
} from "../../../../ui/src/screens/run/run-facts.ts";

function run(status: Run["info"]["status"], metrics: Run["data"]["metrics"] = []): Run {
  return {
    info: {
      ...{ run_id: "r", run_name: "r", experiment_id: "1", user_id: "", artifact_uri: "", status },
      ...{ start_time: 1000, lifecycle_stage: "active" },
    },
    data: { metrics },
  };
}

const point = (key: string, timestamp: number) => ({ key, value: 1, timestamp, step: 0 });

describe("a silent run", () => {
  test("is stalled only while it says RUNNING, and from its last metric on", () => {
    const heard = run("RUNNING", [point("a", 5000), point("b", 3000)]);
    expect(lastHeardMs(heard)).toBe(5000);
    expect(shownStatus("RUNNING", 5000, 5000 + STALLED_AFTER_MS)).toBe("RUNNING");
    expect(shownStatus("RUNNING", 5000, 5001 + STALLED_AFTER_MS)).toBe("STALLED");
    expect(shownStatus("FINISHED", 5000, Number.MAX_SAFE_INTEGER)).toBe("FINISHED");
  });

  test("without metrics counts from its start", () => {
    expect(lastHeardMs(run("RUNNING"))).toBe(1000);
  });
});

test("system metrics are told by their prefix", () => {
  expect(hasSystemMetrics(run("RUNNING", [point("system/cpu", 1)]))).toBe(true);
  expect(hasSystemMetrics(run("RUNNING", [point("ecosystem/cpu", 1)]))).toBe(false);
});

describe("metrics", () => {
  const row = (key: string, last: number): MetricRow => ({
    ...{ key, last, step: 0, first: undefined },
    ...{ min: null, max: String(last) },
  });
  const rows = [row("b", 2), row("a", Number.NaN), row("c", -1)];
  const keys = (sorted: readonly MetricRow[]) => sorted.map(({ key }) => key);

  test("are found by part of their key, whatever its case", () => {
    expect(keys(sortMetrics([row("Val/Acc", 1), row("loss", 1)], "acc", "key"))).toEqual(["Val/Acc"]);
  });

  test("are ordered by any column, NaN last in both directions", () => {
    expect(keys(sortMetrics(rows, "", "key"))).toEqual(["a", "b", "c"]);
    expect(keys(sortMetrics(rows, "", "-key"))).toEqual(["c", "b", "a"]);
    expect(keys(sortMetrics(rows, "", "last"))).toEqual(["c", "b", "a"]);
    expect(keys(sortMetrics(rows, "", "-last"))).toEqual(["b", "c", "a"]);
    expect(keys(sortMetrics(rows, "", "-max"))).toEqual(["b", "c", "a"]);
  });

  test("without a value are ordered by key", () => {
    expect(keys(sortMetrics(rows, "", "-min"))).toEqual(["a", "b", "c"]);
    expect(keys(sortMetrics(rows, "", "no such column"))).toEqual(["a", "b", "c"]);
  });
});

test("parameters are found by name and by value", () => {
  const pairs = [
    { key: "lr", value: "0.1" },
    { key: "decay", value: "Cosine" },
  ];
  expect(findPairs(pairs, "").map(({ key }) => key)).toEqual(["decay", "lr"]);
  expect(findPairs(pairs, "cos")).toEqual([pairs[1]]);
  expect(findPairs(pairs, "LR")).toEqual([pairs[0]]);
});

test("JSON is told in lines, other text as it is", () => {
  expect(indented('{"uri":"s3://a"}')).toBe('{\n  "uri": "s3://a"\n}');
  expect(indented("s3://a")).toBe("s3://a");
});
