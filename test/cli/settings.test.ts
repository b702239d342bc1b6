import { resolve } from "node:path";
import { expect, test } from "vitest";
import { parseServerSettings } from "../../src/cli/settings.ts";

const FLAGS = { host: "127.0.0.1", port: "5000", dataDir: "./data" };
const PASSWORD = "long enough for one";
const TOKEN = "a token of this test";

test("on loopback no secret is needed", () => {
  const none = { admin: undefined, standing: {}, telling: {}, callers: {}, artifacts: {} };
  const expected = { host: "127.0.0.1", port: 5000, dataDir: resolve("data"), ...none };
  expect(parseServerSettings(FLAGS, {})).toEqual(expected);
  expect(parseServerSettings({ ...FLAGS, host: "localhost" }, {})).toEqual(expected);
  expect(parseServerSettings({ ...FLAGS, host: "[::1]" }, {}).host).toBe("::1");
  for (const host of ["::1", "127.8.9.1"]) expect(parseServerSettings({ ...FLAGS, host }, {}).host).toBe(host);
});

test("anywhere else a secret must be set, and an empty one is none", () => {
  for (const host of ["0.0.0.0", "::", "192.168.1.7", "127.0.0.1.example.org"]) {
    const parse = (environment: NodeJS.ProcessEnv) => parseServerSettings({ ...FLAGS, host }, environment);
    expect(() => parse({})).toThrow(/TRACKFLARE_ADMIN_PASSWORD.*TRACKFLARE_ADMIN_TOKEN/);
    expect(() => parse({ TRACKFLARE_ADMIN_TOKEN: "" })).toThrow("TRACKFLARE_ADMIN_TOKEN");
    expect(parse({ TRACKFLARE_ADMIN_TOKEN: TOKEN }).admin).toEqual({ TRACKFLARE_ADMIN_TOKEN: TOKEN });
    expect(parse({ TRACKFLARE_ADMIN_PASSWORD: PASSWORD }).admin).toEqual({ TRACKFLARE_ADMIN_PASSWORD: PASSWORD });
  }
});

test("a weak or lonely admin setting is named", () => {
  const parse = (environment: NodeJS.ProcessEnv) => () => parseServerSettings(FLAGS, environment);
  expect(parse({ TRACKFLARE_ADMIN_TOKEN: "short" })).toThrow("TRACKFLARE_ADMIN_TOKEN must have at least 16 characters");
  expect(parse({ TRACKFLARE_ADMIN_PASSWORD: "short" })).toThrow("TRACKFLARE_ADMIN_PASSWORD must have at least 12");
  expect(parse({ TRACKFLARE_ADMIN_USERNAME: "me" })).toThrow("TRACKFLARE_ADMIN_PASSWORD");
});

test("who carries artifacts is said by flags, and by MLflow's variables where no flag is given", () => {
  const parse = (flags: object, environment: NodeJS.ProcessEnv = {}) =>
    parseServerSettings({ ...FLAGS, ...flags }, environment).artifacts;
  const root = "s3://bucket/folder";
  const direct = { MLFLOW_SERVE_ARTIFACTS: "false", MLFLOW_DEFAULT_ARTIFACT_ROOT: root };
  expect(parse({ serveArtifacts: false, defaultArtifactRoot: root })).toEqual(direct);
  expect(parse({ defaultArtifactRoot: root }, { MLFLOW_SERVE_ARTIFACTS: "false" })).toEqual(direct);
  expect(parse({ serveArtifacts: true }, { MLFLOW_SERVE_ARTIFACTS: "false" })).toEqual({
    MLFLOW_SERVE_ARTIFACTS: "true",
  });
  expect(() => parse({ serveArtifacts: false })).toThrow("--default-artifact-root");
  expect(() => parse({ serveArtifacts: false, defaultArtifactRoot: "mlflow-artifacts:/" })).toThrow("s3://");
  expect(() => parse({}, { MLFLOW_SERVE_ARTIFACTS: "maybe" })).toThrow(
    "--serve-artifacts (MLFLOW_SERVE_ARTIFACTS) must be",
  );
  for (const defaultArtifactRoot of ["mlruns", "./mlruns", "s3:bucket", "/a/../b"]) {
    expect(() => parse({ defaultArtifactRoot })).toThrow(
      "--default-artifact-root (MLFLOW_DEFAULT_ARTIFACT_ROOT) must be",
    );
  }
});

