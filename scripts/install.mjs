// Brings node_modules to what package-lock.json says. Runs under any Node from 20, so with nothing but Node's own modules.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

const ROOT = join(import.meta.dirname, "..");

/** The packages that npm wrote down as wanted (package-lock.json) or as installed (node_modules/.package-lock.json). */
function packagesIn(lockfile) {
  const path = join(ROOT, lockfile);
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")).packages : {};
}

/** Optional packages are for other platforms, as a rule: npm knows which. */
function isComplete() {
  const installed = packagesIn("node_modules/.package-lock.json");
  const wanted = Object.entries(packagesIn("package-lock.json")).filter(
    ([path, entry]) => path !== "" && !entry.optional,
  );
  return wanted.every(([path, entry]) => installed[path]?.version === entry.version);
}

if (!isComplete()) {
  console.error("Installing packages…");
  // npm names its own file when it runs this; the warnings it would give are of tools that run under the Node it installs.
  const npm = process.env.npm_execpath;
  const [command, args] = npm === undefined ? ["npm", []] : [process.execPath, [npm]];
  const { status } = spawnSync(command, [...args, "ci", "--loglevel=error"], {
    cwd: ROOT,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) {
    console.error("npm ci failed: see above. It needs the network once.");
    process.exit(1);
  }
}
