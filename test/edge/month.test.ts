import { afterEach, expect, test, vi } from "vitest";
import { COUNTED } from "../../bench/edge/counted.ts";
import { Isolate } from "./edge.ts";
import { ledger } from "./ledger.ts";

/* What bench/edge/cost.ts multiplies by a month: each figure is counted here, and must not be greater than it says there. */

afterEach(() => {
  vi.restoreAllMocks();
});

/** A count may be a little less than its figure, and never more. */
function expectCounted(actual: Readonly<Record<string, number>>, figures: Readonly<Record<string, number>>): void {
  console.log(JSON.stringify(actual));
  for (const [what, figure] of Object.entries(figures)) {
    expect(actual[what], what).toBeLessThanOrEqual(figure);
    expect(actual[what], `${what} is far below what it counts for`).toBeGreaterThan(0.8 * figure - 1);
  }
}

const tenMetrics = (step: number) =>
  Array.from({ length: 10 }, (_, i) => ({ key: `m${i}`, value: step + i, step, timestamp: 1000 + step }));

async function newExperiment(isolate: Isolate): Promise<string> {
  const { answer } = await isolate.api("POST", "experiments/create", { name: crypto.randomUUID() });
  return (answer as { experiment_id: string }).experiment_id;
}

async function newRun(isolate: Isolate, experiment_id: string): Promise<string> {
  const tags = ["mlflow.user", "mlflow.source.name", "mlflow.source.type", "mlflow.runName"].map((key) => ({
    key,
    value: "x",
  }));
  const { answer } = await isolate.among("/api/2.0/mlflow/runs/create", { experiment_id, tags });
  return (answer as { run: { info: { run_id: string } } }).run.info.run_id;
}

/** Rows since the ledger was cleared. */
function rows(trips = ledger.trips) {
  ledger.settleCursors();
  const d1 = trips.filter(({ to }) => to === "d1");
  return {
    rowsRead: d1.reduce((sum, trip) => sum + trip.rowsRead, 0),
    rowsWritten: d1.reduce((sum, trip) => sum + trip.rowsWritten, 0),
    objectCalls: trips.filter(({ to }) => to !== "d1").length,
    objectRowsWritten: ledger.objectRowsWritten + ledger.alarmsSet,
  };
}

test("a run with ten params: its creation, its first points, 200 calls of ten metrics, and its end", async () => {
  const isolate = await Isolate.start();
  const experimentId = await newExperiment(isolate);
  ledger.clear();
  const runId = await newRun(isolate, experimentId);
  const params = Array.from({ length: 10 }, (_, i) => ({ key: `p${i}`, value: "1" }));
  const log = (message: object) => isolate.among("/api/2.0/mlflow/runs/log-batch", { run_id: runId, ...message });
  await log({ params });
  for (const step of [0, 1, 2]) await log({ metrics: tenMetrics(step) });
  const begun = rows();
  const calls = 200;
  for (let step = 3; step < 3 + calls; step++) await log({ metrics: tenMetrics(step) });
  const logged = rows();
  const each = (what: keyof typeof begun) => (logged[what] - begun[what]) / calls;
  expectCounted(
    {
      objectRowsWritten: each("objectRowsWritten"),
      objectCalls: each("objectCalls"),
      rowsWritten: each("rowsWritten"),
    },
    COUNTED.call,
  );
  await isolate.among("/api/2.0/mlflow/runs/update", { run_id: runId, status: "FINISHED", end_time: 5 });
  const ended = rows();
  expectCounted(
    {
      rowsRead: ended.rowsRead - logged.rowsRead + begun.rowsRead,
      rowsWritten: ended.rowsWritten - logged.rowsWritten + begun.rowsWritten,
    },
    COUNTED.run,
  );
});

