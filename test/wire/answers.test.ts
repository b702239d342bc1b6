import { describe, expect, test } from "vitest";
import type { ModelVersion, RunInfo } from "../../src/domain/entities.ts";
import type { LoggedModel } from "../../src/domain/logged-model.ts";
import { pageToPieces } from "../../src/wire/page.ts";
import { modelVersionToWire, registeredModelToWire } from "../../src/wire/registry.ts";
import { byteStream, isLarge, json, jsonStream, jsonText } from "../../src/wire/respond.ts";
import {
  datasetSummaryToWire,
  experimentToWire,
  fileInfoToWire,
  filesToWire,
  loggedModelToWire,
  metricToWire,
  newRunToWire,
  runInfoToWire,
  runToWire,
} from "../../src/wire/tracking.ts";

const RUN: RunInfo = {
  runId: "r1",
  experimentId: "7",
  runName: 'a "run"',
  userId: "é",
  status: "RUNNING",
  startTimeMs: 9_007_199_254_740_993n,
  endTimeMs: null,
  artifactUri: "mlflow-artifacts:/7/r1/artifacts",
  lifecycleStage: "active",
};

const RUN_INFO =
  '{"run_id":"r1","run_uuid":"r1","run_name":"a \\"run\\"","experiment_id":"7","user_id":"é","status":"RUNNING"' +
  ',"start_time":9007199254740993,"artifact_uri":"mlflow-artifacts:/7/r1/artifacts","lifecycle_stage":"active"}';

describe("a metric's point", () => {
  test.each([
    [1, "1"],
    [-0, "-0.0"],
    [0, "0"],
    [Number.NaN, '"NaN"'],
    [0.1, "0.1"],
    [1e21, "1e+21"],
  ])("of %d has the value %s", (value, text) => {
    expect(metricToWire({ key: 'a"', value, timestamp: -1, step: 9_223_372_036_854_775_807n })).toBe(
      `{"key":"a\\"","value":${text},"timestamp":-1,"step":9223372036854775807}`,
    );
  });

  test("names its run where a list mixes runs", () => {
    expect(metricToWire({ key: "a", value: 1, timestamp: 2, step: 3 }, "r1")).toBe(
      '{"key":"a","value":1,"timestamp":2,"step":3,"run_id":"r1"}',
    );
  });
});

describe("a run", () => {
  test("leaves out the times it has not, and an end of 0", () => {
    expect(runInfoToWire(RUN)).toBe(RUN_INFO);
    expect(runInfoToWire({ ...RUN, startTimeMs: null, endTimeMs: 0 })).toBe(
      RUN_INFO.replace(',"start_time":9007199254740993', ""),
    );
    expect(runInfoToWire({ ...RUN, startTimeMs: 0, endTimeMs: 5 })).toBe(
      RUN_INFO.replace('"start_time":9007199254740993', '"start_time":0,"end_time":5'),
    );
  });

  test("has its document, and the models it used among its inputs", () => {
    const bare = '"data":{},"inputs":{}';
    expect(runToWire({ info: RUN, document: bare })).toBe(`{"info":${RUN_INFO},${bare}}`);
    expect(runToWire({ info: RUN, document: bare, modelInputs: ["m-1", "m-2"] })).toBe(
      `{"info":${RUN_INFO},"data":{},"inputs":{"model_inputs":[{"model_id":"m-1"},{"model_id":"m-2"}]}}`,
    );
    const filled = '"data":{},"inputs":{"dataset_inputs":[1]}';
    expect(runToWire({ info: RUN, document: filled, modelInputs: ["m-1"] })).toBe(
      `{"info":${RUN_INFO},"data":{},"inputs":{"dataset_inputs":[1],"model_inputs":[{"model_id":"m-1"}]}}`,
    );
  });

  test("that is new has its tags", () => {
    expect(newRunToWire({ ...RUN, tags: [{ key: "a", value: "b" }] })).toBe(
      `{"info":${RUN_INFO},"outputs":{},"data":{"tags":[{"key":"a","value":"b"}]},"inputs":{}}`,
    );
  });
});

const MODEL: LoggedModel = {
  modelId: "m-1",
  experimentId: "7",
  name: "net",
  modelType: "",
  sourceRunId: "",
  status: "LOGGED_MODEL_READY",
  statusMessage: null,
  artifactUri: "mlflow-artifacts:/7/models/m-1/artifacts",
  creationTimeMs: 1,
  lastUpdateTimeMs: 2,
  tags: [],
  params: [],
  metrics: [],
};

