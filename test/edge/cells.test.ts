import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { type Cost, Isolate } from "./edge.ts";

/* A sweep of many short runs on the edge: the setting decides how many objects it makes, and how many a look at it asks. */

const RUNS = 12;

/** @returns the names of the calls to objects of runs, before and after the answer */
const callsOfObjects = ({ trips }: Cost) =>
  trips.filter(({ to, isInsideObject }) => to === "runs" && !isInsideObject).map(({ what }) => what);

async function sweep(trainer: Isolate) {
  const made = await trainer.api("POST", "experiments/create", { name: crypto.randomUUID() });
  const { experiment_id } = made.answer as { experiment_id: string };
  const runIds: string[] = [];
  for (let i = 0; i < RUNS; i++) {
    const { answer } = await trainer.api("POST", "runs/create", { experiment_id });
    runIds.push((answer as { run: { info: { run_id: string } } }).run.info.run_id);
  }
  for (const step of [0, 1]) {
    for (const [i, run_id] of runIds.entries()) {
      await trainer.api("POST", "runs/log-metric", { run_id, key: "a", value: i, timestamp: 1, step });
    }
  }
  return { experiment_id, runIds };
}

/** Another isolate looks at a trainer's sweep. @returns how many objects there are, and how many calls each look takes */
async function looks([trainer, reader]: readonly [Isolate, Isolate]) {
  const { experiment_id, runIds } = await sweep(trainer);
  const search = await reader.api("POST", "runs/search", {
    experiment_ids: [experiment_id],
    order_by: ["metrics.a DESC"],
  });
  const { runs } = search.answer as { runs: { info: { run_id: string } }[] };
  expect(runs.map(({ info }) => info.run_id)).toEqual([...runIds].reverse());
  const live = await reader.call("POST", "/ui-api/live", { run_ids: runIds });
  const { objects } = (await env.DB.prepare(
    "SELECT count(DISTINCT iif(cell = '', run_id, cell)) AS objects FROM runs WHERE experiment_id = ?",
  )
    .bind(Number(experiment_id))
    .first<{ objects: number }>())!;
  return { objects, search: callsOfObjects(search).length, live: callsOfObjects(live).length };
}

test("with n cells an experiment, a look at all of its live runs asks n objects; without, an object a run", async () => {
  const settings = { TRACKFLARE_CELLS_PER_EXPERIMENT: "2" } as unknown as Partial<Env>;
  // The start of an isolate ends the objects that were called before.
  const ofCells = [await Isolate.start(settings), await Isolate.start(settings)] as const;
  const withoutCells = [await Isolate.start(), await Isolate.start()] as const;
  const { objects, ...asked } = await looks(ofCells);
  // Run ids are random: all runs may be in one of the two.
  expect(objects).toBeLessThanOrEqual(2);
  expect(asked).toEqual({ search: objects, live: objects });
  expect(await looks(withoutCells)).toEqual({ objects: RUNS, search: RUNS, live: RUNS });
});

test("the points of many imported runs take one call of their cell, and not one for each run", async () => {
  const importer = await Isolate.start({ TRACKFLARE_CELLS_PER_EXPERIMENT: "1" } as unknown as Partial<Env>);
  const made = await importer.api("POST", "experiments/create", { name: crypto.randomUUID() });
  const { experiment_id } = made.answer as { experiment_id: string };
  const runIds = Array.from({ length: RUNS }, () => crypto.randomUUID().replaceAll("-", ""));
  const send = (name: string, records: readonly object[]) =>
    importer.call("POST", `/api/2.0/trackflare/import/${name}`, { records });
  await send(
    "runs",
    runIds.map((run_id) => ({ run_id, experiment_id, status: "FINISHED" })),
  );
  const metrics = [{ key: "a", timestamps: [1, 2], steps: [0, 1], values: [0.5, 1.5] }];
  const points = await send(
    "points",
    runIds.map((run_id) => ({ run_id, metrics })),
  );
  expect(callsOfObjects(points)).toEqual(["appendAllInCell"]);
  // The first run's mark, and those of all others.
  expect(points.trips.filter(({ to, isInsideObject }) => to === "d1" && isInsideObject)).toHaveLength(2);
  await send(
    "finished-runs",
    runIds.map((run_id) => ({ run_id, digest: "d" })),
  );
  for (const run_id of runIds) {
    const { answer } = await importer.api("GET", `metrics/get-history?run_id=${run_id}&metric_key=a`);
    expect((answer as { metrics: { value: number }[] }).metrics.map(({ value }) => value)).toEqual([0.5, 1.5]);
  }
});
