import { beforeAll, describe, expect, test } from "vitest";
import type { ErrorCode } from "../../src/domain/errors.ts";
import * as LIMITS from "../../src/domain/limits.ts";
import * as MODEL_LIMITS from "../../src/domain/logged-model.ts";
import { fetchWorker, mlflow, newExperiment, newRun, send, type WireRun } from "../helpers/mlflow.ts";
import { storedState } from "../helpers/state.ts";
import { closedServer, PASSWORD } from "../helpers/users.ts";

/*
 * Every limit, at the limit and one beyond. At the limit a request is not refused for its size. One beyond it is refused and
 * changes nothing, or the value is cut where MLflow cuts it.
 */

interface Case {
  readonly what: string;
  readonly most: number;
  /** The request whose measured part has this size. */
  readonly ask: (size: number) => Promise<Response>;
  /** The answer at the limit. */
  readonly at?: number;
  /** The answer beyond it. */
  readonly beyond?: ErrorCode;
  /** Reads back what was stored, for values that are cut. */
  readonly cut?: () => Promise<string>;
}

const things = { experimentId: "", runId: "", modelId: "", name: "", username: "" };

const server = closedServer();

beforeAll(async () => {
  things.experimentId = await newExperiment();
  things.runId = await newRun({ experiment_id: things.experimentId });
  things.name = `model ${crypto.randomUUID()}`;
  await mlflow("registered-models/create", { name: things.name });
  const { model } = await mlflow<{ model: { info: { model_id: string } } }>("logged-models", {
    experiment_id: things.experimentId,
  });
  things.modelId = model.info.model_id;
  things.username = await server.newUser();
});

const x = (length: number) => "x".repeat(length);
/** A text of so many characters that no other text of the tests equals. */
const name = (length: number) => (length < 36 ? x(length) : crypto.randomUUID().padEnd(length, "x"));
const hex = (index: number) => index.toString(16).padStart(32, "0");
const list = <T>(length: number, item: (index: number) => T): T[] => Array.from({ length }, (_, index) => item(index));

/** Lets the server sign addresses, as uploads in parts need. */
const SIGNS = { TRACKFLARE_URL_SECRET: "a secret to sign addresses with" } as unknown as Partial<Env>;

const api = (path: string, message: object, method: "POST" | "PATCH" = "POST") =>
  fetchWorker(path, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(message) }, SIGNS);

const asAdmin = (path: string, message: object, method: "POST" | "PATCH" = "POST") =>
  server.admin.send(method, path, { ...message });

const runOf = async () => (await mlflow<{ run: WireRun }>("runs/get", { run_id: things.runId })).run;

const tagOf = async (key: string) => (await runOf()).data.tags?.find((tag) => tag.key === key)?.value ?? "";

const dataset = (fields: object) =>
  send("runs/log-inputs", {
    run_id: things.runId,
    datasets: [{ dataset: { name: "d", digest: "1", source_type: "s", source: "s", ...fields } }],
  });

const datasetTag = (key: string, value: string) =>
  send("runs/log-inputs", {
    run_id: things.runId,
    datasets: [{ dataset: { name: "d", digest: "2", source_type: "s", source: "s" }, tags: [{ key, value }] }],
  });

/** A dataset whose JSON has so many bytes. */
function datasetOf(bytes: number) {
  const without = { name: "d", digest: "3", sourceType: "s", source: "s", schema: undefined, profile: "" };
  const rest = JSON.stringify({ dataset: without, tags: [] }).length;
  return dataset({ digest: "3", profile: x(bytes - rest) });
}

const batch = (counts: { metrics?: number; params?: number; tags?: number }, prefix: string) =>
  send("runs/log-batch", {
    run_id: things.runId,
    metrics: list(counts.metrics ?? 0, (i) => ({ key: `${prefix}${i}`, value: 1, timestamp: 1, step: 1 })),
    params: list(counts.params ?? 0, (i) => ({ key: `${prefix}${i}`, value: "v" })),
    tags: list(counts.tags ?? 0, (i) => ({ key: `${prefix}${i}`, value: "v" })),
  });

function modelJson(length: number): string {
  const fields = { run_id: things.runId, artifact_path: "", utc_time_created: "t", model_uuid: null, flavors: {} };
  return JSON.stringify({ ...fields, artifact_path: x(length - JSON.stringify(fields).length) });
}

