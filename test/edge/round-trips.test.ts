import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { type Cost, Isolate } from "./edge.ts";

/*
 * The sequential round trips of API calls to D1 and to objects. On the edge each takes 20 to 150 ms. docs/architecture.md has
 * the table.
 */

let warm: Isolate;
let experimentId: string;

beforeAll(async () => {
  warm = await Isolate.start();
  experimentId = await newExperiment();
});

async function newExperiment(): Promise<string> {
  const { answer } = await warm.api("POST", "experiments/create", { name: crypto.randomUUID() });
  return (answer as { experiment_id: string }).experiment_id;
}

async function newRun(experiment_id = experimentId): Promise<string> {
  const { answer } = await warm.api("POST", "runs/create", { experiment_id });
  return (answer as { run: { info: { run_id: string } } }).run.info.run_id;
}

const point = (run_id: string, step: number) => ({ run_id, key: "a", value: step, timestamp: 1, step });

async function newBusyRun(experiment_id = experimentId): Promise<string> {
  const runId = await newRun(experiment_id);
  for (const step of [0, 1, 2]) await warm.api("POST", "runs/log-metric", point(runId, step));
  return runId;
}

const trips = ({ rounds, roundsAfter }: Cost) => [rounds, roundsAfter];

test("the first request of an isolate asks for the schema beside what it asks anyway; /health asks nothing", async () => {
  const runId = await newRun();
  const reading = await Isolate.start();
  expect(trips(await reading.call("GET", "/health"))).toEqual([0, 0]);
  expect(trips(await reading.call("GET", "/version"))).toEqual([0, 0]);
  const { rounds } = await warm.api("GET", "experiments/get", { experiment_id: experimentId });
  expect(rounds).toBe(1);
  const first = await reading.api("GET", "experiments/get", { experiment_id: experimentId });
  // After its first answer an isolate looks for interrupted purges.
  const beforeAnswer = ({ trips: all, rounds: last }: Cost) => all.filter(({ round }) => round <= last).length;
  expect([first.rounds, beforeAnswer(first)]).toEqual([1, 2]);
  const second = await reading.api("GET", "experiments/get", { experiment_id: experimentId });
  expect([second.rounds, second.trips.length]).toEqual([1, 1]);
  const writing = await Isolate.start();
  const set = { run_id: runId, key: "t", value: "1" };
  const firstWrite = await writing.api("POST", "runs/set-tag", set);
  expect([firstWrite.rounds, beforeAnswer(firstWrite)]).toEqual([1, 1]);
  expect((await writing.api("POST", "runs/set-tag", set)).trips[0]?.what).not.toContain("d1_migrations");
});

test("lists and creations are one round trip", async () => {
  const model = { name: crypto.randomUUID() };
  expect(trips(await warm.api("POST", "registered-models/create", model))).toEqual([1, 0]);
  expect(trips(await warm.api("POST", "experiments/search", { max_results: 100 }))).toEqual([1, 0]);
  expect(trips(await warm.api("GET", "registered-models/search", {}))).toEqual([1, 0]);
  expect(trips(await warm.api("GET", "model-versions/search", {}))).toEqual([1, 0]);
  expect(trips(await warm.api("POST", "logged-models", { experiment_id: experimentId, name: "m" }))).toEqual([1, 0]);
  const found = await warm.api("POST", "logged-models/search", { experiment_ids: [experimentId] });
  expect(trips(found)).toEqual([1, 0]);
  expect(trips(await warm.api("POST", "runs/create", { experiment_id: experimentId }))).toEqual([1, 0]);
});

test("a point is one round trip: of a run's first ones to D1, in a burst to the object alone", async () => {
  const runId = await newRun();
  expect(trips(await warm.api("POST", "runs/log-metric", point(runId, 0)))).toEqual([1, 0]);
  await warm.api("POST", "runs/log-metric", point(runId, 1));
  const inBurst = await warm.api("POST", "runs/log-metric", point(runId, 2));
  expect([inBurst.rounds, inBurst.d1Read, inBurst.d1Written, inBurst.objectWritten]).toEqual([1, 0, 0, 1]);
});

test("params and metrics of one batch are two round trips: D1's part must be there before the points are", async () => {
  const runId = await newBusyRun();
  const { run_id: _, ...metric } = point(runId, 3);
  const batch = { run_id: runId, metrics: [metric], params: [{ key: "p", value: "1" }] };
  expect((await warm.api("POST", "runs/log-batch", batch)).rounds).toBe(2);
});

test("a run's end is one round trip; its object tells D1 after the answer", async () => {
  const runId = await newBusyRun();
  expect(trips(await warm.api("POST", "runs/update", { run_id: runId, status: "FINISHED" }))).toEqual([1, 2]);
  const row = await env.DB.prepare("SELECT live_epoch FROM runs WHERE run_id = ?").bind(runId).first();
  expect(row).toEqual({ live_epoch: null });
});

