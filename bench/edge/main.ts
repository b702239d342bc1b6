import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Command } from "commander";
import { Log, LogLevel, Miniflare } from "miniflare";
import { ROOT } from "../../src/cli/source-build.ts";
import { workerBundle } from "../../src/cli/worker-bundle.ts";

/*
 * The waiting time of a client on the edge: the table of round trips, which test/edge checks, and the time of a short run by
 * the real client with a Worker whose calls to D1 and objects are delayed. The row without delays is this machine's own time.
 */

interface Options {
  readonly d1: string;
  readonly objects: string;
  readonly runs: string;
}

const options = new Command("bench:edge")
  .description("Prints the table of round trips, and times a short run with the delays of the edge.")
  .option("--d1 <ms>", "delay of a call of D1", "40")
  .option("--objects <ms>", "delay of a call of an object", "15")
  .option("--runs <n>", "runs of a measurement", "20")
  .parse()
  .opts<Options>();

const architecture = readFileSync(join(ROOT, "docs/architecture.md"), "utf8");
console.log(`${/^\| call \|[\s\S]*?\n\n/m.exec(architecture)?.[0] ?? ""}`);

const folder = mkdtempSync(join(tmpdir(), "trackflare-edge-"));
try {
  bundle();
  console.log("| delays of D1 and objects | part | median | p95 |\n|---|---|--:|--:|");
  for (const [d1, objects] of [
    [0, 0],
    [Number(options.d1), Number(options.objects)],
  ] as const) {
    for (const [part, seconds] of Object.entries(await measure(d1, objects))) {
      const at = (share: number) => seconds.toSorted((a, b) => a - b)[Math.ceil(share * seconds.length) - 1]!;
      console.log(`| ${d1} and ${objects} ms | ${part} | ${ms(at(0.5))} | ${ms(at(0.95))} |`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function ms(seconds: number): string {
  return `${(1000 * seconds).toFixed(1)} ms`;
}

function bundle(): void {
  const args = [join(ROOT, "node_modules/wrangler/bin/wrangler.js"), "deploy", "bench/edge/delayed-worker.ts"];
  const { status, stderr } = spawnSync(process.execPath, [...args, "--dry-run", "--outdir", folder], {
    cwd: ROOT,
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", TRACKFLARE_BUNDLE: "worker" },
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`The Worker cannot be bundled:\n${stderr}`);
}

/** @returns the seconds of each part of each run. The first runs only warm up */
async function measure(d1Ms: number, objectMs: number): Promise<Record<string, number[]>> {
  const { options: worker } = await workerBundle();
  const texts = readdirSync(folder).filter((name) => name.endsWith(".sql"));
  const miniflare = new Miniflare({
    ...worker,
    name: "trackflare",
    rootPath: folder,
    modulesRoot: folder,
    modules: [
      { type: "ESModule", path: join(folder, "delayed-worker.js") },
      ...texts.map((name) => ({ type: "Text" as const, path: join(folder, name) })),
    ],
    bindings: { TRACKFLARE_LOCAL: "1", D1_MS: d1Ms, OBJECT_MS: objectMs },
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0, proxy: true }],
    cf: false,
    log: new Log(LogLevel.ERROR),
  });
  try {
    const url = (await miniflare.unsafeGetDirectURL()).origin;
    const python = join(ROOT, ".venv/bin/python");
    const program = join(ROOT, "bench/edge/short-runs.py");
    const time = async (runs: number) => {
      const { stdout } = await promisify(execFile)(python, ["-B", program, url, String(runs)]);
      // MLflow prints the address of each run first.
      return JSON.parse(stdout.trim().split("\n").at(-1)!) as Record<string, number[]>;
    };
    await time(3);
    return await time(Number(options.runs));
  } finally {
    await miniflare.dispose();
  }
}
