import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../helpers/free-port.ts";
import { startServer, type TestServer } from "../server.ts";

/**
 * What is killed: the Workers runtime; the command; both at once; or the runtime and, as soon as it answers, its successor.
 */
export const CRASHES = ["workerd", "node", "both", "workerd twice"] as const;
export type Crash = (typeof CRASHES)[number];

const POLL_MS = 20;
const MAX_RETURN_MS = 60_000;

/** A server that is killed and restarted on the same port and data folder. */
export class CrashingServer {
  readonly dataDir = mkdtempSync(join(tmpdir(), "trackflare-crash-"));
  readonly #env: NodeJS.ProcessEnv;
  #server: TestServer | undefined;
  #port = 0;

  /** @param env added to the environment */
  constructor(env: NodeJS.ProcessEnv = {}) {
    this.#env = env;
  }

  async start(): Promise<void> {
    if (this.#port === 0) this.#port = await freePort();
    this.#server = await startServer({ dataDir: this.dataDir, port: this.#port, env: this.#env });
  }

  get url(): string {
    return this.#running.url;
  }

  /** Kills by SIGKILL. Resolves when the server answers again. */
  async crash(crash: Crash): Promise<void> {
    if (crash === "workerd" || crash === "workerd twice") {
      await this.#replaceWorkerd();
      if (crash === "workerd twice") await this.#replaceWorkerd();
      return;
    }
    if (crash === "both") process.kill(this.#workerdPid, "SIGKILL");
    await this.#running.kill9();
    await this.start();
  }

  /** Ends the server and removes its folder. */
  async dispose(): Promise<void> {
    await this.#server?.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  get #running(): TestServer {
    if (this.#server === undefined) throw new Error("The server was not started");
    return this.#server;
  }

  /** The process id of the current runtime. The command starts a new runtime after a kill. */
  get #workerdPid(): number {
    const holder: { runtime: { pid: number } } = JSON.parse(readFileSync(join(this.dataDir, "server.json"), "utf8"));
    return holder.runtime.pid;
  }

  /** Kills the runtime. Resolves when the next one answers. */
  async #replaceWorkerd(): Promise<void> {
    const killed = this.#workerdPid;
    process.kill(killed, "SIGKILL");
    const end = Date.now() + MAX_RETURN_MS;
    while (this.#workerdPid === killed || !(await this.#isHealthy())) {
      if (Date.now() > end) throw new Error(`The server did not come back:\n${this.#running.output()}`);
      await sleep(POLL_MS);
    }
  }

  #isHealthy(): Promise<boolean> {
    return fetch(`${this.url}/health`).then(
      (response) => response.ok,
      () => false,
    );
  }
}
