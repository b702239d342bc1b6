import { createExecutionContext, createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, inject, test } from "vitest";
import { s3Settings } from "../../src/domain/s3-settings.ts";
import worker from "../../src/index.ts";
import { S3ArtifactStore } from "../../src/stores/artifacts/s3/s3-artifact-store.ts";
import { mlflow, newExperiment, newRun } from "../helpers/mlflow.ts";
import { gc, keysBelow, NOTHING_UNFINISHED, putFile, rowsWith } from "../helpers/trash.ts";

const tick = (settings: Partial<Env> = {}) =>
  worker.scheduled(createScheduledController(), { ...env, ...settings }, createExecutionContext());

test("the schedule finishes a deletion for good that was cut off", async () => {
  const experimentId = await newExperiment();
  const runId = await newRun({ experiment_id: experimentId });
  await putFile(`${experimentId}/${runId}/artifacts/a`, "a");
  await mlflow("runs/delete", { run_id: runId });
  // The state after a crash: the run is deleted, but its files and rows are not.
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO purges (kind, id, experiment_id, artifact_uri, has_object, cell, claim, claimed_until)
       SELECT 'run', run_id, experiment_id, artifact_uri, has_object, cell, 'crashed', 0 FROM runs WHERE run_id = ?`,
    ).bind(runId),
    env.DB.prepare("DELETE FROM runs WHERE run_id = ?").bind(runId),
  ]);
  expect(await keysBelow(`${experimentId}/${runId}`)).toHaveLength(1);
  await tick();
  expect(await keysBelow(`${experimentId}/${runId}`)).toEqual([]);
  expect(await rowsWith(runId)).toEqual([]);
  expect(await gc({})).toMatchObject({ unfinished: NOTHING_UNFINISHED });
});

test("the schedule leaves an upload alone that is under way", async () => {
  const settings = s3Settings(inject("s3"));
  if (settings === undefined) throw new Error("The tests' settings name no bucket");
  const { multipart } = new S3ArtifactStore(settings);
  const key = `${crypto.randomUUID()}/file`;
  const uploadId = await multipart.create(key);
  const etag = await multipart.putPart(key, uploadId, 1, new TextEncoder().encode("text"));
  await tick(inject("s3"));
  await multipart.complete(key, uploadId, [{ partNumber: 1, etag }]);
});
