import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import type { ServiceContext } from "../../../src/services/context.ts";
import { forgetLastChange } from "../../../src/services/live/last-changes.ts";
import { whatChanged } from "../../../src/services/live/live-changes.ts";
import { MAX_ASKED_OBJECTS } from "../../../src/stores/run/stub.ts";
import { newExperiment } from "../../helpers/mlflow.ts";

/** A context whose objects answer their progress, or throw. */
function contextWith(lastChange: (name: string) => number) {
  let asked = 0;
  const RUNS = {
    idFromName: (name: string) => name,
    get: (name: string) => ({
      lastChange: async () => {
        asked++;
        return lastChange(name);
      },
    }),
  };
  return { ctx: { env: { RUNS }, db: env.DB } as unknown as ServiceContext, asked: () => asked };
}

/** Live runs, each in its own object. */
async function newLiveRuns(count: number): Promise<string[]> {
  const experimentId = await newExperiment();
  const { results } = await env.DB.prepare(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
     INSERT INTO runs (run_id, experiment_id, run_name, user_id, status, start_time, artifact_uri, lifecycle_stage, has_object,
       live_epoch)
     SELECT printf('%032x', ?1 * 1000000 + i), ?1, 'r', '', 'RUNNING', i, '', 'active', TRUE, 1 FROM n RETURNING run_id`,
  )
    .bind(Number(experimentId), count)
    .all<{ run_id: string }>();
  return results.map(({ run_id }) => run_id);
}

test("no more objects are asked than one request may ask", async () => {
  const runIds = await newLiveRuns(MAX_ASKED_OBJECTS + 100);
  const { ctx, asked } = contextWith(() => 1);
  expect((await whatChanged(ctx, runIds, "")).changed).toHaveLength(runIds.length);
  expect(asked()).toBe(MAX_ASKED_OBJECTS);
});

test("of runs of which an object fails, the others are told", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const runIds = await newLiveRuns(3);
  let points = 1;
  const { ctx } = contextWith((name) => {
    if (name === runIds[1]) throw new Error("an object that fails");
    return points;
  });
  const { changed, cursor } = await whatChanged(ctx, runIds, "");
  expect(changed).toHaveLength(3);
  points = 2;
  for (const runId of runIds) forgetLastChange(runId);
  const told = (await whatChanged(ctx, runIds, cursor)).changed.map(({ run_id }) => run_id);
  expect(told).toEqual([runIds[0], runIds[2]]);
});
