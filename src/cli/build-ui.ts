import { cpSync, globSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./source-build.ts";
import { uiBundle } from "./ui-bundle.ts";

// wrangler calls this before it deploys (wrangler.toml's [build]), so that the edge never serves an older UI. The local
// command, which bundles the Worker by wrangler too, builds the UI by itself and serves without one that is broken.

const DEPLOYED = join(ROOT, "ui/dist");

mkdirSync(DEPLOYED, { recursive: true });
if (process.env.TRACKFLARE_BUNDLE !== "worker") publish(await uiBundle());

/**
 * Brings the folder to what was built. New files come before old ones go, since a `wrangler dev` may be serving from it.
 * Without the compressed ones: the edge compresses by itself.
 */
function publish(built: string): void {
  const files = new Set(globSync("**/*.*", { cwd: built, exclude: ["**/*.br", "**/*.gz"] }).concat("_headers"));
  for (const file of files) cpSync(join(built, file), join(DEPLOYED, file));
  for (const file of globSync("**/*.*", { cwd: DEPLOYED })) if (!files.has(file)) rmSync(join(DEPLOYED, file));
}
