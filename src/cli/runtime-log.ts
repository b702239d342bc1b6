import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { SourceTrace } from "./source-trace.ts";

/** The log of a request that the runtime refuses before the Worker sees it. A sender of CONNECT must not fill the log. */
const REFUSED_BY_RUNTIME = /Uncaught exception: .*Incoming CONNECT on a worker not supported/;
/** Addresses in the runtime's own program, which it prints after each error. */
const STACK = /^stack: /;

/** Prints the output of the runtime and the Worker on stderr, because stdout belongs to the command. Traces name sources. */
export function printRuntimeLog(stream: Readable, trace: SourceTrace): void {
  let isRefusal = false;
  createInterface(stream).on("line", (line) => {
    isRefusal = REFUSED_BY_RUNTIME.test(line) || (isRefusal && STACK.test(line));
    if (!isRefusal) console.error(trace.readable(line));
  });
}
