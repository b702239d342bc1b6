import {
  GraphQLBoolean as boolean,
  DirectiveLocation,
  GraphQLFloat as float,
  GraphQLDirective,
  GraphQLEnumType,
  type GraphQLFieldConfig,
  type GraphQLInputFieldConfig,
  GraphQLInputObjectType,
  type GraphQLInputType,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLOutputType,
  GraphQLScalarType,
  GraphQLInt as int,
  isInputType,
  GraphQLString as string,
} from "graphql";

/**
 * The types of MLflow's GraphQL schema, with the names, fields and order that release 3.17.2 returns by introspection. The
 * differential test asks both servers and compares. The types are made by constructors, because the functions that read
 * GraphQL's schema language would add 2 KB, gzipped, to the Worker.
 */

function object(name: string, types: Readonly<Record<string, GraphQLOutputType>>): GraphQLObjectType {
  return new GraphQLObjectType({ name, fields: mapValues(types, (type) => ({ type })) });
}

function input(
  name: string,
  types: Readonly<Record<string, GraphQLInputType | GraphQLInputFieldConfig>>,
): GraphQLInputObjectType {
  return new GraphQLInputObjectType({ name, fields: mapValues(types, (of) => (isInputType(of) ? { type: of } : of)) });
}

function enumeration(name: string, ...names: readonly string[]): GraphQLEnumType {
  return new GraphQLEnumType({ name, values: Object.fromEntries(names.map((name) => [name, {}])) });
}

/** A list of protobuf messages, none of which is null. */
function items(type: GraphQLObjectType): GraphQLOutputType {
  return new GraphQLList(new GraphQLNonNull(type));
}

function mapValues<T, R>(record: Readonly<Record<string, T>>, map: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}

/** An int64, as text. */
const long = new GraphQLScalarType({ name: "LongString" });
const strings = new GraphQLList(string);

