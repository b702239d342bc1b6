import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { findRun, moveToCell } from "../../../../src/stores/d1/runs/runs.ts";
import { newRun } from "../../../helpers/mlflow.ts";

/* A run whose cell is full moves to the next one, if no object can have points of it. */

test.each([
  { run: "without an object", has_object: 0, live_epoch: null, flushed_through: null, moves: true },
  { run: "live since its creation", has_object: 1, live_epoch: 1, flushed_through: null, moves: true },
  { run: "of which D1 was told", has_object: 1, live_epoch: 1, flushed_through: 5, moves: false },
  { run: "that its object marked", has_object: 1, live_epoch: 2, flushed_through: null, moves: false },
  { run: "at rest", has_object: 1, live_epoch: null, flushed_through: null, moves: false },
])("a run $run moves: $moves", async ({ has_object, live_epoch, flushed_through, moves }) => {
  const runId = await newRun();
  await env.DB.prepare(
    "UPDATE runs SET cell = 'cell-0', has_object = ?, live_epoch = ?, flushed_through = ? WHERE run_id = ?",
  )
    .bind(has_object, live_epoch, flushed_through, runId)
    .run();
  await moveToCell(env.DB, runId, "cell-0", "cell-0.2");
  expect((await findRun(env.DB, runId))?.cell).toBe(moves ? "cell-0.2" : "cell-0");
  // Another request has moved it, or it was never there.
  await moveToCell(env.DB, runId, "cell-9", "cell-9.2");
  expect((await findRun(env.DB, runId))?.cell).toBe(moves ? "cell-0.2" : "cell-0");
});