const imported = (records: object[], what: string) => api(`/api/2.0/trackflare/import/${what}`, { records });

const known = (length: number) => ({ kind: "run", id: x(length), digest: "d" });

const points = (count: number) => ({
  run_id: things.runId,
  metrics: [
    { key: "imported", timestamps: list(count, () => 1), steps: list(count, (i) => i), values: list(count, () => 1) },
  ],
});

/** The answer to a document, as a refusal where it is too large. */
const graphql = async (query: string) => {
  const response = await api("/graphql", { query });
  const { errors } = (await response.json()) as { errors?: readonly string[] | null };
  const isTooMuch = response.status === 400 || errors?.some((error) => /at most|exceeds maximum/.test(error));
  const refused = { error_code: "INVALID_PARAMETER_VALUE", message: "" };
  return isTooMuch ? Response.json(refused, { status: 400 }) : Response.json({});
};

const putFile = (path: string) =>
  fetchWorker(`/api/2.0/mlflow-artifacts/artifacts/${things.experimentId}/${things.runId}/artifacts/${path}`, {
    method: "PUT",
    body: "b",
  });

/** The part of an object's key before the path of a run's file. */
const KEY_BEFORE = () => `${things.experimentId}/${things.runId}/artifacts/`.length;

/** A path of so many characters, of segments that are short enough. */
const path = (length: number) => list(Math.ceil(length / 200), (i) => x(Math.min(199, length - i * 200))).join("/");

const token = (fields: object) =>
  asAdmin("/api/2.0/trackflare/tokens/create", {
    ...{ username: things.username, name: crypto.randomUUID(), scopes: ["read"], ...fields },
  });

const link = (fields: object) =>
  api("/api/2.0/trackflare/links/create", { experiment_ids: [things.experimentId], ...fields });