test("what is served of artifacts, and how, is said by switches and their variables", () => {
  const parse = (flags: object, environment: NodeJS.ProcessEnv = {}) =>
    parseServerSettings({ ...FLAGS, ...flags }, environment).artifacts;
  expect(parse({ artifactsOnly: true })).toEqual({ MLFLOW_ARTIFACTS_ONLY: "true" });
  expect(parse({ artifactsPresignedOnly: true })).toEqual({ MLFLOW_ARTIFACTS_PRESIGNED_ONLY: "true" });
  expect(parse({}, { MLFLOW_ARTIFACTS_ONLY: "1", MLFLOW_ARTIFACTS_PRESIGNED_ONLY: "false" })).toEqual({
    MLFLOW_ARTIFACTS_ONLY: "1",
    MLFLOW_ARTIFACTS_PRESIGNED_ONLY: "false",
  });
  for (const flag of ["artifactsOnly", "artifactsPresignedOnly"]) {
    const parseBoth = () => parse({ [flag]: true, serveArtifacts: false, defaultArtifactRoot: "s3://bucket" });
    expect(parseBoth).toThrow("--no-serve-artifacts");
  }
});

test("a bucket needs its credentials, and gets no variable that is not set", () => {
  const parse = (artifactsDestination: string, environment: NodeJS.ProcessEnv) =>
    parseServerSettings({ ...FLAGS, artifactsDestination }, environment).artifacts;
  const keys = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret", AWS_SESSION_TOKEN: "" };
  expect(parse("s3://bucket/folder", keys)).toEqual({
    MLFLOW_ARTIFACTS_DESTINATION: "s3://bucket/folder",
    AWS_ACCESS_KEY_ID: "id",
    AWS_SECRET_ACCESS_KEY: "secret",
  });
  expect(() => parse("s3://bucket", {})).toThrow("AWS_ACCESS_KEY_ID");
  expect(() => parse("./mlartifacts", keys)).toThrow("MLFLOW_ARTIFACTS_DESTINATION must be a bucket");
  expect(parseServerSettings(FLAGS, keys).artifacts).toEqual({});
});

test("a port is a whole number from 0 to 65535", () => {
  for (const port of ["", "abc", "-1", "1.5", "65536", "1e3", " 80"]) {
    expect(() => parseServerSettings({ ...FLAGS, port }, {}), port).toThrow("--port (MLFLOW_PORT)");
  }
  for (const port of ["0", "65535"]) expect(parseServerSettings({ ...FLAGS, port }, {}).port).toBe(Number(port));
});

test("a port that browsers refuse is refused, with another to take", () => {
  for (const port of ["5060", "5061", "6000", "6665", "6669", "10080", "22"]) {
    expect(() => parseServerSettings({ ...FLAGS, port }, {}), port).toThrow(/Browsers refuse.*--port 5000/);
  }
});

test("the ports that browsers refuse are those that Node's fetch refuses", async () => {
  const dispatch = () => {
    throw new Error("Not refused, and not sent.");
  };
  for (let port = 1; port < 12_000; port += 1) {
    const request = fetch(`http://127.0.0.1:${port}`, { dispatcher: { dispatch } } as unknown as RequestInit);
    const { cause } = (await request.catch((error: unknown) => error)) as { cause?: Error };
    const isRefused = cause?.message === "bad port";
    const parse = () => parseServerSettings({ ...FLAGS, port: String(port) }, {});
    if (isRefused) expect(parse, String(port)).toThrow("Browsers refuse");
    else expect(parse, String(port)).not.toThrow();
  }
});

test("what the server is called by reaches the Worker by its own names, and a wrong value is told by both", () => {
  const flags = { allowedHosts: "a.test", corsAllowedOrigins: "https://a.test", staticPrefix: "/mlflow" };
  expect(parseServerSettings({ ...FLAGS, ...flags }, {}).standing).toEqual({
    MLFLOW_SERVER_ALLOWED_HOSTS: "a.test",
    MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: "https://a.test",
    MLFLOW_STATIC_PREFIX: "/mlflow",
  });
  expect(parseServerSettings({ ...FLAGS, allowedHosts: "", staticPrefix: "" }, {}).standing).toEqual({});
  expect(() => parseServerSettings({ ...FLAGS, corsAllowedOrigins: "a.test", staticPrefix: "mlflow/" }, {})).toThrow(
    /--cors-allowed-origins \(MLFLOW_SERVER_CORS_ALLOWED_ORIGINS\) must.*\n.*--static-prefix \(MLFLOW_STATIC_PREFIX\) must/,
  );
});

test("every wrong flag is told at once", () => {
  expect(() => parseServerSettings({ host: " ", port: "x", dataDir: "" }, {})).toThrow(
    /--host.*\n.*--port.*\n.*--data-dir/,
  );
});

test("what users hold by default reaches the Worker of a server with a secret, and a wrong word is named", () => {
  const parse = (permission: string) => () =>
    parseServerSettings(FLAGS, { TRACKFLARE_ADMIN_TOKEN: TOKEN, TRACKFLARE_DEFAULT_PERMISSION: permission });
  const admin = { TRACKFLARE_ADMIN_TOKEN: TOKEN, TRACKFLARE_DEFAULT_PERMISSION: "NO_PERMISSIONS" };
  expect(parse("NO_PERMISSIONS")().admin).toEqual(admin);
  expect(parse("NONE")).toThrow("TRACKFLARE_DEFAULT_PERMISSION must be one of NO_PERMISSIONS, READ");
});
