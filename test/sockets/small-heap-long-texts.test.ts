import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { databaseFile } from "../faults/database.ts";
import { experiment, idOf, measurePeaks, run, SmallHeapServer } from "./small-heap.ts";

/* Lists of few things with long texts, from a server with 128 MB: 90 MB for each kind of thing that has tags. */

const EXPERIMENT = "512345678901234567";
const KEYS_EXPERIMENT = "512345678901234568";
const THINGS = 100;
const TAGS_EACH = 4000;
const TAG_LENGTH = 200;
const PARAM_LENGTH = 100_000;
const DESCRIPTION_LENGTH = 100_000;
const KEYS = 150_000;
const KEY_LENGTH = 250;
/** The most that a thing holds in tags, and as much again from the request that filled it. */
const FULL_TAGS = 80;
const FULL_TAG_LENGTH = 100_000;
const FULL_EXPERIMENT = "512345678901234569";
/** Of each kind: a page of them is longer than the heap. */
const FULL_THINGS = 10;
/** `model-10` to `model-19`. */
const MODELS_OF_TEN = 10;

const METRICS = 100_000;
const METRICS_EXPERIMENT = "512345678901234570";
const METRICS_RUN = idOf("d", 0);
const fullRunId = (index: number) => idOf("c", index);
const runId = (index: number) => idOf("a", index);
const indices = Array.from({ length: THINGS }, (_, index) => index);
const fullIndices = indices.slice(0, FULL_THINGS);

const dataDir = mkdtempSync(join(tmpdir(), "trackflare-texts-"));
let server: SmallHeapServer;

beforeAll(async () => {
  const seeded = await SmallHeapServer.start(dataDir);
  await seedThings(seeded);
  await seeded.stop();
  seedTexts();
  server = await SmallHeapServer.start(dataDir);
}, 600_000);
afterAll(async () => {
  await server.stop();
  rmSync(dataDir, { recursive: true });
});
measurePeaks(() => server);

async function seedThings(of: SmallHeapServer): Promise<void> {
  await of.write("experiments", [
    ...[EXPERIMENT, KEYS_EXPERIMENT, FULL_EXPERIMENT, METRICS_EXPERIMENT].map(experiment),
    ...indices.map((index) => experiment(String(1000 + index))),
  ]);
  await of.write("runs", [
    run(idOf("b", 0), KEYS_EXPERIMENT),
    run(METRICS_RUN, METRICS_EXPERIMENT),
    ...fullIndices.map((index) => run(fullRunId(index), FULL_EXPERIMENT)),
    ...indices.map((index) => run(runId(index), EXPERIMENT)),
  ]);
  const status = "LOGGED_MODEL_READY";
  await of.write(
    "logged-models",
    fullIndices.map((index) => ({
      ...{ model_id: `m-full-${index}`, experiment_id: FULL_EXPERIMENT, name: "full", status, digest: "d" },
    })),
  );
  const versions = [{ version: 1, current_stage: "None", source: "s" }];
  await of.write(
    "registered-models",
    fullIndices.map((index) => ({ name: `full-${index}`, versions, digest: "d" })),
  );
  await of.write(
    "logged-models",
    indices.map((index) => ({
      ...{
        model_id: `m-${index}`,
        experiment_id: EXPERIMENT,
        name: "model",
        status: "LOGGED_MODEL_READY",
        digest: "d",
      },
    })),
  );
  await of.write(
    "registered-models",
    indices.map((index) => ({
      name: `model-${index}`,
      versions: [{ version: 1, current_stage: "None", source: "s", run_id: runId(index) }],
      digest: "d",
    })),
  );
}

