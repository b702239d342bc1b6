import { beforeAll, expect, test } from "vitest";
import { parseGraphqlQuery } from "../../../src/routes/graphql/document.ts";
import { newModel } from "../../helpers/logged-models.ts";
import {
  expectMlflowError,
  fetchWorker,
  getExperiment,
  type Message,
  mlflow,
  newExperiment,
  newRun,
} from "../../helpers/mlflow.ts";

/** As Apollo, the UI's GraphQL client, sends it: with `__typename` in every object. */
const GET_RUN = `query GetRun($data: MlflowGetRunInput!) @component(name: "MLflow.ExperimentRunTracking") {
  mlflowGetRun(input: $data) {
    apiError { helpUrl code message __typename }
    run {
      info { runName status runUuid experimentId artifactUri endTime lifecycleStage startTime userId __typename }
      experiment { experimentId name tags { key value __typename } artifactLocation lifecycleStage lastUpdateTime __typename }
      modelVersions { status version name source __typename }
      data {
        metrics { key value step timestamp __typename }
        params { key value __typename }
        tags { key value __typename }
        __typename
      }
      inputs {
        datasetInputs {
          dataset { digest name profile schema source sourceType __typename }
          tags { key value __typename }
          __typename
        }
        modelInputs { modelId __typename }
        __typename
      }
      outputs { modelOutputs { modelId step __typename } __typename }
      __typename
    }
    __typename
  }
}`;

const SEARCH_RUNS = `query SearchRuns($data: MlflowSearchRunsInput!) {
  mlflowSearchRuns(input: $data) {
    apiError { code }
    nextPageToken
    runs { info { runName } experiment { name } modelVersions { version } inputs { modelInputs { modelId } } }
  }
}`;

const GET_HISTORY = `query GetMetricHistoryBulkInterval($data: MlflowGetMetricHistoryBulkIntervalInput!)
@component(name: "MLflow.ExperimentRunTracking") {
  mlflowGetMetricHistoryBulkInterval(input: $data) {
    __typename
    metrics { timestamp step runId key value }
    apiError { code message }
  }
}`;

const GET_EXPERIMENT = `query MlflowGetExperimentQuery($input: MlflowGetExperimentInput!) @component(name: "x") {
  mlflowGetExperiment(input: $input) {
    apiError { code message }
    experiment {
      artifactLocation creationTime effectiveTraceArchivalRetention experimentId lastUpdateTime lifecycleStage name
      tags { key value }
    }
  }
}`;

interface Answer {
  readonly data: Record<string, unknown> | null;
  readonly errors: readonly string[] | null;
}

