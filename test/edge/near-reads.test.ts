import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { ROUTES } from "../../src/routes/table.ts";
import { migrate } from "../../src/stores/d1/connection/migrate.ts";
import { countedDatabase } from "./counted-env.ts";
import { type Cost, Isolate } from "./edge.ts";

/*
 * The web UI's reads go to the replica of D1 that is nearest to the reader, as new as the page's bookmark at least. All else
 * goes to the primary. On one machine there is no replica: a second D1 database, which these tests bring up to date when
 * they choose, is what a session with a bookmark reads.
 */

const BOOKMARK = "X-Trackflare-Bookmark";
const REPLICA = (env as unknown as { REPLICA: D1Database }).REPLICA;

/** Tables whose rows a page shows. Documents come last, because the other rows' triggers delete documents. */
const TABLES = ["experiments", "experiment_tags", "runs", "params", "tags", "latest_metrics", "run_documents"];

let isolate: Isolate;
let experimentId: string;

/** Brings the replica up to date. */
async function replicate(): Promise<void> {
  await REPLICA.batch(TABLES.map((table) => REPLICA.prepare(`DELETE FROM ${table}`)));
  for (const table of TABLES) {
    const { results } = await env.DB.prepare(`SELECT * FROM ${table}`).all();
    for (const row of results) {
      const columns = Object.keys(row);
      const sql = `INSERT INTO ${table} (${columns.join()}) VALUES (${columns.map(() => "?").join()})`;
      await REPLICA.prepare(sql)
        .bind(...Object.values(row))
        .run();
    }
  }
}

/** D1 with a replica: a session that begins with a bookmark reads the replica. */
function withReplica(): D1Database {
  const primary = countedDatabase(env.DB, false);
  const replica = countedDatabase(REPLICA, false);
  const withSession = (asked: string) =>
    asked === "first-primary" ? primary.withSession(asked) : replica.withSession(asked);
  return Object.assign({ ...primary }, { withSession }) as D1Database;
}

beforeAll(async () => {
  await migrate(env.DB);
  await migrate(REPLICA);
  isolate = await Isolate.start({ DB: withReplica() });
  const { answer } = await isolate.api("POST", "experiments/create", { name: crypto.randomUUID() });
  experimentId = (answer as { experiment_id: string }).experiment_id;
});

async function newRun(name: string, steps: readonly number[] = []): Promise<string> {
  const { answer } = await isolate.api("POST", "runs/create", { experiment_id: experimentId, run_name: name });
  const runId = (answer as { run: { info: { run_id: string } } }).run.info.run_id;
  for (const step of steps) await log(runId, step);
  return runId;
}

const log = (run_id: string, step: number) =>
  isolate.api("POST", "runs/log-metric", { run_id, key: "a", value: step, timestamp: 1, step });

const bookmarkOf = ({ headers }: Cost) => headers.get(BOOKMARK) ?? "";

/** Where each call of D1 went, in the order of the calls. */
const placesOf = ({ trips }: Cost) =>
  trips
    .filter(({ to }) => to === "d1")
    .map(({ session }) => (session === undefined || session === "first-primary" ? "primary" : "near"))
    .sort();

interface Table {
  readonly total?: number;
  readonly runs: { readonly run_id: string[]; readonly run_name: string[] };
  readonly columns: Readonly<Record<string, readonly unknown[]>>;
}

const TABLE = { columns: ["metrics.a"], order_by: ["attributes.start_time", "attributes.run_name"], count: true };
const table = (bookmark: string | undefined, of: object = {}) =>
  isolate.call(
    "POST",
    "/ui-api/runs",
    { experiment_ids: [experimentId], ...TABLE, ...of },
    bookmark === undefined ? {} : { [BOOKMARK]: bookmark },
  );

test("the routes that read near the reader are the web UI's lists and files; whoever needs a live mark reads the primary", () => {
  const places = ROUTES.filter(({ paths }) => paths.some((path) => path.startsWith("/ui-api/")));
  expect(Object.fromEntries(places.map(({ method, paths, reads }) => [`${method} ${paths[0]}`, reads]))).toMatchObject({
    "GET /ui-api/experiments": "near list",
    "GET /ui-api/find": "near list",
    "GET /ui-api/keys": "near",
    "POST /ui-api/runs": "near",
    "GET /ui-api/artifact": "near",
    "GET /ui-api/preview": "near",
    "GET /ui-api/folder-zip": "near",
    "POST /ui-api/live": "newest",
    "POST /ui-api/series": "newest",
    "POST /ui-api/group-series": "newest",
    "GET /ui-api/runs/:run_id/live": undefined,
    "GET /ui-api/level": undefined,
    "GET /ui-api/grants": undefined,
    "GET /ui-api/session": undefined,
  });
  const others = ROUTES.filter(({ paths }) => !paths.some((path) => path.startsWith("/ui-api/")));
  expect(others.filter(({ reads }) => reads !== undefined)).toEqual([]);
});

