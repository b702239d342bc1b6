import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { DeployResult } from "../../../src/cli/deploy/deploy.ts";
import { ROOT, trackflare } from "../import/command.ts";
import { PlatformDouble } from "./platform-double.ts";

/* `trackflare deploy` and the wrangler that it runs, against a double of the platform's API: see PlatformDouble. */

const NAME = `trackflare-test-${process.pid}`;
const CONFIG = join(ROOT, `wrangler.${NAME}.toml`);

let platform: PlatformDouble;
let home: string;
let environment: NodeJS.ProcessEnv;

beforeEach(async () => {
  platform = new PlatformDouble();
  home = mkdtempSync(join(tmpdir(), "trackflare-deploy-home-"));
  environment = {
    CLOUDFLARE_API_BASE_URL: await platform.start(),
    CLOUDFLARE_API_TOKEN: platform.token,
    CLOUDFLARE_ACCOUNT_ID: "",
    // Where `wrangler login` keeps a developer's own credentials.
    HOME: home,
    XDG_CONFIG_HOME: home,
  };
});

afterEach(async () => {
  await platform.stop();
  rmSync(home, { recursive: true, force: true });
  rmSync(CONFIG, { force: true });
});

async function run(...args: string[]) {
  const result = await trackflare(["deploy", "--name", NAME, ...args], environment);
  return { ...result, text: result.stdout + result.stderr };
}

async function deployed(...args: string[]): Promise<DeployResult> {
  const { exitCode, stdout, text } = await run("--json", ...args);
  expect(exitCode, text).toBe(0);
  return JSON.parse(stdout);
}

const states = ({ steps }: DeployResult) => Object.fromEntries(steps.map(({ title, state }) => [title, state]));

test("a deployment makes what is missing, goes on after an interruption, and a second one changes nothing", async () => {
  const plan = await deployed("--dry-run");
  expect(states(plan)).toEqual({
    ...{ account: "there", database: "missing", bucket: "missing", configuration: "missing", schema: "missing" },
    worker: "missing",
  });
  expect([platform.changes, plan.token]).toEqual([[], undefined]);

  platform.failsOnce = { change: "uploads", status: 400 };
  const interrupted = await run();
  expect(interrupted.exitCode).toBe(1);
  expect(interrupted.text).toContain("start this again");
  expect(interrupted.text).not.toContain("MLFLOW_TRACKING_TOKEN");

  platform.changes.length = 0;
  const first = await run();
  expect(first.exitCode, first.text).toBe(0);
  expect(platform.changes).toEqual([`uploads ${NAME}`]);
  const worker = platform.workers.get(NAME)!;
  const url = `https://${NAME}.double.workers.dev`;
  expect(first.stdout).toContain(`export MLFLOW_TRACKING_URI=${url}\n`);
  expect(first.stdout).toContain(`export MLFLOW_TRACKING_TOKEN=${worker.secrets.TRACKFLARE_ADMIN_TOKEN}\n`);
  expect(worker.secrets.TRACKFLARE_ADMIN_TOKEN).toMatch(/^[\w-]{43}$/);
  expect(worker.bindings).toMatchObject({ DB: "d1", ARTIFACTS: "r2_bucket", RUNS: "durable_object_namespace" });
  expect([...platform.buckets]).toEqual([`${NAME}-artifacts`]);
  const [database] = [...platform.databases.values()];
  expect(readFileSync(CONFIG, "utf8")).toContain(`database_id = "${database!.uuid}"`);
  const applied = database!.sql.prepare("SELECT name FROM d1_migrations ORDER BY name").all();
  expect(applied.map(({ name }) => name)).toEqual(
    readdirSync(join(ROOT, "migrations"))
      .filter((name) => name.endsWith(".sql"))
      .sort(),
  );

  platform.changes.length = 0;
  const second = await deployed();
  expect(new Set(Object.values(states(second)))).toEqual(new Set(["there"]));
  expect([second.url, second.token]).toEqual([url, undefined]);
  expect(platform.changes).toEqual([]);

  // Changed sources make a new version, which keeps the secret.
  expect(states(await deployed("--plan", "paid"))).toMatchObject({
    database: "there",
    configuration: "done",
    worker: "done",
  });
  const after = platform.workers.get(NAME)!;
  expect(after.bindings.TRACKFLARE_ADMIN_TOKEN).toBe("secret_text");
  expect(after.secrets).toEqual(worker.secrets);
  expect(platform.unknown).toEqual([]);
});

test.each<[string, () => void, string[]]>([
  ["no credentials", () => delete environment.CLOUDFLARE_API_TOKEN, ["npx wrangler login", "Workers Scripts: Edit"]],
  [
    "wrong ones",
    () => (environment.CLOUDFLARE_API_TOKEN = "wrong"),
    ["does not accept the credentials", "npx wrangler login"],
  ],
  [
    "several accounts",
    () => platform.accounts.push({ id: "f".repeat(32), name: "Other" }),
    ["--account", `${"f".repeat(32)}  Other`],
  ],
  [
    "no such account",
    () => (environment.CLOUDFLARE_ACCOUNT_ID = "e".repeat(32)),
    [`no account ${"e".repeat(32)}`, "Double"],
  ],
  ["R2 is off", () => (platform.isR2On = false), ["https://dash.cloudflare.com/0123456789abcdef0123456789abcdef/r2"]],
])("%s: it says what to do, and changes nothing", async (_, arrange, texts) => {
  arrange();
  const { exitCode, stderr } = await run("--dry-run");
  expect(exitCode).toBe(1);
  for (const text of texts) expect(stderr).toContain(text);
  expect(platform.changes).toEqual([]);
});
