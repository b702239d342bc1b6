import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { rememberRun } from "../../../src/services/runs/known-runs.ts";
import { findRun } from "../../../src/stores/d1/runs/runs.ts";
import { BIRTH_EPOCH } from "../../../src/stores/run/burst.ts";
import {
  expectMlflowError,
  fetchWorker,
  historyOf,
  metricsOf,
  mlflow,
  newExperiment,
  newRun,
  searchRuns,
  send,
} from "../../helpers/mlflow.ts";
import { abort, latestRows, liveEpoch, log, runsOfCell, seen, seenAs } from "../../helpers/run-object.ts";
import { gc } from "../../helpers/trash.ts";

/* A run of a cell is live from its creation, although its cell learns of it with the first point. */

const point = (run_id: string, step: number) => ({ run_id, key: "a", value: step, step, timestamp: 1 });

test("it is read like any run before it has points, and nothing is stale", async () => {
  const experiment_id = await newExperiment();
  const runId = await newRun({ experiment_id });
  expect(await liveEpoch(runId)).toBe(BIRTH_EPOCH);
  expect(await metricsOf(runId)).toEqual({});
  expect(await historyOf(runId, "a")).toEqual([]);
  const search = await fetchWorker("/api/2.0/mlflow/runs/search", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ experiment_ids: [experiment_id], order_by: ["metrics.a"] }),
  });
  expect(search.headers.get("X-Trackflare-Max-Staleness-Seconds")).toBeNull();
  expect((await search.json<{ runs: unknown[] }>()).runs).toHaveLength(1);
  expect(await runsOfCell(runId)).not.toContain(runId);
});

test("its first points are seen at once, and by the next instance of the cell", async () => {
  const experiment_id = await newExperiment();
  const runId = await newRun({ experiment_id });
  await log(runId, "a", 1, 0);
  expect(await seen(experiment_id, runId)).toEqual(seenAs(1));
  await abort(runId);
  await log(runId, "a", 2, 1);
  await abort(runId);
  expect(await seen(experiment_id, runId)).toEqual(seenAs(1, 2));
  expect(await liveEpoch(runId)).toBe(BIRTH_EPOCH);
  await mlflow("runs/update", { run_id: runId, status: "FINISHED" });
  await expect.poll(() => liveEpoch(runId)).toBeNull();
  expect(await latestRows(runId)).toMatchObject([{ key: "a", value: 2 }]);
});

test("a run that ends without points is at rest, and takes points that come later", async () => {
  const experiment_id = await newExperiment();
  const runId = await newRun({ experiment_id });
  await mlflow("runs/update", { run_id: runId, status: "FINISHED" });
  await expect.poll(() => liveEpoch(runId)).toBeNull();
  await log(runId, "a", 1);
  expect(await liveEpoch(runId)).toBeGreaterThan(BIRTH_EPOCH);
  expect(await seen(experiment_id, runId)).toEqual(seenAs(1));
});

test("a run that is deleted before its first point refuses points until it is restored", async () => {
  const runId = await newRun();
  await mlflow("runs/delete", { run_id: runId });
  for (let step = 0; step < 2; step++) {
    await expectMlflowError(send("runs/log-metric", point(runId, step)), "INVALID_PARAMETER_VALUE");
  }
  await abort(runId);
  await expectMlflowError(send("runs/log-metric", point(runId, 2)), "INVALID_PARAMETER_VALUE");
  await mlflow("runs/restore", { run_id: runId });
  await log(runId, "a", 3);
  expect((await historyOf(runId, "a")).map(({ value }) => value)).toEqual([3]);
});

test.each([true, false])(
  "points of a run that was deleted for good leave nothing in the cell (it had points: %s)",
  async (had) => {
    const runId = await newRun();
    if (had) await log(runId, "a", 0);
    const run = (await findRun(env.DB, runId))!;
    await mlflow("runs/delete", { run_id: runId });
    await gc({ run_ids: [runId] });
    expect(await runsOfCell(runId)).not.toContain(runId);
    // An isolate that has created the run, and not deleted it, still remembers it.
    rememberRun(runId, { ...run, createdMs: Date.now() });
    const late = [1, 2, 3].map((step) =>
      expectMlflowError(send("runs/log-metric", point(runId, step)), "RESOURCE_DOES_NOT_EXIST"),
    );
    await Promise.all(late);
    expect(await runsOfCell(runId)).not.toContain(runId);
  },
);

test("a run of an earlier version's Worker beside this one is created without a mark", async () => {
  await env.DB.prepare(
    `INSERT INTO new_runs (run_id, experiment_id, run_name, user_id, start_time, artifact_uri, tags, cell)
     VALUES (?, 0, 'earlier', '', 0, 'mlflow-artifacts:/0/x/artifacts', '[]', 'cell-0')`,
  )
    .bind("e".repeat(32))
    .run();
  const runId = "e".repeat(32);
  expect(await liveEpoch(runId)).toBeNull();
  await log(runId, "a", 1);
  expect(await liveEpoch(runId)).toBeNull();
  expect(await searchRuns({ experiment_ids: ["0"], filter: "metrics.a = 1" })).toHaveLength(1);
});