describe("a page", () => {
  test("begins at the primary, and goes on near the reader with the bookmark of the answer before", async () => {
    await newRun("first");
    const first = await table(undefined, { columns: [] });
    expect([placesOf(first), first.rounds]).toEqual([["primary"], 1]);
    expect(bookmarkOf(first)).not.toBe("");
    await replicate();
    const next = await table(bookmarkOf(first), { columns: [] });
    expect([placesOf(next), next.rounds, (next.answer as Table).total]).toEqual([["near"], 1, 1]);
    expect(next.trips.map(({ session }) => session)).toEqual([bookmarkOf(first)]);
    const list = await isolate.call("GET", "/ui-api/experiments", {}, { [BOOKMARK]: bookmarkOf(next) });
    expect([placesOf(list), bookmarkOf(list)]).not.toContain("");
    expect(placesOf(list)).toContain("near");
  });

  test("reads live marks at the primary, beside the page: not one round trip more", async () => {
    await newRun("logs", [0, 1, 2]);
    const first = await table(undefined);
    await replicate();
    const next = await table(bookmarkOf(first));
    // The page and what D1 has of its live runs near the reader, the marks at the primary, and one call of the object.
    expect([placesOf(next), next.rounds, next.d1Written]).toEqual([["near", "near", "primary"], 2, 0]);
    expect((next.answer as Table).columns).toEqual((first.answer as Table).columns);
  });
});

test("pages that go on share what a live run's object has told, for two seconds; a page that begins asks it", async () => {
  const runId = await newRun("shared", [0, 1]);
  const asked = ({ trips }: Cost) => trips.filter(({ to }) => to === "runs").length;
  const only = { filter: `attributes.run_id = '${runId}'` };
  const first = await table(undefined, only);
  await replicate();
  const bookmark = bookmarkOf(first);
  expect([asked(first), asked(await table(bookmark, only)), asked(await table(undefined, only))]).toEqual([1, 0, 1]);
  expect(asked(await table(bookmark, { ...only, columns: ["metrics.other"] }))).toBe(1);
  const start = Date.now();
  const clock = vi.spyOn(Date, "now").mockImplementation(() => start + 2001);
  expect(asked(await table(bookmark, only))).toBe(1);
  clock.mockRestore();
  // What this isolate logs itself is seen at once.
  await log(runId, 2);
  const { columns } = (await table(bookmark, only)).answer as Table;
  expect(columns["metrics.a"]).toEqual([2]);
});

describe("a page whose replica is behind shows every acknowledged point of the runs that the replica knows:", () => {
  const metricOf = ({ answer }: Cost, runId: string) => {
    const { runs, columns } = answer as Table;
    return columns["metrics.a"]![runs.run_id.indexOf(runId)];
  };

  test("a burst has begun since", async () => {
    const runId = await newRun("begun", [0]);
    const bookmark = bookmarkOf(await table(undefined));
    await replicate();
    for (const step of [1, 2]) await log(runId, step);
    expect(metricOf(await table(bookmark), runId)).toBe(2);
  });

  test("the run has ended since, and its object has told the primary", async () => {
    const runId = await newRun("ended", [0, 1]);
    const bookmark = bookmarkOf(await table(undefined));
    await replicate();
    for (const step of [2, 3]) await log(runId, step);
    await isolate.api("POST", "runs/update", { run_id: runId, status: "FINISHED" });
    const behind = await table(bookmark);
    expect(metricOf(behind, runId)).toBe(3);
    expect(placesOf(behind).filter((place) => place === "primary").length).toBeGreaterThan(1);
    await replicate();
    const again = await table(bookmark);
    expect(metricOf(again, runId)).toBe(3);
  });

  test("a metric that orders the page was logged since", async () => {
    const runId = await newRun("ordered", [0, 1]);
    const bookmark = bookmarkOf(await table(undefined));
    await replicate();
    await log(runId, 1000);
    const byMetric = { order_by: ["metrics.a DESC"], max_results: 1 };
    // The order of a replica that lacks what was written for the page before would be wrong: it is not asked.
    expect(placesOf(await table(bookmark, byMetric))).not.toContain("near");
    expect(metricOf(await table(bookmark, byMetric), runId)).toBe(1000);
    expect(metricOf(await table(bookmark, byMetric), runId)).toBe(1000);
  });
});

