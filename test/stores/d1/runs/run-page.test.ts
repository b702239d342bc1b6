import { env } from "cloudflare:test";
import { beforeAll, describe, expect, test } from "vitest";
import { type ExperimentSearchQuery, planExperimentSearch } from "../../../../src/search/experiment-plan.ts";
import { planRegisteredModelSearch } from "../../../../src/search/registry-plan.ts";
import { planRunSearch, type RunSearchQuery } from "../../../../src/search/run-plan.ts";
import type { RunSearchTuning } from "../../../../src/search/run-scope.ts";
import type { SliceTuning } from "../../../../src/search/sliced-plan.ts";
import { EVERYTHING, type Visibility } from "../../../../src/search/visibility.ts";
import { migrate } from "../../../../src/stores/d1/connection/migrate.ts";
import { readPage } from "../../../../src/stores/d1/connection/page.ts";
import { finishCount, readRunPage } from "../../../../src/stores/d1/runs/run-page.ts";
import { insertRuns, randomSource } from "../../../search/population.ts";
import { randomRun } from "../../../search/random-searches.ts";

describe("a search takes as few transactions as it can", () => {
  const runs = Array.from({ length: 40 }, (_, index) => ({
    ...randomRun(randomSource(index), index, [81 + (index % 2)]),
    deleted: false,
    startTime: BigInt(index),
    params: { p: String(index), q: "x" },
    metrics: { m: index },
  }));

  beforeAll(() => insertRuns(env.DB, runs));

  const stepsOf = async (query: Partial<RunSearchQuery>, tuning: RunSearchTuning = { candidates: 7 }) => {
    const all = { experimentIds: ["81"], filter: "", orderBy: [], viewType: "ACTIVE_ONLY", maxResults: 3 } as const;
    const plan = planRunSearch({ ...all, visibility: EVERYTHING, ...query }, tuning);
    return (await readPage(env.DB, plan)).steps;
  };

  test.each<[string, Partial<RunSearchQuery>, number]>([
    ["the newest of one experiment: the page is full", {}, 1],
    ["… of two: the first slice of each", { experimentIds: ["81", "82"] }, 2],
    ["a page that is as large as a slice", { maxResults: 7 }, 2],
    ["an index that leads to one run", { filter: "params.p = '4'" }, 1],
    ["… in another order", { filter: "params.p = '4'", orderBy: ["params.q"] }, 1],
    ["a walk along a metric", { orderBy: ["metrics.m"] }, 1],
    ["an order that no index has: all slices", { orderBy: ["params.p"] }, 3],
    ["no experiment", { experimentIds: [] }, 0],
  ])("%s", async (_what, query, steps) => {
    expect(await stepsOf(query)).toBe(steps);
  });

  test("experiments in any order are searched in theirs", async () => {
    const find = async (...experimentIds: string[]) => {
      const query = {
        filter: "",
        orderBy: [],
        viewType: "ACTIVE_ONLY",
        maxResults: 3,
        visibility: EVERYTHING,
      } as const;
      return (await readPage(env.DB, planRunSearch({ ...query, experimentIds }, { candidates: 7 }))).ids;
    };
    const newest = runs.slice(-3).map(({ runId }) => runId);
    expect(await find("81", "82")).toEqual(newest.toReversed());
    expect(await find("82", "81")).toEqual(newest.toReversed());
  });

  test("as many candidates as a slice has are the end of the search", async () => {
    expect(await stepsOf({ orderBy: ["params.p"] }, { candidates: 20 })).toBe(2);
    expect(await stepsOf({ orderBy: ["params.p"] }, { candidates: 21 })).toBe(1);
  });
});

test("more runs than one answer holds are found by a pattern that SQL only narrows down", async () => {
  const random = randomSource(4);
  const matching = 1100;
  const runs = Array.from({ length: 3500 }, (_, index) => ({
    ...randomRun(random, index, [91]),
    deleted: false,
    startTime: BigInt(-index),
    tags: { t: index < matching ? `a ${index} b` : "b" },
  }));
  await insertRuns(env.DB, runs);
  const query = {
    ...{
      experimentIds: ["91"],
      filter: "tags.t LIKE '%a%b%'",
      orderBy: ["start_time"],
      viewType: "ACTIVE_ONLY" as const,
    },
    ...{ maxResults: 2000, visibility: EVERYTHING },
  };
  const plan = planRunSearch(query);
  expect(plan.residues).toHaveLength(1);
  const { ids, steps } = await readPage(env.DB, plan);
  expect(new Set(ids).size).toBe(matching);
  // The first answer is too long. So the next statement looks at 1,000 runs, and those after it at twice as many each.
  expect(steps).toBe(4);
  expect(await finishCount(env.DB, plan, [])).toBe(matching);
});

