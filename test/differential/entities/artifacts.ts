import type { JsonObject } from "../json.ts";
import type { Operation } from "../operation.ts";
import type { World } from "../world.ts";

const FILES = ["a.txt", "plots/b.bin", "plots/deep/c.txt", "with space.txt", "ünïcode.txt", ".hidden", "model/MLmodel"];
const PATHS = [...FILES, "plots", "model"];
const ODD_PATHS = ["../x", "a/../b", "plots//b", "/etc/passwd", "./a", "", "%2e%2e/x", "a%2Fb", "C:\\x"];

function artifactPath(world: World): string {
  return world.random.pick(world.random.chance(0.1) ? ODD_PATHS : PATHS);
}

/** The artifact folder of a run in its experiment. */
interface File extends JsonObject {
  readonly run: string;
  readonly path: string;
}

const anyFile = (world: World): File => ({
  run: world.pick("run with artifacts"),
  path: world.random.pick(FILES),
});

/** Mostly the path of an uploaded file, which may have been deleted since. */
function knownFile(world: World): File {
  const uploaded = world.all("file");
  if (uploaded.length === 0 || world.random.chance(0.3)) return anyFile(world);
  const [run = "", path = ""] = world.random.pick(uploaded).split("\n");
  return { run, path };
}

/** The proxied path of a run's artifact. */
function proxied(_world: World, { run, path }: JsonObject): string {
  const encoded = String(path).split("/").map(encodeURIComponent).join("/");
  return `/api/2.0/mlflow-artifacts/artifacts/${run}/artifacts/${encoded}`;
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
    message: anyFile,
    path: proxied,
    rawBody: (world) => "content ".repeat(world.random.integer(4)),
    learn: (_body, world, { run, path }) => world.add("file", `${run}\n${path}`),
  },
  {
    name: "mlflow-artifacts download",
    method: "GET",
    weight: 3,
    effect: "exact",
    required: [],
    message: knownFile,
    path: proxied,
    rawBody: () => "",
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
    message: knownFile,
    path: proxied,
    rawBody: () => "",
  },
  {
    name: "get-artifact",
    method: "GET",
    weight: 2,
    effect: "exact",
    required: ["run_id", "path"],
    message: (world) => {
      const { run, path } = knownFile(world);
      return { run_id: run.replace(/^.*\//, ""), path: world.random.chance(0.3) ? artifactPath(world) : path };
    },
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
