import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./source-build.ts";
import { uiBundle } from "./ui-bundle.ts";

// wrangler calls this before it deploys (wrangler.toml's [build]), so that the edge never serves an older UI. The local
// command, which bundles the Worker by wrangler too, builds the UI by itself and serves without one that is broken.

const DEPLOYED = join(ROOT, "ui/dist");

if (process.env.TRACKFLARE_BUNDLE === "worker") {
  mkdirSync(DEPLOYED, { recursive: true });
} else {
  const built = await uiBundle();
  rmSync(DEPLOYED, { recursive: true, force: true });
  cpSync(built, DEPLOYED, { recursive: true });
}
