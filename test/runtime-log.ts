import process from "node:process";
import type { Reporter, TestCase } from "vitest/node";

/**
 * Lines that workerd itself writes, for example about an object that a fault test ended by force. The pool of Workers tests
 * prints these lines at once and has no setting for them.
 */
const RUNTIME_LINE =
  /^(uncaught exception; |exception = |Annotating with brokenness; |stack: |NOSENTRY |workerd\/|kj\/|capnp\/)/;

/** workerd may write its lines a little later than the event. */
const LATE_MS = 500;

/** Holds back workerd's own lines in this process, and prints the lines from the time of a failed test. */
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
      // Vitest writes a test's output as one text that begins with the test's name. This text is not held back.
      if (lines.length > 0) {
        process.stderr.write(`workerd, during ${test.fullName}:\n${lines.map(({ text }) => text).join("")}\n`);
      }
    }
  }
}
