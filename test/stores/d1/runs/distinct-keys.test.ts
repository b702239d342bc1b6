import { env } from "cloudflare:test";
import { expect, test } from "vitest";
import { compareCodePoints } from "../../../../src/domain/code-points.ts";
import { findDistinctKeys } from "../../../../src/stores/d1/runs/distinct-keys.ts";
import { insertRuns, randomSource, type SearchedRun } from "../../../search/population.ts";
import { randomRun } from "../../../search/random-searches.ts";

/** One row, one key and one run at a time, some, or all at once. */
const TUNINGS = [
  { countedRows: 1, keys: 1, runs: 1, rows: 1 },
  { countedRows: 9, keys: 2, runs: 7, rows: 20 },
  undefined,
];

const random = randomSource(5);

/** Some runs have a long param, which no index has. */
function someRuns(experimentId: number, hasDeleted: boolean): SearchedRun[] {
  return Array.from({ length: 25 }, (_, index) => {
    const run = randomRun(random, 1000 * experimentId + index, [experimentId]);
    const long = "x".repeat(300) + random.below(experimentId % 3);
    const params = random.below(4) === 0 ? { ...run.params, long } : run.params;
    return { ...run, params, deleted: hasDeleted && run.deleted };
  });
}

const RUNS = [
  ...[61, 62, 63].flatMap((experimentId) => someRuns(experimentId, false)),
  ...[64, 65].flatMap((experimentId) => someRuns(experimentId, true)),
];

/** What a look at every run finds. */
function naiveKeys(runs: readonly SearchedRun[], kind: "metrics" | "params" | "tags") {
  const values = new Map<string, (string | number)[]>();
  for (const run of runs) {
    for (const [key, value] of Object.entries(run[kind])) values.set(key, [...(values.get(key) ?? []), value]);
  }
  return [...values]
    .toSorted(([a], [b]) => compareCodePoints(a, b))
    .map(([key, ofKey]) => ({
      key,
      runs: ofKey.length,
      differs: ofKey.length < runs.length || new Set(ofKey.map(String)).size > 1,
    }));
}

test.each([
  { experimentIds: ["61"] },
  { experimentIds: ["62", "61", "63"] },
  { experimentIds: ["64"] },
  { experimentIds: ["65", "61", "64"] },
  { experimentIds: ["60"] },
])("the keys of the active runs of $experimentIds, whatever one statement reads", async ({ experimentIds }) => {
  await insertRuns(env.DB, RUNS);
  const active = RUNS.filter((run) => experimentIds.includes(String(run.experimentId)) && !run.deleted);
  const [metrics, params, tags] = (["metrics", "params", "tags"] as const).map((kind) => naiveKeys(active, kind));
  for (const tuning of TUNINGS) {
    const found = await findDistinctKeys(env.DB, experimentIds, [], tuning);
    expect(found, JSON.stringify(tuning)).toEqual({ metrics, params, tags, runs: active.length });
  }
});