test.each([7, 1000])("what is read along with a page of %d candidates a statement is told", async (candidates) => {
  await insertRuns(
    env.DB,
    Array.from({ length: 30 }, (_, index) => ({
      ...randomRun(randomSource(index), index, [95]),
      runId: `told ${candidates} ${index}`,
      deleted: false,
    })),
  );
  const query = { filter: "", orderBy: ["params.p"], maxResults: 3, visibility: EVERYTHING };
  const plan = planRunSearch({ ...query, experimentIds: ["95"], viewType: "ACTIVE_ONLY" }, { candidates });
  const select = (number: number) => env.DB.prepare("SELECT ? AS number").bind(number);
  const { told, ids } = await readRunPage(env.DB, plan, { before: [select(1)], alongside: [select(2), select(3)] });
  expect(told.map(({ results }) => results)).toEqual([[{ number: 2 }], [{ number: 3 }]]);
  expect(ids).toHaveLength(3);
});

test("experiments come in pages, ties by id", async () => {
  await migrate(env.DB, 0);
  const names = Array.from({ length: 25 }, (_, index) => `page-${index % 2 === 0 ? "a" : "B"}-${index}`);
  await env.DB.batch(
    names.map((name, index) =>
      env.DB.prepare(
        `INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time)
         VALUES (?, ?, '', 'active', ?, 5)`,
      ).bind(100 + index, name, index % 3),
    ),
  );
  const pages = async (query: Partial<ExperimentSearchQuery>, tuning?: SliceTuning) => {
    const found: string[][] = [];
    let pageToken: string | undefined;
    do {
      const all = {
        filter: "name LIKE 'page-%'",
        orderBy: [],
        viewType: "ALL" as const,
        maxResults: 10,
        visibility: EVERYTHING,
      };
      const page = await readPage(env.DB, planExperimentSearch({ ...all, ...query, pageToken }, tuning));
      found.push([...page.ids]);
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
    return found;
  };
  const ids = names.map((_, index) => 100 + index);
  expect((await pages({ filter: "experiment_id IN ('103', '101', '1000')" })).flat()).toEqual(["101", "103"]);
  expect(await pages({ filter: "name = 'page-a-4'" })).toEqual([["104"]]);
  for (const orderBy of [[], ["name"], ["name DESC"], ["last_update_time", "name"]]) {
    const whole = await pages({ orderBy, maxResults: 7 });
    for (const candidates of [1, 3, 10, 30]) {
      expect(await pages({ orderBy, maxResults: 7 }, { candidates }), `${orderBy}, ${candidates}`).toEqual(whole);
    }
  }
  const inOrder = (compare: (a: number, b: number) => number) => ids.toSorted(compare).map(String);
  const byDefault = await pages({});
  expect(byDefault.map((page) => page.length)).toEqual([10, 10, 5]);
  expect(byDefault.flat()).toEqual(inOrder((a, b) => ((b - 100) % 3) - ((a - 100) % 3) || a - b));
  const byTime = await pages({ orderBy: ["last_update_time ASC", "creation_time"], maxResults: 25 });
  expect(byTime).toEqual([inOrder((a, b) => ((a - 100) % 3) - ((b - 100) % 3) || b - a)]);
  const residual = await pages({ filter: "name ILIKE '%P%E-b-%'", orderBy: ["name DESC"], maxResults: 5 });
  expect(residual.map((page) => page.length)).toEqual([5, 5, 2]);
  const others = "name LIKE 'page-%' AND NOT (name ILIKE '%P%E-b-%' OR name = 'page-a-0')";
  expect((await pages({ filter: others, maxResults: 25 })).flat().sort()).toEqual(
    ids.filter((id) => id % 2 === 0 && id > 100).map(String),
  );
  const visibility: Visibility = {
    name: "some",
    experiment: (id, binder) => `${id} IN (SELECT value FROM ${binder.list([101, 103, 7])})`,
  };
  expect(await pages({ visibility })).toEqual([["101", "103"]]);
});

test("a page of models with long names is cut, goes on, and needs no more than its walk", async () => {
  await migrate(env.DB, 0);
  await env.DB.prepare(
    `WITH RECURSIVE s (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM s WHERE i < 999)
     INSERT INTO registered_models (name, creation_time, last_update_time)
     SELECT printf('%04d ', i * 7 % 1000) || replace(hex(zeroblob(4990)), '0', 'x'), 0, 0 FROM s`,
  ).run();
  const found: string[][] = [];
  for (let pageToken: string | undefined; ; ) {
    const query = { filter: "", orderBy: ["name"], maxResults: 1000, visibility: EVERYTHING, pageToken };
    const page = await readPage(env.DB, planRegisteredModelSearch(query, { candidates: 900 }));
    expect(page.steps).toBe(1);
    found.push([...page.ids]);
    pageToken = page.nextPageToken;
    if (pageToken === undefined) break;
  }
  expect(found.length).toBe(2);
  const { results } = await env.DB.prepare(
    "SELECT registered_model_id AS id FROM registered_models ORDER BY name",
  ).all<{
    id: number;
  }>();
  expect(found.flat()).toEqual(results.map(({ id }) => String(id)));
});