const MODEL_INFO = {
  model_id: "m-1",
  experiment_id: "7",
  name: "net",
  creation_timestamp_ms: 1,
  last_updated_timestamp_ms: 2,
  artifact_uri: "mlflow-artifacts:/7/models/m-1/artifacts",
  status: "LOGGED_MODEL_READY",
  model_type: "",
  source_run_id: "",
};

test("a logged model leaves out the lists and texts it has not", () => {
  expect(JSON.parse(loggedModelToWire(MODEL))).toEqual({ info: MODEL_INFO, data: {} });
  const pair = { key: "k", value: "v" };
  const point = { key: "acc", value: 0.5, timestamp: 3, step: 4, modelId: "m-1", runId: "r1" };
  expect(
    JSON.parse(
      loggedModelToWire({
        ...MODEL,
        statusMessage: "",
        tags: [pair],
        params: [pair],
        metrics: [point, { ...point, datasetName: "d", datasetDigest: "x" }],
      }),
    ),
  ).toEqual({
    info: { ...MODEL_INFO, status_message: "", tags: [pair] },
    data: {
      params: [pair],
      metrics: [
        { key: "acc", value: 0.5, timestamp: 3, step: 4, run_id: "r1", model_id: "m-1" },
        {
          key: "acc",
          value: 0.5,
          timestamp: 3,
          step: 4,
          run_id: "r1",
          model_id: "m-1",
          dataset_name: "d",
          dataset_digest: "x",
        },
      ],
    },
  });
});

test("an experiment, a dataset and files", () => {
  const experiment = {
    experimentId: "7",
    name: "e",
    artifactLocation: "mlflow-artifacts:/7",
    lifecycleStage: "active" as const,
    creationTimeMs: 1,
    lastUpdateTimeMs: 2,
    tags: [],
  };
  const wire = {
    experiment_id: "7",
    name: "e",
    artifact_location: "mlflow-artifacts:/7",
    lifecycle_stage: "active",
    creation_time: 1,
    last_update_time: 2,
  };
  const tags = [{ key: "a", value: "b" }];
  expect(experimentToWire(experiment)).toEqual(wire);
  expect(experimentToWire({ ...experiment, tags })).toEqual({ ...wire, tags });
  expect(datasetSummaryToWire({ experimentId: "7", name: "d", digest: "x", context: null })).toEqual({
    experiment_id: "7",
    name: "d",
    digest: "x",
  });
  expect(datasetSummaryToWire({ experimentId: "7", name: "d", digest: "x", context: "train" })).toHaveProperty(
    "context",
    "train",
  );
  const files = [
    { path: "a", isDir: true },
    { path: "b", isDir: false, fileSize: 0 },
  ];
  expect(files.map(fileInfoToWire)).toEqual([
    { path: "a", is_dir: true },
    { path: "b", is_dir: false, file_size: 0 },
  ]);
  expect(filesToWire([], "x")).toEqual({});
  expect(filesToWire(files, "")).toEqual({ files: files.map(fileInfoToWire) });
  expect(filesToWire(files, "x/y")).toEqual({
    files: [
      { path: "x/y/a", is_dir: true },
      { path: "x/y/b", is_dir: false, file_size: 0 },
    ],
  });
});

test("a registered model and its version", () => {
  const version: ModelVersion = {
    name: "net",
    version: 3,
    currentStage: "None",
    description: null,
    source: "s3://x/y",
    runId: null,
    runLink: null,
    creationTimeMs: 1,
    lastUpdateTimeMs: 2,
    tags: [],
    aliases: [],
  };
  const wire = {
    name: "net",
    version: "3",
    creation_timestamp: 1,
    last_updated_timestamp: 2,
    current_stage: "None",
    source: "s3://x/y",
    status: "READY",
  };
  const tags = [{ key: "a", value: "b" }];
  expect(modelVersionToWire(version)).toEqual(wire);
  expect(
    modelVersionToWire({ ...version, description: "", runId: "", runLink: "", tags, aliases: ["champion"] }),
  ).toEqual({ ...wire, description: "", run_id: "", run_link: "", tags, aliases: ["champion"] });

  const model = {
    name: "net",
    description: null,
    creationTimeMs: 1,
    lastUpdateTimeMs: 2,
    tags: [],
    aliases: [],
    latestVersions: [],
  };
  const modelWire = { name: "net", creation_timestamp: 1, last_updated_timestamp: 2 };
  expect(registeredModelToWire(model)).toEqual(modelWire);
  expect(registeredModelToWire({ ...model, description: "" })).toEqual(modelWire);
  expect(
    registeredModelToWire({
      ...model,
      description: "d",
      tags,
      aliases: [{ alias: "champion", version: 3 }],
      latestVersions: [version],
    }),
  ).toEqual({
    ...modelWire,
    description: "d",
    tags,
    aliases: [{ alias: "champion", version: "3" }],
    latest_versions: [wire],
  });
});

