import { env } from "cloudflare:test";
import { beforeAll, expect, test } from "vitest";
import { planRunSearch, type RunSearchQuery } from "../../../../src/search/run-plan.ts";
import { EVERYTHING } from "../../../../src/search/visibility.ts";
import { yieldTurn } from "../../../../src/stores/d1/connection/turn.ts";
import { readRunPage } from "../../../../src/stores/d1/runs/run-page.ts";
import { insertRuns, randomSource, type SearchedRun } from "../../../search/population.ts";

const RUNS = Array.from(
  { length: 1500 },
  (_, index): SearchedRun => ({
    runId: `snapshot${String(index).padStart(24, "0")}`,
    experimentId: 41,
    status: "RUNNING",
    userId: "",
    startTime: BigInt(index),
    endTime: null,
    deleted: false,
    metrics: {},
    params: {},
    tags: { "mlflow.runName": `run ${index}` },
    datasets: [],
  }),
);

beforeAll(() => insertRuns(env.DB, RUNS));

const QUERY: RunSearchQuery = {
  experimentIds: ["41"],
  filter: "",
  orderBy: [],
  viewType: "ACTIVE_ONLY",
  maxResults: 2000,
  visibility: EVERYTHING,
};

const random = randomSource(3);
const anyRun = () => random.pick(RUNS).runId;

/** Changes that move a run in the order: its first value, a NaN, the end of a run, a param. */
const WRITES: Readonly<Record<string, () => D1PreparedStatement>> = {
  "metrics.m": () =>
    env.DB.prepare(
      `INSERT INTO latest_metrics (run_id, key, value, is_nan, step, timestamp, experiment_id) VALUES (?, 'm', ?, ?, 0, 0, 41)
       ON CONFLICT DO UPDATE SET value = excluded.value, is_nan = excluded.is_nan`,
    ).bind(anyRun(), random.next(), random.below(2)),
  "attributes.end_time": () =>
    env.DB.prepare("UPDATE runs SET end_time = ? WHERE run_id = ?").bind(random.below(1000), anyRun()),
  lifecycle: () =>
    env.DB.prepare("UPDATE runs SET lifecycle_stage = ? WHERE run_id = ?").bind(
      random.pick(["active", "deleted"]),
      anyRun(),
    ),
  "params.p": () =>
    env.DB.prepare("INSERT OR IGNORE INTO params VALUES (?, 'p', ?, 41)").bind(anyRun(), String(random.below(1000))),
};

test.each([
  { order: "metrics.m", readsRecords: true },
  { order: "metrics.m DESC", readsRecords: false },
  { order: "attributes.end_time", readsRecords: false },
  { order: "params.p", readsRecords: true },
  // Several statements, between which others write.
  { order: "metrics.m", readsRecords: true, candidates: 400 },
  { order: "attributes.end_time", readsRecords: false, candidates: 400, viewType: "ALL" as const },
  { order: "lifecycle", readsRecords: false, candidates: 400, viewType: "ALL" as const },
])(
  "a page of $candidates candidates a statement ordered by $order has every run that matches all the time, whoever writes meanwhile",
  async ({ order, readsRecords, candidates, viewType = QUERY.viewType }) => {
    let isSearching = true;
    const write = WRITES[order.split(" ")[0]!]!;
    const orderBy = order === "lifecycle" ? [] : [order];
    const writer = async (): Promise<number> => {
      let writes = 0;
      for (; isSearching; writes++) {
        await write().run();
        // Without a turn of the event loop between two writes, a search would never get its turn between two statements.
        if (candidates !== undefined) await yieldTurn();
      }
      return writes;
    };
    const writing = [writer(), writer()];
    const missing: number[] = [];
    try {
      for (let round = 0; round < 15; round++) {
        const plan = planRunSearch({ ...QUERY, viewType, orderBy }, candidates === undefined ? {} : { candidates });
        const { ids } = await readRunPage(env.DB, plan, { readsRecords });
        expect(new Set(ids).size).toBe(ids.length);
        missing.push(RUNS.length - ids.length);
      }
    } finally {
      // A test that fails must end the writers too.
      isSearching = false;
    }
    expect((await Promise.all(writing)).every((writes) => writes > 15)).toBe(true);
    expect(missing).toEqual(missing.map(() => 0));
  },
);

test("the token of a large page is that of its last run", async () => {
  const found: string[] = [];
  let pageToken: string | undefined;
  do {
    const query = { ...QUERY, viewType: "ALL", orderBy: ["attributes.run_name"], maxResults: 1100, pageToken } as const;
    const plan = planRunSearch(query);
    const page = await readRunPage(env.DB, plan, { readsRecords: false });
    found.push(...page.ids);
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined);
  const byName = RUNS.toSorted((a, b) => (a.tags["mlflow.runName"]! < b.tags["mlflow.runName"]! ? -1 : 1));
  expect(found).toEqual(byName.map(({ runId }) => runId));
});
