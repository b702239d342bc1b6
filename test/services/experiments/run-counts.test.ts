import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import type { ServiceContext } from "../../../src/services/context.ts";
import { countRuns } from "../../../src/services/experiments/experiment-list.ts";
import { migrate } from "../../../src/stores/d1/connection/migrate.ts";
import { activityQuery } from "../../../src/stores/d1/experiments/experiment-activity.ts";
import { Random } from "../../faults/random.ts";
import { fetchWorker, type Message, mlflow, newExperiment } from "../../helpers/mlflow.ts";
import { gc } from "../../helpers/trash.ts";

/* Triggers keep an experiment's counts of runs in its row, whatever happens to the runs. */

beforeAll(() => migrate(env.DB));

type Counts = readonly [active: number | null, deleted: number | null, running: number | null];

async function kept(experimentId: string): Promise<Counts | undefined> {
  const sql = "SELECT active_runs, deleted_runs, running_runs FROM experiments WHERE experiment_id = ?";
  const [row] = await env.DB.prepare(sql).bind(experimentId).raw<[number, number, number]>();
  return row;
}

async function counted(experimentId: string): Promise<Counts> {
  const sql = `SELECT count(*) FILTER (WHERE lifecycle_stage = 'active'), count(*) FILTER (WHERE lifecycle_stage = 'deleted'),
    count(*) FILTER (WHERE lifecycle_stage = 'active' AND status = 'RUNNING') FROM runs WHERE experiment_id = ?`;
  const [row] = await env.DB.prepare(sql).bind(experimentId).raw<[number, number, number]>();
  return row!;
}

interface Listed {
  readonly experiment_id: string;
  readonly active_runs: number;
  readonly deleted_runs: number;
  readonly running_runs: number;
}

async function listed(experimentId: string): Promise<Counts> {
  const answer = await fetchWorker("/ui-api/experiments");
  const { experiments } = (await answer.json()) as { experiments: Listed[] };
  const found = experiments.find(({ experiment_id }) => experiment_id === experimentId)!;
  return [found.active_runs, found.deleted_runs, found.running_runs];
}

async function trackflare(path: string, message: Message): Promise<Message> {
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify(message);
  const answer = await fetchWorker(`/api/2.0/trackflare/${path}`, { method: "POST", headers, body });
  const text = await answer.text();
  expect(answer.status, `${path}: ${text}`).toBe(200);
  return JSON.parse(text);
}

const STATUSES = ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"] as const;

/** Two experiments and what happens to their runs, as a seed decides. */
class Life {
  readonly #random: Random;
  readonly #runs = new Map<string, { stage: "active" | "deleted"; experimentId: string }>();
  readonly did = new Set<string>();
  #imported = 0;

  readonly experimentIds: readonly string[];

  constructor(seed: number, experimentIds: readonly string[]) {
    this.#random = new Random(seed);
    this.experimentIds = experimentIds;
  }

  #pick(stage: "active" | "deleted"): string | undefined {
    const ids = [...this.#runs].filter(([, run]) => run.stage === stage).map(([id]) => id);
    return ids.length === 0 ? undefined : this.#random.pick(ids);
  }

