import { describe, expect, test } from "vitest";
import { isPromptSource, type ModelSource, parseModelSource } from "../../src/domain/model-source.ts";
import { refusalOf } from "./refused.ts";

const RUN = "0123456789abcdef0123456789abcdef";
const registered = (name: string, selector: object) => ({ kind: "registeredModel", name, selector }) as ModelSource;

test.each<[string, ModelSource]>([
  ["mlflow-artifacts:/7/x/artifacts/model", { kind: "artifacts", objectKey: "7/x/artifacts/model" }],
  ["mlflow-artifacts:///7/x", { kind: "artifacts", objectKey: "7/x" }],
  [`runs:/${RUN}/model`, { kind: "run", runId: RUN, path: "model" }],
  [`runs:/${RUN}/a/b c`, { kind: "run", runId: RUN, path: "a/b c" }],
  [`runs:///${RUN}/model`, { kind: "run", runId: RUN, path: "model" }],
  [`runs:/${RUN}`, { kind: "run", runId: RUN, path: "" }],
  ["models:/m-1", { kind: "loggedModel", modelId: "m-1" }],
  ["models:///m-1", { kind: "loggedModel", modelId: "m-1" }],
  ["models:/net/3", registered("net", { by: "version", version: "3" })],
  ["models:/net/30", registered("net", { by: "version", version: "30" })],
  ["models:/net/a..", registered("net", { by: "stage", stage: "a.." })],
  ["models:/net/latest", registered("net", { by: "latest" })],
  ["models:/net/LATEST", registered("net", { by: "latest" })],
  ["models:/net/Staging", registered("net", { by: "stage", stage: "Staging" })],
  ["models:/net/3a", registered("net", { by: "stage", stage: "3a" })],
  ["models:/net/a3", registered("net", { by: "stage", stage: "a3" })],
  ["models:/net@champion", registered("net", { by: "alias", alias: "champion" })],
  ["models:/a@b@c", registered("a@b", { by: "alias", alias: "c" })],
  ["s3://bucket/model", { kind: "direct", uri: "s3://bucket/model" }],
  ["/shared/model", { kind: "direct", uri: "/shared/model" }],
  ["file:///shared/runs:x", { kind: "direct", uri: "file:///shared/runs:x" }],
])("%s", (source, parsed) => {
  expect(parseModelSource(source)).toEqual(parsed);
});

test.each([
  "",
  "model",
  "./model",
  "s3://bucket/../x",
  "mlflow-artifacts:7/x",
  "mlflow-artifacts:/a/../b",
  "mlflow-artifacts:/a?b",
  "mlflow-artifacts:/a#b",
  "mlflow-artifacts:/a\\b",
  "mlflow-artifacts://host/a",
  "runs:",
  "runs:/",
  "runs:x",
  "runs:/-x/model",
  `runs:/${RUN}/../x`,
  `runs://${RUN}/model`,
  "models:/",
  "models:/ ",
  "models:/..x",
  "models:/..x/1",
  "models:/net/",
  "models:/net/ ",
  "models:/net/..",
  "models:/net/1/2",
  "models:/@a",
  "models:/net@",
  "models:/net@ ",
  "models://host/1",
  "models:net/1",
  "runs:x/runs:/0123456789abcdef0123456789abcdef/a",
])("%j is no source", (source) => {
  expect(refusalOf(() => parseModelSource(source))).toBe(
    `INVALID_PARAMETER_VALUE: Invalid model version source: '${source}'. A source is an mlflow-artifacts:/ URI of this server, runs:/<run id>/<path>, models:/<model id>, models:/<name>/<version>, or an absolute URI such as s3://bucket/folder.`,
  );
});

describe("a prompt's source", () => {
  test("stands for no files", () => {
    expect(["dummy-source", "prompt-template", "other", ""].map(isPromptSource)).toEqual([true, true, false, false]);
  });
});
