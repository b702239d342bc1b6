import { describe, expect, test } from "vitest";
import {
  aroundExperimentId,
  artifactPlace,
  isDirectUri,
  isKeptForDefault,
  isLocalPath,
  isRootOrAbove,
  isServed,
  storedLocation,
  withFoldersAbove,
} from "../../src/domain/artifact-location.ts";
import { BAD_LOCATIONS } from "./artifact-path-corpus.ts";
import { refusalOf } from "./refused.ts";

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
    "/shared/runs:x",
    "/shared/hdfs://host/x",
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
  ["s3://bucket/folder//", "s3://bucket/folder/7"],
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

test("only what is below a root of its kind is one", () => {
  const run = "0123456789abcdef0123456789abcdef";
  for (const path of ["models/-", "models/m-1/other", "traces/-x/artifacts", `${run}/artifacts/artifacts`]) {
    expect(isRootOrAbove(path), path).toBe(false);
  }
});

test("a place is served here or reached directly", () => {
  expect(artifactPlace("mlflow-artifacts:/7/a")).toEqual({ kind: "served", objectKey: "7/a" });
  expect(artifactPlace("s3://bucket/mlflow-artifacts:/7")).toEqual({
    kind: "direct",
    uri: "s3://bucket/mlflow-artifacts:/7",
  });
  expect(refusalOf(() => artifactPlace("mlflow-artifacts:/../7"))).toContain("INVALID_PARAMETER_VALUE");
  expect([isServed("mlflow-artifacts:/x"), isServed("s3://b/x"), isServed("x mlflow-artifacts:")]).toEqual([
    true,
    false,
    false,
  ]);
  expect(["/a", "file:///a", "s3://b/", "a/file:"].map(isLocalPath)).toEqual([true, true, false, false]);
});

test("a file's folders are told innermost first", () => {
  expect(withFoldersAbove("7/run/artifacts")).toEqual(["7/run/artifacts", "7/run", "7"]);
  expect(withFoldersAbove("7")).toEqual(["7"]);
});

test.each<[string, boolean, string?]>([
  ["mlflow-artifacts:/7", true],
  ["mlflow-artifacts:/70/x", true],
  ["mlflow-artifacts:/7x", false],
  ["mlflow-artifacts:/x/7", false],
  ["mlflow-artifacts:/x", false],
  ["s3://bucket/7", false],
  ["s3://bucket/7", true, "s3://bucket"],
  ["s3://bucket/12/x", true, "s3://bucket/"],
  ["s3://bucket/folder/7", true, "s3://bucket/folder?endpoint=x"],
  ["mlflow-artifacts:/7", true, "s3://bucket"],
  ["s3://other/7", false, "s3://bucket"],
])(
  "%s is kept for an experiment that asks for no folder: %s",
  (location, isKept, defaultRoot = "mlflow-artifacts:/") => {
    expect(isKeptForDefault(location, { ...RULES, defaultRoot })).toBe(isKept);
  },
);

describe("a direct URI", () => {
  test.each([
    "s3://bucket/a;b/c",
    "s3://bucket/a?x=1&y=a.b",
    "s3:/bucket",
    "file:/a",
    "file:///a",
    "/a",
    "/a b",
    "s3://bucket/...",
    "s3://bucket/a..b",
    "s3://bucket/.a",
    "s3://bucket/100%",
  ])("%j leads to one place", (uri) => {
    expect(isDirectUri(uri)).toBe(true);
  });

  test.each([
    "",
    "a",
    "./a",
    "//host/a",
    "/",
    "a s3://bucket/",
    "s3:bucket",
    "file:a",
    "file:/",
    "file://host/a",
    "file:////a",
    "s3://bucket/a#b",
    "s3://bucket/a;b",
    "s3://bucket/a;",
    "s3://bucket/a\\b",
    "s3://bucket/a\tb",
    "s3://bucket/a\u007fb",
    "s3://bucket/\ud800",
    "s3://bucket/..",
    "s3://bucket/../a",
    "s3://bucket/a/.",
    "s3://bucket/a/./b",
    "s3://bucket/a?..",
    "s3://bucket/a?x=..&y",
    "s3://bucket/a?x=b..c",
    "s3://bucket/%2e%2e/a",
    "s3://bucket/%252e%252e/a",
    "s3://bucket/a?x=.",
  ])("%j does not", (uri) => {
    expect(isDirectUri(uri)).toBe(false);
  });
});

describe("what is refused says why", () => {
  const refusal = (location: string) => refusalOf(() => storedLocation(location, RULES));
  test.each([
    [`/${"x".repeat(2048)}`, "Invalid artifact location: it has 2049 characters, at most 2048 are allowed."],
    ["runs:/a/b", "Artifact location cannot be a runs:/ URI. Given: 'runs:/a/b'"],
    [
      "mlflow-artifacts:/a%2fb",
      "Invalid artifact location \"mlflow-artifacts:/a%2fb\": artifacts are stored by this server, below a location like 'mlflow-artifacts:/my-folder'.",
    ],
    ["s3://b/a#c", "'artifact_location' URL can't include fragments or params."],
    ["s3://b/a;c", "'artifact_location' URL can't include fragments or params."],
    [
      "a",
      "Invalid artifact location \"a\": a path must be absolute, as each client has a folder of its own to begin from. Give a URI such as 's3://bucket/folder', or 'mlflow-artifacts:/my-folder' for one on this server.",
    ],
    [
      "s3://b/../a",
      "Invalid artifact location \"s3://b/../a\": it must name one place. Give a URI such as 's3://bucket/folder', or 'mlflow-artifacts:/my-folder' for one on this server.",
    ],
    [
      "sftp://host/a",
      "'artifact_location' cannot use the 'sftp' scheme: it names a host other than the server's own artifact storage, to which clients would connect. Set the MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES environment variable on the server to allow it.",
    ],
  ])("%s", (location, message) => {
    expect(refusal(location)).toBe(`INVALID_PARAMETER_VALUE: ${message}`);
  });

  test("of 2,048 characters nothing", () => {
    expect(refusal(`/${"x".repeat(2047)}`)).toBeUndefined();
  });

  test("a host that hides in a path is none", () => {
    const rules = { defaultRoot: "/shared", allowedHostSchemes: new Set<string>() };
    for (const uri of ["sftp:/host/a", "hdfs:///a", "x s3://b"]) {
      expect(
        refusalOf(() => storedLocation(uri, rules)),
        uri,
      ).toContain("INVALID_PARAMETER_VALUE");
    }
  });
});
