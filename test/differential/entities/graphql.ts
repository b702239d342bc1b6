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

const MODEL_VERSION = `name version currentStage description source runId status statusMessage runLink creationTimestamp userId
  tags { key value } modelId modelParams { name } modelMetrics { key } deploymentJobState { jobId runId currentTaskName }`;

const ERROR = "apiError { code message }";

function operation(name: string, weight: number, message: (world: World) => JsonObject): Operation {
  return {
    name: `graphql ${name}`,
    method: "POST",
    weight,
    effect: "exact",
    isPlain: true,
    required: [],
    path: () => "/graphql",
    message,
  };
}

/** A query of one root field, as the stock web UI's client sends it. */
function query(
  name: string,
  weight: number,
  selection: string,
  data: (world: World) => JsonObject,
  kind: "query" | "mutation" = "query",
): Operation {
  const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input!`;
  const text = `${kind} Any($data: ${type}) @component(name: "MLflow") { ${name}(input: $data) { ${ERROR} ${selection} } }`;
  return operation(name, weight, (world) => ({ operationName: "Any", query: text, variables: { data: data(world) } }));
}

/** `field { field { … inner } }`, `levels` deep. */
const nested = (levels: number, field: string, inner: string): string =>
  levels === 0 ? inner : `${field} { ${nested(levels - 1, field, inner)} }`;

/** Documents of every form of the language, valid and invalid, about a run and an experiment. */
function anyDocument(world: World): string {
  const run = `mlflowGetRun(input: {runId: "${world.pick("run")}"})`;
  const experiment = `mlflowGetExperiment(input: {experimentId: "${world.pick("experiment")}"})`;
  const times = (count: number, text: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => text(i)).join(" ");
  return world.random.pick([
    `{ ${run} { run { info { runName } } } ${experiment} { experiment { name } } }`,
    `{ a: ${run} { run { of: info { runName named: runName } } } b: ${run} { run { info { status } } } }`,
    `query { ${run} { ...r } } fragment r on MlflowGetRunResponse { run { ... on MlflowRunExtension { data { params { key } } } } }`,
    `{ ${run} { run { info { runId } info { lifecycleStage } } run { data { tags { key } tags { value } } } } }`,
    `query A { ${run} { __typename } } query B { ${experiment} { __typename } }`,
    `mutation { mlflowSearchRuns(input: {experimentIds: ["${world.pick("experiment")}"]}) { runs { info { runName } } } testMutation { output } }`,
    `{ test(inputString: "a\\u0062") { output } }`,
    `{ ${run} { run { info { runName @include(if: true) } } } }`,
    `{ ${run} { run { info { ${times(world.random.pick([10, 11]), (i) => `a${i}: runName`)} } } } }`,
    `{ ${times(world.random.pick([10, 11]), (i) => `a${i}: __typename`)} }`,
    `{ ${run} { run { info { ${times(world.random.pick([990, 1001]), () => "runId")} } } } }`,
    `{ __type(name: "MlflowRunExtension") { fields { type { ${nested(world.random.pick([6, 7]), "ofType", "name")} } } } }`,
    `{ ${run} { run { foo } } }`,
    `{ ${run} { run } }`,
    `{ ${run} `,
    `{ mlflowGetRun(input: {runId: 5}) { run { info { runId } } } }`,
    `{ mlflowGetRun(input: {id: "a"}) { run { info { runId } } } }`,
    `{ mlflowGetRun(run: "a") { run { info { runId } } } }`,
    `subscription { ${run} { run { info { runId } } } }`,
    `{ ...f } fragment f on Query { ...f }`,
  ]);
}

const TYPE = "kind name ofType { kind name ofType { kind name ofType { kind name } } }";

/** Queries the whole schema without descriptions. The usual query of tools is deeper than MLflow allows. */
const INTROSPECTION = `{ __schema {
  queryType { name } mutationType { name } subscriptionType { name }
  types {
    kind name specifiedByURL interfaces { name } possibleTypes { name }
    fields(includeDeprecated: true) { name args { name defaultValue type { ${TYPE} } } type { ${TYPE} } isDeprecated }
    inputFields { name defaultValue type { ${TYPE} } }
    enumValues(includeDeprecated: true) { name isDeprecated }
  }
  directives { name isRepeatable locations args { name defaultValue type { ${TYPE} } } }
} }`;

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
  query("mlflowListArtifacts", 2, "rootUri nextPageToken files { path isDir fileSize }", (world) => ({
    [world.random.chance(0.8) ? "runId" : "runUuid"]: world.pick("run"),
    ...world.maybe(0.3, "path", () => world.random.pick(["", "a", "model", "../x", "none"])),
  })),
  query("mlflowSearchModelVersions", 2, `nextPageToken modelVersions { ${MODEL_VERSION} }`, (world) => ({
    ...world.maybe(0.5, "filter", () => `name = '${world.pick("model")}'`),
    orderBy: [world.random.pick(["name ASC", "version_number DESC"])],
    ...world.maybe(0.3, "maxResults", () => world.random.pick([1, 2, 100])),
  })),
  query(
    "mlflowSearchDatasets",
    1,
    "datasetSummaries { experimentId name digest context }",
    (world) => ({ experimentIds: world.list(3, () => world.pick("experiment")) }),
    "mutation",
  ),
  operation("any document", 4, (world) => ({ query: anyDocument(world) })),
  operation("introspection", 0.1, () => ({ query: INTROSPECTION })),
];