/** Written to D1 directly, because requests would take minutes. */
function seedTexts(): void {
  const sql = new DatabaseSync(databaseFile(dataDir));
  const upTo = (count: number) =>
    `(WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${count - 1}) SELECT i FROM n)`;
  const pairs = (count: number, length: number) =>
    `SELECT 'tag-' || i AS key, printf('%.*c', ${length}, 'x') AS value FROM ${upTo(count)}`;
  const tags = pairs(TAGS_EACH, TAG_LENGTH);
  const full = pairs(FULL_TAGS, FULL_TAG_LENGTH);
  sql.exec(`
    PRAGMA synchronous = OFF; PRAGMA cache_size = -200000;
    INSERT INTO experiment_tags (experiment_id, key, value)
      SELECT experiment_id, key, value FROM experiments, (${tags}) WHERE experiment_id BETWEEN 1000 AND 1999;
    INSERT INTO logged_model_tags (model_id, key, value, experiment_id)
      SELECT model_id, key, value, experiment_id FROM logged_models, (${tags}) WHERE experiment_id = ${EXPERIMENT};
    INSERT INTO model_version_tags (registered_model_id, version, key, value)
      SELECT registered_model_id, version, key, value FROM model_versions, (${tags}) WHERE run_id IS NOT NULL;
    UPDATE registered_models SET description = printf('%.*c', ${DESCRIPTION_LENGTH}, 'x');
    UPDATE model_versions SET description = printf('%.*c', ${DESCRIPTION_LENGTH}, 'x');
    INSERT INTO params (run_id, key, value, experiment_id)
      SELECT run_id, key, value, experiment_id FROM runs, (${pairs(2, PARAM_LENGTH)}) WHERE experiment_id = ${EXPERIMENT};
    INSERT INTO params (run_id, key, value, experiment_id)
      SELECT run_id, printf('%0${KEY_LENGTH}d', i), '', experiment_id FROM runs, ${upTo(KEYS)}
      WHERE experiment_id = ${KEYS_EXPERIMENT};
    INSERT INTO latest_metrics (run_id, key, value, is_nan, step, timestamp, experiment_id)
      SELECT run_id, 'a metric of a run with many ' || i, i / 3.0, FALSE, i, 1700000000000 + i, experiment_id FROM runs, ${upTo(METRICS)}
      WHERE run_id = '${METRICS_RUN}';
    INSERT INTO experiment_tags (experiment_id, key, value) SELECT ${FULL_EXPERIMENT}, key, value FROM (${full});
    INSERT INTO tags (run_id, key, value, experiment_id)
      SELECT run_id, key, value, experiment_id FROM runs, (${full}) WHERE experiment_id = ${FULL_EXPERIMENT};
    INSERT INTO params (run_id, key, value, experiment_id)
      SELECT run_id, key, value, experiment_id FROM runs, (${full}) WHERE experiment_id = ${FULL_EXPERIMENT};
    INSERT INTO logged_model_tags (model_id, key, value, experiment_id)
      SELECT model_id, key, value, experiment_id FROM logged_models, (${full}) WHERE experiment_id = ${FULL_EXPERIMENT};
    INSERT INTO registered_model_tags (registered_model_id, key, value)
      SELECT registered_model_id, key, value FROM registered_models, (${full}) WHERE name LIKE 'full-%';
    INSERT INTO model_version_tags (registered_model_id, version, key, value)
      SELECT registered_model_id, 1, key, value FROM registered_models, (${full}) WHERE name LIKE 'full-%';`);
  sql.close();
}

const API = "/api/2.0/mlflow";
const FULL_MODELS = encodeURIComponent("name LIKE 'full-%'");

test.each<[what: string, path: string, part: string, count: number, body?: object]>([
  ["a page of experiments", `${API}/experiments/search`, '"lifecycle_stage"', THINGS + 5, { max_results: 1000 }],
  ["the list of experiments", "/ui-api/experiments", '"lifecycle_stage"', THINGS + 5],
  ["a page of runs", `${API}/runs/search`, '"FINISHED"', THINGS, { experiment_ids: [EXPERIMENT] }],
  [
    "a page of logged models",
    `${API}/logged-models/search`,
    '"status"',
    THINGS,
    { experiment_ids: [EXPERIMENT], max_results: 1000 },
  ],
  [
    "a page of registered models",
    `${API}/registered-models/search?max_results=1000`,
    '"latest_versions"',
    THINGS + FULL_THINGS,
  ],
  ["a page of model versions", `${API}/model-versions/search`, '"version"', THINGS + FULL_THINGS],
  ["the keys of an experiment", `/ui-api/keys?experiment_ids=${KEYS_EXPERIMENT}`, '"key"', 10_000],
])("%s is answered in 128 MB", async (_what, path, part, count, body) => {
  const answer = await server.read(path, part, body);
  expect(await server.isAlive()).toBe(true);
  expect(answer).toMatchObject({ status: 200, parts: count });
});