const experimentTag = object("MlflowExperimentTag", { key: string, value: string });
const experiment = object("MlflowExperiment", {
  experimentId: string,
  name: string,
  artifactLocation: string,
  lifecycleStage: string,
  lastUpdateTime: long,
  creationTime: long,
  tags: items(experimentTag),
  effectiveTraceArchivalRetention: string,
  workspace: string,
});
const errorDetail = object("ErrorDetail", { field: string, message: string });
const apiError = object("ApiError", {
  code: string,
  message: string,
  helpUrl: string,
  traceId: string,
  errorDetails: new GraphQLList(errorDetail),
});
const getExperimentResponse = object("MlflowGetExperimentResponse", { experiment, apiError });
const getExperimentInput = input("MlflowGetExperimentInput", { experimentId: string });
const metricWithRunId = object("MlflowMetricWithRunId", {
  key: string,
  value: float,
  timestamp: long,
  step: long,
  runId: string,
});
const historyResponse = object("MlflowGetMetricHistoryBulkIntervalResponse", {
  metrics: items(metricWithRunId),
  apiError,
});
const historyInput = input("MlflowGetMetricHistoryBulkIntervalInput", {
  runIds: strings,
  metricKey: string,
  startStep: int,
  endStep: int,
  maxResults: int,
});
const runStatus = enumeration("MlflowRunStatus", "RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED");
const runInfo = object("MlflowRunInfo", {
  runId: string,
  runUuid: string,
  runName: string,
  experimentId: string,
  userId: string,
  status: runStatus,
  startTime: long,
  endTime: long,
  artifactUri: string,
  lifecycleStage: string,
});
const metricExtension = object("MlflowMetricExtension", {
  key: string,
  value: float,
  timestamp: long,
  step: long,
  datasetName: string,
  datasetDigest: string,
  modelId: string,
  runId: string,
});
const param = object("MlflowParam", { key: string, value: string });
const runTag = object("MlflowRunTag", { key: string, value: string });
const runData = object("MlflowRunData", { metrics: items(metricExtension), params: items(param), tags: items(runTag) });
const inputTag = object("MlflowInputTag", { key: string, value: string });
const dataset = object("MlflowDataset", {
  name: string,
  digest: string,
  sourceType: string,
  source: string,
  schema: string,
  profile: string,
});
const datasetInput = object("MlflowDatasetInput", { tags: items(inputTag), dataset });
const modelInput = object("MlflowModelInput", { modelId: string });
const runInputs = object("MlflowRunInputs", { datasetInputs: items(datasetInput), modelInputs: items(modelInput) });
const modelOutput = object("MlflowModelOutput", { modelId: string, step: long });
const runOutputs = object("MlflowRunOutputs", { modelOutputs: items(modelOutput) });
const modelVersionStatus = enumeration(
  "MlflowModelVersionStatus",
  "PENDING_REGISTRATION",
  "FAILED_REGISTRATION",
  "READY",
);
const modelVersionTag = object("MlflowModelVersionTag", { key: string, value: string });
const modelParam = object("MlflowModelParam", { name: string, value: string });
const modelMetric = object("MlflowModelMetric", {
  key: string,
  value: float,
  timestamp: long,
  step: long,
  datasetName: string,
  datasetDigest: string,
  modelId: string,
  runId: string,
});
const deploymentJobConnectionState = enumeration(
  "MlflowDeploymentJobConnectionState",
  "DEPLOYMENT_JOB_CONNECTION_STATE_UNSPECIFIED",
  "NOT_SET_UP",
  "CONNECTED",
  "NOT_FOUND",
  "REQUIRED_PARAMETERS_CHANGED",
);
const deploymentJobRunState = enumeration(
  "MlflowModelVersionDeploymentJobStateDeploymentJobRunState",
  "DEPLOYMENT_JOB_RUN_STATE_UNSPECIFIED",
  "NO_VALID_DEPLOYMENT_JOB_FOUND",
  "RUNNING",
  "SUCCEEDED",
  "FAILED",
  "PENDING",
  "APPROVAL",
);
const deploymentJobState = object("MlflowModelVersionDeploymentJobState", {
  jobId: string,
  runId: string,
  jobState: deploymentJobConnectionState,
  runState: deploymentJobRunState,
  currentTaskName: string,
});
const modelVersion = object("MlflowModelVersion", {
  name: string,
  version: string,
  creationTimestamp: long,
  lastUpdatedTimestamp: long,
  userId: string,
  currentStage: string,
  description: string,
  source: string,
  runId: string,
  status: modelVersionStatus,
  statusMessage: string,
  tags: items(modelVersionTag),
  runLink: string,
  aliases: strings,
  modelId: string,
  modelParams: items(modelParam),
  modelMetrics: items(modelMetric),
  deploymentJobState,
});
const runExtension = object("MlflowRunExtension", {
  info: runInfo,
  data: runData,
  inputs: runInputs,
  outputs: runOutputs,
  experiment,
  modelVersions: items(modelVersion),
});
const getRunResponse = object("MlflowGetRunResponse", { run: runExtension, apiError });
const getRunInput = input("MlflowGetRunInput", { runId: string, runUuid: string });
const fileInfo = object("MlflowFileInfo", { path: string, isDir: boolean, fileSize: long });
const listArtifactsResponse = object("MlflowListArtifactsResponse", {
  rootUri: string,
  files: items(fileInfo),
  nextPageToken: string,
  apiError,
});
const listArtifactsInput = input("MlflowListArtifactsInput", {
  runId: string,
  runUuid: string,
  path: string,
  pageToken: string,
});
const searchModelVersionsResponse = object("MlflowSearchModelVersionsResponse", {
  modelVersions: items(modelVersion),
  nextPageToken: string,
  apiError,
});
const searchModelVersionsInput = input("MlflowSearchModelVersionsInput", {
  filter: string,
  maxResults: long,
  orderBy: strings,
  pageToken: string,
});
const test = object("Test", { output: string });
const searchRunsResponse = object("MlflowSearchRunsResponse", {
  runs: items(runExtension),
  nextPageToken: string,
  apiError,
});
const viewType = enumeration("MlflowViewType", "ACTIVE_ONLY", "DELETED_ONLY", "ALL");
const searchRunsInput = input("MlflowSearchRunsInput", {
  experimentIds: strings,
  filter: string,
  runViewType: { type: viewType, defaultValue: null },
  maxResults: int,
  orderBy: strings,
  pageToken: string,
});
const datasetSummary = object("MlflowDatasetSummary", {
  experimentId: string,
  name: string,
  digest: string,
  context: string,
});
const searchDatasetsResponse = object("MlflowSearchDatasetsResponse", {
  datasetSummaries: items(datasetSummary),
  apiError,
});
const searchDatasetsInput = input("MlflowSearchDatasetsInput", { experimentIds: strings });
const testMutation = object("TestMutation", { output: string });

function rootField(
  type: GraphQLOutputType,
  args: Readonly<Record<string, GraphQLInputType>>,
): GraphQLFieldConfig<unknown, unknown> {
  return { type, args: mapValues(args, (type) => ({ type })) };
}

const mlflowSearchRuns = rootField(searchRunsResponse, { input: searchRunsInput });

export const queryType = new GraphQLObjectType({
  name: "Query",
  fields: {
    mlflowGetExperiment: rootField(getExperimentResponse, { input: getExperimentInput }),
    mlflowGetMetricHistoryBulkInterval: rootField(historyResponse, { input: historyInput }),
    mlflowGetRun: rootField(getRunResponse, { input: getRunInput }),
    mlflowListArtifacts: rootField(listArtifactsResponse, { input: listArtifactsInput }),
    mlflowSearchModelVersions: rootField(searchModelVersionsResponse, { input: searchModelVersionsInput }),
    test: rootField(test, { inputString: string }),
    mlflowSearchRuns,
  },
});

export const mutationType = new GraphQLObjectType({
  name: "Mutation",
  fields: {
    mlflowSearchDatasets: rootField(searchDatasetsResponse, { input: searchDatasetsInput }),
    mlflowSearchRuns,
    testMutation: rootField(testMutation, { inputString: string }),
  },
});

export const component = new GraphQLDirective({
  name: "component",
  args: { name: { type: new GraphQLNonNull(string) } },
  locations: [DirectiveLocation.QUERY, DirectiveLocation.MUTATION],
});
