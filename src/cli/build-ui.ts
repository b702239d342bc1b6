import { cpSync, globSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./source-build.ts";
import { uiBundle } from "./ui-bundle.ts";

// wrangler calls this script before it deploys ([build] in wrangler.toml), so that the edge never serves an older UI. The
// local command bundles the Worker by wrangler too. It builds the UI by itself, and serves without a UI if the build fails.

const DEPLOYED = join(ROOT, "ui/dist");

mkdirSync(DEPLOYED, { recursive: true });
if (process.env.TRACKFLARE_BUNDLE !== "worker") publish(await uiBundle());

/**
 * Updates the folder to the new build. It writes new files before it deletes old ones, because `wrangler dev` may be
 * serving from the folder. It skips the compressed files: the edge compresses by itself.
 */
function publish(built: string): void {
  const files = new Set(globSync("**/*.*", { cwd: built, exclude: ["**/*.br", "**/*.gz"] }).concat("_headers"));
  for (const file of files) cpSync(join(built, file), join(DEPLOYED, file));
  for (const file of globSync("**/*.*", { cwd: DEPLOYED })) if (!files.has(file)) rmSync(join(DEPLOYED, file));
}
