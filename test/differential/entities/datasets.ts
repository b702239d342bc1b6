import type { Operation } from "../operation.ts";

export const datasets: readonly Operation[] = [
  {
    name: "runs/log-inputs",
    method: "POST",
    weight: 4,
    effect: "scrap",
    required: ["run_id"],
    message: (world) => {
      const { random } = world;
      const tag = () => ({
        key: random.pick(["mlflow.data.context", "other", ...(world.isReckless ? [""] : [])]),
        value: random.pick(["training", "eval", ""]),
      });
      return {
        run_id: world.pick("run"),
        datasets: world.list(2, () => ({
          ...world.maybe(0.7, "tags", () => world.list(world.isReckless ? 3 : 1, tag)),
          dataset: {
            name: random.pick(["train", "Test", "train", "n".repeat(501)]),
            digest: random.pick(["d1", "d2", "d3", "0123456789".repeat(4)]),
            source_type: random.pick(["local", "http"]),
            source: random.pick(['{"uri":"a.csv"}', "b"]),
            ...world.maybe(0.3, "schema", () => '{"mlflow_colspec":[]}'),
            ...world.maybe(0.3, "profile", () => '{"num_rows":3}'),
          },
        })),
      };
    },
  },
  {
    name: "experiments/search-datasets",
    method: "POST",
    weight: 3,
    effect: "reads",
    required: ["experiment_ids"],
    path: () => "/ajax-api/2.0/mlflow/experiments/search-datasets",
    message: (world) => ({
      experiment_ids: world.list(world.random.pick([3, 3, 3, 22]), () => world.pick("experiment")),
    }),
  },
];
