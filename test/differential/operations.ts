import { artifacts } from "./entities/artifacts.ts";
import { datasets } from "./entities/datasets.ts";
import { experiments } from "./entities/experiments.ts";
import { graphql } from "./entities/graphql.ts";
import { loggedModels } from "./entities/logged-models.ts";
import { metrics } from "./entities/metrics.ts";
import { registry } from "./entities/registry.ts";
import { runSearch } from "./entities/run-search.ts";
import { runs } from "./entities/runs.ts";
import type { Operation } from "./operation.ts";
import type { World } from "./world.ts";

const OPERATIONS: readonly Operation[] = [
  ...experiments,
  ...runs,
  ...metrics,
  ...runSearch,
  ...datasets,
  ...artifacts,
  ...registry,
  ...loggedModels,
  ...graphql,
];

/** Each operation with the sum of the weights up to it. */
const CUMULATIVE = OPERATIONS.map((operation, index) => ({
  operation,
  upTo: OPERATIONS.slice(0, index + 1).reduce((sum, { weight }) => sum + weight, 0),
}));

/** The first calls, whatever the seed. They create things for later calls. */
const BEGINNING = ["experiments/create", "experiments/create", "runs/create", "runs/create", "runs/create"];

/** @param index the call's place in its sequence */
export function nextOperation(world: World, index: number): Operation {
  const first = BEGINNING[index];
  if (first !== undefined) return OPERATIONS.find(({ name }) => name === first)!;
  const place = world.random.next() * CUMULATIVE.at(-1)!.upTo;
  return CUMULATIVE.find(({ upTo }) => place < upTo)!.operation;
}
