import type { JsonObject } from "../json.ts";
import type { Operation } from "../operation.ts";
import { isObject } from "../symbols.ts";
import type { World } from "../world.ts";

const STAGES = ["None", "Staging", "Production", "Archived", "staging", "PRODUCTION", "foo"];
const ALIASES = ["champion", "Champion", "a-b", "latest", "v1", "a b", ""];

const MODEL_FILTERS = [
  "name LIKE '%model%'",
  "name ILIKE '%MODEL _'",
  "name != 'x'",
  "name = 'x' AND name = 'y'",
  "tags.LR = 'adam'",
  "tags.`a b` != 'x'",
  "tag.loss LIKE '%a%' AND name LIKE 's%'",
  "tags.LR IS NULL",
  "name > 'a'",
  "run_id = 'x'",
  "name LIKE 'a' OR name LIKE 'b'",
  "version_number > 1",
];

const VERSION_FILTERS = [
  ...MODEL_FILTERS,
  "version_number >= 2",
  "version_number != 1",
  "source_path LIKE '%model'",
  "run_id IN ('x', 'y')",
  "run_id = ''",
  "version_number = '1'",
];

const MODEL_ORDERS = ["name", "name DESC", "timestamp", "last_updated_timestamp DESC", "foo", "name foo"];
const VERSION_ORDERS = [...MODEL_ORDERS, "version_number", "version_number DESC", "creation_timestamp"];

function version(world: World): { readonly name: string; readonly version: string } {
  const [name, number] = world.pick("model version").split("\n");
  const odd = ["0", "-1", "99", "x", "1.5", ""];
  return { name: name!, version: number === undefined || world.random.chance(0.05) ? world.random.pick(odd) : number };
}

function modelName(world: World): string {
  if (world.random.chance(0.05)) return world.random.pick(["", " ", "a/b", "a:b", "n".repeat(300), "ünder"]);
  return world.random.chance(0.15) ? world.pick("model") : world.name("model");
}