test("a run at rest is read in one round trip, the first time too; a live run in two, and nothing is written", async () => {
  const live = await newBusyRun();
  const read = await warm.api("GET", "runs/get", { run_id: live });
  expect([...trips(read), read.d1Written]).toEqual([2, 0, 0]);
  const { run } = read.answer as { run: { data: { metrics: unknown[] } } };
  expect(run.data.metrics).toEqual([{ key: "a", value: 2, timestamp: 1, step: 2 }]);
  const atRest = await newRun();
  await warm.api("POST", "runs/log-metric", point(atRest, 0));
  expect((await warm.api("GET", "runs/get", { run_id: atRest })).rounds).toBe(1);
  expect(trips(await warm.api("GET", "runs/get", { run_id: atRest }))).toEqual([1, 0]);
});

test("a search without live runs is one round trip", async () => {
  const experiment = await newExperiment();
  const runId = await newRun(experiment);
  await warm.api("POST", "runs/log-metric", point(runId, 0));
  const search = { experiment_ids: [experiment], filter: "metrics.a < 9", order_by: ["metrics.a"] };
  expect((await warm.api("POST", "runs/search", search)).rounds).toBe(1);
  expect(trips(await warm.api("POST", "runs/search", search))).toEqual([1, 0]);
});

const latestOf = ({ answer }: Cost) =>
  (answer as { runs: { data: { metrics: { value: number }[] } }[] }).runs.map(({ data }) => data.metrics[0]?.value);

test("a search by live runs' metrics is three round trips, and two where nothing is new; by anything else it is two", async () => {
  const experiment = await newExperiment();
  const first = await newBusyRun(experiment);
  const second = await newBusyRun(experiment);
  const byMetric = { experiment_ids: [experiment], order_by: ["metrics.a DESC"] };
  await warm.api("POST", "runs/log-metric", point(first, 7));
  const [one, two] = [await warm.api("POST", "runs/search", byMetric), await warm.api("POST", "runs/search", byMetric)];
  expect([...trips(one), latestOf(one)]).toEqual([3, 0, [7, 2]]);
  expect([...trips(two), two.d1Written, latestOf(two)]).toEqual([2, 0, 0, [7, 2]]);
  await warm.api("POST", "runs/log-metric", point(second, 8));
  expect(latestOf(await warm.api("POST", "runs/search", byMetric))).toEqual([8, 7]);
  const byTime = { experiment_ids: [experiment], order_by: ["attributes.start_time", "attributes.run_id"] };
  const anyhow = await warm.api("POST", "runs/search", byTime);
  expect([...trips(anyhow), anyhow.d1Written]).toEqual([2, 0, 0]);
  expect(latestOf(anyhow).toSorted()).toEqual([7, 8]);
});

test("the point that makes the object: the object stores, and marks the run in D1", async () => {
  const runId = await newRun();
  await warm.api("POST", "runs/log-metric", point(runId, 0));
  const second = await warm.api("POST", "runs/log-metric", point(runId, 1));
  expect(trips(second)).toEqual([2, 0]);
  expect(second.d1Written).toBeLessThanOrEqual(3);
});

test("files that come together share one write of their digests", async () => {
  const folder = `${experimentId}/${await newRun()}/artifacts`;
  const put = (_: unknown, i: number) =>
    new Request(`http://localhost/api/2.0/mlflow-artifacts/artifacts/${folder}/${i}`, { method: "PUT", body: `${i}` });
  const asked = await warm.together(Array.from({ length: 20 }, put));
  expect(asked.filter(({ what }) => what.includes("artifact_digests"))).toHaveLength(1);
  const { results } = await env.DB.prepare("SELECT object_key FROM artifact_digests WHERE object_key LIKE ?")
    .bind(`${folder}/%`)
    .all();
  expect(results).toHaveLength(20);
});

test("sixteen clients that log at once share transactions for their first points, and no second point is one of D1's", async () => {
  const runIds: string[] = [];
  for (let i = 0; i < 16; i++) runIds.push(await newRun());
  const log = async (step: number) => {
    const url = "http://localhost/api/2.0/mlflow/runs/log-metric";
    const headers = { "Content-Type": "application/json" };
    const request = (runId: string) =>
      new Request(url, { method: "POST", headers, body: JSON.stringify(point(runId, step)) });
    const asked = await warm.together(runIds.map(request));
    return asked.filter(({ to }) => to === "d1");
  };
  // Two or three on an idle machine. On a busy one the requests do not arrive together.
  expect((await log(0)).length).toBeLessThan(runIds.length);
  // Each object marks its run as live.
  expect((await log(1)).map(({ isInsideObject }) => isInsideObject)).toEqual(Array(16).fill(true));
  expect(await log(2)).toEqual([]);
});