/** By the names of the constants in domain/limits.ts. */
const CASES: Readonly<Record<string, readonly Omit<Case, "most">[]>> = {
  MAX_JSON_BODY_BYTES: [
    {
      what: "a JSON body",
      ask: (size) =>
        fetchWorker("/api/2.0/mlflow/runs/search", {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: "{}".padEnd(size),
        }),
      beyond: "REQUEST_TOO_LARGE",
    },
  ],
  MAX_STRING_LENGTH: [
    {
      what: "a run's user",
      ask: (size) => send("runs/create", { experiment_id: things.experimentId, user_id: x(size) }),
    },
  ],
  MAX_LIST_LENGTH: [
    {
      what: "stages",
      ask: (size) =>
        send("registered-models/get-latest-versions", { name: things.name, stages: list(size, () => "None") }),
    },
  ],
  MAX_EXPERIMENT_IDS: [
    {
      what: "experiments of a search",
      ask: (size) => send("runs/search", { experiment_ids: list(size, (i) => String(i + 1e9)) }),
    },
    {
      what: "experiments of a search for models",
      ask: (size) => send("logged-models/search", { experiment_ids: list(size, (i) => String(i + 1e9)) }),
    },
  ],
  MAX_KEY_LENGTH: [
    {
      what: "a metric's key",
      ask: (size) => send("runs/log-metric", { run_id: things.runId, key: x(size), value: 1, timestamp: 1 }),
    },
    {
      what: "a param's key",
      ask: (size) => send("runs/log-parameter", { run_id: things.runId, key: x(size), value: "1" }),
    },
    { what: "a tag's key", ask: (size) => send("runs/set-tag", { run_id: things.runId, key: x(size), value: "1" }) },
    {
      what: "an experiment's tag's key",
      ask: (size) =>
        send("experiments/set-experiment-tag", { experiment_id: things.experimentId, key: x(size), value: "1" }),
    },
    {
      what: "a registered model's tag's key",
      ask: (size) => send("registered-models/set-tag", { name: things.name, key: x(size), value: "1" }),
    },
  ],
  MAX_PARAM_VALUE_LENGTH: [
    {
      what: "a param's value",
      ask: (size) => send("runs/log-parameter", { run_id: things.runId, key: "long", value: x(size) }),
      cut: async () => (await runOf()).data.params?.find(({ key }) => key === "long")?.value ?? "",
    },
  ],
  MAX_RUN_TAG_VALUE_LENGTH: [
    {
      what: "a tag's value",
      ask: (size) => send("runs/set-tag", { run_id: things.runId, key: "long", value: x(size) }),
      cut: () => tagOf("long"),
    },
    {
      what: "a run's name",
      ask: (size) => send("runs/update", { run_id: things.runId, run_name: x(size) }),
      cut: async () => (await runOf()).info.run_name,
    },
  ],
  MAX_LIST_TAG_VALUE_LENGTH: [
    {
      what: "a tag that holds a list",
      ask: (size) => send("runs/set-tag", { run_id: things.runId, key: "mlflow.loggedArtifacts", value: x(size) }),
    },
  ],
  MAX_EXPERIMENT_TAG_VALUE_LENGTH: [
    {
      what: "an experiment's tag",
      ask: (size) =>
        send("experiments/set-experiment-tag", { experiment_id: things.experimentId, key: "k", value: x(size) }),
    },
  ],
  MAX_EXPERIMENT_NAME_LENGTH: [
    { what: "a new experiment's name", ask: (size) => send("experiments/create", { name: name(size) }) },
    {
      what: "an experiment's new name",
      ask: (size) => send("experiments/update", { experiment_id: things.experimentId, new_name: name(size) }),
    },
  ],
  MAX_ARTIFACT_LOCATION_LENGTH: [
    {
      what: "an artifact location",
      ask: (size) => send("experiments/create", { name: name(40), artifact_location: `s3://bucket/${x(size - 12)}` }),
    },
  ],
  MAX_METRICS_PER_BATCH: [{ what: "metrics of a batch", ask: (size) => batch({ metrics: size }, "m") }],
  MAX_PARAMS_PER_BATCH: [{ what: "params of a batch", ask: (size) => batch({ params: size }, "p") }],
  MAX_TAGS_PER_BATCH: [{ what: "tags of a batch", ask: (size) => batch({ tags: size }, "t") }],
  MAX_ENTITIES_PER_BATCH: [
    { what: "a batch in all", ask: (size) => batch({ metrics: size - 200, params: 100, tags: 100 }, "e") },
  ],
  MAX_SEARCH_RESULTS: [
    {
      what: "a page of runs",
      ask: (size) => send("runs/search", { experiment_ids: [things.experimentId], max_results: size }),
    },
    { what: "a page of experiments", ask: (size) => send("experiments/search", { max_results: size }) },
  ],
  MAX_BULK_RUN_IDS: [
    {
      what: "runs of a bulk history",
      ask: (size) => send("metrics/get-history-bulk", { run_id: list(size, () => things.runId), metric_key: "m" }),
    },
    {
      what: "runs of an interval",
      ask: (size) =>
        send("metrics/get-history-bulk-interval", { run_ids: list(size, () => things.runId), metric_key: "m" }),
    },
  ],
  MAX_INTERVAL_POINTS: [
    {
      what: "points of an interval",
      ask: (size) =>
        send("metrics/get-history-bulk-interval", { run_ids: [things.runId], metric_key: "m", max_results: size }),
    },
  ],
  MAX_DATASETS_PER_REQUEST: [
    {
      what: "datasets of a request",
      ask: (size) =>
        send("runs/log-inputs", {
          run_id: things.runId,
          datasets: list(size, (i) => ({
            dataset: { name: "many", digest: String(i), source_type: "s", source: "s" },
          })),
        }),
    },
  ],
  MAX_DATASET_NAME_LENGTH: [{ what: "a dataset's name", ask: (size) => dataset({ name: x(size) }) }],
  MAX_DATASET_DIGEST_LENGTH: [{ what: "a dataset's digest", ask: (size) => dataset({ digest: x(size) }) }],
  MAX_DATASET_SOURCE_LENGTH: [{ what: "a dataset's source", ask: (size) => dataset({ digest: "s", source: x(size) }) }],
  MAX_DATASET_SCHEMA_LENGTH: [
    { what: "a dataset's schema", ask: (size) => dataset({ digest: "sc", schema: x(size) }) },
  ],
  MAX_DATASET_JSON_BYTES: [{ what: "a dataset in all", ask: datasetOf }],
  MAX_INPUT_TAG_KEY_LENGTH: [{ what: "a dataset's tag's key", ask: (size) => datasetTag(x(size), "v") }],
  MAX_INPUT_TAG_VALUE_LENGTH: [{ what: "a dataset's tag", ask: (size) => datasetTag("k", x(size)) }],
  MAX_MODEL_LENGTH: [
    {
      what: "a model's description",
      ask: (size) => send("runs/log-model", { run_id: things.runId, model_json: modelJson(size) }),
    },
  ],
  MAX_REGISTERED_MODEL_NAME_LENGTH: [
    { what: "a registered model's name", ask: (size) => send("registered-models/create", { name: name(size) }) },
  ],
  MAX_ALIAS_LENGTH: [
    {
      what: "an alias",
      // There is no such version.
      ask: (size) => send("registered-models/alias", { name: things.name, alias: x(size), version: "1" }),
      at: 404,
    },
  ],
  MAX_REGISTRY_TAG_VALUE_LENGTH: [
    {
      what: "a registered model's tag",
      ask: (size) => send("registered-models/set-tag", { name: things.name, key: "k", value: x(size) }),
    },
  ],
  MAX_REGISTRY_TEXT_LENGTH: [
    {
      what: "a registered model's description",
      ask: (size) =>
        api("/api/2.0/mlflow/registered-models/update", { name: things.name, description: x(size) }, "PATCH"),
    },
  ],
  MAX_REGISTERED_MODEL_SEARCH_RESULTS: [
    { what: "a page of registered models", ask: (size) => send("registered-models/search", { max_results: size }) },
  ],
  MAX_MODEL_VERSION_SEARCH_RESULTS: [
    { what: "a page of versions", ask: (size) => send("model-versions/search", { max_results: size }) },
  ],
  MAX_IMPORTED_VALUE_LENGTH: [{ what: "an imported text", ask: (size) => imported([known(size)], "known") }],
  MAX_IMPORTED_RECORDS: [
    {
      what: "imported records",
      ask: (size) =>
        imported(
          list(size, () => known(1)),
          "known",
        ),
    },
  ],
  MAX_IMPORTED_ITEMS: [
    {
      what: "items of a record",
      // The experiment's number is not one, which is found after the lists were counted.
      ask: (size) =>
        imported(
          [{ run_id: "x", experiment_id: "none", status: "FINISHED", model_inputs: list(size, () => "m") }],
          "runs",
        ),
      at: 400,
    },
  ],
  MAX_IMPORTED_RUNS_WITH_POINTS: [
    {
      what: "imported runs with points",
      // There are no such runs.
      at: 404,
      ask: (size) =>
        imported(
          list(size, (i) => ({ run_id: hex(i), metrics: [] })),
          "points",
        ),
    },
  ],
  MAX_IMPORTED_POINTS: [{ what: "imported points", ask: (size) => imported([points(size)], "points") }],
  MAX_IMPORTED_METRICS: [
    {
      what: "imported metrics",
      ask: (size) => {
        const metrics = list(size, (i) => ({ key: `imported ${i}`, timestamps: [], steps: [], values: [] }));
        return imported([{ run_id: things.runId, metrics }], "points");
      },
    },
  ],
  MAX_IMPORTED_VERSIONS: [
    {
      what: "imported versions of a model",
      // The first version's number is none, which is found after the versions were counted.
      ask: (size) =>
        imported(
          [{ name: "imported", digest: "d", versions: list(size, (version) => ({ version, current_stage: "None" })) }],
          "registered-models",
        ),
      at: 400,
    },
  ],
  MAX_PURGED_IDS: [
    {
      what: "runs deleted for good",
      // There are no such runs.
      at: 404,
      ask: (size) => api("/api/2.0/trackflare/gc", { run_ids: list(size, hex), dry_run: true }),
    },
  ],
  MAX_MOVED_RUNS: [
    {
      what: "moved runs",
      // There are no such runs.
      ask: (size) =>
        api("/api/2.0/trackflare/runs/move", { run_ids: list(size, hex), experiment_id: things.experimentId }),
      at: 404,
    },
  ],
  MAX_MODEL_NAME_LENGTH: [
    {
      what: "a logged model's name",
      ask: (size) => send("logged-models", { experiment_id: things.experimentId, name: x(size) }),
    },
    {
      what: "a logged model's type",
      ask: (size) => send("logged-models", { experiment_id: things.experimentId, model_type: x(size) }),
    },
  ],
  MAX_MODEL_KEY_LENGTH: [
    {
      what: "a logged model's param's key",
      ask: (size) =>
        send("logged-models", { experiment_id: things.experimentId, params: [{ key: x(size), value: "v" }] }),
    },
  ],
  MAX_MODEL_VALUE_LENGTH: [
    {
      what: "a logged model's param",
      ask: (size) =>
        send("logged-models", { experiment_id: things.experimentId, params: [{ key: "k", value: x(size) }] }),
    },
  ],
  MAX_MODEL_ID_LENGTH: [
    {
      what: "the id of an input model",
      ask: (size) => send("runs/log-inputs", { run_id: things.runId, models: [{ model_id: x(size) }] }),
    },
  ],
};

