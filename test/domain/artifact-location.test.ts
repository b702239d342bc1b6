import { describe, expect, test } from "vitest";
import { aroundExperimentId, isRootOrAbove, storedLocation } from "../../src/domain/artifact-location.ts";
import { BAD_LOCATIONS } from "./artifact-path-corpus.ts";

const RULES = { defaultRoot: "mlflow-artifacts:/", allowedHostSchemes: new Set<string>() };

describe("an experiment's artifact location", () => {
  test.each([
    ["mlflow-artifacts:/7", "mlflow-artifacts:/7"],
    ["mlflow-artifacts:/my folder/é/a+b=c~d/", "mlflow-artifacts:/my folder/é/a+b=c~d"],
    ["mlflow-artifacts:/a//b///", "mlflow-artifacts:/a/b"],
    ["mlflow-artifacts:/x/....", "mlflow-artifacts:/x/...."],
  ])("%j is kept here, in one spelling", (location, stored) => {
    expect(storedLocation(location, RULES)).toBe(stored);
  });

  test.each([
    "s3://bucket",
    "s3://bucket/folder/",
    "s3://bucket/folder?endpoint=x",
    "gs://bucket/x y",
    "wasbs://files@account.blob.core.windows.net/x",
    "dbfs:/x",
    "file:///shared/é",
    "/shared/mlruns",
    "nfs:/shared",
    "oss://plugin/of-mlflow",
  ])("%j is handed out as it is", (location) => {
    expect(storedLocation(location, RULES)).toBe(location);
  });

  test.each(BAD_LOCATIONS)("%j is refused", (location) => {
    expect(() => storedLocation(location, RULES)).toThrow(expect.objectContaining({ code: "INVALID_PARAMETER_VALUE" }));
  });

  test("a host is allowed by its scheme, or as the default root's", () => {
    const hdfs = { defaultRoot: "hdfs://namenode:8020/mlflow", allowedHostSchemes: new Set(["sftp"]) };
    for (const location of ["hdfs://namenode:8020/x", "sftp://anywhere/x"]) {
      expect(storedLocation(location, hdfs)).toBe(location);
    }
    for (const location of [
      "hdfs://namenode/x",
      "hdfs://namenode:8020@evil/x",
      "viewfs://namenode:8020/x",
      "ftp://a/x",
    ]) {
      expect(() => storedLocation(location, hdfs)).toThrow("MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES");
    }
  });
});

test.each([
  ["mlflow-artifacts:/", "mlflow-artifacts:/7"],
  ["mlflow-artifacts:/all", "mlflow-artifacts:/all/7"],
  ["s3://bucket", "s3://bucket/7"],
  ["s3://bucket/folder/", "s3://bucket/folder/7"],
  ["s3://bucket/folder?endpoint=x", "s3://bucket/folder/7?endpoint=x"],
  ["/shared", "/shared/7"],
])("below the root %s, experiment 7 has %s", (root, location) => {
  expect(aroundExperimentId(root).join("7")).toBe(location);
});

test("artifact roots, and what is above them, are folders", () => {
  const run = "0123456789abcdef0123456789abcdef";
  const roots = ["", run, `${run}/artifacts`, "models", "models/m-1", "models/m-1/artifacts", "traces/tr-1/artifacts"];
  for (const path of roots) expect(isRootOrAbove(path), path).toBe(true);
  const files = ["notes.txt", `${run}/artifacts/models`, `${run}/other`, "models/m-1/artifacts/artifacts", "a/b.txt"];
  for (const path of files) expect(isRootOrAbove(path), path).toBe(false);
});
