import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { Isolate } from "./edge.ts";

/* Objects are born near the client that logs, and never near a reader. */

const SYDNEY = { cf: { continent: "OC", longitude: "151.2" } };
const PARIS = { cf: { continent: "EU", longitude: "2.35" } };

async function newRun(isolate: Isolate): Promise<{ runId: string; experimentId: string }> {
  const made = await isolate.api("POST", "experiments/create", { name: crypto.randomUUID() });
  const { experiment_id: experimentId } = made.answer as { experiment_id: string };
  const { answer } = await isolate.api("POST", "runs/create", { experiment_id: experimentId });
  return { runId: (answer as { run: { info: { run_id: string } } }).run.info.run_id, experimentId };
}

const log = (isolate: Isolate, run_id: string, step: number) =>
  isolate.api("POST", "runs/log-metric", { run_id, key: "a", value: step, timestamp: 1, step });

/** Everything by which somebody looks at a run. */
async function look(isolate: Isolate, runId: string, experimentId: string): Promise<string[]> {
  const experiments = { experiment_ids: [experimentId] };
  const columns = { columns: ["metrics.a"], order_by: ["metrics.a"], count: true };
  const runs = { run_ids: [runId], metric_keys: ["a"] };
  const looks = [
    await isolate.api("GET", "runs/get", { run_id: runId }),
    await isolate.api("POST", "runs/search", { ...experiments, order_by: ["metrics.a"] }),
    await isolate.api("GET", "metrics/get-history", { run_id: runId, metric_key: "a" }),
    await isolate.call("POST", "/ui-api/runs", { ...experiments, ...columns }),
    await isolate.call("GET", "/ui-api/keys", { experiment_ids: experimentId }),
    await isolate.call("POST", "/ui-api/live", { run_ids: [runId] }),
    await isolate.call("POST", "/ui-api/series", runs),
    await isolate.call("POST", "/ui-api/group-series", { ...runs, group_of: [0] }),
    await isolate.call("GET", `/ui-api/runs/${runId}/live`, {}, { Upgrade: "websocket" }, 400),
  ];
  return looks.flatMap(({ hints }) => hints);
}

test("a run without an object is looked at without making one; the trainer's second point makes it, near the trainer", async () => {
  const trainer = await Isolate.start({}, SYDNEY);
  const reader = await Isolate.start({}, PARIS);
  const { runId, experimentId } = await newRun(trainer);
  const id = env.RUNS.idFromName(runId);
  const isThere = async () => (await listDurableObjectIds(env.RUNS)).some((other) => other.equals(id));
  await log(trainer, runId, 0);
  expect(await look(reader, runId, experimentId)).toEqual([]);
  await trainer.api("POST", "runs/set-tag", { run_id: runId, key: "t", value: "1" });
  expect(await isThere()).toBe(false);
  expect((await log(trainer, runId, 1)).hints).toEqual(["runs oc"]);
  expect(await isThere()).toBe(true);
});

test("a run that one place creates and another one logs has its object near the one that logs", async () => {
  const [scheduler, trainer] = [await Isolate.start({}, PARIS), await Isolate.start({}, SYDNEY)];
  const { runId } = await newRun(scheduler);
  await scheduler.api("POST", "runs/set-tag", { run_id: runId, key: "t", value: "1" });
  await log(scheduler, runId, 0);
  expect((await log(trainer, runId, 1)).hints).toEqual(["runs oc"]);
});

test("ended, deleted and restored without a second point, a run never has an object", async () => {
  const trainer = await Isolate.start({}, SYDNEY);
  const { runId, experimentId } = await newRun(trainer);
  const before = (await listDurableObjectIds(env.RUNS)).length;
  await log(trainer, runId, 0);
  await trainer.api("POST", "runs/update", { run_id: runId, status: "FINISHED" });
  await look(trainer, runId, experimentId);
  await trainer.api("POST", "runs/delete", { run_id: runId });
  await trainer.api("POST", "runs/restore", { run_id: runId });
  expect((await listDurableObjectIds(env.RUNS)).length).toBe(before);
});

test("the cell of an experiment is created near the client that creates its first run, before a search can be first", async () => {
  const settings = { TRACKFLARE_CELLS_PER_EXPERIMENT: "1" } as unknown as Partial<Env>;
  const trainer = await Isolate.start(settings, SYDNEY);
  const made = await trainer.api("POST", "experiments/create", { name: crypto.randomUUID() });
  const { experiment_id } = made.answer as { experiment_id: string };
  const first = await trainer.api("POST", "runs/create", { experiment_id });
  // After the answer, and once an isolate: no client waits for it.
  expect([first.rounds, first.roundsAfter, first.hints]).toEqual([1, 1, ["runs oc"]]);
  const id = env.RUNS.idFromName(`cell-${experiment_id}-0`);
  expect((await listDurableObjectIds(env.RUNS)).some((other) => other.equals(id))).toBe(true);
  const second = await trainer.api("POST", "runs/create", { experiment_id });
  expect([second.rounds, second.roundsAfter, second.hints]).toEqual([1, 0, []]);
});
