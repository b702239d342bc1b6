import type { Operation } from "../operation.ts";
import type { World } from "../world.ts";

const KEYS = ["loss", "acc", "`a b`", '"val/loss"', "x.y", "LR", "`batch-size`", "`k:v`", "none"];
const TEXTS = ["'adam'", "'Adam'", '"sgd"', "''", "'zürich'", '"it\'s"', "'a%b'", "'🙂'"];
const PATTERNS = ["'%a%'", "'A%'", "'_dam'", "'%'", "'ZÜRICH'", "'%d%m%'", "'a\\%b'", "'__'", `'%${"x".repeat(60)}%'`];
const NUMBERS = ["0", "1", "-1", "0.1", "1e300", "0.30000000000000004", "1.5", ".5", "'1'", "1e999"];
const COMPARATORS = ["=", "!=", "<", "<=", ">", ">="];

/** Filters that one of the servers, or both, refuse. */
const ODD_FILTERS = [
  "metrics.loss > 1 OR metrics.acc < 1",
  "(metrics.loss > 1)",
  "NOT metrics.loss > 1",
  "metrics.loss LIKE '1'",
  "params.LR = 1",
  "params.LR > 'a'",
  "params.LR = `adam`",
  "foo.bar = 'x'",
  "bar = 'x'",
  "params.LR",
  "params.LR =",
  "= 'x'",
  "params.LR = 'adam",
  "params.LR = 'adam' AND AND tags.LR = 'adam'",
  "params.LR = 'adam' tags.LR = 'adam'",
  "status IN ('FINISHED')",
  "run_id IN ()",
  "run_id IN ('a' 'b')",
  "metrics.loss > 1;",
  "metrics.loss == 1",
  "params.LR = 'adam' -- x",
  "min(metrics.loss) < 1",
  "start_time > 'x'",
  "end_time IS NULL",
  "params.LR not like 'a%'",
  "datasets.foo = 'x'",
  "datasets.name = 'train' AND datasets.digest = 'd1'",
  "tags.mlflow.runName = 'same'",
  "run_name ILIKE 'SAME'",
];

function comparison(world: World): string {
  const { random } = world;
  const textual = (field: string) =>
    random.chance(0.5)
      ? `${field} ${random.pick(["=", "!="])} ${random.pick(TEXTS)}`
      : `${field} ${random.pick(["LIKE", "ILIKE", "like", "iLike"])} ${random.pick(PATTERNS)}`;
  switch (random.integer(9)) {
    case 0:
    case 1:
      return `${random.pick(["metrics", "metric"])}.${random.pick(KEYS)} ${random.pick(COMPARATORS)} ${random.pick(NUMBERS)}`;
    case 2:
      return textual(`${random.pick(["params", "param", "parameter", "parameters"])}.${random.pick(KEYS)}`);
    case 3:
      return textual(`${random.pick(["tags", "tag"])}.${random.pick(KEYS)}`);
    case 4:
      return `${random.pick(["tags", "params"])}.${random.pick(KEYS)} ${random.pick(["IS NULL", "IS NOT NULL", "is null"])}`;
    case 5:
      return textual(random.pick(["run_name", "attributes.user_id", "attr.artifact_uri", "run.status", "`run name`"]));
    case 6:
      return `${random.pick(["start_time", "attribute.end_time", "created"])} ${random.pick(COMPARATORS)} ${random.pick(["0", "1700000009000", "5", "-1", "9007199254740993"])}`;
    case 7: {
      const ids = Array.from({ length: 1 + random.integer(3) }, () => `'${world.pick("run")}'`);
      return random.chance(0.5)
        ? `run_id = ${ids[0]}`
        : `run_id ${random.pick(["IN", "NOT IN", "in"])} (${ids.join(", ")})`;
    }
    default: {
      const field = `${random.pick(["datasets", "dataset"])}.${random.pick(["name", "digest", "context"])}`;
      const value = random.pick(["'train'", "'Test'", "'d1'", "'eval'", "'%t%'"]);
      return `${field} ${random.pick(["=", "!=", "LIKE", "ILIKE"])} ${value}`;
    }
  }
}

function filter(world: World): string {
  if (world.random.chance(0.12)) return world.random.pick(ODD_FILTERS);
  const comparisons = Array.from({ length: 1 + world.random.integer(3) }, () => comparison(world));
  return comparisons.join(world.random.pick([" AND ", " and ", "\n AND  "]));
}

function order(world: World): string {
  const { random } = world;
  const field = random.pick([
    `metrics.${random.pick(KEYS)}`,
    `params.${random.pick(KEYS)}`,
    `tags.${random.pick(KEYS)}`,
    random.pick(["start_time", "attributes.end_time", "status", "run_name", "attribute.user_id", "Created"]),
    random.pick(["foo", "datasets.name", "metrics", "min(metrics.loss)", "loss"]),
  ]);
  return `${field}${random.pick(["", " ASC", " DESC", " asc", " foo", " DESC"])}`;
}

export const runSearch: readonly Operation[] = [
  {
    name: "runs/search",
    method: "POST",
    weight: 16,
    effect: "reads",
    required: [],
    message: (world) => ({
      experiment_ids: world.list(3, () => world.pick("experiment")),
      ...world.maybe(0.7, "filter", () => filter(world)),
      ...world.maybe(0.6, "order_by", () => world.list(3, () => order(world))),
      ...world.maybe(0.5, "run_view_type", () => world.random.pick(["ACTIVE_ONLY", "DELETED_ONLY", "ALL"])),
      ...world.maybe(0.7, "max_results", () => world.random.pick([1, 2, 3, 5, 20, 1000, 50_000, 0, -1, 50_001])),
      ...world.maybe(0.01, "page_token", () => world.random.pick(["x", "e30="])),
    }),
  },
];
