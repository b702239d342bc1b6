/**
 * Prints the settings of wrangler.toml as Miniflare's options. It is a program of its own: wrangler takes 180 MB of memory
 * once it is loaded, and the server, which may have just built its bundle, would hold them for as long as it serves.
 */
import { join } from "node:path";
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from "wrangler";
import { ROOT } from "./source-build.ts";

const config = unstable_readConfig({ config: join(ROOT, "wrangler.toml") });
const { workerOptions } = unstable_getMiniflareWorkerOptions(config);
// wrangler adds the developer's .dev.vars. The local server takes settings only from its own environment and flags.
process.stdout.write(JSON.stringify({ ...workerOptions, bindings: config.vars }));
