import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { SourceTrace } from "./source-trace.ts";

/** A request that the runtime refuses before the Worker sees it: whoever sends CONNECT must not fill the log. */
const REFUSED_BY_RUNTIME = /Uncaught exception: .*Incoming CONNECT on a worker not supported/;
/** Addresses in the runtime's own program, which follow each of its errors. */
const STACK = /^stack: /;

/** Prints what the runtime and the Worker say on stderr: stdout is the command's own. Traces name the sources. */
export function printRuntimeLog(stream: Readable, trace: SourceTrace): void {
  let isRefusal = false;
  createInterface(stream).on("line", (line) => {
    isRefusal = REFUSED_BY_RUNTIME.test(line) || (isRefusal && STACK.test(line));
    if (!isRefusal) console.error(trace.readable(line));
  });
}
