import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Log, LogLevel, Miniflare, type WorkerOptions } from "miniflare";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundleIn, type WorkerBundle, workerBundle } from "../../../src/cli/worker-bundle.ts";

/*
 * For minutes after a deploy this version's Worker calls objects of the release before, and after a rollback the release
 * before calls objects of this version. Two Workers of one runtime and one D1: each has the objects of the other.
 * back-and-forth.test.ts tells where the fixture is from.
 */

const RELEASE = "985f118";
const VERSIONS = ["older", "newer"] as const;
type Version = (typeof VERSIONS)[number];

const folder = mkdtempSync(join(tmpdir(), "trackflare-beside-"));
const otherThan = (version: Version): Version => (version === "older" ? "newer" : "older");

let bundles: Readonly<Record<Version, WorkerBundle>>;

beforeAll(async () => {
  const path = join(folder, "older");
  mkdirSync(path);
  execFileSync("tar", ["-xzf", join(import.meta.dirname, `fixtures/${RELEASE}.worker.tgz`), "-C", path]);
  bundles = { older: bundleIn(path), newer: await workerBundle() };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function workerOf(version: Version, settings: Readonly<Record<string, string>>): WorkerOptions {
  const { options, path, modules } = bundles[version];
  const scriptName = otherThan(version);
  const objects = {
    RUNS: { className: "RunDurableObject", useSQLite: true, scriptName },
    WRITES: { className: "WriteQueue", useSQLite: true, scriptName },
  };
  return {
    ...options,
    name: version,
    rootPath: path,
    modulesRoot: path,
    modules: [...modules],
    bindings: { TRACKFLARE_LOCAL: "1", ...settings },
    d1Databases: { DB: "trackflare" },
    durableObjects: { ...options.durableObjects, ...objects },
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  };
}

const POINTS = Array.from({ length: 12 }, (_, step) => step);

interface Found {
  readonly info: { readonly run_id: string; readonly status: string };
  readonly data: { readonly metrics?: readonly { readonly key: string; readonly value: number }[] };
}

describe.each([
  ["each run its own object", {}],
  ["runs that share an object", { TRACKFLARE_CELLS: "1" }],
] as const)("%s", (_name, settings) => {
  let miniflare: Miniflare;

  beforeAll(async () => {
    miniflare = new Miniflare({
      workers: [workerOf("newer", settings), workerOf("older", settings)],
      cf: false,
      log: new Log(LogLevel.ERROR),
    });
    // The schema is this version's, as after a deploy: a rollback does not bring the one before back.
    await ask("newer", "POST", "experiments/search", { max_results: 1 });
  });
  afterAll(() => miniflare?.dispose());

  async function send(version: Version, method: "GET" | "POST", path: string, message: object): Promise<Response> {
    const url = new URL(`/api/2.0/mlflow/${path}`, await miniflare.unsafeGetDirectURL(version));
    if (method === "GET") url.search = new URLSearchParams(message as Record<string, string>).toString();
    const body = method === "GET" ? {} : { body: JSON.stringify(message) };
    return await fetch(url, { method, headers: { "Content-Type": "application/json" }, ...body });
  }

  async function ask<T>(version: Version, method: "GET" | "POST", path: string, message: object): Promise<T> {
    const answer = await send(version, method, path, message);
    const text = await answer.text();
    expect(answer.status, `${path}: ${text}`).toBe(200);
    return JSON.parse(text) as T;
  }

  describe.each(VERSIONS)("the %s Worker with the other version's objects", (version) => {
    const post = <T>(path: string, message: object) => ask<T>(version, "POST", path, message);
    const get = <T>(path: string, message: object) => ask<T>(version, "GET", path, message);

    async function newRun(experiment_id: string): Promise<string> {
      const { run } = await post<{ run: Found }>("runs/create", { experiment_id, start_time: 1 });
      return run.info.run_id;
    }
    const newExperiment = async () =>
      (await post<{ experiment_id: string }>("experiments/create", { name: crypto.randomUUID() })).experiment_id;
    const log = (run_id: string, step: number) =>
      post("runs/log-metric", { run_id, key: "loss", value: step / 3, timestamp: 1000 + step, step });
    const search = async (experiment_id: string, of: object = {}) =>
      (await post<{ runs?: Found[] }>("runs/search", { experiment_ids: [experiment_id], ...of })).runs ?? [];
    async function history(run_id: string): Promise<number[]> {
      const { metrics } = await get<{ metrics: { step: number; value: number }[] }>("metrics/get-history", {
        run_id,
        metric_key: "loss",
      });
      for (const { step, value } of metrics) expect(value).toBe(step / 3);
      return metrics.map(({ step }) => step);
    }

    test("takes points, shows each of them at once, and has them after the run's end", async () => {
      const experimentId = await newExperiment();
      const runId = await newRun(experimentId);
      for (const step of POINTS) {
        await log(runId, step);
        if (step % 4 !== 3) continue;
        const { run } = await get<{ run: Found }>("runs/get", { run_id: runId });
        expect(run.data.metrics).toMatchObject([{ key: "loss", value: step / 3 }]);
        const filter = `metrics.loss = ${step / 3}`;
        expect((await search(experimentId, { filter })).map(({ info }) => info.run_id)).toEqual([runId]);
        expect((await search(experimentId))[0]?.data.metrics).toMatchObject([{ value: step / 3 }]);
      }
      expect(await history(runId)).toEqual(POINTS);
      await post("runs/update", { run_id: runId, status: "FINISHED", end_time: 2 });
      expect(await history(runId)).toEqual(POINTS);
      const [found] = await search(experimentId, { order_by: ["metrics.loss DESC"] });
      expect(found).toMatchObject({ info: { status: "FINISHED" }, data: { metrics: [{ value: 11 / 3 }] } });
    });

    test("refuses the points of a deleted run, and takes them again when it is restored", async () => {
      const runId = await newRun(await newExperiment());
      for (const step of [0, 1, 2]) await log(runId, step);
      await post("runs/delete", { run_id: runId });
      const refused = await send(version, "POST", "runs/log-metric", {
        ...{ run_id: runId, key: "loss", value: 1, timestamp: 1003, step: 3 },
      });
      expect(refused.status).toBe(400);
      await refused.body?.cancel();
      await post("runs/restore", { run_id: runId });
      await log(runId, 3);
      expect(await history(runId)).toEqual([0, 1, 2, 3]);
    });

    test("writes what many clients write at once", async () => {
      const experimentId = await newExperiment();
      const runIds = await Promise.all(Array.from({ length: 12 }, () => newRun(experimentId)));
      await Promise.all(
        runIds.map(async (run_id, i) => {
          await post("runs/log-batch", { run_id, params: [{ key: "lr", value: String(i) }] });
          for (const step of [0, 1, 2, 3]) {
            await post("runs/set-tag", { run_id, key: "step", value: String(step) });
            await log(run_id, step);
          }
          await post("runs/update", { run_id, status: i % 2 ? "FAILED" : "FINISHED" });
        }),
      );
      const found = await search(experimentId, { filter: "metrics.loss = 1 AND tags.step = '3' AND params.lr != 'x'" });
      expect(found.map(({ info }) => info.run_id).sort()).toEqual(runIds.sort());
      for (const runId of runIds) expect(await history(runId)).toEqual([0, 1, 2, 3]);
    });
  });
});
