import { describe, expect, test } from "vitest";
import { readSettings, type SettingsSchema } from "../../src/domain/setting.ts";
import {
  adminSettings,
  artifactSettings,
  callerSettings,
  cellSettings,
  contactSettings,
  isYes,
  loginSettings,
  ssoSettings,
  standingSettings,
} from "../../src/domain/settings.ts";

const SCHEMAS = [
  ...[adminSettings, artifactSettings, callerSettings, cellSettings, contactSettings],
  ...[loginSettings, ssoSettings, standingSettings],
];

/** The message about one setting; undefined if the setting is valid. */
function fault(name: string, value: string): string | undefined {
  const schema: SettingsSchema | undefined = SCHEMAS.find((candidate) => name in candidate);
  if (schema === undefined) throw new Error(`No schema has ${name}`);
  return readSettings(schema, { [name]: value }).problems.get(name);
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
      fine: ["mlflow-artifacts:/", "mlflow-artifacts:/a", "mlflow-artifacts:/abc/d", "s3://bucket/a", "/shared"],
      wrong: [
        "",
        "a",
        "x mlflow-artifacts:/a",
        "mlflow-artifacts:a",
        "mlflow-artifacts:/?a",
        "s3://b/../a",
        "xs3://b a\\b",
      ],
      message: "must be an absolute URI, such as s3://bucket/folder or mlflow-artifacts:/",
    },
  ],
  [
    "TRACKFLARE_ADMIN_PASSWORD",
    {
      fine: ["password12345", "Password1234"],
      wrong: ["password1234"],
      message: "must not be the password that MLflow shipped",
    },
  ],
  [
    "MLFLOW_PRESIGNED_DOWNLOAD_URL_TTL_SECONDS",
    {
      fine: ["1", "10", "3600", "604800"],
      wrong: ["", "0", "01", "-1", "604801", "1000000", "1.5", "1a", "a1", "x"],
      message: "must be seconds, from 1 to 604800",
    },
  ],
  [
    "TRACKFLARE_RATE_LIMIT",
    {
      fine: ["1", "600", "1000000"],
      wrong: ["", "0", "1000001", "-1", "1a", "a1", "x", "0000000001"],
      message: "must be a whole number from 1 to 1000000",
    },
  ],
  [
    "TRACKFLARE_TRUSTED_PROXIES",
    { fine: ["0", "1", "9"], wrong: ["10", "-1", "1x"], message: "must be a whole number from 0 to 9" },
  ],
  ["TRACKFLARE_LOGIN", { fine: ["0", "1"], wrong: ["", "true", "2"], message: "must be 0 or 1" }],
  [
    "TRACKFLARE_SETUP_TOKEN",
    { fine: ["x".repeat(32)], wrong: ["x".repeat(31)], message: "must have at least 32 characters" },
  ],
  [
    "TRACKFLARE_SECURITY_CONTACT",
    {
      fine: ["mailto:a@b", "https://example.com/security"],
      wrong: ["", "a@b", "mailto:a", "mailto:a@b c", "http://example.com", "x https://a", "https://"],
      message: "must be an address such as mailto:security@example.com or https://example.com/security",
    },
  ],
  [
    "TRACKFLARE_OIDC_ISSUER",
    {
      fine: [
        ...["https://id.example.com", "HTTPS://id.example.com:8443/realm/a/", "https://id.example.com/"],
        ...["http://localhost", "http://localhost:8080/x", "http://127.0.0.1:65535", "http://localhost/"],
      ],
      wrong: [
        ...["", "id.example.com", "http://id.example.com", "https://", "https:///a", "x https://a", "ftp://a"],
        ...["https://a?b", "https://a/b?c", "https://a/b#c", "https://a#b", "https://a b"],
        ...[
          "http://localhost:",
          "http://localhost:x",
          "http://localhost:80x",
          "http://localhostx",
          "http://127.0.0.1?a",
        ],
      ],
      message: "must be an https URL without a query, such as https://id.example.com",
    },
  ],
  [
    "TRACKFLARE_SSO_ROLES",
    {
      fine: ["a=b", "a=b,c d=e"],
      wrong: ["", "a", "a=", "=b", "a=b,", "a=b,c", "a=b=c"],
      message: "must be group=role with commas between",
    },
  ],
  ["TRACKFLARE_OIDC_CLIENT_ID", { fine: ["x".repeat(1024)], wrong: [""], message: "is empty" }],
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
  expect(readSettings(cellSettings, {}).values).toEqual({
    TRACKFLARE_CELLS: "0",
    TRACKFLARE_CELLS_PER_EXPERIMENT: "0",
  });
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