/** Sources in other stores are left out: MLflow accepts them, and Trackflare serves none. */
function source(world: World): JsonObject {
  const withModel = world.all("file").filter((file) => file.endsWith("\nmodel/MLmodel"));
  const found =
    withModel.length > 0 && world.random.chance(0.7) ? world.random.pick(withModel).split("\n")[0] : undefined;
  const [place, run] = [found ?? world.pick("run with artifacts"), world.pick("run")];
  return world.random.pick<JsonObject>([
    { source: `mlflow-artifacts:/${place}/artifacts/model`, run_id: place.replace(/^.*\//, "") },
    { source: `runs:/${run}/model`, run_id: run },
    { source: "/etc/passwd" },
    { source: "file:///tmp/x" },
    { source: "http://host/../x" },
  ]);
}

const named = (world: World) => ({ name: world.pick("model") });

const ofModels: readonly Operation[] = [
  {
    name: "registered-models/create",
    method: "POST",
    weight: 3,
    effect: "exact",
    required: ["name"],
    message: (world) => ({
      name: modelName(world),
      ...world.maybe(0.4, "tags", () => world.tags(2)),
      ...world.maybe(0.4, "description", () => world.text()),
    }),
    learn: (body, world) => {
      if (isObject(body) && isObject(body.registered_model)) world.add("model", String(body.registered_model.name));
    },
  },
  { name: "registered-models/get", method: "GET", weight: 3, effect: "reads", required: ["name"], message: named },
  {
    name: "registered-models/rename",
    method: "POST",
    weight: 1,
    effect: "exact",
    required: ["name", "new_name"],
    message: (world) => ({ ...named(world), new_name: modelName(world) }),
    learn: (body, world) => {
      if (isObject(body) && isObject(body.registered_model)) world.add("model", String(body.registered_model.name));
    },
  },
  {
    name: "registered-models/update",
    method: "PATCH",
    weight: 1,
    effect: "exact",
    required: ["name"],
    message: (world) => ({ ...named(world), ...world.maybe(0.8, "description", () => world.text()) }),
  },
  {
    name: "registered-models/delete",
    method: "DELETE",
    weight: 0.5,
    effect: "exact",
    required: ["name"],
    message: named,
  },
  {
    name: "registered-models/search",
    method: "GET",
    weight: 3,
    effect: "reads",
    required: [],
    message: (world) => ({
      ...world.maybe(0.5, "filter", () => world.random.pick(MODEL_FILTERS)),
      ...world.maybe(0.5, "order_by", () => world.list(2, () => world.random.pick(MODEL_ORDERS))),
      ...world.maybe(0.5, "max_results", () => world.random.pick([1, 2, 5, 100, 1000, 1001, 0, -1])),
      ...world.maybe(0.02, "page_token", () => "x"),
    }),
  },
  ...(["GET", "POST"] as const).map(
    (method): Operation => ({
      name: "registered-models/get-latest-versions",
      method,
      weight: 1,
      effect: "reads",
      required: ["name"],
      message: (world) => ({
        ...named(world),
        ...world.maybe(0.5, "stages", () => world.list(2, () => world.random.pick(STAGES))),
      }),
    }),
  ),
  {
    name: "registered-models/set-tag",
    method: "POST",
    weight: 2,
    effect: "exact",
    required: ["name", "key"],
    message: (world) => ({ ...named(world), key: world.key(), value: world.text() }),
  },
  {
    name: "registered-models/delete-tag",
    method: "DELETE",
    weight: 1,
    effect: "exact",
    required: ["name", "key"],
    message: (world) => ({ ...named(world), key: world.key() }),
  },
  {
    name: "registered-models/alias",
    method: "POST",
    weight: 2,
    effect: "exact",
    required: ["name", "alias", "version"],
    message: (world) => ({ ...version(world), alias: world.random.pick(ALIASES) }),
  },
  ...(["GET", "DELETE"] as const).map(
    (method): Operation => ({
      name: "registered-models/alias",
      method,
      weight: method === "GET" ? 2 : 0.5,
      effect: method === "GET" ? "reads" : "exact",
      required: ["name", "alias"],
      message: (world) => ({ ...named(world), alias: world.random.pick(ALIASES) }),
    }),
  ),
];

const ofVersions: readonly Operation[] = [
  {
    name: "model-versions/create",
    method: "POST",
    weight: 6,
    effect: "exact",
    required: ["name", "source"],
    message: (world) => ({
      ...named(world),
      ...source(world),
      ...world.maybe(0.4, "tags", () => world.tags(2)),
      ...world.maybe(0.3, "description", () => world.text()),
      ...world.maybe(0.2, "run_link", () => "http://host/x"),
    }),
    learn: (body, world) => {
      if (!isObject(body) || !isObject(body.model_version)) return;
      const { name, version } = body.model_version;
      world.add("model version", `${name}\n${version}`);
    },
  },
  {
    name: "model-versions/get",
    method: "GET",
    weight: 2,
    effect: "reads",
    required: ["name", "version"],
    message: version,
  },
  {
    name: "model-versions/get-download-uri",
    method: "GET",
    weight: 1,
    effect: "reads",
    required: ["name", "version"],
    message: version,
  },
  {
    name: "model-versions/update",
    method: "PATCH",
    weight: 1,
    effect: "exact",
    required: ["name", "version"],
    message: (world) => ({ ...version(world), ...world.maybe(0.8, "description", () => world.text()) }),
  },
  {
    name: "model-versions/delete",
    method: "DELETE",
    weight: 0.5,
    effect: "exact",
    required: ["name", "version"],
    message: version,
  },
  {
    name: "model-versions/transition-stage",
    method: "POST",
    weight: 2,
    effect: "exact",
    required: ["name", "version", "stage"],
    message: (world) => ({
      ...version(world),
      stage: world.random.pick(STAGES),
      archive_existing_versions: world.random.chance(0.5),
    }),
  },
  {
    name: "model-versions/get-artifact",
    method: "GET",
    weight: 3,
    effect: "exact",
    isPlain: true,
    required: [],
    message: version,
    path: (world, { name, version }) => {
      const path = world.random.pick(["MLmodel", "MLmodel", "none", "../x", ""]);
      return `/model-versions/get-artifact?name=${encodeURIComponent(String(name))}&version=${version}&path=${path}`;
    },
  },
  {
    name: "model-versions/set-tag",
    method: "POST",
    weight: 2,
    effect: "exact",
    required: ["name", "version", "key"],
    message: (world) => ({ ...version(world), key: world.key(), value: world.text() }),
  },
  {
    name: "model-versions/delete-tag",
    method: "DELETE",
    weight: 1,
    effect: "exact",
    required: ["name", "version", "key"],
    message: (world) => ({ ...version(world), key: world.key() }),
  },
  {
    name: "model-versions/search",
    method: "GET",
    weight: 3,
    effect: "reads",
    required: [],
    message: (world) => ({
      ...world.maybe(0.5, "filter", () => world.random.pick([...VERSION_FILTERS, `name = '${world.pick("model")}'`])),
      ...world.maybe(0.5, "order_by", () => world.list(2, () => world.random.pick(VERSION_ORDERS))),
      ...world.maybe(0.5, "max_results", () => world.random.pick([1, 2, 5, 100, 200_000, 200_001, 0, -1])),
      ...world.maybe(0.02, "page_token", () => "x"),
    }),
  },
];

export const registry: readonly Operation[] = [...ofModels, ...ofVersions];
