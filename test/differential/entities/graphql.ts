import type { JsonObject } from "../json.ts";
import type { Operation } from "../operation.ts";
import type { World } from "../world.ts";

const EXPERIMENT = `experimentId name artifactLocation lifecycleStage creationTime lastUpdateTime tags { key value }`;

const RUN = `
  info { runUuid runName experimentId status startTime endTime lifecycleStage artifactUri userId }
  experiment { ${EXPERIMENT} }
  modelVersions { name version status source }
  data { metrics { key value step timestamp } params { key value } tags { key value } }
  inputs {
    datasetInputs { dataset { name digest sourceType source schema profile } tags { key value } }
    modelInputs { modelId }
  }
  outputs { modelOutputs { modelId step } }`;

const ERROR = "apiError { code message }";

/** A query of the stock web UI's, as its client sends it. */
function query(name: string, weight: number, selection: string, data: (world: World) => JsonObject): Operation {
  const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input!`;
  const text = `query Any($data: ${type}) @component(name: "MLflow") { ${name}(input: $data) { ${ERROR} ${selection} } }`;
  return {
    name: `graphql ${name}`,
    method: "POST",
    weight,
    effect: "exact",
    isPlain: true,
    required: [],
    path: () => "/graphql",
    message: (world) => ({ operationName: "Any", query: text, variables: { data: data(world) } }),
  };
}

export const graphql: readonly Operation[] = [
  query("mlflowGetExperiment", 2, `experiment { ${EXPERIMENT} }`, (world) => ({
    experimentId: world.pick("experiment"),
  })),
  query("mlflowGetRun", 3, `run { ${RUN} }`, (world) => ({
    [world.random.chance(0.8) ? "runId" : "runUuid"]: world.pick("run"),
  })),
  query("mlflowSearchRuns", 3, `nextPageToken runs { ${RUN} }`, (world) => ({
    experimentIds: world.list(3, () => world.pick("experiment")),
    ...world.maybe(0.5, "filter", () =>
      world.random.pick(["metrics.loss > 0.1", "tags.LR LIKE '%a%'", "status = 'RUNNING'", "", "no filter"]),
    ),
    ...world.maybe(0.5, "orderBy", () => [
      world.random.pick(["metrics.acc DESC", "start_time", "params.LR ASC", "foo"]),
    ]),
    ...world.maybe(0.5, "runViewType", () => world.random.pick(["ACTIVE_ONLY", "DELETED_ONLY", "ALL"])),
    ...world.maybe(0.5, "maxResults", () => world.random.pick([1, 2, 5, 1000])),
  })),
  query("mlflowGetMetricHistoryBulkInterval", 3, "metrics { key value step timestamp runId }", (world) => ({
    runIds: world.list(3, () => world.pick("run")),
    metricKey: world.key(),
    ...world.maybe(0.5, "maxResults", () => world.random.pick([320, 2500])),
  })),
];
