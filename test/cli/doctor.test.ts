import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { TRACKFLARE_VERSION } from "../../src/domain/version.ts";
import { startServer } from "../server.ts";
import { ROOT, trackflare } from "./import/command.ts";

const folder = mkdtempSync(join(tmpdir(), "trackflare-doctor-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function json<T>(args: readonly string[]): Promise<T & { exitCode: number | null }> {
  const { exitCode, stdout, stderr } = await trackflare([...args, "--json"]);
  expect(stdout, stderr).not.toBe("");
  return { ...JSON.parse(stdout), exitCode };
}

interface Findings {
  readonly findings: readonly { readonly state: string; readonly what: string }[];
}

test("the version is the package's, and a server tells it beside MLflow's", async () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  expect(TRACKFLARE_VERSION).toBe(version);
  const server = await startServer();
  try {
    for (const path of ["/health", "/version"]) {
      const answer = await fetch(server.url + path);
      expect(answer.headers.get("X-Trackflare-Version"), path).toBe(version);
    }
    const { findings, exitCode } = await json<Findings>(["doctor", "--data-dir", server.dataDir, "--to", server.url]);
    expect(exitCode).toBe(0);
    expect(findings.filter(({ state }) => state !== "good")).toEqual([]);
    expect(findings.map(({ what }) => what).join("\n")).toContain(`held by process ${server.pid}, ${server.url}`);
  } finally {
    await server.stop();
  }
});

test("a folder of an older release is behind until db upgrade, and doctor says so", async () => {
  const dataDir = join(folder, "old");
  execFileSync("mkdir", [dataDir]);
  execFileSync("tar", ["-xzf", join(import.meta.dirname, "upgrade/fixtures/63346b3.tgz"), "-C", dataDir]);
  type State = { readonly applied: string[]; readonly missing: string[]; readonly newer: string[] };
  const before = await json<State>(["db", "check", "--data-dir", dataDir]);
  expect(before.exitCode).toBe(1);
  expect(before.applied.at(-1)).toBe("0006_new_runs.sql");
  expect(before.missing[0]).toBe("0007_imports.sql");
  const { findings } = await json<Findings>(["doctor", "--data-dir", dataDir]);
  expect(findings.find(({ state }) => state === "note")?.what).toContain("lacks 0007_imports.sql");
  expect(await json<State>(["db", "upgrade", "--data-dir", dataDir])).toMatchObject({
    missing: [],
    newer: [],
    exitCode: 0,
  });
  expect((await json<State>(["db", "check", "--data-dir", dataDir])).missing).toEqual([]);
});

test("what is wrong is said with what to do, and nothing is made", async () => {
  const missing = join(folder, "missing");
  const nobody = await trackflare(["doctor", "--data-dir", missing, "--to", "http://127.0.0.1:9"]);
  expect(nobody.exitCode).toBe(1);
  expect(nobody.stdout).toMatch(/There is no data folder[\s\S]*WRONG {2}http:\/\/127\.0\.0\.1:9 is not well/);
  const check = await trackflare(["db", "check", "--data-dir", missing]);
  expect(check.exitCode).toBe(1);
  expect(check.stderr).toContain("has no database");
  const variable = { MLFLOW_TRACKING_URI: "http://127.0.0.1:9" };
  expect((await trackflare(["db", "check", "--data-dir", missing], variable)).stderr).toContain("has no database");
});
