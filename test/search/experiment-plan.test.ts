import { env } from "cloudflare:test";
import { beforeAll, describe, expect, test } from "vitest";
import { type ExperimentSearchQuery, planExperimentSearch } from "../../src/search/experiment-plan.ts";
import { EVERYTHING, type Visibility } from "../../src/search/visibility.ts";
import { migrate } from "../../src/stores/d1/connection/migrate.ts";
import { readPage } from "../../src/stores/d1/connection/page.ts";
import { refusalOf } from "../domain/refused.ts";

const QUERY: ExperimentSearchQuery = {
  filter: "",
  orderBy: [],
  viewType: "ACTIVE_ONLY",
  maxResults: 100,
  visibility: EVERYTHING,
};

const plan = (query: Partial<ExperimentSearchQuery> = {}) => planExperimentSearch({ ...QUERY, ...query });

/** Shows only the experiments with these ids. */
const only = (...ids: number[]): Visibility => ({
  name: ids.join(),
  experiment: (id, binder, tested) => `'${tested}' = 'many' AND ${id} IN (SELECT value FROM ${binder.list(ids)})`,
});

/** By id: the name, the times of creation and of the last change, and the tag `team`. */
const EXPERIMENTS: readonly (readonly [id: number, name: string, created: number, changed: number, team?: string])[] = [
  [1, "b", 10, 50, "x"],
  [2, "a", 30, 40, "y"],
  [3, "d", 10, 40, "x"],
  [4, "c", 20, 60],
  [5, "e", 40, 60, "x"],
];

beforeAll(async () => {
  await migrate(env.DB, 0);
  const insert = env.DB.prepare(
    `INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time)
     VALUES (?, ?, '', ?, ?, ?)`,
  );
  await env.DB.batch([
    env.DB.prepare("DELETE FROM experiments"),
    ...EXPERIMENTS.flatMap(([id, name, created, changed, team]) => [
      insert.bind(id, name, id === 5 ? "deleted" : "active", created, changed),
      ...(team === undefined
        ? []
        : [env.DB.prepare("INSERT INTO experiment_tags VALUES (?, 'team', ?)").bind(id, team)]),
    ]),
  ]);
});

test.each<[what: string, query: Partial<ExperimentSearchQuery>, ids: string]>([
  ["nothing: the newest first, then by id", {}, "2413"],
  ["deleted ones", { viewType: "DELETED_ONLY" }, "5"],
  ["all", { viewType: "ALL" }, "52413"],
  ["a name", { filter: "name = 'a'" }, "2"],
  ["another name", { filter: "name != 'a'" }, "413"],
  ["a name that a deleted one has", { filter: "name = 'e'" }, ""],
  ["an id", { filter: "experiment_id = '4'" }, "4"],
  ["ids", { filter: "experiment_id IN ('1', '4', '5', '9')" }, "41"],
  ["other ids", { filter: "experiment_id NOT IN ('1', '4')" }, "23"],
  ["a name and an id", { filter: "name = 'a' AND experiment_id = '2'" }, "2"],
  ["a name and another's id", { filter: "name = 'a' AND experiment_id = '1'" }, ""],
  ["a name and a tag", { filter: "name = 'b' AND tags.team = 'y'" }, ""],
  ["a name or a tag", { filter: "name = 'b' OR tags.team = 'y'" }, "21"],
  ["a tag", { filter: "tags.team = 'x'" }, "13"],
  ["another tag, which a missing one is not", { filter: "tags.team != 'x'" }, "2"],
  ["a tag of another key", { filter: "tags.other = 'x'" }, ""],
  ["a time", { filter: "creation_time > 10" }, "24"],
  ["another time", { filter: "last_update_time <= 40" }, "23"],
  ["what a caller may see", { visibility: only(1, 2, 5) }, "21"],
  ["… of a name", { visibility: only(1), filter: "name = 'a'" }, ""],
])("%s", async (_what, query, ids) => {
  expect((await readPage(env.DB, plan(query))).ids.join("")).toBe(ids);
});

