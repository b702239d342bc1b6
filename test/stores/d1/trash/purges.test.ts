import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { migrate } from "../../../../src/stores/d1/connection/migrate.ts";
import {
  beginExperimentPurge,
  beginPurges,
  type Claim,
  claimPurges,
  endPurges,
  hasPurges,
  releaseClaim,
  renewClaim,
} from "../../../../src/stores/d1/trash/purges.ts";
import { mlflow, newExperiment, newRun } from "../../../helpers/mlflow.ts";

/* Tests of the statements alone. Services check most of this first, but a change between check and statement must not matter. */

const EVER = Number.MAX_SAFE_INTEGER;
const mine: Claim = { name: "mine", untilMs: 2000 };
const caller = { username: "ada", credential: "password", address: "", requestId: "r" };
const theirs: Claim = { name: "theirs", untilMs: 2000 };

beforeAll(() => migrate(env.DB));

async function newDeletedRun(experimentId?: string): Promise<string> {
  const runId = await newRun({ ...(experimentId !== undefined && { experiment_id: experimentId }) });
  await mlflow("runs/delete", { run_id: runId });
  return runId;
}

const exists = async (runId: string) =>
  (await env.DB.prepare("SELECT 1 FROM runs WHERE run_id = ?").bind(runId).first()) !== null;

describe("a run", () => {
  test("stays while its experiment is being restored, and all runs with it", async () => {
    const experimentId = await newExperiment();
    const runId = await newDeletedRun(experimentId);
    await env.DB.prepare("INSERT INTO experiment_moves VALUES (?, 'active', 77, '')").bind(experimentId).run();
    expect(await beginPurges(env.DB, "run", [runId], EVER, mine, caller)).toEqual([]);
    expect(await exists(runId)).toBe(true);
    await env.DB.prepare("DELETE FROM experiment_moves").run();
    expect(await beginPurges(env.DB, "run", [runId], EVER, mine, caller)).toHaveLength(1);
    expect(await exists(runId)).toBe(false);
    await endPurges(env.DB, "run", [runId], mine);
    expect(await hasPurges(env.DB)).toBe(false);
  });
});

describe("a claim", () => {
  test("is another caller's only when its time is over, or when it is released", async () => {
    const runId = await newDeletedRun();
    await beginPurges(env.DB, "run", [runId], EVER, mine, caller);
    expect(await claimPurges(env.DB, "run", 10, mine.untilMs, theirs)).toEqual([]);
    expect(await claimPurges(env.DB, "run", 10, mine.untilMs + 1, { ...theirs, untilMs: 4000 })).toHaveLength(1);
    expect(await renewClaim(env.DB, "run", [runId], mine)).toEqual(new Set());
    expect(await renewClaim(env.DB, "run", [runId], { ...theirs, untilMs: 5000 })).toEqual(new Set([runId]));
    await releaseClaim(env.DB, mine);
    expect(await claimPurges(env.DB, "run", 10, 4500, mine)).toEqual([]);
    await releaseClaim(env.DB, theirs);
    expect(await claimPurges(env.DB, "run", 10, 1, mine)).toHaveLength(1);
    await endPurges(env.DB, "run", [runId], mine);
  });

  test("that was lost ends nothing", async () => {
    const runId = await newDeletedRun();
    await beginPurges(env.DB, "run", [runId], EVER, theirs, caller);
    await endPurges(env.DB, "run", [runId], mine);
    expect(await hasPurges(env.DB)).toBe(true);
    await endPurges(env.DB, "run", [runId], theirs);
    expect(await hasPurges(env.DB)).toBe(false);
  });
});

describe("an experiment", () => {
  const begin = (experimentId: string) => beginExperimentPurge(env.DB, experimentId, "", EVER, mine, caller);

  test("stays while it is active, while it moves, and while a run of it was restored", async () => {
    const experimentId = await newExperiment();
    const runId = await newRun({ experiment_id: experimentId });
    expect(await begin(experimentId)).toBeUndefined();
    await mlflow("experiments/delete", { experiment_id: experimentId });
    await mlflow("runs/restore", { run_id: runId });
    expect(await begin(experimentId)).toBeUndefined();
    await mlflow("runs/delete", { run_id: runId });
    await env.DB.prepare("INSERT INTO experiment_moves VALUES (?, 'deleted', 77, '')").bind(experimentId).run();
    expect(await begin(experimentId)).toBeUndefined();
    await env.DB.prepare("DELETE FROM experiment_moves").run();
    expect(await begin(experimentId)).toMatchObject({ kind: "experiment", id: experimentId });
  });

  test("that every server has is never one that goes", async () => {
    const move = (stage: string) =>
      env.DB.prepare("UPDATE experiments SET lifecycle_stage = ? WHERE experiment_id = 0").bind(stage).run();
    await move("deleted");
    expect(await begin("0")).toBeUndefined();
    await move("active");
  });
});
