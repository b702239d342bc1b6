import { runInDurableObject } from "cloudflare:test";
import { beforeEach, expect, test, vi } from "vitest";
import { historyOf, metricsOf, newRun } from "../../helpers/mlflow.ts";
import { abort, log, object, runsOfCell } from "../../helpers/run-object.ts";

/* The object of a cell, as the platform calls it. */

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});

test("a new instance knows that it is a cell's: a purge by an earlier version, which names no cell, leaves the other runs", async () => {
  const [gone, other] = [await newRun(), await newRun()];
  for (const runId of [gone, other]) await log(runId, "a", 1);
  await abort(gone);
  await runInDurableObject(object(gone), (instance) => instance.purge(gone));
  expect(await runsOfCell(other)).not.toContain(gone);
  expect(await runsOfCell(other)).toContain(other);
  expect(await historyOf(other, "a")).toHaveLength(1);
});

test("of the last changes of a cell's runs only that of a run that cannot be read is missing", async () => {
  const [broken, whole] = [await newRun(), await newRun()];
  for (const runId of [broken, whole]) await log(runId, "a", 1);
  await runInDurableObject(object(broken), (_instance, { storage }) =>
    storage.sql.exec(
      `UPDATE journal SET body = CAST(x'63' || substr(body, 2) AS BLOB)
       WHERE run = (SELECT number FROM cell_run WHERE run_id = ?)`,
      broken,
    ),
  );
  await abort(broken);
  const changes = await runInDurableObject(object(whole), (instance) => instance.lastChanges([broken, whole]));
  expect(changes).toEqual([undefined, expect.any(Number)]);
  expect(await metricsOf(whole)).toMatchObject({ a: { value: 1 } });
});
