import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TarReader, TarWriter } from "../../../src/cli/backup/tar.ts";
import { startServer, type TestServer } from "../../server.ts";
import { rowsOf } from "../export/rows.ts";
import { type Answers, answersOf } from "../import/answers.ts";
import { python, ROOT, run, trackflare } from "../import/command.ts";
import { startCountingProxy } from "../import/counting-proxy.ts";

const SEED = join(import.meta.dirname, "../import/seed.py");
const folder = mkdtempSync(join(tmpdir(), "trackflare-backup-"));
const file = join(folder, "all.tar");
let server: TestServer;
let ours: Answers;
let rows: Map<string, string[]>;

/** Rows that a restoration adds: the note that it is complete, and its entries in the audit log. */
function withoutNote(of: Map<string, string[]>): Map<string, string[]> {
  const isNote = (line: string) => line.startsWith('["restore"') || /"server\.(restore|import)"/.test(line);
  return new Map([...of].map(([table, lines]) => [table, lines.filter((line) => !isNote(line))]));
}

async function expectRestored(url: string): Promise<void> {
  const theirs = await answersOf(url);
  expect([...theirs.keys()].sort()).toEqual([...ours.keys()].sort());
  for (const [question, answer] of ours) expect(theirs.get(question), question).toEqual(answer);
  const restored = withoutNote(await rowsOf(url, new Set()));
  for (const [table, lines] of rows) expect(restored.get(table), table).toEqual(lines);
}

/** Starts the command and kills it as soon as `isTime` holds. @returns whether the kill came before the command's own end */
async function killed(args: readonly string[], isTime: () => boolean): Promise<boolean> {
  const child = spawn(join(ROOT, "node_modules/node/bin/node"), [join(ROOT, "src/cli/main.ts"), ...args], {
    stdio: "ignore",
  });
  const ended = once(child, "close");
  while (!isTime() && child.exitCode === null) await sleep(5);
  const wasRunning = child.exitCode === null;
  child.kill("SIGKILL");
  await ended;
  return wasRunning;
}

beforeAll(async () => {
  server = await startServer();
  await python(SEED, [server.url]);
  const made = await fetch(`${server.url}/api/2.0/mlflow/users/create`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ username: "ada", password: "a password of ada" }),
  });
  expect(made.status).toBe(200);
  ours = await answersOf(server.url);
  rows = await rowsOf(server.url, new Set());
  const { exitCode, stderr } = await trackflare(["backup", file, "--from", server.url]);
  expect(exitCode, stderr).toBe(0);
});
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("a backup that is restored into a folder is all that there was, users too, and tar lists it", async () => {
  const place = join(folder, "restored");
  const { exitCode, stderr } = await trackflare(["restore", file, "--to", place]);
  expect(exitCode, stderr).toBe(0);
  expect(existsSync(`${place}.unfinished`)).toBe(false);
  const other = await startServer({ dataDir: place });
  try {
    await expectRestored(other.url);
    // Ids of deleted things are never reused.
    const made = await fetch(`${other.url}/api/2.0/mlflow/experiments/create`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ name: "next" }),
    });
    expect(await made.json()).toEqual({ experiment_id: "4" });
  } finally {
    await other.stop();
  }
  const listed = await run("tar", ["-tf", file]);
  expect(listed.exitCode, listed.stderr).toBe(0);
  expect(listed.stdout.split("\n")).toContain("checksums.json");
});

test("it is restored into an empty server, again after a part of it, and into no other", async () => {
  const other = await startServer();
  try {
    const proxy = await startCountingProxy(other.url);
    await killed(["restore", file, "--to", proxy.url], () => false).finally(proxy.stop);
    await expectRestored(other.url);
    // Of all runs and all their metrics.
    expect(proxy.count("/api/2.0/trackflare/import/points")).toBe(1);
    const again = await trackflare(["restore", file, "--to", other.url]);
    expect(again.exitCode).toBe(1);
    expect(again.stderr).toContain("this one holds something");
    const used = await trackflare(["restore", file, "--to", server.url]);
    expect(used.exitCode).toBe(1);
  } finally {
    await other.stop();
  }
});

test("a file that was cut off or has changed is refused before anything is written", async () => {
  const bytes = readFileSync(file);
  const place = join(folder, "never");
  const changed = Buffer.from(bytes);
  const at = bytes.indexOf("ustar", 4096) + 512;
  changed[at] = changed[at]! ^ 1;
  for (const [name, content, message] of [
    ["cut.tar", bytes.subarray(0, bytes.length - 2000), /cut off/],
    ["changed.tar", changed, /not as it was written/],
    ["other.tar", Buffer.from("x".repeat(2000)), /is no backup/],
  ] as const) {
    writeFileSync(join(folder, name), content);
    for (const words of [["--to", place], ["--check"]]) {
      const { exitCode, stderr } = await trackflare(["restore", join(folder, name), ...words]);
      expect(exitCode, name).toBe(1);
      expect(stderr).toMatch(message);
    }
  }
  expect(existsSync(place)).toBe(false);
  expect((await trackflare(["restore", file, "--check"])).exitCode).toBe(0);
});

test("a backup of a newer version is refused before anything is written", async () => {
  const newer = join(folder, "newer.tar");
  const [from, to] = [await TarReader.open(file), await TarWriter.create(newer)];
  const parsed = async (name: string) => JSON.parse(String(await from.bytes(name)));
  const description = await parsed("backup.json");
  const migrations = [...description.migrations, "9999_of_the_future.sql"];
  for (const [name, { size }] of from.entries) {
    if (name === "backup.json") await to.addBytes(name, Buffer.from(JSON.stringify({ ...description, migrations })));
    else if (name !== "checksums.json") await to.add(name, size, from.pieces(name));
  }
  const summary = { ...(await parsed("checksums.json")), entries: to.sums };
  await to.addBytes("checksums.json", Buffer.from(JSON.stringify(summary)));
  await to.finish();
  await Promise.all([from.close(), to.close()]);
  const place = join(folder, "older");
  const { exitCode, stderr } = await trackflare(["restore", newer, "--to", place]);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/newer version .* lacks 9999_of_the_future\.sql/);
  expect(existsSync(place)).toBe(false);
});

test("whatever ends a backup or a restoration, what was there before is there still, and the next one succeeds", async () => {
  const before = readFileSync(file);
  const unfinished = `${file}.unfinished`;
  const isWriting = () => existsSync(unfinished) && statSync(unfinished).size > 0;
  expect(await killed(["backup", file, "--from", server.url], isWriting)).toBe(true);
  expect(readFileSync(file).equals(before)).toBe(true);

  const place = join(folder, "interrupted");
  mkdirSync(place);
  expect(await killed(["restore", file, "--to", place], () => existsSync(join(`${place}.unfinished`, "d1")))).toBe(
    true,
  );
  expect(existsSync(join(place, "d1"))).toBe(false);
  const { exitCode, stderr } = await trackflare(["restore", file, "--to", place]);
  expect(exitCode, stderr).toBe(0);
  expect(existsSync(join(place, "d1"))).toBe(true);
  const full = await trackflare(["restore", file, "--to", place]);
  expect(full.stderr).toContain("is not empty");
});
