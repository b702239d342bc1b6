import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./source-build.ts";
import { uiBundle } from "./ui-bundle.ts";

// wrangler calls this before it deploys (wrangler.toml's [build]), so that the edge never serves an older UI.

const DEPLOYED = join(ROOT, "ui/dist");

const built = await uiBundle();
rmSync(DEPLOYED, { recursive: true, force: true });
cpSync(built, DEPLOYED, { recursive: true });
