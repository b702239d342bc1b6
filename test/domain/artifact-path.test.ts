import { describe, expect, test } from "vitest";
import {
  artifactPathOfUrl,
  canonicalArtifactPath,
  joinArtifactPath,
  objectKeyOfArtifactUri,
} from "../../src/domain/artifact-path.ts";
import { ACCEPTED_PATHS, ACCEPTED_TARGETS, BAD_PATHS, BAD_TARGETS } from "./artifact-path-corpus.ts";

const PREFIX = "/mlflow-artifacts/artifacts/";
const ofUrl = (target: string) => artifactPathOfUrl(`http://host/api/2.0${PREFIX}${target}`, PREFIX);
const invalid = expect.objectContaining({
  code: "INVALID_PARAMETER_VALUE",
  message: expect.stringMatching(/^Invalid path: .+\.$/),
});

function thrownBy(call: () => unknown): unknown {
  try {
    return { returned: call() };
  } catch (error) {
    return error;
  }
}

describe("a decoded path", () => {
  test.each(ACCEPTED_PATHS)("%j is %j", (path, canonical) => {
    expect(canonicalArtifactPath(path)).toBe(canonical);
  });

  test.each(BAD_PATHS)("%j is refused", (path) => {
    expect(thrownBy(() => canonicalArtifactPath(path))).toEqual(invalid);
  });

  test("may have segments of 255 bytes and a key of 1,024", () => {
    expect(canonicalArtifactPath("é".repeat(127))).toHaveLength(127);
    expect(thrownBy(() => canonicalArtifactPath("é".repeat(128)))).toEqual(invalid);
    const key = `${"a".repeat(255)}/${"b".repeat(255)}/${"c".repeat(255)}/${"d".repeat(255)}`;
    expect(canonicalArtifactPath(`${key}/`)).toBe(key);
    expect(thrownBy(() => canonicalArtifactPath(`${key}/ee`))).toEqual(invalid);
  });

  test("is canonical once and for all", () => {
    for (const [path] of ACCEPTED_PATHS) {
      const canonical = canonicalArtifactPath(path);
      expect(canonicalArtifactPath(canonical)).toBe(canonical);
    }
  });
});

describe("a raw target", () => {
  test.each(ACCEPTED_TARGETS)("%j is %j", (target, canonical) => {
    expect(ofUrl(target)).toBe(canonical);
  });

  test.each(BAD_TARGETS)("%j is refused", (target) => {
    expect(thrownBy(() => ofUrl(target))).toEqual(invalid);
  });

  test("without the prefix is refused", () => {
    expect(thrownBy(() => artifactPathOfUrl(`http://host/elsewhere?x=${PREFIX}a`, PREFIX))).toEqual(invalid);
  });

  test("carries every path that is accepted decoded, when it is encoded once", () => {
    for (const [path, canonical] of ACCEPTED_PATHS) {
      expect(ofUrl(path.split("/").map(encodeURIComponent).join("/"))).toBe(canonical);
    }
  });
});

test("a path is joined to its root, and the whole is checked again", () => {
  expect(joinArtifactPath("7/run/artifacts", "a/b")).toBe("7/run/artifacts/a/b");
  expect(joinArtifactPath("7/run/artifacts", "")).toBe("7/run/artifacts");
  expect(joinArtifactPath("", "a")).toBe("a");
  const long = Array(4).fill("x".repeat(254)).join("/");
  expect(canonicalArtifactPath(long)).toBe(long);
  expect(thrownBy(() => joinArtifactPath("7/run/artifacts", long))).toEqual(invalid);
});

describe("an artifact URI", () => {
  test.each([
    ["mlflow-artifacts:/7/abc/artifacts", "7/abc/artifacts"],
    ["mlflow-artifacts:/", ""],
    ["mlflow-artifacts:/models/", "models"],
    ["mlflow-artifacts:/models///", "models"],
    ["mlflow-artifacts:/models/foo///bar", "models/foo/bar"],
    ["mlflow-artifacts://host:9000/models", "models"],
    ["mlflow-artifacts://host:9000/models/artifact/..../", "models/artifact/...."],
    ["mlflow-artifacts:/my models/é", "my models/é"],
  ])("%s is the key %j", (uri, key) => {
    expect(objectKeyOfArtifactUri(uri)).toBe(key);
  });

  test.each([
    "s3://bucket/x",
    "file:///etc/passwd",
    "/etc/passwd",
    "mlflow-artifacts:",
    "mlflow-artifacts:x",
    "mlflow-artifacts:/../x",
    "mlflow-artifacts:/models/../../x",
    "mlflow-artifacts:/models/%2e%2e/x",
    "mlflow-artifacts://host:9000/models/..%2f..%2fartifacts",
    "mlflow-artifacts://host:9000/models/artifact%00/..%252f",
    "mlflow-artifacts:/x?y",
    "mlflow-artifacts:/x#y",
    "mlflow-artifacts:/x\\..\\y",
    "MLFLOW-ARTIFACTS:/x",
    "",
  ])("%j is none", (uri) => {
    expect(thrownBy(() => objectKeyOfArtifactUri(uri))).toEqual(invalid);
  });
});