async function* slices<T>(...all: T[]): AsyncGenerator<T, void> {
  yield* all;
}

async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  let text = "";
  for await (const piece of pieces) text += piece;
  return text;
}

describe("a page", () => {
  test.each<[readonly (readonly number[])[], string | undefined, string]>([
    [[], undefined, "{}"],
    [[], "t", '{"next_page_token":"t"}'],
    [[[]], undefined, "{}"],
    [[[1, 2], [], [3]], undefined, '{"n":[1,2,3]}'],
    [[[1]], 'a"b', '{"n":[1],"next_page_token":"a\\"b"}'],
  ])("of %j and the token %j", async (all, token, text) => {
    expect(await textOf(pageToPieces("n", slices(...all), String, token))).toBe(text);
    expect(await textOf(pageToPieces("n", slices(...all), String, () => token))).toBe(text);
  });

  test("asks for its token when all slices were read", async () => {
    let read = 0;
    async function* counted() {
      for (const slice of [[1], [2]]) {
        read++;
        yield slice;
      }
    }
    expect(await textOf(pageToPieces("n", counted(), String, () => String(read)))).toBe(
      '{"n":[1,2],"next_page_token":"2"}',
    );
  });
});

describe("an answer", () => {
  test("is JSON that no browser keeps, sniffs, shows or embeds", async () => {
    const response = json({ a: 1 }, 201);
    expect(response.status).toBe(201);
    expect(await response.text()).toBe('{"a":1}');
    expect(Object.fromEntries(response.headers)).toEqual({
      "content-type": "application/json",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "cross-origin-resource-policy": "same-origin",
    });
    expect(json({}).status).toBe(200);
  });

  test("is large from 8 KiB on, or as a stream", () => {
    expect(isLarge(jsonText("x".repeat(8191)))).toBe(false);
    expect(isLarge(jsonText("x".repeat(8192)))).toBe(true);
    expect(isLarge(jsonText(new ReadableStream()))).toBe(true);
    expect(isLarge(new Response("x".repeat(10_000)))).toBe(false);
  });

  test("of pieces is one text where it is short, and a stream where it is long", async () => {
    const short = await jsonStream(slices('{"a":', "1}"));
    expect([isLarge(short), await short.text()]).toEqual([false, '{"a":1}']);
    const piece = "é".repeat(40_000);
    const long = await jsonStream(slices(piece, piece, piece));
    expect([isLarge(long), await long.text()]).toEqual([true, piece.repeat(3)]);
  });

  test("begins when 64 KiB are there, and is read on as the client reads", async () => {
    let made = 0;
    async function* pieces() {
      for (; made < 100; ) {
        made++;
        yield "x".repeat(1024);
      }
    }
    const response = await jsonStream(pieces());
    expect(made).toBe(64);
    expect(await response.text()).toHaveLength(100 * 1024);
  });

  test("whose first pieces fail is none", async () => {
    async function* failing() {
      yield "[";
      throw new Error("no");
    }
    await expect(jsonStream(failing())).rejects.toThrow("no");
  });

  test("of bytes says so", async () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const short = await byteStream(slices(bytes, bytes));
    expect(short.headers.get("Content-Type")).toBe("application/octet-stream");
    expect(short.headers.get("Cache-Control")).toBe("no-store");
    expect([...new Uint8Array(await short.arrayBuffer())]).toEqual([1, 2, 3, 1, 2, 3]);
    const large = new Uint8Array(50_000).fill(7);
    const long = await byteStream(slices(large, large, bytes));
    expect(new Uint8Array(await long.arrayBuffer())).toHaveLength(100_003);
  });
});