test("who changes something, reads the primary next", async () => {
  const runId = await newRun("renamed");
  const bookmark = bookmarkOf(await table(undefined));
  await replicate();
  await isolate.api("POST", "runs/update", { run_id: runId, run_name: "another name" });
  // The page forgets its bookmark with each change: test/ui/api/client.test.ts.
  expect((await table(undefined)).answer).toMatchObject({
    runs: { run_name: expect.arrayContaining(["another name"]) },
  });
  expect((await table(bookmark)).answer).toMatchObject({ runs: { run_name: expect.arrayContaining(["renamed"]) } });
});

test("a file of a run or a model that the replica lacks is found", async () => {
  const bookmark = bookmarkOf(await table(undefined));
  await replicate();
  const runId = await newRun("new");
  const { answer } = await isolate.api("POST", "logged-models", { experiment_id: experimentId, name: "m" });
  const { model_id } = (answer as { model: { info: { model_id: string } } }).model.info;
  for (const [owner, folder] of [
    [{ run_id: runId }, `${experimentId}/${runId}/artifacts`],
    [{ model_id }, `${experimentId}/models/${model_id}/artifacts`],
  ] as const) {
    await isolate.call("PUT", `/api/2.0/mlflow-artifacts/artifacts/${folder}/a.txt`, "text");
    const found = await isolate.call("GET", "/ui-api/artifact", { ...owner, path: "a.txt" }, { [BOOKMARK]: bookmark });
    expect([found.answer, placesOf(found)]).toMatchObject([
      { file_size: 4 },
      expect.arrayContaining(["near", "primary"]),
    ]);
    const missing = { ...owner, path: "b.txt" };
    await isolate.call("GET", "/ui-api/artifact", missing, { [BOOKMARK]: bookmark }, 404);
  }
});

test("MLflow's routes read the primary, whatever bookmark a request has", async () => {
  const runId = await newRun("by MLflow", [0, 1]);
  const headers = { [BOOKMARK]: bookmarkOf(await table(undefined)) };
  await isolate.api("POST", "runs/update", { run_id: runId, run_name: "newest" });
  const calls = [
    await isolate.api("GET", "runs/get", { run_id: runId }, headers),
    await isolate.api("POST", "runs/search", { experiment_ids: [experimentId] }, headers),
    await isolate.api("GET", "experiments/get", { experiment_id: experimentId }, headers),
    await isolate.api("GET", "metrics/get-history", { run_id: runId, metric_key: "a" }, headers),
  ];
  for (const call of calls) {
    expect(call.trips.filter(({ session }) => session !== undefined)).toEqual([]);
    expect(call.headers.get(BOOKMARK)).toBeNull();
  }
});

test.each(["", "first-unconstrained", "x'; DROP TABLE runs", "0".repeat(200)])(
  "%j is no bookmark",
  async (bookmark) => {
    const headers = { [BOOKMARK]: bookmark };
    const body = { experiment_ids: [experimentId] };
    const refused = await isolate.call("POST", "/ui-api/runs", body, headers, 400);
    expect(refused.answer).toMatchObject({ error_code: "INVALID_PARAMETER_VALUE" });
  },
);

test("what a caller may see is decided at the primary: the list of a user with grants is never a replica's", async () => {
  const settings = { TRACKFLARE_ADMIN_PASSWORD: "the admin's own secret" } as unknown as Partial<Env>;
  const closed = await Isolate.start({ ...settings, DB: withReplica() });
  const basic = (name: string, secret: string) => ({ Authorization: `Basic ${btoa(`${name}:${secret}`)}` });
  const admin = basic("admin", "the admin's own secret");
  const user = { username: `user-${crypto.randomUUID()}`, password: "correct horse battery" };
  await closed.api("POST", "users/create", user, admin);
  const asUser = basic(user.username, user.password);
  await replicate();
  const listed = async (by: Record<string, string>) => {
    const first = await closed.call("GET", "/ui-api/experiments", {}, by);
    return placesOf(await closed.call("GET", "/ui-api/experiments", {}, { ...by, [BOOKMARK]: bookmarkOf(first) }));
  };
  expect(await listed(admin)).toContain("near");
  expect(await listed(asUser)).not.toContain("near");
});
