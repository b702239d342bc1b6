import type { Operation } from "../operation.ts";
import type { World } from "../world.ts";

const FILES = ["a.txt", "plots/b.bin", "plots/deep/c.txt", "with space.txt", "ünïcode.txt", ".hidden"];
const PATHS = [...FILES, "plots"];
const ODD_PATHS = ["../x", "a/../b", "plots//b", "/etc/passwd", "./a", "", "%2e%2e/x", "a%2Fb", "C:\\x"];

function artifactPath(world: World): string {
  return world.random.pick(world.random.chance(0.1) ? ODD_PATHS : PATHS);
}

/** The proxied path of a run's artifact; of a run in experiment 1, or in one where it is not. */
function proxied(world: World): string {
  const run = world.pick("run with artifacts");
  const path = world.random.pick(FILES).split("/").map(encodeURIComponent).join("/");
  return `/api/2.0/mlflow-artifacts/artifacts/${run}/artifacts/${path}`;
}

export const artifacts: readonly Operation[] = [
  {
    name: "artifacts/list",
    method: "GET",
    weight: 4,
    effect: "reads",
    required: ["run_id"],
    message: (world) => ({
      run_id: world.random.chance(0.7) ? world.pick("run with artifacts").replace(/^.*\//, "") : world.pick("run"),
      ...world.maybe(0.5, "path", () => artifactPath(world)),
    }),
  },
  {
    name: "mlflow-artifacts upload",
    method: "PUT",
    weight: 4,
    effect: "exact",
    required: [],
    message: () => ({}),
    path: proxied,
    rawBody: (world) => "content ".repeat(world.random.integer(4)),
  },
  {
    name: "mlflow-artifacts download",
    method: "GET",
    weight: 3,
    effect: "exact",
    required: [],
    message: () => ({}),
    path: proxied,
  },
  {
    name: "mlflow-artifacts list",
    method: "GET",
    weight: 2,
    effect: "exact",
    required: [],
    message: (world) => ({
      path: `${world.pick("run with artifacts")}/artifacts${world.random.pick(["", "/plots", "/none"])}`,
    }),
    path: () => "/api/2.0/mlflow-artifacts/artifacts",
  },
  {
    name: "mlflow-artifacts delete",
    method: "DELETE",
    weight: 1,
    effect: "exact",
    required: [],
    message: () => ({}),
    path: proxied,
    rawBody: () => "",
  },
  {
    name: "get-artifact",
    method: "GET",
    weight: 2,
    effect: "exact",
    required: ["run_id", "path"],
    message: (world) => ({
      run_id: world.pick("run with artifacts").replace(/^.*\//, ""),
      path: artifactPath(world),
    }),
    path: () => "/get-artifact",
  },
  {
    name: "upload-artifact",
    method: "POST",
    weight: 2,
    effect: "exact",
    required: [],
    message: () => ({}),
    path: (world) => {
      const run = world.pick("run with artifacts").replace(/^.*\//, "");
      const query = world.random.pick([
        ...["a.txt", "plots/b.bin", "new/d.txt", "a.txt", "../x", ""].map((path) => `run_uuid=${run}&path=${path}`),
        `run_uuid=${run}`,
        "path=a.txt",
      ]);
      return `/ajax-api/2.0/mlflow/upload-artifact?${query}`;
    },
    rawBody: (world) => "upload ".repeat(world.random.integer(4)),
  },
];
