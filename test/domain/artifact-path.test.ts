import { describe, expect, test } from "vitest";
import {
  artifactPathOfUrl,
  canonicalArtifactPath,
  canonicalFileName,
  joinArtifactPath,
  objectKeyOfArtifactUri,
  otherPathsOfUrl,
} from "../../src/domain/artifact-path.ts";
import { ACCEPTED_PATHS, ACCEPTED_TARGETS, BAD_PATHS, BAD_TARGETS } from "./artifact-path-corpus.ts";
import { refusalOf } from "./refused.ts";

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

describe("a file's name that a client tells", () => {
  test.each(["a b", "c%20.bin", "100%", "+", "e\u0301", "\u00e9", ".hidden", "%zz", "a%2eb"])("%j is kept", (name) => {
    expect(canonicalFileName(name)).toBe(name);
  });

  test.each(["", "..", "a/b", "a\\b", "%2e%2e", "a%2fb", "a%00b", "a%5cb", "a%23b", "%ff", "a#b", "a\0b"])(
    "%j is refused, as no client could ask for it",
    (name) => {
      expect(thrownBy(() => canonicalFileName(name))).toEqual(invalid);
    },
  );
});

describe("a raw target", () => {
  test.each(ACCEPTED_TARGETS)("%j is %j", (target, canonical) => {
    expect(ofUrl(target)).toBe(canonical);
  });

  test.each(BAD_TARGETS)("%j is refused", (target) => {
    expect(thrownBy(() => ofUrl(target))).toEqual(invalid);
  });

  test.each([
    ["run/plain.bin", []],
    ["run/c%20.bin", ["run/c%20.bin"]],
    ["some%20folder/c%20.bin", ["some folder/c%20.bin", "some%20folder/c .bin", "some%20folder/c%20.bin"]],
    ["a%41/x/b%42", ["aA/x/b%42", "a%41/x/bB", "a%41/x/b%42"]],
    ["100%/50%25", ["100%/50%25"]],
    // The last three of many names.
    ["%41/%42/%43/%44/%45", expect.arrayContaining(["A/B/C/D/%45", "A/B/%43/%44/%45"])],
  ])("%j may also mean %j", (target, others) => {
    expect(otherPathsOfUrl(`http://host/api/2.0${PREFIX}${target}`, PREFIX)).toEqual(others);
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

describe("what is refused says why", () => {
  test.each([
    ["a//b", 'the name "" is empty'],
    ["a/..", 'the name ".." leads to another folder'],
    ["a/..;x/b", 'the name "..;x" leads to another folder'],
    ["C:x", 'the name "C:x" begins like a drive or a URL'],
    ["file:x", 'the name "file:x" begins like a drive or a URL'],
    ["a\tb", 'the name "a\\tb" has a control character'],
    ["a\\b", 'the name "a\\\\b" has a backslash'],
    ["a#b", 'the name "a#b" has a #'],
    ["\ufffd", 'the name "\ufffd" is not well-formed Unicode'],
    ["x".repeat(256), `the name "${"x".repeat(256)}" has 256 bytes of UTF-8; at most 255 are allowed`],
    ["a%2fb/%2e%2e", 'the name "%2e%2e" leads to another folder when it is decoded'],
    [Array(129).fill("d").join("/"), "it has 129 parts; at most 128 are allowed"],
    [`${Array(4).fill("x".repeat(255)).join("/")}/yy`, "it has 1026 bytes of UTF-8; at most 1024 are allowed"],
  ])("%#", (path, why) => {
    expect(refusalOf(() => canonicalArtifactPath(path))).toBe(`INVALID_PARAMETER_VALUE: Invalid path: ${why}.`);
  });

  test("at the limits nothing", () => {
    expect(canonicalArtifactPath(Array(128).fill("d").join("/"))).toHaveLength(255);
    const key = `${Array(3).fill("x".repeat(255)).join("/")}/${"y".repeat(255)}/`;
    expect(canonicalArtifactPath(key)).toHaveLength(1023);
    expect(canonicalArtifactPath(`${Array(4).fill("x".repeat(254)).join("/")}/abcd`)).toHaveLength(1024);
  });

  test("of a target also its encoding", () => {
    expect(refusalOf(() => ofUrl("a%2fb"))).toBe(
      'INVALID_PARAMETER_VALUE: Invalid path: the name "a/b" has a slash, encoded.',
    );
    expect(refusalOf(() => ofUrl("%ff"))).toBe('INVALID_PARAMETER_VALUE: Invalid path: the name "%ff" is not UTF-8.');
    expect(ofUrl("100%2")).toBe("100%2");
    expect(ofUrl("100%2g%")).toBe("100%2g%");
  });
});

test("a root alone is joined to nothing", () => {
  expect(joinArtifactPath("", "")).toBe("");
  expect(refusalOf(() => joinArtifactPath("a", "/b"))).toBe(
    'INVALID_PARAMETER_VALUE: Invalid path: the name "" is empty.',
  );
});

test("decoding ends, and what has not ended by then is refused", () => {
  const encoded = (rounds: number) => `%${"25".repeat(rounds)}41`;
  expect(canonicalArtifactPath(encoded(8))).toBe(encoded(8));
  expect(refusalOf(() => canonicalArtifactPath(encoded(12)))).toContain("leads to another folder when it is decoded");
  for (const path of ["a%2f..%2fb", "a%5c..", "a%2f.%2fb", "a%2f..;b", "x%2f.."]) {
    expect(
      refusalOf(() => canonicalArtifactPath(path)),
      path,
    ).toContain("when it is decoded");
  }
  for (const path of ["a%2fb", "a%2f..b", "a%2fb..", "a%5cb"]) expect(canonicalArtifactPath(path)).toBe(path);
});