  async step(): Promise<void> {
    const what = this.#random.pick([
      "create",
      "create",
      "status",
      "delete",
      "restore",
      "move",
      "copy",
      "purge",
      "import",
      "experiment",
    ]);
    const experimentId = this.#random.pick(this.experimentIds);
    const active = this.#pick("active");
    const deleted = this.#pick("deleted");
    if (what === "create") {
      const { run } = await mlflow<{ run: { info: { run_id: string } } }>("runs/create", {
        experiment_id: experimentId,
      });
      this.#runs.set(run.info.run_id, { stage: "active", experimentId });
    } else if (what === "import") {
      const run_id = `${this.experimentIds[0]}${++this.#imported}`.padStart(32, "e");
      const record = {
        ...{ run_id, experiment_id: experimentId, run_name: "r", user_id: "", status: this.#random.pick(STATUSES) },
        ...{ start_time_ms: 1, end_time_ms: 2, artifact_uri: "", params: [], tags: [] },
        ...{ dataset_inputs: [], model_inputs: [], model_outputs: [] },
      };
      await trackflare("import/runs", { command: "c", records: [record] });
      this.#runs.set(run_id, { stage: "active", experimentId });
    } else if (what === "experiment") {
      await mlflow("experiments/delete", { experiment_id: experimentId });
      expect(await kept(experimentId)).toEqual(await counted(experimentId));
      await mlflow("experiments/restore", { experiment_id: experimentId });
      for (const run of this.#runs.values()) if (run.experimentId === experimentId) run.stage = "active";
    } else if (what === "restore" || what === "purge") {
      if (deleted === undefined) return;
      if (what === "restore") {
        await mlflow("runs/restore", { run_id: deleted });
        this.#runs.get(deleted)!.stage = "active";
      } else {
        expect((await gc({ run_ids: [deleted] })).runs).toHaveLength(1);
        this.#runs.delete(deleted);
      }
    } else {
      if (active === undefined) return;
      if (what === "status") await mlflow("runs/update", { run_id: active, status: this.#random.pick(STATUSES) });
      if (what === "delete") {
        await mlflow("runs/delete", { run_id: active });
        this.#runs.get(active)!.stage = "deleted";
      }
      if (what === "move") {
        await trackflare("runs/move", { run_ids: [active], experiment_id: experimentId });
        this.#runs.get(active)!.experimentId = experimentId;
      }
      if (what === "copy") {
        // Only a run that has ended is copied.
        await mlflow("runs/update", { run_id: active, status: "FINISHED" });
        const copy_id = crypto.randomUUID();
        const copied = await trackflare("runs/copy", { run_ids: [active], experiment_id: experimentId, copy_id });
        for (const { run_id } of copied.runs as { run_id: string }[])
          this.#runs.set(run_id, { stage: "active", experimentId });
      }
    }
    this.did.add(what);
  }
}

test.each([1, 2, 3])("the counts are right after each of 60 random changes: seed %i", async (seed) => {
  const life = new Life(seed, [await newExperiment(), await newExperiment()]);
  for (let i = 0; i < 60; i++) {
    await life.step();
    for (const id of life.experimentIds) expect(await kept(id)).toEqual(await counted(id));
  }
  expect(life.did.size).toBeGreaterThanOrEqual(8);
  for (const id of life.experimentIds) expect(await listed(id)).toEqual(await counted(id));
});

describe("the runs of an experiment from before the counts", () => {
  /** As the migration leaves an experiment of the version before. */
  async function uncounted(): Promise<string> {
    const experimentId = await newExperiment();
    for (let i = 0; i < 3; i++) await mlflow("runs/create", { experiment_id: experimentId });
    const reset =
      "UPDATE experiments SET active_runs = NULL, deleted_runs = NULL, running_runs = NULL WHERE experiment_id = ?";
    await env.DB.prepare(reset).bind(experimentId).run();
    return experimentId;
  }

  test("are listed rightly, and counted once after the first list", async () => {
    const experimentId = await uncounted();
    const { run } = await mlflow<{ run: { info: { run_id: string } } }>("runs/create", { experiment_id: experimentId });
    await mlflow("runs/delete", { run_id: run.info.run_id });
    expect(await kept(experimentId)).toEqual([null, null, null]);
    expect(await listed(experimentId)).toEqual([3, 1, 3]);
    await expect.poll(() => kept(experimentId)).toEqual([3, 1, 3]);
    await mlflow("runs/restore", { run_id: run.info.run_id });
    expect(await kept(experimentId)).toEqual([4, 0, 4]);
  });

  test("are counted by the schedule, some experiments in one statement", async () => {
    const ids = [await uncounted(), await uncounted()];
    const more =
      "INSERT INTO experiments (name, artifact_location, lifecycle_stage, creation_time, last_update_time) SELECT 'old ' || value, '', 'active', 0, 0 FROM json_each(?)";
    await env.DB.prepare(more)
      .bind(JSON.stringify(Array.from({ length: 120 }, () => crypto.randomUUID())))
      .run();
    const left = async () =>
      (await env.DB.prepare("SELECT count(*) AS n FROM experiments WHERE active_runs IS NULL").first<{ n: number }>())!
        .n;
    const ctx = { writes: env.DB } as unknown as ServiceContext;
    const before = await left();
    await countRuns(ctx, 1);
    expect(await left()).toBe(before - 50);
    await countRuns(ctx, 20);
    expect(await left()).toBe(0);
    for (const id of ids) expect(await kept(id)).toEqual([3, 0, 3]);
  });
});

test("a list reads no run to count it: one with many runs reads as many rows as one with few", async () => {
  const rowsRead = async (runs: number) => {
    const experimentId = await newExperiment();
    const insert = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
      INSERT INTO runs (run_id, experiment_id, run_name, user_id, status, start_time, artifact_uri, lifecycle_stage, has_object)
      SELECT printf('%032x', ?1 * 1000000 + i), ?1, 'r', '', 'FINISHED', i, '', iif(i % 2, 'active', 'deleted'), FALSE FROM n`;
    await env.DB.prepare(insert).bind(Number(experimentId), runs).run();
    expect(await listed(experimentId)).toEqual([runs / 2, runs / 2, 0]);
    const { sql } = activityQuery("json_each(?)");
    const { meta } = await env.DB.prepare(sql)
      .bind(JSON.stringify([experimentId]))
      .all();
    return meta.rows_read;
  };
  const few = await rowsRead(100);
  expect(await rowsRead(5000)).toBe(few);
});
