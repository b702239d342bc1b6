import { spawnSync } from "node:child_process";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../src/cli/source-build.ts";
import { uiBundle } from "../src/cli/ui-bundle.ts";
import { workerBundle } from "../src/cli/worker-bundle.ts";

/*
 * `npm pack` and `npm publish` run this program. It compiles the command to JavaScript (Node strips types, but not below
 * node_modules), bundles the Worker and builds the UI, all into lib/.
 */

const LIB = join(ROOT, "lib");

rmSync(LIB, { recursive: true, force: true });
const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
const { status } = spawnSync(process.execPath, [tsc, "-p", join(import.meta.dirname, "tsconfig.package.json")], {
  stdio: "inherit",
});
if (status !== 0) throw new Error("The command does not compile: see above.");

const worker = join(LIB, "worker");
cpSync((await workerBundle()).path, worker, { recursive: true });
rmSync(join(worker, "README.md"), { force: true });
// Traces need only the positions. The texts of the sources are nine tenths of the bytes, so they are removed.
const map = join(worker, "index.js.map");
writeFileSync(map, JSON.stringify({ ...JSON.parse(readFileSync(map, "utf8")), sourcesContent: undefined }));

cpSync(await uiBundle(), join(LIB, "ui"), { recursive: true });
