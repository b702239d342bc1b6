import { env } from "cloudflare:test";
import { expect, test } from "vitest";
import { planRunSearch } from "../../../../src/search/run-plan.ts";
import { EVERYTHING } from "../../../../src/search/visibility.ts";
import { readRunPage } from "../../../../src/stores/d1/runs/run-page.ts";
import { naiveRunSearch } from "../../../search/naive-search.ts";
import { insertRuns, randomSource } from "../../../search/population.ts";
import { allPages, checkRandomSearches, randomTuning } from "../../../search/random-pages.ts";
import { randomQuery, randomRun } from "../../../search/random-searches.ts";

/* All pages of many searches, and of long texts. Each of these tests takes seconds. */

test("random searches answer what a naive evaluation answers, over all their pages", { timeout: 120_000 }, () =>
  checkRandomSearches({ seed: 20_260_722, rounds: 400 }),
);

test("runs inserted between pages neither repeat nor hide those that were there", { timeout: 120_000 }, async () => {
  const random = randomSource(7);
  const runs = Array.from({ length: 60 }, (_, index) => randomRun(random, index, [11, 12]));
  await insertRuns(env.DB, runs);
  let inserted = 0;
  for (let round = 0; round < 30; round += 1) {
    const query = { ...randomQuery(random, runs), maxResults: random.pick([3, 7]) };
    const before = naiveRunSearch(runs, query);
    const found = await allPages(query, randomTuning(random), async () => {
      const run = randomRun(random, 1000 + inserted, [11, 12]);
      inserted += 1;
      runs.push(run);
      await insertRuns(env.DB, [run]);
    });
    const context = JSON.stringify({ round, ...query });
    expect(new Set(found).size, context).toBe(found.length);
    const old = new Set(before);
    expect(
      found.filter((runId) => old.has(runId)),
      context,
    ).toEqual(before);
  }
});

test.each([300, 5000])(
  "a page ordered by long texts, %i candidates a statement, is cut and goes on",
  async (candidates) => {
    const count = 1300;
    const runs = Array.from({ length: count }, (_, index) => ({
      ...randomRun(randomSource(index), index, [71]),
      ...{ runId: `long${String(index).padStart(28, "0")}`, experimentId: 71, deleted: false },
      tags: { t: String((index * 7) % count).padStart(4, "0") },
    }));
    await insertRuns(env.DB, runs);
    // 16 KB each.
    await env.DB.exec(
      "UPDATE tags SET value = replace(hex(zeroblob(3990)), '00', 'éé') || substr(value, -4) WHERE experiment_id = 71",
    );
    const query = {
      ...{ experimentIds: ["71"], filter: "", orderBy: ["tags.t DESC"], viewType: "ACTIVE_ONLY" as const },
      ...{ maxResults: 2000, visibility: EVERYTHING },
    };
    const found: string[] = [];
    const sizes: number[] = [];
    let pageToken: string | undefined;
    do {
      const page = await readRunPage(env.DB, planRunSearch({ ...query, pageToken }, { candidates }), {});
      found.push(...page.ids);
      sizes.push(page.ids.length);
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
    const inOrder = runs.toSorted((a, b) => (a.tags.t < b.tags.t ? 1 : -1)).map(({ runId }) => runId);
    expect(found).toEqual(inOrder);
    expect(Math.min(...sizes)).toBeGreaterThan(100);
    expect(sizes.length).toBeGreaterThan(1);
  },
);
