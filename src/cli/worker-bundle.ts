import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { ModuleDefinition, WorkerOptions } from "miniflare";
import { UserError } from "./user-error.ts";

/** The repository, wherever the command is called from. */
export const ROOT = join(import.meta.dirname, "../..");

const BUNDLES = join(ROOT, "dist/worker");

/** All that the bundle is made of. The command itself is none of it. */
const SOURCES = ["src/**/*.ts", "migrations/*.sql", "wrangler.toml", "package-lock.json", "tsconfig.json"];

const KEEP_BUNDLES_MS = 3_600_000;

/** The Worker as wrangler would deploy it. */
export interface WorkerBundle {
  /** Absolute: the folder of the modules. */
  readonly path: string;
  /** The entry first. Listed, so that Miniflare need not parse a megabyte to find its imports. */
  readonly modules: readonly ModuleDefinition[];
  /** wrangler.toml in Miniflare's words: bindings, compatibility date, module rules. */
  readonly options: WorkerOptions;
}

/**
 * The bundle of the sources as they are now: made by `wrangler deploy --dry-run`, so that it is the edge's, and kept
 * in a folder named after the sources' hash until they change.
 */
export async function workerBundle(): Promise<WorkerBundle> {
  const current = join(BUNDLES, sourceHash());
  const path = existsSync(current) ? current : await build();
  return { path, modules: modulesIn(path), options: JSON.parse(readFileSync(join(path, "options.json"), "utf8")) };
}

function modulesIn(path: string): ModuleDefinition[] {
  const texts = globSync("*.sql", { cwd: path }).map((name) => ({ type: "Text" as const, path: join(path, name) }));
  return [{ type: "ESModule", path: join(path, "index.js") }, ...texts];
}

function sourceHash(): string {
  const hash = createHash("sha256");
  for (const file of globSync(SOURCES, { cwd: ROOT, exclude: ["src/cli/**"] }).sort()) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(ROOT, file)))
      .update("\0");
  }
  return hash.digest("hex").slice(0, 16);
}

/**
 * Builds aside and renames, so that a bundle is whole or absent and two builders do not meet.
 * @returns where the bundle is, which another name says if the sources changed meanwhile.
 */
async function build(): Promise<string> {
  mkdirSync(BUNDLES, { recursive: true });
  removeOldBundles();
  for (;;) {
    const path = join(BUNDLES, sourceHash());
    const aside = mkdtempSync(join(BUNDLES, "new-"));
    try {
      await bundle(aside);
      await writeOptions(aside);
    } catch (error) {
      rmSync(aside, { recursive: true });
      throw error;
    }
    if (path === join(BUNDLES, sourceHash())) {
      moveIntoPlace(aside, path);
      return path;
    }
    rmSync(aside, { recursive: true });
  }
}

function moveIntoPlace(aside: string, path: string): void {
  try {
    renameSync(aside, path);
  } catch (error) {
    rmSync(aside, { recursive: true });
    if (!existsSync(path)) throw error;
  }
}

/** Another start may be about to read one that is not the newest: those of the last hour stay. */
function removeOldBundles(): void {
  for (const name of readdirSync(BUNDLES)) {
    const path = join(BUNDLES, name);
    if (Date.now() - statSync(path).mtimeMs > KEEP_BUNDLES_MS) rmSync(path, { recursive: true, force: true });
  }
}

async function bundle(outdir: string): Promise<void> {
  const wrangler = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
  const child = spawn(process.execPath, [wrangler, "deploy", "--dry-run", "--outdir", outdir], {
    cwd: ROOT,
    env: { ...process.env, WRANGLER_HIDE_BANNER: "true", WRANGLER_SEND_METRICS: "false" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [status] = await once(child, "close");
  if (status !== 0) throw new UserError("The Worker cannot be bundled from its sources: see above.");
}

async function writeOptions(outdir: string): Promise<void> {
  const { unstable_getMiniflareWorkerOptions, unstable_readConfig } = await import("wrangler");
  const config = unstable_readConfig({ config: join(ROOT, "wrangler.toml") });
  const { workerOptions } = unstable_getMiniflareWorkerOptions(config);
  // wrangler mixes in what a developer keeps in .dev.vars. Here a start's own environment says it, and nothing is kept.
  writeFileSync(join(outdir, "options.json"), JSON.stringify({ ...workerOptions, bindings: config.vars }));
}
