import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, totalmem } from "node:os";

const SYNCS = 200;

/** The properties of the machine that a reader needs for absolute figures. */
export function machineFacts(): string[] {
  const require = createRequire(import.meta.url);
  const { version: workerd } = require("workerd/package.json") as { version: string };
  const processors = cpus();
  return [
    `${processors.length} cores (${processors[0]?.model.trim() ?? "unknown"}), ${Math.round(totalmem() / 2 ** 30)} GiB of memory, ${process.platform}`,
    `write + fdatasync of 4 KiB: ${medianSyncMs().toFixed(2)} ms (median of ${SYNCS})`,
    `Node ${process.versions.node}, workerd ${workerd}`,
  ];
}

/** The time of an fsync on the disk with the servers' folders. */
function medianSyncMs(): number {
  const path = `${import.meta.dirname}/.cache/fdatasync`;
  const file = openSync(path, "w");
  const block = Buffer.alloc(4096, 1);
  const timesMs = Array.from({ length: SYNCS }, () => {
    const start = performance.now();
    writeSync(file, block);
    fdatasyncSync(file);
    return performance.now() - start;
  });
  closeSync(file);
  rmSync(path);
  return timesMs.sort((a, b) => a - b)[SYNCS / 2] ?? Number.NaN;
}
