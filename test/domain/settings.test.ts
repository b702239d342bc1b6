import { describe, expect, test } from "vitest";
import { adminSettings, artifactSettings, cellSettings, isYes, standingSettings } from "../../src/domain/settings.ts";

const SCHEMAS = [adminSettings, artifactSettings, cellSettings, standingSettings];

/** The message about one setting; undefined if the setting is valid. */
function fault(name: string, value: string): string | undefined {
  const schema = SCHEMAS.find((candidate) => name in candidate.shape);
  if (schema === undefined) throw new Error(`No schema has ${name}`);
  return schema.safeParse({ [name]: value }).error?.issues[0]?.message;
}

describe.each<[string, { fine: readonly string[]; wrong: readonly string[]; message: string }]>([
  [
    "TRACKFLARE_ADMIN_PASSWORD",
    {
      fine: ["x".repeat(12), "x".repeat(1024)],
      wrong: ["", "x".repeat(11)],
      message: "must have at least 12 characters",
    },
  ],
  [
    "TRACKFLARE_ADMIN_TOKEN",
    { fine: ["x".repeat(16)], wrong: ["x".repeat(15)], message: "must have at least 16 characters" },
  ],
  [
    "TRACKFLARE_ADMIN_TOKEN",
    { fine: ["x".repeat(1024)], wrong: ["x".repeat(1025)], message: "must have at most 1024 characters" },
  ],
  ["TRACKFLARE_ADMIN_USERNAME", { fine: ["a"], wrong: [""], message: "is empty" }],
  [
    "TRACKFLARE_ADMIN_USERNAME",
    { fine: ["x".repeat(255)], wrong: ["x".repeat(256)], message: "must have at most 255 characters" },
  ],
  [
    "TRACKFLARE_DEFAULT_PERMISSION",
    {
      fine: ["NO_PERMISSIONS", "READ", "MANAGE"],
      wrong: ["", "read", "DENY"],
      message: "must be one of NO_PERMISSIONS, READ, USE, EDIT, MANAGE",
    },
  ],
  [
    "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS",
    {
      fine: ["", "*", "https://a.example", "http://a:1/, https://B.example ,", "HTTPS://a"],
      wrong: ["a.example", "https://", "https://a/b", "x https://a", "https://a,ftp://b", "https://a b", "null"],
      message: "must be origins with commas between them, such as https://app.example.com",
    },
  ],
  [
    "TRACKFLARE_CELLS",
    {
      fine: ["0", "1", "16", "999"],
      wrong: ["", "00", "01", "1000", "-1", "1a", "a1", "1.0"],
      message: "must be a whole number from 0 to 999",
    },
  ],
  [
    "MLFLOW_SERVER_ALLOWED_HOSTS",
    {
      fine: ["", "mlflow.example.com", "*.a_b-c, 10.*:5000, [::1]:80"],
      wrong: ["a/b", "a?b", "é", "a\nb"],
      message: "must be host names with commas between them, such as mlflow.example.com",
    },
  ],
  [
    "MLFLOW_STATIC_PREFIX",
    {
      fine: ["", "/mlflow", "/a/b-c_d.e~f"],
      wrong: ["mlflow", "/mlflow/", "/", "//a", "/a b", "x/a"],
      message: "must begin with a slash and end without one, such as /mlflow",
    },
  ],
  [
    "MLFLOW_SERVER_X_FRAME_OPTIONS",
    { fine: ["DENY", "SAMEORIGIN", "NONE"], wrong: ["", "deny"], message: "must be DENY, SAMEORIGIN or NONE" },
  ],
  [
    "MLFLOW_SERVE_ARTIFACTS",
    { fine: ["true", "FALSE", "1", "0"], wrong: ["", "yes", "xtrue", "truex"], message: "must be true or false" },
  ],
  [
    "MLFLOW_DEFAULT_ARTIFACT_ROOT",
    {
      fine: ["mlflow-artifacts:/", "mlflow-artifacts:/a", "s3://bucket/a", "/shared"],
      wrong: ["", "a", "x mlflow-artifacts:/a", "mlflow-artifacts:a", "mlflow-artifacts:/?a", "s3://b/../a"],
      message: "must be an absolute URI, such as s3://bucket/folder or mlflow-artifacts:/",
    },
  ],
  [
    "MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES",
    {
      fine: ["", "hdfs", "hdfs, SFTP"],
      wrong: ["hdfs:", "é", "a/b"],
      message: "must be schemes with commas between them, such as hdfs,sftp",
    },
  ],
])("%s", (name, { fine, wrong, message }) => {
  test.each(fine)("may be %j", (value) => {
    expect(fault(name, value)).toBeUndefined();
  });
  test.each(wrong)("may not be %j", (value) => {
    expect(fault(name, value)).toBe(message);
  });
});

test("each run has an object of its own unless cells are asked for", () => {
  expect(cellSettings.parse({})).toEqual({ TRACKFLARE_CELLS: "0", TRACKFLARE_CELLS_PER_EXPERIMENT: "0" });
});

test("yes or no, or what holds otherwise", () => {
  expect([isYes(undefined, true), isYes(undefined, false)]).toEqual([true, false]);
  expect(["true", "TRUE", "1", "false", "0", "xtrue", "1x"].map((value) => isYes(value, true))).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});