/** Constants of these files that limit no input. */
const NO_INPUT: Readonly<Record<string, string>> = {
  MAX_ERROR_LENGTH: "the message of an answer, tested below",
  MAX_LIST_PAGE: "a store's page of a listing: stores/artifacts and sockets/large-folder.test.ts list beyond it",
  MAX_BULK_POINTS: "an answer's points, which are cut: routes/metrics.test.ts",
  MAX_TEXTS_BYTES: "what a thing holds in all, not one input: routes/room.test.ts",
  MAX_FINITE_VALUE: "the number that stands for infinity: domain/numbers-and-texts.test.ts",
};

/** Limits that belong to one module alone. */
const OTHERS: readonly Case[] = [
  {
    what: "a username",
    most: 255,
    ask: (size) => asAdmin("/api/2.0/mlflow/users/create", { username: name(size), password: PASSWORD }),
  },
  {
    what: "a password",
    most: 1024,
    ask: (size) => asAdmin("/api/2.0/mlflow/users/create", { username: name(40), password: x(size) }),
  },
  {
    what: "what a password lacks of twelve characters",
    most: 0,
    ask: (size) => asAdmin("/api/2.0/mlflow/users/create", { username: name(40), password: x(12 - size) }),
  },
  {
    what: "a role's name",
    most: 255,
    ask: (size) => asAdmin("/api/3.0/mlflow/roles/create", { name: name(size), workspace: "default" }),
  },
  {
    what: "a role's description",
    most: 5000,
    ask: (size) =>
      asAdmin("/api/3.0/mlflow/roles/create", { name: name(40), workspace: "default", description: x(size) }),
  },
  { what: "a token's name", most: 100, ask: (size) => token({ name: name(size) }) },
  { what: "a token's experiments", most: 100, ask: (size) => token({ experiment_ids: list(size, String) }) },
  { what: "a token's life", most: 316_224_000, ask: (size) => token({ expires_in_seconds: size }) },
  { what: "what a token's life lacks of a second", most: 0, ask: (size) => token({ expires_in_seconds: 1 - size }) },
  { what: "a link's name", most: 200, ask: (size) => link({ name: x(size) }) },
  { what: "a link's address", most: 8000, ask: (size) => link({ address: `/${x(size - 1)}` }) },
  { what: "a link's runs", most: 100, ask: (size) => link({ experiment_ids: [], run_ids: list(size, hex) }), at: 200 },
  { what: "a link's life", most: 31_622_400, ask: (size) => link({ expires_in_seconds: size }) },
  { what: "what a link's life lacks of a minute", most: 0, ask: (size) => link({ expires_in_seconds: 60 - size }) },
  {
    what: "comparisons of a filter",
    most: 60,
    ask: (size) =>
      send("runs/search", { experiment_ids: ["0"], filter: list(size, (i) => `params.p${i} = '1'`).join(" AND ") }),
  },
  {
    what: "brackets of a filter",
    most: 20,
    ask: (size) =>
      send("runs/search", { experiment_ids: ["0"], filter: `${"(".repeat(size)}params.p = '1'${")".repeat(size)}` }),
  },
  {
    what: "characters of a filter",
    most: 1_000_000,
    ask: (size) => send("runs/search", { experiment_ids: ["0"], filter: "params.p = '1'".padEnd(size) }),
  },
  {
    what: "characters of a pattern",
    most: 20_000,
    ask: (size) => send("runs/search", { experiment_ids: ["0"], filter: `params.p LIKE '${x(size)}'` }),
  },
  {
    what: "orders of a search",
    most: 10,
    ask: (size) => send("runs/search", { experiment_ids: ["0"], order_by: list(size, (i) => `metrics.m${i} ASC`) }),
  },
  { what: "bytes of a file's key", most: 1024, ask: (size) => putFile(path(size - KEY_BEFORE())) },
  { what: "bytes of a folder's name", most: 255, ask: (size) => putFile(`${x(size)}/a`) },
  { what: "parts of a file's path", most: 128, ask: (size) => putFile(list(size - 3, () => "a").join("/")) },
  {
    what: "parts of an upload",
    most: 10_000,
    ask: (size) =>
      api(`/api/2.0/mlflow-artifacts/mpu/create/${things.experimentId}/${things.runId}/artifacts`, {
        ...{ path: "large.bin", num_parts: size },
      }),
  },
  { what: "bytes of a small upload", most: 10 * 1024 * 1024, ask: uploaded },
  { what: "root fields of a query", most: 10, ask: (size) => graphql(`{${list(size, () => "__typename").join(" ")}}`) },
  {
    what: "aliases of a query",
    most: 10,
    ask: (size) => graphql(`{${list(size, (i) => `a${i}: __typename`).join(" ")}}`),
  },
  { what: "the depth of a query", most: 10, ask: (size) => graphql(deepQuery(size)) },
  { what: "tokens of a query", most: 4000, ask: (size) => graphql(manyTokens(size)) },
];

