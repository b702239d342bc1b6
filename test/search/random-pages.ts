import { env } from "cloudflare:test";
import { expect } from "vitest";
import { planRunSearch, type RunSearchQuery } from "../../src/search/run-plan.ts";
import type { RunSearchTuning } from "../../src/search/run-scope.ts";
import { readRunPage } from "../../src/stores/d1/runs/run-page.ts";
import { naiveRunSearch } from "./naive-search.ts";
import { insertRuns, type RandomSource, randomSource } from "./population.ts";
import { randomQuery, randomRun } from "./random-searches.ts";

/** Reads all pages of a search. Each page has its own plan, as in a server. */
export async function allPages(
  query: RunSearchQuery,
  tuning: RunSearchTuning,
  between: () => Promise<void>,
): Promise<string[]> {
  const found: string[] = [];
  let pageToken: string | undefined;
  do {
    const plan = planRunSearch({ ...query, pageToken }, tuning);
    const page = await readRunPage(env.DB, plan, { readsRecords: true });
    expect(page.ids.length).toBeLessThanOrEqual(query.maxResults);
    if (page.nextPageToken !== undefined) expect(page.ids).toHaveLength(query.maxResults);
    found.push(...page.ids);
    pageToken = page.nextPageToken;
    await between();
  } while (pageToken !== undefined);
  return found;
}

/** Few candidates make a search of several statements, many make it one. */
export function randomTuning(random: RandomSource): RunSearchTuning {
  return { driverCap: random.pick([0, 8, 1000]), candidates: random.pick([7, 30, 1000]) };
}

/** Compares the pages of random searches, over random runs of three experiments, with a naive evaluation. */
export async function checkRandomSearches({ seed, rounds }: { seed: number; rounds: number }): Promise<void> {
  const random = randomSource(seed);
  const runs = Array.from({ length: 120 }, (_, index) => randomRun(random, index, [11, 12, 13]));
  await insertRuns(env.DB, runs);
  let answered = 0;
  for (let round = 0; round < rounds; round += 1) {
    const query = randomQuery(random, runs);
    const tuning = randomTuning(random);
    const found = await allPages(query, tuning, async () => {});
    expect(found, JSON.stringify({ round, ...tuning, ...query })).toEqual(naiveRunSearch(runs, query));
    answered += Number(found.length > 0);
  }
  expect(answered).toBeGreaterThan(rounds / 4);
}
