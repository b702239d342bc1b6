import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect } from "vitest";
import { startServer, type TestServer } from "../server.ts";

/** An isolate on Cloudflare has 128 MB. */
const HEAP_MB = 128;

/** The file that gets a line for each test: see {@link measurePeaks}. */
const PEAKS_FILE = process.env.HEAP_PEAKS;

const importPath = (name: string) => `/api/2.0/trackflare/import/${name}`;

/** A server whose V8 has the memory of an isolate on Cloudflare. An answer that is held as a whole would end it. */
export class SmallHeapServer {
  readonly #dataDir: string;
  #server: TestServer;
  #answers: number[] = [];

  private constructor(dataDir: string, server: TestServer) {
    this.#dataDir = dataDir;
    this.#server = server;
  }

  static async start(dataDir: string): Promise<SmallHeapServer> {
    return new SmallHeapServer(dataDir, await startSmall(dataDir));
  }

  /** Another process on the same data. */
  async restart(): Promise<void> {
    await this.stop();
    this.#server = await startSmall(this.#dataDir);
    this.#answers = [];
  }

  /** Since the last start: the lengths of the answers, and V8's lines about garbage collections. */
  async heapUse(): Promise<{ readonly answers: readonly number[]; readonly log: string }> {
    // The log comes by another pipe than the answers.
    await sleep(500);
    return { answers: this.#answers, log: this.#server.output() };
  }

  stop(): Promise<number | null> {
    return this.#server.stop();
  }

  async isAlive(): Promise<boolean> {
    return (await fetch(`${this.#server.url}/health`)).ok;
  }

  /** Writes records as an import does. */
  async write(name: string, records: readonly object[]): Promise<void> {
    const response = await this.#ask(importPath(name), { records });
    expect(response.status, await response.text()).toBe(200);
  }

  /** The message that refuses records. */
  async refusal(name: string, records: readonly object[]): Promise<string> {
    const response = await this.#ask(importPath(name), { records });
    const text = await response.text();
    expect(response.status, text).toBe(400);
    return JSON.parse(text).message;
  }

  /** The answer to a POST. */
  async text(path: string, body: object): Promise<string> {
    const response = await this.#ask(path, body);
    const text = await response.text();
    expect(response.status, text).toBe(200);
    this.#answers.push(Buffer.byteLength(text));
    return text;
  }

  #ask(path: string, body?: object): Promise<Response> {
    const init = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    return fetch(`${this.#server.url}${path}`, body === undefined ? {} : init);
  }

  /** Reads an answer without holding it. @returns its length in bytes, the number of occurrences of `part`, and its status */
  async read(path: string, part: string, body?: object) {
    const response = await this.#ask(path, body);
    let bytes = 0;
    let parts = 0;
    let rest = "";
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length;
      const text = rest + decoder.decode(chunk, { stream: true });
      parts += text.split(part).length - 1;
      rest = text.slice(1 - part.length);
      if (rest.includes(part)) throw new Error("A part is counted twice");
    }
    this.#answers.push(bytes);
    return { status: response.status, bytes, parts };
  }
}

function startSmall(dataDir: string): Promise<TestServer> {
  const flags = `--max-old-space-size=${HEAP_MB}${PEAKS_FILE === undefined ? "" : " --trace-gc"}`;
  return startServer({ dataDir, env: { MINIFLARE_WORKERD_V8_FLAGS: flags } });
}

/**
 * Measures the heap if the environment asks for it:
 * `HEAP_PEAKS=<file> stdbuf -oL node_modules/.bin/vitest run --config test/vitest.config.ts --project node test/sockets/small-heap`.
 * Each test then has a process of its own. It adds a line to the file: the answers' sizes, the most that the heap had when a
 * collection began, and the most that was left after a full collection. (Use falls only by collections, so no sample is missed.
 * Without `stdbuf` the lines of workerd stay in its buffer.)
 */
export function measurePeaks(server: () => SmallHeapServer): void {
  if (PEAKS_FILE === undefined) return;
  const file = PEAKS_FILE;
  beforeEach(() => server().restart());
  afterEach(async ({ task }) => {
    const { answers, log } = await server().heapUse();
    const sizes = answers.map((bytes) => (bytes / 1e6).toFixed(1)).join(", ");
    const collections = [
      ...log.matchAll(/ms: (Scavenge|Mark-Compact)\D*([\d.]+) \([\d.]+\) -> ([\d.]+) \([\d.]+\) MB/g),
    ];
    const most = (numbers: readonly (string | undefined)[]) =>
      numbers.length === 0 ? "–" : Math.max(...numbers.map(Number)).toFixed(0);
    const peak = most(collections.map(([, , before]) => before));
    const held = most(collections.filter(([, kind]) => kind === "Mark-Compact").map(([, , , after]) => after));
    appendFileSync(file, `| ${task.name} | ${sizes} | ${peak} | ${held} |\n`);
  });
}

export const experiment = (id: string) => ({
  experiment_id: id,
  name: `experiment ${id}`,
  artifact_location: `mlflow-artifacts:/${id}`,
  digest: "d",
});

export const run = (runId: string, experimentId: string, more: object = {}) => ({
  run_id: runId,
  experiment_id: experimentId,
  run_name: runId.slice(0, 8),
  status: "FINISHED",
  start_time_ms: 1,
  end_time_ms: 2,
  artifact_uri: `mlflow-artifacts:/${experimentId}/${runId}/artifacts`,
  ...more,
});

export const idOf = (kind: string, index: number) => `${kind}${index}`.padStart(32, "0");
