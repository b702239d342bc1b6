import type { Json, JsonObject } from "../json.ts";
import type { Operation } from "../operation.ts";
import { isObject } from "../symbols.ts";
import type { World } from "../world.ts";

const STATUSES = ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"];

/** The fields that name a run: `run_id`, and `run_uuid` of older clients. */
export function runReference(world: World): JsonObject {
  const id = world.pick("run");
  if (world.random.chance(0.9)) return { run_id: id };
  return world.random.chance(0.5) ? { run_uuid: id } : { run_id: id, run_uuid: id };
}

function runInfo(body: Json): { readonly runId: string; readonly experimentId: string } | undefined {
  if (!isObject(body) || !isObject(body.run) || !isObject(body.run.info)) return undefined;
  const { run_id: runId, experiment_id: experimentId } = body.run.info;
  return typeof runId === "string" && typeof experimentId === "string" ? { runId, experimentId } : undefined;
}

/** Runs in MLflow's default experiment are for malformed messages. */
function learnRun(body: Json, world: World): void {
  const info = runInfo(body);
  if (info === undefined) return;
  const { runId, experimentId } = info;
  world.add(experimentId === "0" ? "scrap run" : "run", runId);
  if (experimentId !== "0") world.add("run with artifacts", `${experimentId}/${runId}`);
}

export const runs: readonly Operation[] = [
  {
    // Each run has its own start time: ids break ties, and each server has other ids.
    name: "runs/create",
    method: "POST",
    weight: 10,
    effect: "scrap",
    required: [],
    message: (world) => ({
      experiment_id: world.pick("experiment"),
      start_time: world.tick(),
      run_name: world.random.chance(0.1) ? world.random.pick(["same", "Same", "ünder"]) : world.name("run"),
      ...world.maybe(0.7, "user_id", () => world.random.pick(["ada", "Ada", "bob"])),
      ...world.maybe(0.4, "tags", () =>
        world.tags(4).filter(({ key, value }) => key !== "" && key.length <= 250 && value.length <= 8000),
      ),
    }),
    learn: learnRun,
  },
  {
    // The server generates names, times and users here; no search reads these runs.
    name: "runs/create",
    method: "POST",
    weight: 3,
    effect: "scrap",
    required: [],
    message: (world) => ({
      experiment_id: "0",
      ...world.maybe(0.3, "start_time", () => world.random.pick([0, -1, 2n ** 53n + 1n, -(2n ** 63n)])),
      ...world.maybe(0.3, "run_name", () => world.random.pick(["", "given", "x".repeat(8001)])),
      ...world.maybe(0.3, "tags", () => [
        { key: "mlflow.runName", value: world.random.pick(["", "given", "tagged"]) },
        { key: world.random.pick(["mlflow.user", "mlflow.user", "k".repeat(251), ""]), value: "eve" },
        ...world.list(1, () => ({ key: "mlflow.user", value: "bob" })),
      ]),
    }),
    learn: learnRun,
  },
  {
    name: "runs/get",
    method: "GET",
    weight: 8,
    effect: "reads",
    required: ["run_id"],
    message: (world) => runReference(world),
  },
  {
    name: "runs/update",
    method: "POST",
    weight: 5,
    effect: "scrap",
    required: ["run_id"],
    message: (world) => ({
      ...runReference(world),
      ...world.maybe(0.6, "status", () => world.random.pick(STATUSES)),
      ...world.maybe(0.5, "end_time", () => world.random.pick([0, world.tick(), 5, -1, 2n ** 53n + 1n])),
      ...world.maybe(0.2, "run_name", () => world.random.pick(["renamed", "", "ünder", "z".repeat(300)])),
    }),
  },
  {
    name: "runs/delete",
    method: "POST",
    weight: 2,
    effect: "scrap",
    required: ["run_id"],
    message: (world) => ({ run_id: world.pick("run") }),
  },
  {
    name: "runs/restore",
    method: "POST",
    weight: 2,
    effect: "scrap",
    required: ["run_id"],
    message: (world) => ({ run_id: world.pick("run") }),
  },
  {
    name: "runs/log-parameter",
    method: "POST",
    weight: 5,
    effect: "scrap",
    required: ["run_id", "key"],
    message: (world) => ({ ...runReference(world), key: world.key(), value: world.text() }),
  },
  {
    name: "runs/set-tag",
    method: "POST",
    weight: 5,
    effect: "scrap",
    required: ["run_id", "key"],
    message: (world) => ({
      ...runReference(world),
      key: world.random.chance(0.1) ? "mlflow.runName" : world.key(),
      value: world.text(),
    }),
  },
  {
    name: "runs/delete-tag",
    method: "POST",
    weight: 2,
    effect: "scrap",
    required: ["run_id", "key"],
    message: (world) => ({ run_id: world.pick("run"), key: world.key() }),
  },
];