test.each<[what: string, path: string, tags: number]>([
  ["experiment", `${API}/experiments/get?experiment_id=${FULL_EXPERIMENT}`, 1],
  ["run", `${API}/runs/get?run_id=${fullRunId(0)}`, 2],
  ["logged model", `${API}/logged-models/m-full-0`, 1],
  ["registered model", `${API}/registered-models/get?name=full-0`, 2],
  ["version", `${API}/model-versions/get?name=full-0&version=1`, 1],
])("a %s with as many tags as one may have is answered in 128 MB, three times at once", async (_what, path, tags) => {
  const answers = await Promise.all(Array.from({ length: 3 }, () => server.read(path, '"tag-')));
  for (const answer of answers) expect(answer).toMatchObject({ status: 200, parts: tags * FULL_TAGS });
  expect(await server.isAlive()).toBe(true);
});

test.each([
  ["the run", `${API}/runs/get?run_id=${METRICS_RUN}`],
  ["a search", `${API}/runs/search`, { experiment_ids: [METRICS_EXPERIMENT] }],
])("%s of 100,000 metrics is answered in 128 MB, three times at once", async (_what, path, body?: object) => {
  const answers = await Promise.all(Array.from({ length: 3 }, () => server.read(path, '"timestamp"', body)));
  for (const answer of answers) expect(answer).toMatchObject({ status: 200, parts: METRICS });
  expect(await server.isAlive()).toBe(true);
});

const FULL_PAGE = { experiment_ids: [FULL_EXPERIMENT], max_results: 50 };

test.each<[what: string, path: string, tags: number, body?: object]>([
  ["runs", `${API}/runs/search`, 2, FULL_PAGE],
  ["logged models", `${API}/logged-models/search`, 1, FULL_PAGE],
  ["registered models", `${API}/registered-models/search?filter=${FULL_MODELS}`, 2],
  ["versions", `${API}/model-versions/search?filter=${FULL_MODELS}`, 1],
])("a page of %s with as many tags as each may have is answered in 128 MB", async (_what, path, tags, body) => {
  const answer = await server.read(path, '"tag-', body);
  expect(answer).toMatchObject({ status: 200, parts: tags * FULL_TAGS * FULL_THINGS });
  expect(await server.isAlive()).toBe(true);
});

interface Table {
  readonly runs: { readonly run_id: readonly string[] };
  readonly columns: Readonly<Record<string, readonly string[]>>;
  readonly total: number;
  readonly next_page_token?: string;
}

test("a table of long params has shorter pages, which are all of it", async () => {
  const found: string[] = [];
  let pages = 0;
  for (let token: string | undefined = ""; token !== undefined; pages++) {
    const body = {
      experiment_ids: [EXPERIMENT],
      columns: ["params.`tag-0`", "params.`tag-1`"],
      count: true,
      page_token: token,
    };
    const table: Table = JSON.parse(await server.text("/ui-api/runs", body));
    expect(table.total).toBe(THINGS);
    expect(table.columns["params.`tag-1`"]?.map((text) => text.length)).toEqual(
      table.runs.run_id.map(() => PARAM_LENGTH),
    );
    found.push(...table.runs.run_id);
    token = table.next_page_token;
  }
  expect(found.toSorted()).toEqual(indices.map(runId).toSorted());
  expect(pages).toBeGreaterThan(1);
});

test.each([
  [
    "runs",
    THINGS,
    `query q($token: String) { page: mlflowSearchRuns(input: { experimentIds: ["${EXPERIMENT}"], pageToken: $token }) {
      items: runs { info { runId } data { params { key value } } modelVersions { version } } nextPageToken } }`,
  ],
  [
    "model versions",
    MODELS_OF_TEN,
    `query q($token: String) { page: mlflowSearchModelVersions(input: { filter: "name LIKE 'model-1_'", pageToken: $token }) {
      items: modelVersions { name tags { value } } nextPageToken } }`,
  ],
])("GraphQL's %s with long texts come in shorter pages, which are all of them", async (_what, count, query) => {
  let found = 0;
  let pages = 0;
  for (let token = ""; pages === 0 || token !== ""; pages++) {
    const { data } = JSON.parse(await server.text("/graphql", { query, variables: { token } }));
    found += data.page.items.length;
    token = data.page.nextPageToken;
  }
  expect(found).toBe(count);
  expect(pages).toBeGreaterThan(1);
});
