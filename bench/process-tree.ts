import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/*
 * The cost of a server with all its processes, from Linux's /proc. Other systems measure nothing.
 */

interface ProcessStat {
  readonly pid: number;
  readonly parentPid: number;
  readonly cpuTicks: number;
}

let ticksPerSecond: number | undefined;

/** The CPU time of the process, its descendants, and the children that it has waited for. */
export function treeCpuSeconds(pid: number): number | undefined {
  if (process.platform !== "linux") return undefined;
  ticksPerSecond ??= Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
  const ticks = tree(pid).reduce((sum, stat) => sum + stat.cpuTicks, 0);
  return ticks / ticksPerSecond;
}

/** The memory of the process and its descendants. Shared pages are counted once (PSS). */
export function treePssBytes(pid: number): number | undefined {
  return treeMemory(pid, "Pss");
}

/** The part of {@link treePssBytes} that no file backs, such as heaps and stacks: the kernel cannot drop it at will. */
export function treeAnonymousBytes(pid: number): number | undefined {
  return treeMemory(pid, "Pss_Anon");
}

function treeMemory(pid: number, field: "Pss" | "Pss_Anon"): number | undefined {
  if (process.platform !== "linux") return undefined;
  const bytesOf = (member: number) => {
    const rollup = readIfThere(`/proc/${member}/smaps_rollup`);
    return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(rollup)?.[1] ?? 0) * 1024;
  };
  return tree(pid).reduce((sum, stat) => sum + bytesOf(stat.pid), 0);
}

function tree(root: number): ProcessStat[] {
  const stats = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(readStat)
    .filter((stat) => stat !== undefined);
  const members = new Set([root]);
  // After a wrap-around of pids, a child may be listed before its parent. So repeat until nothing is added.
  for (let before = 0; before < members.size; ) {
    before = members.size;
    for (const stat of stats) if (members.has(stat.parentPid)) members.add(stat.pid);
  }
  return stats.filter((stat) => members.has(stat.pid));
}

function readStat(pid: string): ProcessStat | undefined {
  const text = readIfThere(`/proc/${pid}/stat`);
  // The command's name, in parentheses, may contain spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  if (fields.length < 16) return undefined;
  const cpuTicks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { pid: Number(pid), parentPid: Number(fields[1]), cpuTicks };
}

/** A process may end between the listing and the reading. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
