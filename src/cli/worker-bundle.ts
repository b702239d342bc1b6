import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ModuleDefinition, WorkerOptions } from "miniflare";
import { currentBuild, ROOT, type SourceBuild } from "./source-build.ts";
import { UserError } from "./user-error.ts";

/** All sources of the bundle. The command itself is not among them. */
export const WORKER_BUILD: SourceBuild = {
  name: "worker",
  sources: ["src/**/*.ts", "migrations/*.sql", "wrangler.toml", "package-lock.json", "tsconfig.json"],
  exclude: ["src/cli/**"],
  make: async (outdir) => {
    await bundle(outdir);
    await writeOptions(outdir);
  },
};

/** The Worker that wrangler would deploy. */
export interface WorkerBundle {
  /** Absolute: the folder of the modules. */
  readonly path: string;
  /** The entry first. Listed, so that Miniflare need not parse a megabyte to find its imports. */
  readonly modules: readonly ModuleDefinition[];
  /** The settings of wrangler.toml as Miniflare's options: bindings, compatibility date, module rules. */
  readonly options: Omit<WorkerOptions, "assets">;
  /** How the UI's files are served. The caller adds their folder. */
  readonly assets: WorkerOptions["assets"];
}

/** The bundle of the current sources, built by `wrangler deploy --dry-run`, so that it equals the edge's bundle. */
export async function workerBundle(): Promise<WorkerBundle> {
  return bundleIn(await currentBuild(WORKER_BUILD));
}

/** The bundle in a folder, of this version or another. */
export function bundleIn(path: string): WorkerBundle {
  const { assets, ...options }: WorkerOptions = JSON.parse(readFileSync(join(path, "options.json"), "utf8"));
  return { path, modules: modulesIn(path), options, assets };
}

function modulesIn(path: string): ModuleDefinition[] {
  const texts = readdirSync(path)
    .filter((name) => name.endsWith(".sql"))
    .map((name) => ({ type: "Text" as const, path: join(path, name) }));
  return [{ type: "ESModule", path: join(path, "index.js") }, ...texts];
}

async function bundle(outdir: string): Promise<void> {
  const wrangler = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
  await run([wrangler, "deploy", "--dry-run", "--outdir", outdir], "ignore");
}

async function writeOptions(outdir: string): Promise<void> {
  const output = openSync(join(outdir, "options.json"), "w");
  try {
    await run([join(import.meta.dirname, "worker-options.ts")], output);
  } finally {
    closeSync(output);
  }
}

/** Runs a program of Node's that builds a part of the bundle. */
async function run(argv: readonly string[], stdout: "ignore" | number): Promise<void> {
  const child = spawn(process.execPath, argv, {
    cwd: ROOT,
    env: {
      ...process.env,
      WRANGLER_HIDE_BANNER: "true",
      WRANGLER_SEND_METRICS: "false",
      TRACKFLARE_BUNDLE: "worker",
    },
    stdio: ["ignore", stdout, "inherit"],
  });
  const [status] = await once(child, "close");
  if (status !== 0) throw new UserError("The Worker cannot be bundled from its sources: see above.");
}
