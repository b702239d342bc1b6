import { env } from "cloudflare:test";
import { beforeAll, expect, test } from "vitest";
import { migrate } from "../../../../src/stores/d1/connection/migrate.ts";
import { countVersionsOf } from "../../../../src/stores/d1/trash/made-versions.ts";

/* Versions 1 to 20 of two models: made from a run of experiment 1 to 3, from a model of experiment 4, or from neither. */

beforeAll(async () => {
  await migrate(env.DB);
  await env.DB.batch(
    [
      `INSERT INTO runs (run_id, experiment_id, run_name, user_id, status, artifact_uri, lifecycle_stage)
       SELECT 'r' || value, value, '', '', 'FINISHED', '', 'deleted' FROM json_each('[1,2,3]')`,
      `INSERT INTO logged_models (model_id, experiment_id, name, status, artifact_uri, lifecycle_stage, creation_time, last_update_time)
       VALUES ('m4', 4, '', 'LOGGED_MODEL_READY', '', 'deleted', 0, 0)`,
      "INSERT INTO registered_models (registered_model_id, name, creation_time, last_update_time) VALUES (1, 'a', 0, 0), (2, 'b', 0, 0)",
      `WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 20)
       INSERT INTO model_versions (registered_model_id, version, current_stage, source, run_id, model_id, creation_time, last_update_time)
       SELECT value, i, iif(i = 20, 'Deleted_Internal', 'None'), '', iif(i % 5 < 3, 'r' || (1 + i % 5), NULL),
         iif(i % 5 = 3, 'm4', NULL), 0, 0 FROM s, json_each('[1,2]')`,
    ].map((sql) => env.DB.prepare(sql)),
  );
});

test.each([1, 7, 40, 41, 10_000])("versions are counted, %d of them in a statement", async (atOnce) => {
  const counts = await countVersionsOf(env.DB, "experiment", ["1", "2", "4", "9"], atOnce);
  // Versions 5, 10 and 15 of either model: version 20 is deleted.
  expect(Object.fromEntries(counts)).toEqual({ 1: 6, 2: 8, 4: 8 });
});

test("of runs and logged models by their indexes", async () => {
  expect(Object.fromEntries(await countVersionsOf(env.DB, "run", ["r1", "r3", "none"]))).toEqual({ r1: 6, r3: 8 });
  expect(Object.fromEntries(await countVersionsOf(env.DB, "logged_model", ["m4"]))).toEqual({ m4: 8 });
  expect((await countVersionsOf(env.DB, "experiment", [])).size).toBe(0);
});
