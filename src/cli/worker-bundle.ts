import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
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
  const child = spawn(process.execPath, [wrangler, "deploy", "--dry-run", "--outdir", outdir], {
    cwd: ROOT,
    env: {
      ...process.env,
      WRANGLER_HIDE_BANNER: "true",
      WRANGLER_SEND_METRICS: "false",
      TRACKFLARE_BUNDLE: "worker",
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [status] = await once(child, "close");
  if (status !== 0) throw new UserError("The Worker cannot be bundled from its sources: see above.");
}

async function writeOptions(outdir: string): Promise<void> {
  const { unstable_getMiniflareWorkerOptions, unstable_readConfig } = await import("wrangler");
  const config = unstable_readConfig({ config: join(ROOT, "wrangler.toml") });
  const { workerOptions } = unstable_getMiniflareWorkerOptions(config);
  // wrangler adds the developer's .dev.vars. The local server takes settings only from its own environment and flags.
  writeFileSync(join(outdir, "options.json"), JSON.stringify({ ...workerOptions, bindings: config.vars }));
}
