#!/usr/bin/env node
// `npx trackflare …`. In a clone, under any Node from 20: installs what is missing, and runs the command from its sources
// under the pinned Node. In an installed package: runs what was compiled when it was packed, under the Node that is there.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

const ROOT = join(import.meta.dirname, "..");

async function runSources() {
  await import("./install.mjs");
  const node = join(ROOT, "node_modules/node/bin/node");
  const child = spawn(node, [join(ROOT, "src/cli/main.ts"), ...process.argv.slice(2)], { stdio: "inherit" });
  // The command ends by itself on these; whoever started this waits for it.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("close", (status) => process.exit(status ?? 1));
}

async function runPackage() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 22 || (major === 22 && minor < 13)) {
    console.error(`Trackflare needs Node 22.13 or newer; this is ${process.versions.node}.`);
    process.exit(1);
  }
  await import("../lib/cli/main.js");
}

await (existsSync(join(ROOT, "src/cli/main.ts")) ? runSources() : runPackage());