function uploaded(size: number): Promise<Response> {
  const query = new URLSearchParams({ run_uuid: things.runId, path: "small.bin" });
  return fetchWorker(`/ajax-api/2.0/mlflow/upload-artifact?${query}`, { method: "POST", body: new Uint8Array(size) });
}

/** `__schema` and its types, of which each is a type: as deep as wanted. */
const deepQuery = (depth: number): string =>
  `{ __schema { queryType { fields { type { ${"ofType { ".repeat(depth - 5)}name ${"}".repeat(depth)}`;

const manyTokens = (count: number): string => `query ($a: [Int] = [${"1 ".repeat(count - 15)}]) { __typename }`;

const all: readonly Case[] = [
  ...Object.entries(CASES).flatMap(([limit, cases]) =>
    cases.map((one) => ({
      ...one,
      most: ({ ...LIMITS, ...MODEL_LIMITS } as unknown as Record<string, number>)[limit]!,
    })),
  ),
  ...OTHERS,
];

test("every limit of the limits' files has its cases, or its reason", () => {
  const names = Object.keys({ ...LIMITS, ...MODEL_LIMITS }).filter((one) => one.startsWith("MAX_"));
  expect([...Object.keys(CASES), ...Object.keys(NO_INPUT)].sort()).toEqual(names.sort());
  expect(all.length).toBeGreaterThan(75);
});

