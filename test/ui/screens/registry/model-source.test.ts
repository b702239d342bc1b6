import { expect, test } from "vitest";
import { filesHref } from "../../../../ui/src/screens/registry/model-source.ts";

const run = { artifactUri: "mlflow-artifacts:/1/abc/artifacts", href: "#/experiments/1/runs/abc" };

test("a version's files are shown by the page of what they belong to", () => {
  expect(filesHref("models:/m-12", undefined)).toBe("#/logged-models/m-12?tab=artifacts");
  expect(filesHref("mlflow-artifacts:/1/abc/artifacts/my model", run)).toBe(
    `${run.href}?tab=artifacts&path=my%20model`,
  );
  expect(filesHref("runs:/abc/deep/model/", run)).toBe(`${run.href}?tab=artifacts&path=deep%2Fmodel`);
});

test("files elsewhere have no page", () => {
  expect(filesHref("s3://bucket/model", run)).toBeUndefined();
  expect(filesHref("mlflow-artifacts:/1/abcdef/artifacts/model", run)).toBeUndefined();
  expect(filesHref("mlflow-artifacts:/1/abc/artifacts/model", undefined)).toBeUndefined();
});
