import { invalidParameter } from "../../domain/errors.ts";
import type { Selection } from "./document.ts";

/*
 * The types of MLflow's GraphQL schema that its web UI asks for (`mlflow/server/graphql` of release 3.17.2). They answer
 * what the REST messages hold, in camelCase, with protobuf's defaults for what is not set.
 */

/** `long` is an int64 as text; a `float` that is no number is null. */
type Scalar = "string" | "long" | "float";

interface ObjectType {
  readonly name: string;
  readonly fields: Readonly<Record<string, Scalar | ObjectType | readonly [ObjectType]>>;
}

const type = (name: string, fields: ObjectType["fields"]): ObjectType => ({ name, fields });
const pair = (name: string): ObjectType => type(name, { key: "string", value: "string" });

const apiError = type("ApiError", { code: "string", message: "string", helpUrl: "string", traceId: "string" });

const experiment = type("MlflowExperiment", {
  experimentId: "string",
  name: "string",
  artifactLocation: "string",
  lifecycleStage: "string",
  lastUpdateTime: "long",
  creationTime: "long",
  tags: [pair("MlflowExperimentTag")],
  effectiveTraceArchivalRetention: "string",
});

const point = { key: "string", value: "float", timestamp: "long", step: "long" } as const;

const run = type("MlflowRunExtension", {
  info: type("MlflowRunInfo", {
    runId: "string",
    runUuid: "string",
    runName: "string",
    experimentId: "string",
    userId: "string",
    status: "string",
    startTime: "long",
    endTime: "long",
    artifactUri: "string",
    lifecycleStage: "string",
  }),
  data: type("MlflowRunData", {
    metrics: [type("MlflowMetricExtension", point)],
    params: [pair("MlflowParam")],
    tags: [pair("MlflowRunTag")],
  }),
  inputs: type("MlflowRunInputs", {
    datasetInputs: [
      type("MlflowDatasetInput", {
        dataset: type("MlflowDataset", {
          name: "string",
          digest: "string",
          sourceType: "string",
          source: "string",
          schema: "string",
          profile: "string",
        }),
        tags: [pair("MlflowInputTag")],
      }),
    ],
    modelInputs: [type("MlflowModelInput", { modelId: "string" })],
  }),
  outputs: type("MlflowRunOutputs", {
    modelOutputs: [type("MlflowModelOutput", { modelId: "string", step: "long" })],
  }),
  experiment,
  modelVersions: [
    type("MlflowModelVersion", {
      name: "string",
      version: "string",
      creationTimestamp: "long",
      lastUpdatedTimestamp: "long",
      currentStage: "string",
      description: "string",
      source: "string",
      runId: "string",
      status: "string",
      modelId: "string",
    }),
  ],
});

/** What each root field answers. */
export const RESULT_TYPES = {
  mlflowGetExperiment: type("MlflowGetExperimentResponse", { experiment, apiError }),
  mlflowGetRun: type("MlflowGetRunResponse", { run, apiError }),
  mlflowSearchRuns: type("MlflowSearchRunsResponse", { runs: [run], nextPageToken: "string", apiError }),
  mlflowGetMetricHistoryBulkInterval: type("MlflowGetMetricHistoryBulkIntervalResponse", {
    metrics: [type("MlflowMetricWithRunId", { ...point, runId: "string" })],
    apiError,
  }),
} as const;

export type RootField = keyof typeof RESULT_TYPES;

export function isRootField(name: string): name is RootField {
  return Object.hasOwn(RESULT_TYPES, name);
}

/** @throws MlflowError INVALID_PARAMETER_VALUE where a field is asked for that the type has not. */
export function checkSelection(selection: Selection, of: ObjectType): void {
  for (const [name, inner] of selection) {
    if (name === "__typename" && inner.size === 0) continue;
    const field = Object.hasOwn(of.fields, name) ? of.fields[name] : undefined;
    const isScalar = typeof field === "string";
    if (field === undefined || isScalar !== (inner.size === 0)) {
      throw invalidParameter(`Cannot query field '${name}' on type '${of.name}'.`);
    }
    if (!isScalar) checkSelection(inner, elementType(field));
  }
}

/**
 * The part of a REST message that a checked selection asks for. An error of the API is told beside the data, so
 * `apiError` is always null.
 */
export function select(message: unknown, selection: Selection, of: ObjectType): Record<string, unknown> {
  const wire = (message ?? {}) as Record<string, unknown>;
  const selected: Record<string, unknown> = {};
  for (const [name, inner] of selection) {
    const field = of.fields[name];
    const value = wire[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];
    if (name === "__typename") selected[name] = of.name;
    else if (field === apiError) selected[name] = null;
    else if (typeof field === "string") selected[name] = scalar(value, field);
    else if (field !== undefined && "name" in field) selected[name] = select(value, inner, field);
    else if (field !== undefined)
      selected[name] = ((value ?? []) as unknown[]).map((one) => select(one, inner, field[0]));
  }
  return selected;
}

function elementType(field: ObjectType | readonly [ObjectType]): ObjectType {
  return "name" in field ? field : field[0];
}

function scalar(value: unknown, kind: Scalar): string | number | null {
  if (kind === "float") return typeof value === "string" ? null : Number(value ?? 0);
  return String(value ?? (kind === "long" ? 0 : ""));
}
