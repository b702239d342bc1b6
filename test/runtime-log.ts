import process from "node:process";
import type { Reporter, TestCase } from "vitest/node";

/**
 * What workerd itself writes: that an object was ended by force, say, as the fault tests do hundreds of times. The pool of
 * Workers tests prints it as it comes and has no setting for it.
 */
const RUNTIME_LINE =
  /^(uncaught exception; |exception = |Annotating with brokenness; |stack: |NOSENTRY |workerd\/|kj\/|capnp\/)/;

/** workerd may write a little after what it writes about. */
const LATE_MS = 500;

/** Holds back workerd's own lines in this process, and prints those from the time of a test that failed. */
export class RuntimeLog implements Reporter {
  readonly #lines: { readonly timeMs: number; readonly text: string }[] = [];
  readonly #failed: TestCase[] = [];

  onInit(): void {
    for (const stream of [process.stdout, process.stderr]) {
      const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
      stream.write = ((...args: unknown[]) => {
        const [text] = args;
        if (typeof text !== "string" || !RUNTIME_LINE.test(text)) return write(...args);
        this.#lines.push({ timeMs: Date.now(), text });
        return true;
      }) as typeof stream.write;
    }
  }

  onTestCaseResult(test: TestCase): void {
    if (test.result().state === "failed") this.#failed.push(test);
  }

  onTestRunEnd(): void {
    for (const test of this.#failed) {
      const { startTime = 0, duration = 0 } = test.diagnostic() ?? {};
      const lines = this.#lines.filter(({ timeMs }) => timeMs >= startTime && timeMs <= startTime + duration + LATE_MS);
      // Written as one text, which begins with the test's name: it is not held back.
      if (lines.length > 0) {
        process.stderr.write(`workerd, during ${test.fullName}:\n${lines.map(({ text }) => text).join("")}\n`);
      }
    }
  }
}
