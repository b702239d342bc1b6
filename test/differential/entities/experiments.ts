import type { Operation } from "../operation.ts";
import { isObject } from "../symbols.ts";

/** Runs for malformed messages are in MLflow's default experiment, which no other call names. */
const SCRAP_EXPERIMENT = "0";

const FILTERS = [
  "name LIKE '%exp%'",
  "name ILIKE 'S%EXPERIMENT _'",
  "name != 'x' AND tags.LR = 'adam'",
  "tags.loss LIKE 'a%'",
  "tags.`a b` != 'x'",
  "tags.LR IS NULL",
  "tags.LR IS NOT NULL AND name LIKE '%1'",
  "creation_time > 0",
  "last_update_time < 5",
  "experiment_id = '1'",
  "experiment_id IN ('1', '2', '3')",
  "attribute.name = 'Default'",
  "name = x",
  "creation_time = 'x'",
  "attributes.name LIKE '%a%'",
  "metrics.loss > 1",
  "name > 'a'",
  "name LIKE 'a' OR name LIKE 'b'",
  "(name = 'a')",
  "name = 'a' AND",
  "experiment_id LIKE '1'",
];

const ORDERS = [
  "name",
  "name DESC",
  "experiment_id ASC",
  "creation_time",
  "last_update_time DESC",
  "tags.x",
  "name foo",
  "attribute.name",
  "`name` desc",
];

export const experiments: readonly Operation[] = [
  {
    name: "experiments/create",
    method: "POST",
    weight: 5,
    effect: "exact",
    required: ["name"],
    message: (world) => ({
      name: world.random.chance(0.1)
        ? world.random.pick(["", " ", "Default", "n".repeat(501), "a/b"])
        : world.random.chance(0.1)
          ? world.pick("experiment name")
          : world.name("experiment"),
      ...world.maybe(0.3, "tags", () => world.tags(3)),
    }),
    learn: (body, world, message) => {
      if (world.all("scrap experiment").length === 0) world.add("scrap experiment", SCRAP_EXPERIMENT);
      if (isObject(body) && typeof body.experiment_id === "string") {
        world.add("experiment", body.experiment_id);
        world.add("experiment name", String(message.name));
      }
    },
  },
  {
    name: "experiments/get",
    method: "GET",
    weight: 4,
    effect: "reads",
    required: ["experiment_id"],
    message: (world) => ({ experiment_id: world.pick("experiment") }),
  },
  {
    name: "experiments/get-by-name",
    method: "GET",
    weight: 3,
    effect: "reads",
    required: ["experiment_name"],
    message: (world) => ({ experiment_name: world.pick("experiment name") }),
  },
  ...(["GET", "POST"] as const).map(
    (method): Operation => ({
      name: "experiments/search",
      method,
      weight: 4,
      effect: "reads",
      required: [],
      message: (world) => ({
        max_results: world.random.pick([1, 2, 3, 7, 100, 1000, 50_000, 0, -1, 50_001]),
        ...world.maybe(0.5, "filter", () => world.random.pick(FILTERS)),
        ...world.maybe(0.5, "order_by", () => world.list(2, () => world.random.pick(ORDERS))),
        ...world.maybe(0.5, "view_type", () => world.random.pick(["ACTIVE_ONLY", "DELETED_ONLY", "ALL"])),
        ...world.maybe(0.02, "page_token", () => world.random.pick(["x", "abc=", "e30="])),
      }),
      learn: (body, world, message) => {
        if (isObject(body) && typeof body.next_page_token === "string") {
          world.add("experiment page", JSON.stringify({ ...message, page_token: body.next_page_token }));
        }
      },
    }),
  ),
  {
    name: "experiments/update",
    method: "POST",
    weight: 2,
    effect: "exact",
    required: ["experiment_id", "new_name"],
    message: (world) => ({
      experiment_id: world.pick("experiment"),
      new_name: world.random.chance(0.2) ? world.pick("experiment name") : world.name("renamed"),
    }),
  },
  {
    name: "experiments/delete",
    method: "POST",
    weight: 1,
    effect: "exact",
    required: ["experiment_id"],
    message: (world) => ({ experiment_id: world.pick("experiment") }),
  },
  {
    name: "experiments/restore",
    method: "POST",
    weight: 2,
    effect: "exact",
    required: ["experiment_id"],
    message: (world) => ({ experiment_id: world.pick("experiment") }),
  },
  {
    name: "experiments/set-experiment-tag",
    method: "POST",
    weight: 4,
    effect: "exact",
    required: ["experiment_id", "key"],
    message: (world) => ({ experiment_id: world.pick("experiment"), key: world.key(), value: world.text() }),
  },
  {
    name: "experiments/delete-experiment-tag",
    method: "POST",
    weight: 2,
    effect: "exact",
    required: ["experiment_id", "key"],
    message: (world) => ({ experiment_id: world.pick("experiment"), key: world.key() }),
  },
];
