import { resolve } from "node:path";
import { expect, test } from "vitest";
import { parseServerSettings } from "../../src/cli/settings.ts";

const FLAGS = { host: "127.0.0.1", port: "5000", dataDir: "./data" };
const PASSWORD = "long enough for one";
const TOKEN = "a token of this test";

test("on loopback no secret is needed", () => {
  const expected = { host: "127.0.0.1", port: 5000, dataDir: resolve("data"), admin: undefined };
  expect(parseServerSettings(FLAGS, {})).toEqual(expected);
  expect(parseServerSettings({ ...FLAGS, host: "localhost" }, {})).toEqual(expected);
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

test("a port is a whole number from 0 to 65535", () => {
  for (const port of ["", "abc", "-1", "1.5", "65536", "1e3", " 80"]) {
    expect(() => parseServerSettings({ ...FLAGS, port }, {}), port).toThrow("--port (MLFLOW_PORT)");
  }
  for (const port of ["0", "65535"]) expect(parseServerSettings({ ...FLAGS, port }, {}).port).toBe(Number(port));
});

test("every wrong flag is told at once", () => {
  expect(() => parseServerSettings({ host: " ", port: "x", dataDir: "" }, {})).toThrow(
    /--host.*\n.*--port.*\n.*--data-dir/,
  );
});
