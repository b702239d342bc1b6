import { progress, spinner } from "@clack/prompts";

/** The progress of a long command on stderr. Shows nothing if stderr is not a terminal. */
export interface Progress {
  advance(done: number, message: string): void;
  stop(): void;
}

const SILENT: Progress = { advance: () => undefined, stop: () => undefined };

/** @param total undefined if unknown: then the progress shows the count without a bar. */
export function startProgress(message: string, total: number | undefined, isShown: boolean): Progress {
  if (!isShown || !process.stderr.isTTY) return SILENT;
  const output = process.stderr;
  if (total === undefined || total === 0) {
    const turning = spinner({ output });
    turning.start(message);
    return { advance: (_, text) => turning.message(text), stop: () => turning.clear() };
  }
  const bar = progress({ output, max: total, size: 40, style: "block" });
  bar.start(message);
  return { advance: (done, text) => bar.advance(done, text), stop: () => bar.clear() };
}
