import { env } from "cloudflare:test";
import { beforeAll, expect, test } from "vitest";
import type { Entity } from "../../src/search/ast.ts";
import { planRunColumns } from "../../src/search/run-columns.ts";
import { insertRuns, type SearchedRun } from "./population.ts";

const BIG = 9_007_199_254_740_993n;

const RUN: SearchedRun = {
  runId: "a",
  experimentId: 1,
  status: "RUNNING",
  userId: "u",
  startTime: BIG,
  endTime: null,
  deleted: false,
  metrics: { loss: Number.NaN, acc: 0.5, up: Number.MAX_VALUE, down: -Number.MAX_VALUE },
  ranges: { loss: [-Number.MAX_VALUE, Number.MAX_VALUE], acc: [0.25, 0.75] },
  firsts: { loss: 2, acc: Number.NaN },
  params: { lr: "0.10", big: "1e999", name: "x" },
  tags: { "mlflow.runName": "a's name", t: "v" },
  datasets: [
    { name: "d1", digest: "1", context: "train" },
    { name: "d2", digest: "2" },
  ],
};

beforeAll(async () => {
  await insertRuns(env.DB, [RUN, { ...RUN, runId: "b", status: "FINISHED", endTime: 5n, metrics: {}, datasets: [] }]);
  await env.DB.batch([
    env.DB.prepare("UPDATE latest_metrics SET timestamp = 1700000000000 WHERE run_id = 'a' AND key = 'acc'"),
    env.DB.prepare("INSERT INTO model_outputs VALUES ('a', 'm-1', 0), ('a', 'm-2', 1)"),
    ...["m-1", "m-2"].map((id) =>
      env.DB.prepare(
        `INSERT INTO logged_models (model_id, experiment_id, name, status, artifact_uri, lifecycle_stage, creation_time,
           last_update_time) VALUES (?, 1, 'net', 'LOGGED_MODEL_READY', '', 'active', 0, 0)`,
      ).bind(id),
    ),
  ]);
});

/** The columns of each row, by id. */
async function columns(
  runIds: readonly string[],
  fields: readonly [Entity, string][],
  textBytes = 1000,
): Promise<unknown[][]> {
  const { sql, values } = planRunColumns(
    runIds,
    fields.map(([entity, key]) => ({ entity, key })),
    textBytes,
  );
  const { results } = await env.DB.prepare(sql)
    .bind(...values)
    .all<Record<string, unknown>>();
  return results.map((row) => fields.map((_, index) => row[`c${index}`]));
}

test.each<[Entity, string, unknown]>([
  ["metric", "loss", "NaN"],
  ["metric", "acc", 0.5],
  ["metric", "up", "Infinity"],
  ["metric", "down", "-Infinity"],
  ["metric", "none", null],
  ["metricFirst", "loss", 2],
  ["metricFirst", "acc", "NaN"],
  ["metricFirst", "up", null],
  ["metricMin", "loss", "-Infinity"],
  ["metricMax", "loss", "Infinity"],
  ["metricMin", "acc", 0.25],
  ["metricMax", "acc", 0.75],
  ["param", "lr", "0.10"],
  ["paramNumber", "lr", 0.1],
  ["paramNumber", "big", Number.MAX_VALUE],
  ["paramNumber", "name", null],
  ["tag", "t", "v"],
  ["attribute", "run_name", "a's name"],
  ["attribute", "status", "RUNNING"],
  ["attribute", "user_id", "u"],
  ["attribute", "experiment_id", "1"],
  ["attribute", "start_time", String(BIG)],
  ["attribute", "end_time", null],
  ["attribute", "last_metric_time", "1700000000000"],
  ["attribute", "models", "net"],
  ["dataset", "name", "d1,d2"],
  ["dataset", "context", "train"],
])("%s %s", async (entity, key, value) => {
  expect(await columns(["a"], [[entity, key]])).toEqual([[value]]);
});

test("a run that goes on is told by its last metric, one that ended is not", async () => {
  expect(
    await columns(
      ["b"],
      [
        ["attribute", "last_metric_time"],
        ["attribute", "end_time"],
      ],
    ),
  ).toEqual([[null, "5"]]);
});

test("there is a row for each id in its order, also of no run, and a column for each field", async () => {
  expect(
    await columns(
      ["b", "gone", "a", "b"],
      [
        ["attribute", "run_id"],
        ["param", "lr"],
      ],
    ),
  ).toEqual([
    ["b", "0.10"],
    [null, null],
    ["a", "0.10"],
    ["b", "0.10"],
  ]);
});

test("rows end with the one whose text is too much; numbers are none, and the first row is always there", async () => {
  const ids = ["a", "b", "a", "b"];
  const rowsOf = async (fields: [Entity, string][], textBytes: number) =>
    (await columns(ids, fields, textBytes)).length;
  expect(await rowsOf([["param", "lr"]], 0)).toBe(1);
  // "0.10" and "a's name" are 12 bytes.
  const texts: [Entity, string][] = [
    ["param", "lr"],
    ["attribute", "run_name"],
  ];
  expect(await rowsOf(texts, 23)).toBe(2);
  expect(await rowsOf(texts, 24)).toBe(3);
  expect(await rowsOf([["dataset", "name"]], 4)).toBe(1);
  expect(
    await rowsOf(
      [
        ["metric", "acc"],
        ["paramNumber", "lr"],
        ["attribute", "start_time"],
      ],
      0,
    ),
  ).toBe(4);
});

test.each<[Entity, string, boolean]>([
  ["param", "lr", true],
  ["tag", "t", true],
  ["dataset", "name", true],
  ["attribute", "run_name", true],
  ["attribute", "user_id", true],
  ["attribute", "models", true],
  ["attribute", "start_time", false],
  ["metric", "acc", false],
  ["metricMax", "acc", false],
])("whether the bytes of %s %s count: %s", (entity, key, counts) => {
  expect(planRunColumns(["a"], [{ entity, key }], 1).sql.includes("octet_length")).toBe(counts);
});
