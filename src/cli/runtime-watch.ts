import { type ChildProcess, spawn } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { basename } from "node:path";
import type { DataFolder } from "./data-folder.ts";
import { markProcess } from "./process-mark.ts";
import { UserError } from "./user-error.ts";

/** Waits for a line from Node. If Node ends without one, kills the runtime ($0) and removes the scratch folder ($1). */
const WATCHDOG = 'read -r dismissed || { kill -9 "$0"; rm -rf "$1"; }';

/** Miniflare restarts a runtime that ended within a second, or not at all. */
const RESTART_TIMEOUT_MS = 15_000;

/**
 * Follows the workerd process. Miniflare starts it, restarts it after a crash, and does not report its id. This class notes
 * each workerd in the data folder, and gives it a watchdog, so that it ends with this process however this process ends.
 */
export class RuntimeWatch {
  readonly #data: DataFolder;
  readonly #scratchDir: string;
  readonly #children: ChildProcess[] = [];
  #watchdog: ChildProcess | undefined;
  #restartDeadline: NodeJS.Timeout | undefined;
  #isEnded = false;
  readonly #gone = Promise.withResolvers<never>();

  constructor(data: DataFolder, scratchDir: string) {
    this.#data = data;
    this.#scratchDir = scratchDir;
    subscribe("child_process", this.#onChild);
  }

  /** Call it after workerd is spawned and before it gets its configuration, so before it can open a database. */
  onStart(): void {
    const runtime = this.#children.findLast((child) => basename(child.spawnfile).startsWith("workerd"));
    this.#children.length = 0;
    const mark = runtime?.pid === undefined ? undefined : markProcess(runtime.pid);
    if (mark === undefined) throw new Error("The process of the Workers runtime was not found");
    this.#data.noteRuntime(mark);
    clearTimeout(this.#restartDeadline);
    runtime?.once("exit", () => this.#awaitRestart());
    this.#dismiss();
    // A process group of its own, because Ctrl-C in a terminal reaches the server's whole group.
    const watchdog = spawn("/bin/sh", ["-c", WATCHDOG, String(mark.pid), this.#scratchDir], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    watchdog.unref();
    this.#watchdog = watchdog;
  }

  /** Rejects when workerd has ended and no new one started: nothing serves any more. */
  get gone(): Promise<never> {
    return this.#gone.promise;
  }

  /** Call it after workerd was ended on purpose: nothing is left to watch. */
  end(): void {
    unsubscribe("child_process", this.#onChild);
    this.#isEnded = true;
    clearTimeout(this.#restartDeadline);
    this.#dismiss();
  }

  #awaitRestart(): void {
    if (this.#isEnded) return;
    clearTimeout(this.#restartDeadline);
    this.#restartDeadline = setTimeout(() => {
      this.#gone.reject(
        new UserError("The Workers runtime ended and did not start again. Start the server anew: nothing is lost."),
      );
    }, RESTART_TIMEOUT_MS);
    this.#restartDeadline.unref();
  }

  #dismiss(): void {
    this.#watchdog?.stdin?.end("\n");
    this.#watchdog = undefined;
  }

  /** Node's channel reports a child before it is spawned. Its program and id are known only later. */
  readonly #onChild = (message: unknown): void => {
    if (isChildMessage(message)) this.#children.push(message.process);
  };
}

function isChildMessage(message: unknown): message is { process: ChildProcess } {
  return typeof message === "object" && message !== null && "process" in message;
}
