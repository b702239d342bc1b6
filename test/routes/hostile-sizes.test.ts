import { beforeAll, expect, test } from "vitest";
import { ROUTES } from "../../src/routes/table.ts";
import { type Message, type Shape, wireNameOf } from "../../src/wire/message.ts";
import type { Route } from "../../src/wire/route.ts";
import { fetchWorker, mlflow, newExperiment, newRun } from "../helpers/mlflow.ts";
import { storedState } from "../helpers/state.ts";

/* Sends every field of every route with too long, too deep and too many values, in an otherwise valid message. */

/** Longer than any value that D1 takes, and longer than any list may be. */
const LONG = "x".repeat(2_100_000);
const MANY = 100_001;

const deepList = JSON.parse("[".repeat(3000) + "]".repeat(3000)) as unknown;
const deepObject = JSON.parse(`${'{"a":'.repeat(3000)}1${"}".repeat(3000)}`) as unknown;

const ABUSES: Readonly<Record<string, (valid: unknown) => unknown>> = {
  "too long": () => LONG,
  "long digits": () => "9".repeat(300_000),
  "a deep list": () => deepList,
  "a deep object": () => deepObject,
  "too many": (valid) => Array(MANY).fill(Array.isArray(valid) ? valid[0] : valid),
  "too many long": () => Array(20).fill(LONG.slice(0, 110_000)),
};

/** Abuses that may succeed: long values that MLflow cuts, digits that are a number or a text, and GraphQL's own errors. */
const ANSWERED = [
  / long digits$/,
  /^\/graphql /,
  /^runs\/create (run_name|tags\[\]\.value) too long$/,
  /^runs\/update run_name too long$/,
  /^runs\/(log-parameter|set-tag) value too long$/,
  /^runs\/log-batch (params|tags)\[\]\.value too long$/,
];

/** A valid value for a field of this name, so that the request passes other checks. */
const valid: Record<string, unknown> = {};

beforeAll(async () => {
  const experimentId = await newExperiment();
  const runId = await newRun({ experiment_id: experimentId });
  const name = `model ${crypto.randomUUID()}`;
  await mlflow("registered-models/create", { name });
  const { model } = await mlflow<{ model: { info: { model_id: string } } }>("logged-models", {
    experiment_id: experimentId,
  });
  Object.assign(valid, {
    ...{ experimentId, runId, name, version: "1", alias: "a", newName: "b", experimentName: "c", key: "k", value: "1" },
    ...{
      runIds: [runId],
      experimentIds: [experimentId],
      modelId: model.info.model_id,
      metricKey: "m",
      metricKeys: ["m"],
    },
    ...{
      path: "a",
      timestamp: 1,
      step: 1,
      digest: "d",
      fieldName: "creation_time",
      datasetName: "d",
      stage: "Staging",
    },
    ...{ source: `mlflow-artifacts:/${experimentId}/${runId}/artifacts/a`, tagKey: "k", status: "LOGGED_MODEL_READY" },
    ...{ modelJson: "{}", text: "t", maxResults: 10, startTime: 1, endTime: 1, buckets: 10, cursor: "" },
  });
});

interface Place {
  /** The field's path, such as `metrics[].key`. */
  readonly name: string;
  readonly isRepeated: boolean;
  /** The message with the abused field. */
  readonly with: (abuse: (valid: unknown) => unknown) => Record<string, unknown>;
}

/** The message's required fields with valid values. */
function base(shape: Shape): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(shape).flatMap(([name, field]) =>
      field.isSet && field.fallback === undefined ? [[wireNameOf(name), validValue(name, shape)]] : [],
    ),
  );
}

function validValue(name: string, shape: Shape): unknown {
  const field = shape[name]!;
  const one = field.message ? base(field.message.shape) : (valid[name] ?? "x");
  return field.isRepeated && !Array.isArray(one) ? [one] : one;
}

function placesOf({ shape }: Message<unknown>): Place[] {
  return Object.entries(shape).flatMap(([name, field]): Place[] => {
    const wireName = wireNameOf(name);
    const here: Place = {
      name: wireName,
      isRepeated: field.isRepeated,
      with: (abuse) => ({ ...base(shape), [wireName]: abuse(validValue(name, shape)) }),
    };
    const within = field.message === undefined ? [] : placesOf(field.message);
    return [
      here,
      ...within.map((place) => ({
        isRepeated: place.isRepeated,
        name: `${wireName}${field.isRepeated ? "[]" : ""}.${place.name}`,
        with: (abuse: (valid: unknown) => unknown) => {
          const inner = place.with(abuse);
          return { ...base(shape), [wireName]: field.isRepeated ? [inner] : inner };
        },
      })),
    ];
  });
}

async function ask(route: Route, message: Record<string, unknown>): Promise<Response> {
  const body = { ...message };
  const path = route.paths[0]!.replaceAll(/:(\w+)/g, (_, name: string) => {
    const value = body[name] ?? valid[name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())];
    delete body[name];
    return encodeURIComponent(typeof value === "object" ? JSON.stringify(value).slice(0, 10_000) : String(value));
  });
  if (route.method !== "GET" || route.input.kind !== "message") {
    const headers = { "Content-Type": "application/json" };
    return fetchWorker(path, { method: route.method, headers, body: JSON.stringify(body) });
  }
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(body)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      query.append(name, typeof one === "object" ? JSON.stringify(one) : String(one));
    }
  }
  return fetchWorker(`${path}?${query}`);
}

const withFields = ROUTES.filter(({ input }) => input.kind === "message" && Object.keys(input.shape).length > 0);

test("the routes with messages are nearly all", () => {
  expect(withFields.length).toBeGreaterThan(65);
});

test.each(withFields.map((route) => ({ route, endpoint: `${route.method} ${route.paths[0]}` })))(
  "$endpoint refuses what is too long, too deep and too many",
  async ({ route }) => {
    const { input } = route;
    if (input.kind !== "message") throw new Error("It has no message");
    const endpoint = route.paths[0]!.replace(/^\/(ajax-)?api\/2\.0\/mlflow\//, "");
    for (const place of placesOf(input)) {
      for (const [abuse, make] of Object.entries(ABUSES)) {
        if (abuse === "too many long" && !place.isRepeated) continue;
        // A query's value is a text without depth, and only the first value of a name counts.
        if (route.method === "GET" && (abuse.includes("deep") || (abuse.includes("many") && !place.isRepeated))) {
          continue;
        }
        const what = `${endpoint} ${place.name} ${abuse}`;
        const response = await ask(route, place.with(make));
        const text = await response.text();
        if (response.status === 200 && ANSWERED.some((of) => of.test(what))) continue;
        expect(response.status, `${what}: ${text.slice(0, 300)}`).toBeGreaterThanOrEqual(400);
        expect(response.status, `${what}: ${text.slice(0, 300)}`).toBeLessThan(500);
        expect(Object.keys(JSON.parse(text) as object), what).toEqual(["error_code", "message"]);
        expect(text.length, what).toBeLessThan(4000);
      }
    }
  },
);

test("a refusal of this kind changes nothing", async () => {
  const before = await storedState();
  for (const [endpoint, message] of [
    ["runs/create", { experiment_id: valid.experimentId, user_id: LONG }],
    ["experiments/create", { name: LONG }],
    ["runs/log-batch", { run_id: valid.runId, tags: Array(MANY).fill({ key: "k", value: "v" }) }],
  ] as const) {
    const response = await fetchWorker(`/api/2.0/mlflow/${endpoint}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(message),
    });
    expect(response.status, endpoint).toBe(400);
  }
  expect(await storedState()).toBe(before);
});
