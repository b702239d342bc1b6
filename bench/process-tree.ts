import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/*
 * What a server costs, with all the processes it started, from Linux's /proc. Elsewhere nothing is measured.
 */

interface ProcessStat {
  readonly pid: number;
  readonly parentPid: number;
  readonly cpuTicks: number;
}

let ticksPerSecond: number | undefined;

/** CPU time used so far by the process, its descendants, and the children it has waited for. */
export function treeCpuSeconds(pid: number): number | undefined {
  if (process.platform !== "linux") return undefined;
  ticksPerSecond ??= Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
  const ticks = tree(pid).reduce((sum, stat) => sum + stat.cpuTicks, 0);
  return ticks / ticksPerSecond;
}

/** Memory of the process and its descendants; pages they share are counted once (PSS). */
export function treePssBytes(pid: number): number | undefined {
  if (process.platform !== "linux") return undefined;
  return tree(pid).reduce((sum, stat) => sum + pssBytes(stat.pid), 0);
}

function pssBytes(pid: number): number {
  const rollup = readIfThere(`/proc/${pid}/smaps_rollup`);
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) * 1024;
}

function tree(root: number): ProcessStat[] {
  const stats = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(readStat)
    .filter((stat) => stat !== undefined);
  const members = new Set([root]);
  // A child may be listed before its parent when pids have wrapped around: look until nothing is added.
  for (let before = 0; before < members.size; ) {
    before = members.size;
    for (const stat of stats) if (members.has(stat.parentPid)) members.add(stat.pid);
  }
  return stats.filter((stat) => members.has(stat.pid));
}

function readStat(pid: string): ProcessStat | undefined {
  const text = readIfThere(`/proc/${pid}/stat`);
  // The command's name, in parentheses, may itself hold spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  if (fields.length < 16) return undefined;
  const cpuTicks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { pid: Number(pid), parentPid: Number(fields[1]), cpuTicks };
}

/** A process may end between being listed and being read. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
