import { runInDurableObject } from "cloudflare:test";
import { beforeEach, expect, test, vi } from "vitest";
import { historyOf, metricsOf, mlflow, newRun } from "../../helpers/mlflow.ts";
import { abort, log, object, runOf, runsOfCell } from "../../helpers/run-object.ts";
import { gc } from "../../helpers/trash.ts";

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

test("a flush that arrives after a run was deleted for good leaves nothing of it in the cell", async () => {
  const [gone, other] = [await newRun(), await newRun()];
  for (const runId of [gone, other]) await log(runId, "a", 1);
  await mlflow("runs/delete", { run_id: gone });
  expect((await gc({ run_ids: [gone] })).failures).toEqual([]);
  expect(await runOf(gone).flush()).toBe(false);
  expect(await runsOfCell(other)).not.toContain(gone);
  await runOf(other).flush();
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
