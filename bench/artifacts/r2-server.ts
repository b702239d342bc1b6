import { join } from "node:path";
import { Miniflare } from "miniflare";
import { directSocket } from "../../src/cli/engine.ts";
import { workerBundle } from "../../src/cli/worker-bundle.ts";

/* Serves the Worker as on the edge, with Miniflare's R2 on the disk: `node r2-server.ts <port> <data folder>`. */

const [port = "", dataDir = ""] = process.argv.slice(2);
const bundle = await workerBundle();
const miniflare = new Miniflare({
  ...bundle.options,
  rootPath: bundle.path,
  modulesRoot: bundle.path,
  scriptPath: join(bundle.path, "index.js"),
  modules: true,
  bindings: { ...bundle.options.bindings, TRACKFLARE_LOCAL: "1", TRACKFLARE_URL_SECRET: crypto.randomUUID() },
  d1Persist: join(dataDir, "d1"),
  durableObjectsPersist: join(dataDir, "objects"),
  r2Persist: join(dataDir, "r2"),
  unsafeDirectSockets: [directSocket({ host: "127.0.0.1", port: Number(port) })],
  cf: false,
});
await miniflare.ready;
process.once("SIGTERM", () => void miniflare.dispose().then(() => process.exit(0)));
