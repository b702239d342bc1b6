import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { DataFolder } from "./data-folder.ts";
import { startEngine } from "./engine.ts";
import { greeting } from "./greeting.ts";
import type { ServerSettings } from "./settings.ts";
import { uiBundle } from "./ui-bundle.ts";
import { systemErrorCode, UserError } from "./user-error.ts";
import { workerBundle } from "./worker-bundle.ts";

/**
 * `trackflare server`: serves until it receives a signal to stop.
 * @throws {UserError} if the port or the data folder is not available.
 */
export async function serve(settings: ServerSettings): Promise<void> {
  const data = await holdFolderAndPort(settings);
  try {
    const ui = await uiUnlessBroken();
    const engine = await startEngine(settings, await workerBundle(), ui, data);
    try {
      const stopRequested = whenAskedToStop();
      const serving = assertServing(engine.url).then(async () => {
        data.noteUrl(engine.url);
        console.log(greeting(settings, engine.url, await isSetupNeeded(settings, engine.url)));
        return stopRequested;
      });
      // Ctrl-C reaches workerd too, so the first request may fail because of it: that is a stop, not a failure.
      await Promise.race([stopRequested, serving, engine.failed]);
    } finally {
      await engine.stop();
    }
  } finally {
    data.release();
  }
}

/** Returns undefined if the UI does not build: clients can still log without a UI. */
async function uiUnlessBroken(): Promise<string | undefined> {
  try {
    return await uiBundle();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(`${error.message} Serving without it.`);
    return undefined;
  }
}

/**
 * Takes an existing folder before it checks the port, because the server that holds the folder, or its orphaned workerd, may
 * have the port. Creates a missing folder only when the port is known to be free.
 */
async function holdFolderAndPort(settings: ServerSettings): Promise<DataFolder> {
  const held = existsSync(settings.dataDir) ? await DataFolder.hold(settings.dataDir) : undefined;
  try {
    await assertPortIsFree(settings);
  } catch (error) {
    held?.release();
    throw error;
  }
  return held ?? DataFolder.hold(settings.dataDir);
}

async function assertPortIsFree({ host, port }: ServerSettings): Promise<void> {
  const probe = createServer();
  try {
    probe.listen({ host, port });
    await once(probe, "listening");
  } catch (error) {
    throw new UserError(listenFailure(systemErrorCode(error), host, port));
  }
  probe.close();
  await once(probe, "close");
}

function listenFailure(code: string | undefined, host: string, port: number): string {
  switch (code) {
    case "EADDRINUSE":
      return `Port ${port} on ${host} is taken by another program. Choose another with --port, for instance --port ${port + 1}.`;
    case "EACCES":
      return `Port ${port} may not be opened by this user (EACCES). Choose one from 1024 on with --port.`;
    default:
      return `Cannot listen on ${host} (${code}). Give an address of this machine with --host, such as 127.0.0.1.`;
  }
}

/** Sends the first request. The Worker migrates its database at the first request that needs it. */
async function assertServing(url: string): Promise<void> {
  const response = await fetch(`${url}/health`);
  if (!response.ok)
    throw new Error(`The server started but does not serve: ${response.status} ${await response.text()}`);
}

/** Whether the server waits for its first admin. */
async function isSetupNeeded({ setupToken }: ServerSettings, url: string): Promise<boolean> {
  if (setupToken === undefined) return false;
  const response = await fetch(`${url}/ui-api/setup`);
  if (!response.ok) throw new Error(`The server does not say whether it has an admin: ${await response.text()}`);
  return ((await response.json()) as { is_needed: boolean }).is_needed;
}

/** How often a server that npm started checks whether npm still runs. */
const PARENT_CHECK_MS = 500;

/** Resolves at Ctrl-C, SIGTERM and SIGHUP, and when npm is gone. npm passes on neither SIGHUP nor its own death. */
function whenAskedToStop(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      // Miniflare's own listeners would end this process before it releases the folder.
      process.removeAllListeners(signal);
      process.on(signal, () => resolve());
    }
    if (process.env.npm_lifecycle_event === undefined) return;
    const parent = process.ppid;
    setInterval(() => process.ppid === parent || resolve(), PARENT_CHECK_MS).unref();
  });
}
