import type { JsonObject } from "../json.ts";
import type { Operation } from "../operation.ts";
import type { World } from "../world.ts";
import { runReference } from "./runs.ts";

const VALUES = [
  0,
  1,
  -1,
  0.1,
  0.30000000000000004,
  1e300,
  5e-324,
  123456789.125,
  "NaN",
  "Infinity",
  "-Infinity",
  "1e-3",
  1.7976931348623157e308,
];

const STEPS = [0, 1, 2, 3, 10, -1, 2 ** 31, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)];

/** Few steps and times, so that points collide. NaN has its own time, because the latest of a NaN and a 0 is undefined. */
function point(world: World): JsonObject {
  const value = world.random.pick(VALUES);
  return {
    key: world.key(),
    value,
    timestamp: value === "NaN" ? world.tick() : world.random.pick([0, 5, 1000, 1_700_000_000_000, -1]),
    ...world.maybe(0.8, "step", () => world.random.pick(STEPS)),
  };
}

export const metrics: readonly Operation[] = [
  {
    name: "runs/log-metric",
    method: "POST",
    weight: 8,
    effect: "scrap",
    required: ["run_id", "key", "value", "timestamp"],
    message: (world) => ({ ...runReference(world), ...point(world) }),
  },
  {
    name: "runs/log-batch",
    method: "POST",
    weight: 8,
    effect: "scrap",
    required: ["run_id"],
    message: (world) => {
      const pair = () => ({ key: world.key(), value: world.text() });
      const hasMetrics = world.random.chance(0.7);
      // A changed param must not come with metrics: MLflow keeps the metrics of a batch that it then refuses.
      const param = () =>
        hasMetrics && !world.isReckless ? { key: world.name("param"), value: world.text() } : pair();
      return {
        run_id: world.pick("run"),
        ...(hasMetrics && { metrics: world.list(world.random.pick([5, 5, 5, 30]), () => point(world)) }),
        ...world.maybe(0.4, "params", () => world.list(2, param)),
        ...world.maybe(0.4, "tags", () => world.list(3, pair)),
      };
    },
  },
  {
    name: "runs/log-batch",
    method: "POST",
    weight: 0.3,
    effect: "scrap",
    required: ["run_id"],
    message: (world) => {
      const [list, count] = world.random.pick([
        ["metrics", 1001],
        ["params", 101],
        ["tags", 101],
        ["metrics", 1000],
      ] as const);
      const item = (index: number): JsonObject =>
        list === "metrics"
          ? { key: "many", value: index, timestamp: 1, step: index }
          : { key: `many${index}`, value: "x" };
      return { run_id: world.pick("run"), [list]: Array.from({ length: count }, (_, index) => item(index)) };
    },
  },
  {
    name: "metrics/get-history",
    method: "GET",
    weight: 6,
    effect: "reads",
    required: ["run_id", "metric_key"],
    message: (world) => ({
      ...runReference(world),
      metric_key: world.key(),
      ...world.maybe(0.4, "max_results", () => world.random.pick([1, 2, 5, 1000, 0, -1])),
    }),
  },
  {
    name: "metrics/get-history-bulk",
    method: "GET",
    weight: 2,
    effect: "exact",
    required: ["run_id", "metric_key"],
    path: () => "/ajax-api/2.0/mlflow/metrics/get-history-bulk",
    message: (world) => {
      // MLflow orders by run id, and each server has its own ids. With several runs, a limit would cut off different runs.
      const several = world.random.chance(0.5);
      return {
        run_id: several ? [world.pick("run"), ...world.list(3, () => world.pick("run"))] : [world.pick("run")],
        metric_key: world.key(),
        ...world.maybe(0.4, "max_results", () => world.random.pick(several ? [30_000] : [1, 2, 5, 30_000])),
      };
    },
  },
  {
    name: "metrics/get-history-bulk-interval",
    method: "GET",
    weight: 3,
    effect: "reads",
    required: ["run_ids", "metric_key"],
    path: () => "/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval",
    message: (world) => ({
      run_ids: [world.pick("run"), ...world.list(2, () => world.pick("run"))],
      metric_key: world.key(),
      ...world.maybe(0.5, "max_results", () => world.random.pick([1, 2, 5, 2500, 0, 2501])),
      ...world.maybe(0.3, "start_step", () => world.random.pick([0, 1, -1])),
      ...world.maybe(0.3, "end_step", () => world.random.pick([0, 1, 3, 100])),
    }),
  },
];
