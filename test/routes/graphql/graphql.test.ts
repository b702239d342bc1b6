import { env } from "cloudflare:workers";
import { beforeAll, expect, test, vi } from "vitest";
import { newModel } from "../../helpers/logged-models.ts";
import { fetchWorker, getExperiment, mlflow, newExperiment, newRun } from "../../helpers/mlflow.ts";
import { ask, GET_EXPERIMENT, GET_HISTORY, GET_RUN, graphql, SEARCH_RUNS } from "./queries.ts";

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

test("whatever GraphQL's language allows is answered: literals, aliases, fragments, two root fields, operations by name", async () => {
  const literal = await graphql({ query: `{ mlflowGetRun(input: {runId: "${runId}"}) { run { info { runName } } } }` });
  const swift = { run: { info: { runName: "swift" } } };
  expect(literal).toEqual({ data: { mlflowGetRun: swift }, errors: null });

  const query = `
    query Other { __typename }
    query Both($run: String!, $experiment: String = "none") {
      one: mlflowGetRun(input: {runUuid: $run}) { run { ...named } }
      mlflowGetExperiment(input: {experimentId: $experiment}) { ... on MlflowGetExperimentResponse { experiment { of: experimentId workspace } } }
    }
    fragment named on MlflowRunExtension { info { runName } info { name: runName } }`;
  const both = await graphql({ query, operationName: "Both", variables: { run: runId, experiment: experimentId } });
  expect(both).toEqual({
    errors: null,
    data: {
      one: { run: { info: { runName: "swift", name: "swift" } } },
      mlflowGetExperiment: { experiment: { of: experimentId, workspace: "default" } },
    },
  });
});

test("a root field that fails is null beside the others", async () => {
  const query = `{
    mlflowGetRun(input: {runId: "none"}) { run { info { runId } } }
    mlflowListArtifacts(input: {}) { rootUri }
    mlflowGetExperiment(input: {experimentId: "${experimentId}"}) { experiment { experimentId } }
  }`;
  const { data, errors } = await graphql({ query });
  expect(data).toEqual({
    mlflowGetRun: null,
    mlflowListArtifacts: null,
    mlflowGetExperiment: { experiment: { experimentId } },
  });
  expect(errors).toHaveLength(2);
});

test("artifacts, model versions and datasets", async () => {
  const of = await newRun({ experiment_id: experimentId });
  const path = `/api/2.0/mlflow-artifacts/artifacts/${experimentId}/${of}/artifacts/a/b.txt`;
  expect((await fetchWorker(path, { method: "PUT", body: "text" })).status).toBe(200);
  const rootUri = `mlflow-artifacts:/${experimentId}/${of}/artifacts`;
  const list = (at: string) =>
    ask(
      "query L($at: MlflowListArtifactsInput) { mlflowListArtifacts(input: $at) { rootUri nextPageToken files { path isDir fileSize } } }",
      {
        at: { runId: of, path: at },
      },
    );
  const listed = (...files: object[]) => ({
    errors: null,
    data: { mlflowListArtifacts: { rootUri, nextPageToken: "", files } },
  });
  expect(await list("")).toEqual(listed({ path: "a", isDir: true, fileSize: "0" }));
  expect(await list("a")).toEqual(listed({ path: "a/b.txt", isDir: false, fileSize: "4" }));
  expect((await list("../..")).errors).toHaveLength(1);

  const name = `model ${of}`;
  await mlflow("registered-models/create", { name });
  await mlflow("model-versions/create", { name, source: `${rootUri}/a`, run_id: of, tags: [{ key: "k", value: "v" }] });
  const versions = await graphql({
    query: `{ mlflowSearchModelVersions(input: {filter: "name = '${name}'", maxResults: 5}) {
      nextPageToken
      modelVersions { name version runId status tags { key value } aliases modelParams { name } deploymentJobState { jobId jobState } }
    } }`,
  });
  expect(versions).toEqual({
    errors: null,
    data: {
      mlflowSearchModelVersions: {
        nextPageToken: "",
        modelVersions: [
          {
            ...{ name, version: "1", runId: of, status: "READY", tags: [{ key: "k", value: "v" }], aliases: [] },
            ...{ modelParams: [], deploymentJobState: { jobId: "", jobState: null } },
          },
        ],
      },
    },
  });

  const dataset = { name: "wine", digest: "d1", source_type: "local", source: "/" };
  await mlflow("runs/log-inputs", {
    run_id: of,
    datasets: [{ dataset, tags: [{ key: "mlflow.data.context", value: "eval" }] }],
  });
  const experimentIds = [await newExperiment(), experimentId];
  const datasets = await ask(
    "mutation D($i: MlflowSearchDatasetsInput) { mlflowSearchDatasets(input: $i) { datasetSummaries { experimentId name digest context } apiError { code } } }",
    { i: { experimentIds } },
  );
  const { mlflowSearchDatasets: found } = datasets.data as { mlflowSearchDatasets: { datasetSummaries: object[] } };
  expect(found.datasetSummaries).toContainEqual({ experimentId, name: "wine", digest: "d1", context: "eval" });
});

test("of the runs of a page, experiments and model versions are read where they are selected only, and once for all", async () => {
  const withRuns = async (count: number): Promise<string> => {
    const of = await newExperiment();
    for (let i = 0; i < count; i++) await newRun({ experiment_id: of, start_time: i });
    return of;
  };
  const statements = async (of: string, selection: string): Promise<number> => {
    const before = vi.spyOn(env.DB, "prepare");
    before.mockClear();
    const query = `{ mlflowSearchRuns(input: {experimentIds: ["${of}"]}) { runs { ${selection} } } }`;
    const { data, errors } = await graphql({ query });
    expect(errors).toBeNull();
    expect(data?.mlflowSearchRuns).toBeTruthy();
    const count = before.mock.calls.length;
    before.mockRestore();
    return count;
  };
  const both = "experiment { name } modelVersions { version }";
  const twice = "experiment { name } a: experiment { name } modelVersions { version } b: modelVersions { name }";
  const [one, many] = [await withRuns(1), await withRuns(5)];
  // The documents of new runs are stored after the answer.
  for (const of of [one, many]) {
    await vi.waitFor(async () =>
      expect(await statements(of, "info { runId }")).toBe(await statements(of, "info { runId }")),
    );
  }
  const [plain, whole] = [await statements(one, "info { runId }"), await statements(one, both)];
  expect(plain).toBeLessThan(whole);
  expect(await statements(many, both)).toBe(whole);
  expect(await statements(many, twice)).toBe(whole);
});

test("introspection tells the schema", async () => {
  const { data, errors } = await graphql({
    query: `{ __schema { queryType { name } directives { name } } __type(name: "MlflowRunStatus") { kind enumValues { name } } }`,
  });
  expect(errors).toBeNull();
  expect(data).toEqual({
    __schema: { queryType: { name: "Query" }, directives: [{ name: "component" }] },
    __type: {
      kind: "ENUM",
      enumValues: ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"].map((name) => ({ name })),
    },
  });
});