test.each<[orderBy: string[], ids: string]>([
  [["name"], "2143"],
  [["name DESC"], "3412"],
  [["experiment_id"], "1234"],
  [["creation_time"], "3142"],
  [["creation_time DESC"], "2431"],
  [["creation_time", "experiment_id"], "1342"],
  [["last_update_time", "name DESC"], "3214"],
  [["last_update_time", "last_update_time DESC", "name"], "2314"],
])("by %j, and then the newest id first", async (orderBy, ids) => {
  expect((await readPage(env.DB, plan({ orderBy }))).ids.join("")).toBe(ids);
  const found: string[] = [];
  let pageToken: string | undefined;
  do {
    const page = await readPage(env.DB, plan({ orderBy, maxResults: 1, pageToken }));
    found.push(...page.ids);
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined);
  expect(found.join("")).toBe(ids);
});

describe("what the statements read", () => {
  test.each<[query: Partial<ExperimentSearchQuery>, isWalk: boolean, way: string]>([
    [{}, false, "SCAN e"],
    [{ orderBy: ["experiment_id"] }, false, "SCAN e"],
    [{ orderBy: ["name"] }, true, "SCAN e USING INDEX experiments_name"],
    [{ orderBy: ["name DESC"], filter: "tags.team = 'x'" }, true, "SCAN e USING INDEX experiments_name"],
    [{ orderBy: ["name"], filter: "name != 'a'" }, true, "SCAN e USING INDEX experiments_name"],
    [{ orderBy: ["name"], filter: "name = 'a'" }, false, "SEARCH e USING INDEX experiments_name (name=?)"],
    [{ filter: "experiment_id IN ('1')" }, false, "SEARCH e USING INTEGER PRIMARY KEY (rowid=?)"],
  ])("%j: a walk along the order: %s", async (query, isWalk, way) => {
    const { from, step, candidates } = plan(query);
    expect(from).toEqual(isWalk ? "walk" : {});
    const { sql, values } = step({ cursor: from!, isFirst: true, candidates }).rows;
    const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .bind(...values)
      .all<{ detail: string }>();
    const details = results.map(({ detail }) => detail);
    expect(details).toContain(way);
    if (isWalk) expect(details.join()).not.toContain("USE TEMP");
  });

  test("a walk goes on after the page before, and sorts once", async () => {
    const query = { orderBy: ["name"] };
    const { from, step, candidates } = plan({ ...query, pageToken: plan(query).pageToken(["b", "1"]) });
    const { sql, values } = step({ cursor: from!, isFirst: true, candidates }).rows;
    expect(sql.match(/ORDER BY/g)).toHaveLength(1);
    const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .bind(...values)
      .all<{ detail: string }>();
    expect(results.map(({ detail }) => detail)).toContain("SEARCH e USING INDEX experiments_name (name>?)");
  });

  test("fewer candidates, the more look-ups each takes", () => {
    const tags = (count: number) => ({ filter: Array(count).fill("tags.a = 'x'").join(" AND ") });
    const seen = { visibility: only(1) };
    expect([plan(), plan(tags(4)), plan({ ...tags(4), ...seen }), plan(seen)].map((one) => one.candidates)).toEqual([
      12_000,
      8000,
      Math.floor(40_000 / 7),
      12_000,
    ]);
    // The index of names decides this comparison, once for all.
    expect(plan({ filter: `name = 'a' AND ${tags(4).filter}` }).candidates).toBe(8000);
  });
});

test("a page's token is for the same search only", () => {
  const query = { filter: "name != 'a'", orderBy: ["name"], viewType: "ALL" } as const;
  const pageToken = plan(query).pageToken(["b", "1"]);
  expect(plan({ ...query, pageToken, maxResults: 7 }).start).toEqual(["b", "1"]);
  for (const other of [
    { filter: "name != 'b'" },
    { orderBy: ["name DESC"] },
    { viewType: "ACTIVE_ONLY" as const },
    { visibility: only(1) },
  ]) {
    expect(refusalOf(() => plan({ ...query, ...other, pageToken }))).toContain("it belongs to another search");
  }
});

test.each<[what: string, query: Partial<ExperimentSearchQuery>]>([
  ["a page without rows", { maxResults: 0 }],
  ["a page that is too large", { maxResults: 50_001 }],
  ["an attribute that experiments do not have", { filter: "lifecycle_stage = 'active'" }],
  ["params", { filter: "params.a = 'x'" }],
  ["an order by a tag", { orderBy: ["tags.a"] }],
])("%s is refused", (_what, query) => {
  expect(refusalOf(() => plan(query))).toMatch(/^INVALID_PARAMETER_VALUE: /);
});
