import { execFileSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import type { Json } from "../../differential/json.ts";
import { startServer } from "../../server.ts";
import { answersOf } from "../import/answers.ts";

const FIXTURES = join(import.meta.dirname, "fixtures");
const folder = mkdtempSync(join(tmpdir(), "trackflare-upgrade-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Expects an answer that seed.ts wrote. Later versions may send more fields. */
function comparable(answer: unknown): Json {
  return JSON.parse(
    JSON.stringify(answer, (_name, value: unknown) => (typeof value === "bigint" ? `int64 ${value}` : value)),
  );
}

const releases = globSync("*[0-9a-f].tgz", { cwd: FIXTURES }).map((name) => basename(name, ".tgz"));

test("there is data of older releases", () => {
  expect(releases.sort()).toEqual(["63346b3", "985f118"]);
});

test.each(releases)("a folder of release %s opens, all of it is there, and runs go on", async (release) => {
  const dataDir = mkdtempSync(join(folder, `${release}-`));
  execFileSync("tar", ["-xzf", join(FIXTURES, `${release}.tgz`), "-C", dataDir]);
  const before = new Map<string, Json>(
    JSON.parse(String(gunzipSync(readFileSync(join(FIXTURES, `${release}.answers.json.gz`))))),
  );
  expect(before.size).toBeGreaterThan(20);
  const server = await startServer({ dataDir });
  try {
    const after = await answersOf(server.url);
    for (const [question, answer] of before) {
      const now = comparable(after.get(question));
      if (typeof answer === "object" && answer !== null) expect(now, question).toMatchObject(answer);
      else expect(now, question).toEqual(answer);
    }
    // A run that had not ended when the old release stopped.
    const runId = [...before].flatMap(([question, answer]) => {
      const { run } = answer as { run?: { info: { run_id: string; status: string; lifecycle_stage: string } } };
      const isActive = run?.info.status === "RUNNING" && run.info.lifecycle_stage === "active";
      return question.startsWith("run ") && isActive ? [run.info.run_id] : [];
    })[0];
    const api = `${server.url}/api/2.0/mlflow`;
    const body = JSON.stringify({ run_id: runId, key: "once", value: 7, timestamp: 1_800_000_000_000, step: 99 });
    const logged = await fetch(`${api}/runs/log-metric`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body,
    });
    expect(logged.status, await logged.text()).toBe(200);
    const history = await fetch(`${api}/metrics/get-history?run_id=${runId}&metric_key=once`);
    const { metrics } = (await history.json()) as { metrics: { value: number }[] };
    expect(metrics.map(({ value }) => value)).toEqual([0.1 + 0.2, 7]);
  } finally {
    await server.stop();
  }
});