async function graphql(body: Message): Promise<Answer> {
  const response = await fetchWorker("/graphql", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(200);
  return await response.json();
}

const ask = (query: string, variables: Message) => graphql({ operationName: "any", query, variables });

let experimentId: string;
let runId: string;
beforeAll(async () => {
  experimentId = await newExperiment({ tags: [{ key: "team", value: "a" }] });
  runId = await newRun({ experiment_id: experimentId, run_name: "swift", start_time: 5, user_id: "ada" });
});

test("a run by its older name, and the history of no runs or of no metric", async () => {
  const { data } = await ask(
    "query Q($data: MlflowGetRunInput!) { mlflowGetRun(input: $data) { run { info { runId } } } }",
    {
      data: { runUuid: runId },
    },
  );
  expect(data).toEqual({ mlflowGetRun: { run: { info: { runId } } } });
  for (const nothing of [{ runIds: [], metricKey: "loss" }, { runIds: [runId], metricKey: "" }, {}]) {
    const history = await ask(GET_HISTORY, { data: nothing });
    expect(history).toMatchObject({ data: { mlflowGetMetricHistoryBulkInterval: { metrics: [] } }, errors: null });
  }
});

test("the run page's query answers all of a run, in camelCase", async () => {
  const { model_id: modelId } = (await newModel({ experiment_id: experimentId })).info;
  await mlflow("runs/log-batch", {
    run_id: runId,
    metrics: [
      { key: "loss", value: 0.1 + 0.2, timestamp: "9007199254740993", step: "-9007199254740993" },
      { key: "nan", value: "NaN", timestamp: 1 },
    ],
    params: [{ key: "lr", value: "0.1" }],
  });
  const dataset = { name: "d", digest: "x", source_type: "local", source: "/" };
  const tags = [{ key: "mlflow.data.context", value: "eval" }];
  await mlflow("runs/log-inputs", { run_id: runId, datasets: [{ dataset, tags }], models: [{ model_id: modelId }] });
  await mlflow("runs/outputs", { run_id: runId, models: [{ model_id: modelId, step: 3 }] });
  const name = `model ${runId}`;
  await mlflow("registered-models/create", { name });
  const source = `mlflow-artifacts:/${experimentId}/${runId}/artifacts/model`;
  await mlflow("model-versions/create", { name, source, run_id: runId });
  const experiment = await getExperiment(experimentId);
  const typed = (__typename: string, fields: object) => ({ ...fields, __typename });
  expect(await ask(GET_RUN, { data: { runId } })).toEqual({
    errors: null,
    data: {
      mlflowGetRun: typed("MlflowGetRunResponse", {
        apiError: null,
        run: typed("MlflowRunExtension", {
          info: typed("MlflowRunInfo", {
            runName: "swift",
            status: "RUNNING",
            runUuid: runId,
            experimentId,
            artifactUri: `mlflow-artifacts:/${experimentId}/${runId}/artifacts`,
            endTime: "0",
            lifecycleStage: "active",
            startTime: "5",
            userId: "ada",
          }),
          experiment: typed("MlflowExperiment", {
            experimentId,
            name: experiment.name,
            tags: [typed("MlflowExperimentTag", { key: "team", value: "a" })],
            artifactLocation: experiment.artifact_location,
            lifecycleStage: "active",
            lastUpdateTime: String(experiment.last_update_time),
          }),
          modelVersions: [typed("MlflowModelVersion", { status: "READY", version: "1", name, source })],
          data: typed("MlflowRunData", {
            metrics: [
              { key: "loss", value: 0.1 + 0.2, step: "-9007199254740993", timestamp: "9007199254740993" },
              { key: "nan", value: null, step: "0", timestamp: "1" },
            ].map((metric) => typed("MlflowMetricExtension", metric)),
            params: [typed("MlflowParam", { key: "lr", value: "0.1" })],
            tags: [typed("MlflowRunTag", { key: "mlflow.runName", value: "swift" })],
          }),
          inputs: typed("MlflowRunInputs", {
            datasetInputs: [
              typed("MlflowDatasetInput", {
                dataset: typed("MlflowDataset", {
                  digest: "x",
                  name: "d",
                  profile: "",
                  schema: "",
                  source: "/",
                  sourceType: "local",
                }),
                tags: tags.map((tag) => typed("MlflowInputTag", tag)),
              }),
            ],
            modelInputs: [typed("MlflowModelInput", { modelId })],
          }),
          outputs: typed("MlflowRunOutputs", {
            modelOutputs: [typed("MlflowModelOutput", { modelId, step: "3" })],
          }),
        }),
      }),
    },
  });
});

test("a search answers runs with their experiments, page by page", async () => {
  const of = await newExperiment();
  for (const run_name of ["one", "two"]) await newRun({ experiment_id: of, run_name, start_time: 1 });
  const { name } = await getExperiment(of);
  const found: unknown[] = [];
  let pageToken: string | undefined;
  do {
    const { data, errors } = await ask(SEARCH_RUNS, { data: { experimentIds: [of], maxResults: 1, pageToken } });
    expect(errors).toBeNull();
    const page = data?.mlflowSearchRuns as { runs: unknown[]; nextPageToken: string; apiError: null };
    expect(page.apiError).toBeNull();
    found.push(...page.runs);
    pageToken = page.nextPageToken;
  } while (pageToken);
  const run = (runName: string) => ({
    info: { runName },
    experiment: { name },
    modelVersions: [],
    inputs: { modelInputs: [] },
  });
  expect(found).toHaveLength(2);
  expect(found).toEqual(expect.arrayContaining([run("one"), run("two")]));
  const none = await ask(SEARCH_RUNS, { data: { experimentIds: [of], filter: "params.a = 'b'", runViewType: "ALL" } });
  expect(none.data).toEqual({ mlflowSearchRuns: { apiError: null, nextPageToken: "", runs: [] } });
});

test("a metric's history", async () => {
  const of = await newRun();
  for (const step of [2, 1]) {
    await mlflow("runs/log-metric", { run_id: of, key: "m", value: step === 1 ? "NaN" : 0.5, timestamp: 10, step });
  }
  const answer = await ask(GET_HISTORY, { data: { runIds: [of], metricKey: "m", maxResults: 320 } });
  const point = { timestamp: "10", runId: of, key: "m" };
  expect(answer.data).toEqual({
    mlflowGetMetricHistoryBulkInterval: {
      __typename: "MlflowGetMetricHistoryBulkIntervalResponse",
      metrics: [
        { ...point, step: "1", value: null },
        { ...point, step: "2", value: 0.5 },
      ],
      apiError: null,
    },
  });
});

test("an experiment", async () => {
  const experiment = await getExperiment(experimentId);
  const { data } = await ask(GET_EXPERIMENT, { input: { experimentId } });
  expect(data).toEqual({
    mlflowGetExperiment: {
      apiError: null,
      experiment: {
        artifactLocation: experiment.artifact_location,
        creationTime: String(experiment.creation_time),
        effectiveTraceArchivalRetention: "",
        experimentId,
        lastUpdateTime: String(experiment.last_update_time),
        lifecycleStage: "active",
        name: experiment.name,
        tags: [{ key: "team", value: "a" }],
      },
    },
  });
});

test("a query may come in a GET's query string", async () => {
  const search = new URLSearchParams({ query: GET_EXPERIMENT, variables: JSON.stringify({ input: { experimentId } }) });
  const response = await fetchWorker(`/graphql?${search}`);
  expect(await response.json()).toMatchObject({ data: { mlflowGetExperiment: { experiment: { experimentId } } } });
});

test("what is not there is an error beside null", async () => {
  expect(await ask(GET_RUN, { data: { runId: "0".repeat(32) } })).toEqual({
    data: { mlflowGetRun: null },
    errors: [`Run with id=${"0".repeat(32)} not found`],
  });
  expect((await ask(GET_EXPERIMENT, { input: { experimentId: "x" } })).errors).toHaveLength(1);
  expect((await ask(SEARCH_RUNS, { data: { experimentIds: ["0"], filter: "x" } })).errors).toHaveLength(1);
});

test.each<[string, string]>([
  ["another root field", "query A($i: I!) { mlflowListArtifacts(input: $i) { rootUri } }"],
  ["introspection", "query A($i: I!) { __schema { types { name } } }"],
  ["a field of Object.prototype", "query A($i: I!) { constructor(input: $i) { name } }"],
  ["an unknown field", "query A($i: I!) { mlflowGetRun(input: $i) { foo } }"],
  ["an inherited field", "query A($i: I!) { mlflowGetRun(input: $i) { run { toString } } }"],
  ["an object without fields", "query A($i: I!) { mlflowGetRun(input: $i) { run } }"],
  ["fields of a scalar", "query A($i: I!) { mlflowGetRun(input: $i) { run { info { runName { a } } } } }"],
  ["an alias", "query A($i: I!) { mlflowGetRun(input: $i) { a: run { info { runName } } } }"],
  ["a field twice", "query A($i: I!) { mlflowGetRun(input: $i) { run { info { runName } } run { info { status } } } }"],
  [
    "two root fields",
    "query A($i: I!) { mlflowGetRun(input: $i) { __typename } mlflowGetRun(input: $i) { __typename } }",
  ],
  ["two operations", `${GET_RUN} ${GET_RUN}`],
  ["a fragment", "query A($i: I!) { mlflowGetRun(input: $i) { ...f } } fragment f on X { __typename }"],
  ["a literal argument", `query A($i: I!) { mlflowGetRun(input: {runId: "a"}) { __typename } }`],
  ["an undeclared variable", "query A($i: I!) { mlflowGetRun(input: $j) { __typename } }"],
  ["no fields", "query A($i: I!) { mlflowGetRun(input: $i) { } }"],
  ["no end", "query A($i: I!) { mlflowGetRun(input: $i) { __typename"],
  ["a shorthand", "{ mlflowGetRun { __typename } }"],
  ["nothing", ""],
  ["depth", `query A($i: I!) { mlflowGetRun(input: $i) ${"{ run ".repeat(5000)}`],
  ["length", `${GET_RUN}${" ".repeat(20_000)}`],
])("a document with %s is refused", async (_what, query) => {
  const { data, errors } = await ask(query, { i: { runId }, data: { runId } });
  expect(data).toBeNull();
  expect(errors).toHaveLength(1);
});

test.each<[string, unknown]>([
  ["no variables", undefined],
  ["null", null],
  ["a list", []],
  ["another variable", { other: {} }],
  ["a wrong type", { data: { runId: 5 } }],
  ["nothing in it", { data: {} }],
])("variables with %s are refused", async (_what, variables) => {
  const { data, errors } = await graphql({ query: GET_RUN, variables });
  expect(data).toBeNull();
  expect(errors).toHaveLength(1);
});

test.each([{}, { query: 5 }, { query: ["a", "b"] }, [{ query: GET_RUN }], "x"])(
  "the body %j is a 400",
  async (body) => {
    await expectMlflowError(
      fetchWorker("/graphql", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      }),
      "INVALID_PARAMETER_VALUE",
    );
  },
);

test("comments, commas and a nullable variable are read over", () => {
  const { field, variable, selection } = parseGraphqlQuery(
    "# asked by a page\nmutation A($d: I) { f(input: $d) { a, b { c } # the end\n } }",
  );
  expect([field, variable]).toEqual(["f", "d"]);
  expect([...selection.keys()]).toEqual(["a", "b"]);
});
