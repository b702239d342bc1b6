import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { platform } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

/** A process id, with a mark that distinguishes the process from a later process with the same id. */
export interface ProcessMark {
  readonly pid: number;
  /** The process's start time and program, in the operating system's format. */
  readonly born: string;
}

/** The mark of a running process; undefined if no process has this id, or only a zombie that holds nothing. */
export function markProcess(pid: number): ProcessMark | undefined {
  const born = platform() === "linux" ? bornOnLinux(pid) : bornByPs(pid);
  return born === undefined ? undefined : { pid, born };
}

/** Kills the marked process, unless its id belongs to another process by now, and waits until it is gone. */
export async function endProcess(mark: ProcessMark): Promise<void> {
  const isAlive = () => markProcess(mark.pid)?.born === mark.born;
  if (!isAlive()) return;
  process.kill(mark.pid, "SIGKILL");
  while (isAlive()) await sleep(10);
}

/** Clock ticks since this boot, the boot itself, and the program: see proc(5), `stat` fields 2, 3 and 22. */
function bornOnLinux(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The program's name is in parentheses and may itself contain spaces and parentheses.
    const nameEnd = stat.lastIndexOf(")");
    const name = stat.slice(stat.indexOf("(") + 1, nameEnd);
    const fields = stat.slice(nameEnd + 2).split(" ");
    // The first thread may be gone while others still hold the files and sockets.
    const isGone = fields[0] === "X" || (fields[0] === "Z" && readdirSync(`/proc/${pid}/task`).length <= 1);
    if (isGone) return undefined;
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    return `${name} ${fields[19]} ${boot}`;
  } catch {
    return undefined;
  }
}

function bornByPs(pid: number): string | undefined {
  try {
    const line = execFileSync("ps", ["-o", "stat=,lstart=,comm=", "-p", String(pid)], {
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C", TZ: "UTC" },
    });
    const [, state, born] = /^\s*(\S+)\s+(.*)$/.exec(line.trimEnd()) ?? [];
    return state === undefined || state.startsWith("Z") ? undefined : born;
  } catch {
    return undefined;
  }
}
