import { expect } from "vitest";
import { startServer, type TestServer } from "../server.ts";

/** An isolate on Cloudflare has 128 MB. */
const HEAP_MB = 128;

/** A server whose V8 has the memory of an isolate on Cloudflare. An answer that is held as a whole would end it. */
export class SmallHeapServer {
  readonly #server: TestServer;

  private constructor(server: TestServer) {
    this.#server = server;
  }

  /** @param dataDir as of {@link startServer}. */
  static async start(dataDir?: string): Promise<SmallHeapServer> {
    const env = { MINIFLARE_WORKERD_V8_FLAGS: `--max-old-space-size=${HEAP_MB}` };
    return new SmallHeapServer(await startServer({ env, ...(dataDir !== undefined && { dataDir }) }));
  }

  get dataDir(): string {
    return this.#server.dataDir;
  }

  stop(): Promise<number | null> {
    return this.#server.stop();
  }

  async isAlive(): Promise<boolean> {
    return (await fetch(`${this.#server.url}/health`)).ok;
  }

  /** Writes records as an import does. */
  async write(name: string, records: readonly object[]): Promise<void> {
    const response = await fetch(`${this.#server.url}/api/2.0/trackflare/import/${name}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ records }),
    });
    expect(response.status, await response.text()).toBe(200);
  }

  /** The answer to a POST. */
  async text(path: string, body: object): Promise<string> {
    const response = await this.#ask(path, body);
    const text = await response.text();
    expect(response.status, text).toBe(200);
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
    return { status: response.status, bytes, parts };
  }
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
