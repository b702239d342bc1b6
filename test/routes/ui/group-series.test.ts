import { expect, test } from "vitest";
import { type GroupSeries, parseGroupSeries } from "../../../ui/src/api/series-frames.ts";
import { expectMlflowError, fetchWorker, type Message, mlflow, newExperiment, newRun } from "../../helpers/mlflow.ts";

const headers = { "Content-Type": "application/json" };
const post = (body: Message) =>
  fetchWorker("/ui-api/group-series", { method: "POST", headers, body: JSON.stringify(body) });

async function groupSeries(body: Message): Promise<GroupSeries[]> {
  return parseGroupSeries(await (await post(body)).arrayBuffer());
}

/** A run whose metric `m` has `values` at steps 0, 1, … */
async function logged(experimentId: string, values: readonly unknown[], others: Message[] = []): Promise<string> {
  const runId = await newRun({ experiment_id: experimentId, start_time: 1 });
  const metrics = values.map((value, step) => ({ key: "m", step, timestamp: 10 + step, value }));
  await mlflow("runs/log-batch", { run_id: runId, metrics: [...metrics, ...others] });
  return runId;
}

test("a group's curve is the mean of its runs' curves; one that ended early counts to its end, its latest value always", async () => {
  const experimentId = await newExperiment();
  const a = await logged(experimentId, [1, 2, 3]);
  const b = await logged(experimentId, [3, 4]);
  const lone = await logged(experimentId, [5]);
  const bad = await logged(experimentId, ["NaN"]);
  const [first, second, third] = await groupSeries({
    run_ids: [a, b, lone, bad, "0123456789abcdef0123456789abcdef"],
    group_of: [0, 0, 1, 2, 3],
    metric_keys: ["m"],
  });
  expect(first).toMatchObject({ group: 0, key: "m", runs: 2, read: 2 });
  expect([...first!.x]).toEqual([0, 1, 2]);
  expect([...first!.means]).toEqual([2, 3, 3]);
  expect([...first!.spreads]).toEqual([Math.SQRT2, Math.SQRT2, 0]);
  expect([...first!.counts]).toEqual([2, 2, 1]);
  // The mean of 3 and 4, as in a table of the two runs; not 3, the end of the curve.
  expect(first!.latest).toEqual({ count: 2, mean: 3.5, std: Math.SQRT1_2, min: 3, max: 4 });
  expect(second).toMatchObject({ group: 1, runs: 1, latest: { mean: 5, std: 0 } });
  expect(third).toMatchObject({ group: 2, runs: 1, read: 1 });
  expect(third!.latest).toBeUndefined();
  expect(third!.x).toHaveLength(0);
});

test("lines of other steps are read between their points", async () => {
  const experimentId = await newExperiment();
  const a = await logged(experimentId, [0, 1, 2, 3, 4]);
  const b = await newRun({ experiment_id: experimentId });
  const ends = [0, 4].map((step) => ({ key: "m", step, timestamp: step, value: 10 + step }));
  await mlflow("runs/log-batch", { run_id: b, metrics: ends });
  const [found] = await groupSeries({ run_ids: [a, b], group_of: [0, 0], metric_keys: ["m"] });
  expect([...found!.means]).toEqual([5, 6, 7, 8, 9]);
  expect([...found!.counts]).toEqual([2, 2, 2, 2, 2]);
});

test("without time as many runs of one group as of another are read, and it is said", async () => {
  const experimentId = await newExperiment();
  const runIds = await Promise.all(Array.from({ length: 24 }, (_, index) => logged(experimentId, [index, index])));
  const body = { run_ids: runIds, group_of: runIds.map((_, index) => (index < 12 ? 0 : 1)), metric_keys: ["m"] };
  const all = await groupSeries(body);
  expect(all.map(({ runs, read }) => [runs, read])).toEqual([
    [12, 12],
    [12, 12],
  ]);
  const some = await groupSeries({ ...body, budget_ms: 1 });
  expect(some.map(({ runs, read }) => [runs, read])).toEqual([
    [12, 8],
    [12, 8],
  ]);
  expect(some.map(({ latest }) => latest?.mean)).toEqual([5.5, 17.5]);
});

test("with a metric as x the steps of one value are one point", async () => {
  const experimentId = await newExperiment();
  const epochs = [0, 0, 1, 1].map((value, step) => ({ key: "epoch", step, timestamp: step, value }));
  const runId = await logged(experimentId, [1, 3, 5, 9], epochs);
  const ask = async (same_x: string) =>
    (await groupSeries({ run_ids: [runId], group_of: [0], metric_keys: ["m"], x: "metric:epoch", same_x }))[0]!;
  expect([...(await ask("mean")).means]).toEqual([2, 7]);
  expect([...(await ask("last")).means]).toEqual([3, 9]);
});

test("what cannot be groups is refused", async () => {
  const runId = await newRun();
  const body = { run_ids: [runId], group_of: [0], metric_keys: ["m"] };
  for (const wrong of [
    { group_of: [] },
    { group_of: [-1] },
    { budget_ms: 0 },
    { budget_ms: 60_000 },
    { metric_keys: [] },
    { x: "epoch" },
    { same_x: "median" },
    { buckets: 0 },
  ]) {
    await expectMlflowError(post({ ...body, ...wrong }), "INVALID_PARAMETER_VALUE");
  }
});
