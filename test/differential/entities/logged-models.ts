import type { JsonObject } from "../json.ts";
import type { Operation } from "../operation.ts";
import { isObject } from "../symbols.ts";
import type { World } from "../world.ts";

const FILTERS = [
  "name LIKE '%net%'",
  "name = 'resnet'",
  "model_type != 'agent'",
  "status = 'READY'",
  "status = 'PENDING'",
  "status != FAILED",
  "status IN ('READY', 'FAILED')",
  "status NOT IN ('READY')",
  "status = 'LOGGED_MODEL_READY'",
  "status LIKE 'R%'",
  "attributes.status = 'ready'",
  "metrics.loss < 1",
  "metrics.acc != 0.5",
  "params.LR = 'adam'",
  "params.`a b` != 'x'",
  "tags.loss LIKE '%a%'",
  "metrics.loss > 0.5",
  "metrics.acc <= 1",
  "creation_timestamp > 0",
  "last_updated_timestamp_ms < 5",
  "model_id IN ('x')",
  "source_run_id = 'x'",
  "name = 'a' OR name = 'b'",
  "foo = 'x'",
  "metrics.loss = 'x'",
  "name ILIKE 'RESNET'",
];

const FIELDS = ["metrics.loss", "metrics.acc", "creation_timestamp", "creation_time", "name", "foo", "params.LR"];

const STATUSES = ["LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED", "LOGGED_MODEL_PENDING"];

const FILES = ["MLmodel", "data/model.pkl", "data/deep/x.txt"];

const reference = (world: World) => ({ model_id: world.pick("logged model") });

const pathOf =
  (rest = "") =>
  (_world: World, message: JsonObject) =>
    `/api/2.0/mlflow/logged-models/${encodeURIComponent(String(message.model_id)).replaceAll("%40", "@")}${rest}`;

export const loggedModels: readonly Operation[] = [
  {
    name: "logged-models create",
    method: "POST",
    weight: 4,
    effect: "exact",
    required: ["experiment_id"],
    path: () => "/api/2.0/mlflow/logged-models",
    message: (world) => ({
      experiment_id: world.pick("experiment"),
      // Without a name, each server would generate another one.
      name: world.random.chance(0.1)
        ? world.random.pick(["a/b", "a:b", "a.b", "ü"])
        : world.random.pick(["resnet", "net"]),
      ...world.maybe(0.4, "model_type", () => world.random.pick(["agent", "", "x"])),
      ...world.maybe(0.4, "source_run_id", () => world.pick("run")),
      ...world.maybe(0.4, "params", () => world.tags(2)),
      ...world.maybe(0.4, "tags", () => world.tags(2)),
    }),
    learn: (body, world) => {
      if (!isObject(body) || !isObject(body.model) || !isObject(body.model.info)) return;
      world.add("logged model", String(body.model.info.model_id));
      world.add("model artifacts", String(body.model.info.artifact_uri).replace("mlflow-artifacts:/", ""));
    },
  },
  {
    name: "logged-models get",
    method: "GET",
    weight: 3,
    effect: "exact",
    required: [],
    path: pathOf(),
    message: reference,
  },
  {
    name: "logged-models finalize",
    method: "PATCH",
    weight: 2,
    effect: "exact",
    required: ["status"],
    path: pathOf(),
    message: (world) => ({ ...reference(world), status: world.random.pick(STATUSES) }),
  },
  {
    name: "logged-models delete",
    method: "DELETE",
    weight: 0.5,
    effect: "exact",
    required: [],
    path: pathOf(),
    message: reference,
  },
  {
    name: "logged-models set tags",
    method: "PATCH",
    weight: 2,
    effect: "exact",
    required: [],
    path: pathOf("/tags"),
    message: (world) => ({ ...reference(world), tags: world.tags(3) }),
  },
  {
    name: "logged-models log params",
    method: "POST",
    weight: 1,
    effect: "exact",
    required: [],
    path: pathOf("/params"),
    message: (world) => ({ ...reference(world), params: [{ key: world.name("param"), value: world.text() }] }),
  },
  {
    name: "logged-models/search",
    method: "POST",
    weight: 5,
    effect: "exact",
    required: ["experiment_ids"],
    message: (world) => ({
      experiment_ids: world.list(3, () => world.pick("experiment")),
      ...world.maybe(0.5, "filter", () => world.random.pick(FILTERS)),
      ...world.maybe(0.5, "order_by", () =>
        world.list(2, () => ({
          field_name: world.random.pick(FIELDS),
          ...world.maybe(0.5, "ascending", () => world.random.chance(0.5)),
        })),
      ),
      ...world.maybe(0.5, "max_results", () => world.random.pick([1, 2, 5, 50, 51, 1000, 0, -1])),
    }),
  },
  {
    name: "logged-models upload",
    method: "PUT",
    weight: 3,
    effect: "exact",
    required: [],
    message: () => ({}),
    path: (world) => `/api/2.0/mlflow-artifacts/artifacts/${world.pick("model artifacts")}/${world.random.pick(FILES)}`,
    rawBody: (world) => "model ".repeat(world.random.integer(4)),
  },
  {
    name: "logged-models artifacts/directories",
    method: "GET",
    weight: 3,
    effect: "exact",
    isPlain: true,
    required: [],
    message: () => ({}),
    path: (world) => {
      const folder = world.random.pick(["", "?artifact_directory_path=data", "?artifact_directory_path=none"]);
      return `${pathOf("/artifacts/directories")(world, reference(world))}${folder}`;
    },
  },
  {
    name: "logged-models artifacts/files",
    method: "GET",
    weight: 3,
    effect: "exact",
    isPlain: true,
    required: [],
    message: () => ({}),
    path: (world) => {
      const file = world.random.pick([...FILES, ...FILES, ...FILES, "none", "../x", ""]);
      const path = pathOf("/artifacts/files")(world, reference(world)).replace("/api/", "/ajax-api/");
      return `${path}?artifact_file_path=${encodeURIComponent(file)}`;
    },
  },
  {
    // Each point has its own step and value: of two points at the same step and time, either may stay.
    name: "runs/log-metric",
    method: "POST",
    weight: 4,
    effect: "exact",
    required: ["run_id", "key", "value", "timestamp"],
    message: (world) => ({
      run_id: world.pick("run"),
      ...reference(world),
      key: world.random.pick(["loss", "acc"]),
      value: world.random.next(),
      timestamp: world.tick(),
      step: world.random.integer(5),
    }),
  },
  {
    // One step per output: MLflow refuses a repeated output, this server keeps the last step.
    name: "runs/outputs",
    method: "POST",
    weight: 2,
    effect: "exact",
    required: ["run_id", "models"],
    message: (world) => ({
      run_id: world.pick("run"),
      models: [{ ...reference(world), step: 1 }],
    }),
  },
];