describe("at the limit, and one beyond", () => {
  test.each(all)("$what: $most", async ({ most, ask, at = 200, beyond = "INVALID_PARAMETER_VALUE", cut }) => {
    const within = await ask(most);
    const text = await within.text();
    expect(within.status, text.slice(0, 300)).toBe(at);
    if (cut !== undefined) {
      const whole = await cut();
      expect(whole.length).toBe(most);
      expect((await ask(most + 1)).status).toBe(200);
      expect(await cut()).toBe(whole);
      return;
    }
    const before = await storedState();
    const refused = await ask(most + 1);
    const told = (await refused.json()) as { error_code: string; message: string };
    expect([refused.status, told.error_code], told.message).toEqual([
      beyond === "REQUEST_TOO_LARGE" ? 413 : 400,
      beyond,
    ]);
    expect(told.message.length).toBeLessThanOrEqual(LIMITS.MAX_ERROR_LENGTH);
    // A 400 at the limit has another reason.
    if (at === 400) expect(told.message).not.toBe((JSON.parse(text) as { message: string }).message);
    expect(await storedState()).toBe(before);
  });
});

test("an error's message is whole at its limit, and cut in the middle beyond", async () => {
  const told = async (length: number) => {
    const rest = "There is no endpoint GET /.".length;
    const response = await fetchWorker(`/${"x".repeat(length - rest)}`);
    return ((await response.json()) as { message: string }).message;
  };
  expect(await told(LIMITS.MAX_ERROR_LENGTH)).not.toContain("…");
  const cut = await told(LIMITS.MAX_ERROR_LENGTH + 1);
  expect(cut).toContain("…");
  expect(cut.length).toBe(LIMITS.MAX_ERROR_LENGTH);
});
