#!/usr/bin/env node
// `npx trackflare …` in a clone, under any Node from 20: installs what is missing and runs the command under the pinned Node.

import "./install.mjs";
import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";

const ROOT = join(import.meta.dirname, "..");
const node = join(ROOT, "node_modules/node/bin/node");
const child = spawn(node, [join(ROOT, "src/cli/main.ts"), ...process.argv.slice(2)], { stdio: "inherit" });
// The command ends by itself on these; whoever started this waits for it.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("close", (status) => process.exit(status ?? 1));
