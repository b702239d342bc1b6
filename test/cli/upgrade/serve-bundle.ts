import { DataFolder } from "../../../src/cli/data-folder.ts";
import { startEngine } from "../../../src/cli/engine.ts";
import { bundleIn } from "../../../src/cli/worker-bundle.ts";

/* Serves a Worker's bundle on a data folder until SIGTERM, with this version's command: <bundle> <data folder> <port>. */

const [bundle = "", dataDir = "", port = "0"] = process.argv.slice(2);
const unset = { admin: undefined, setupToken: undefined, defaultPermission: undefined };
const settings = { host: "127.0.0.1", port: Number(port), dataDir, ...unset };
const data = await DataFolder.hold(dataDir);
const engine = await startEngine(
  { ...settings, standing: {}, telling: {}, callers: {}, artifacts: {} },
  bundleIn(bundle),
  undefined,
  data,
);
console.log(`serves ${engine.url}`);
process.removeAllListeners("SIGTERM");
process.on("SIGTERM", () => {
  void engine.stop().then(() => {
    data.release();
    process.exit(0);
  });
});