test("20 pages of a runs table of 40 runs, 20 of them logging each second, in two isolates", async () => {
  const [trainer, ...isolates] = [await Isolate.start(), await Isolate.start(), await Isolate.start()];
  const experimentId = await newExperiment(trainer);
  const runIds: string[] = [];
  for (let i = 0; i < 40; i++) {
    const runId = await newRun(trainer, experimentId);
    runIds.push(runId);
    const log = (step: number) =>
      trainer.among("/api/2.0/mlflow/runs/log-batch", { run_id: runId, metrics: tenMetrics(step) });
    for (const step of i < 20 ? [0, 1] : [0]) await log(step);
    if (i >= 20) await trainer.among("/api/2.0/mlflow/runs/update", { run_id: runId, status: "FINISHED" });
  }
  const live = runIds.slice(0, 20);
  const start = Date.now();
  let nowMs = start;
  vi.spyOn(Date, "now").mockImplementation(() => nowMs);
  const search = {
    experiment_ids: [experimentId],
    columns: ["metrics.m0", "metrics.m1", "metrics.m2", "metrics.m3", "metrics.m4", "params.p0"],
  };
  let requests = 0;
  const pages = Array.from({ length: 20 }, (_, i) => ({
    isolate: isolates[i % 2]!,
    phaseMs: 100 * i,
    bookmark: "",
    cursor: "",
  }));
  const send = async (page: (typeof pages)[number], path: string, message: object) => {
    requests++;
    const headers = page.bookmark === "" ? {} : { "X-Trackflare-Bookmark": page.bookmark };
    const { answer, headers: told } = await page.isolate.among(path, message, headers);
    page.bookmark = told.get("X-Trackflare-Bookmark") ?? page.bookmark;
    return answer;
  };
  /** What a page does each two seconds: ui/src/screens/runs/use-live-rows.ts. */
  const look = async (page: (typeof pages)[number]) => {
    const looked = { run_ids: live, ...(page.cursor !== "" && { cursor: page.cursor }) };
    const { cursor, runs } = (await send(page, "/ui-api/live", looked)) as {
      cursor: string;
      runs: { run_id: string }[];
    };
    page.cursor = cursor;
    if (runs.length === 0) return;
    const filter = `attributes.run_id IN (${runs.map(({ run_id }) => `'${run_id}'`).join()})`;
    await send(page, "/ui-api/runs", { ...search, filter, run_view_type: "ALL", max_results: runs.length });
  };
  const seconds = 4;
  const counted = { rowsRead: 0, rowsWritten: 0, objectCalls: 0 };
  const run = async (isCounted: boolean, work: () => Promise<unknown>) => {
    ledger.clear();
    await work();
    // What objects tell D1 by their own alarms is counted with the runs.
    const { rowsRead, rowsWritten, objectCalls } = rows(ledger.trips.filter(({ isInsideObject }) => !isInsideObject));
    if (!isCounted) return;
    counted.rowsRead += rowsRead;
    counted.rowsWritten += rowsWritten;
    counted.objectCalls += objectCalls;
  };
  for (let ms = -2000; ms < 1000 * seconds; ms += 100) {
    nowMs = start + 2000 + ms;
    if (ms === 0) requests = 0;
    if (ms % 1000 === 0) {
      const step = 10 + ms / 1000;
      await run(false, () =>
        Promise.all(
          live.map((run_id) => trainer.among("/api/2.0/mlflow/runs/log-batch", { run_id, metrics: tenMetrics(step) })),
        ),
      );
    }
    for (const page of pages) {
      const at = ms + 2000 - page.phaseMs;
      if (at % 2000 === 0) await run(ms >= 0, () => look(page));
      if (at % 5000 === 0) {
        await run(ms >= 0, () => send(page, "/ui-api/runs", { ...search, columns: [], max_results: 1, count: true }));
      }
    }
  }
  expect(counted.rowsWritten).toBe(0);
  const { rowsRead, objectCalls } = counted;
  expectCounted(
    { requests: requests / seconds, objectCalls: objectCalls / seconds, rowsRead: rowsRead / seconds },
    COUNTED.team,
  );
});
