import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { Log, LogLevel, Miniflare } from "miniflare";
import type { DataFolder } from "./data-folder.ts";
import { createFileService, UPLOADS_FOLDER } from "./file-service.ts";
import { printRuntimeLog } from "./runtime-log.ts";
import { RuntimeWatch } from "./runtime-watch.ts";
import { isLoopback, type ServerSettings } from "./settings.ts";
import { SourceTrace } from "./source-trace.ts";
import type { WorkerBundle } from "./worker-bundle.ts";
import { changeWorkerdConfig } from "./workerd-config.ts";

/**
 * V8's flags, which Miniflare passes to workerd: the young generation of a heap takes 12 MB at most, not 48. Requests leave
 * little garbage, and workerd holds 100 MB less after the benchmark's writes.
 */
const V8_FLAGS = "--max-semi-space-size=4";

/** How often the Worker does the work that the platform's schedule starts on the edge. */
const TIDY_EVERY_MS = 60 * 60 * 1000;

/** The Worker, serving. */
export interface Engine {
  readonly url: string;
  /** Rejects when the Worker stops serving although nobody stopped it. */
  readonly failed: Promise<never>;
  /** Ends workerd and the file service. Everything acknowledged is on disk already. */
  stop(): Promise<void>;
}

/**
 * Starts workerd through Miniflare, with D1, Durable Objects and R2 in the data folder.
 * @param ui the folder of the web UI's files; undefined to serve without the UI.
 */
export async function startEngine(
  settings: ServerSettings,
  bundle: WorkerBundle,
  ui: string | undefined,
  data: DataFolder,
): Promise<Engine> {
  // A socket's path may have about 100 bytes, and a data folder's path may be longer. Only this user may enter the folder
  // that mkdtemp makes.
  const scratch = mkdtempSync(join(tmpdir(), "trackflare-"));
  process.env.TMPDIR = scratch;
  process.env.MINIFLARE_WORKERD_V8_FLAGS ||= V8_FLAGS;
  const socket = join(scratch, "files.sock");
  const artifacts = join(data.path, "artifacts");
  const files = createFileService(artifacts);
  files.listen(socket);
  await once(files, "listening");

  const runtime = new RuntimeWatch(data, scratch);
  changeWorkerdConfig();
  const trace = new SourceTrace(join(bundle.path, "index.js.map"));
  const miniflare = new Miniflare({
    workers: [
      {
        ...bundle.options,
        name: "trackflare",
        rootPath: bundle.path,
        modulesRoot: bundle.path,
        modules: bundle.modules,
        bindings: { ...bundle.options.bindings, ...workerVars(settings) },
        // The name is fixed here. In wrangler.toml the id may change for the edge, and the local data must still be found.
        d1Databases: { DB: "trackflare" },
        r2Buckets: { ARTIFACTS: "trackflare" },
        serviceBindings: {
          FILES: { external: { address: `unix:${socket}`, http: {} } },
          DISK: { disk: { path: artifacts, writable: false } },
          UPLOADS: { disk: { path: join(artifacts, UPLOADS_FOLDER), writable: true } },
          ...(ui !== undefined && { ASSETS: "ui" }),
        },
        unsafeDirectSockets: [directSocket(settings)],
      },
      ...(ui === undefined ? [] : [uiFiles(ui, bundle)]),
    ],
    d1Persist: join(data.path, "d1"),
    durableObjectsPersist: join(data.path, "objects"),
    r2Persist: join(data.path, "r2"),
    cf: false,
    log: new Log(LogLevel.ERROR),
    handleRuntimeStdio: (stdout: Readable, stderr: Readable) => {
      runtime.onStart();
      printRuntimeLog(stdout, trace);
      printRuntimeLog(stderr, trace);
    },
  });
  const tidying = setInterval(() => {
    tidyUp(miniflare).catch((error: unknown) => console.error("The hourly work:", error));
  }, TIDY_EVERY_MS).unref();
  const stop = async () => {
    clearInterval(tidying);
    await miniflare.dispose();
    runtime.end();
    files.close();
    rmSync(scratch, { recursive: true, force: true });
  };
  try {
    return { url: (await miniflare.unsafeGetDirectURL()).origin, failed: runtime.gone, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Calls the Worker's `scheduled`, which finishes deletions for good and aborts abandoned uploads into S3. */
export async function tidyUp(miniflare: Miniflare): Promise<void> {
  // The types of Miniflare do not name the handler, which it documents.
  const worker = (await miniflare.getWorker("trackflare")) as unknown as {
    scheduled(options: object): Promise<{ readonly outcome: string }>;
  };
  const { outcome } = await worker.scheduled({});
  if (outcome !== "ok") throw new Error(`it ended with ${outcome}`);
}

/**
 * The socket at which requests reach the Worker, each with its target as the client sent it. With `proxy: false`, workerd
 * would build a URL from target and Host itself, and answer 500 with a stack trace if it cannot (wire/raw-target.ts).
 */
export function directSocket({ host, port }: Pick<ServerSettings, "host" | "port">) {
  return { host, port, proxy: true };
}

/**
 * The UI's files are a Worker of their own. If the first Worker had them, Miniflare would route every request through its
 * router, which costs more time than the Worker itself.
 */
function uiFiles(directory: string, bundle: WorkerBundle) {
  return {
    name: "ui",
    modules: [{ type: "ESModule" as const, path: "ui.mjs", contents: "export default {};" }],
    compatibilityDate: bundle.options.compatibilityDate,
    assets: { ...bundle.assets, directory, binding: undefined, routerConfig: { has_user_worker: false } },
  };
}

/**
 * The number of objects that hold all metric histories. With one object, all runs that log at once share its commits. With 16
 * clients over 64 runs, one object handled two to four times as many requests as four objects, and three to seven times
 * as many as one object per run.
 */
const CELLS = 1;

function workerVars(settings: ServerSettings) {
  const { setupToken, defaultPermission } = settings;
  const isOpen = settings.admin === undefined && setupToken === undefined && isLoopback(settings.host);
  return {
    TRACKFLARE_ARTIFACTS: "folder",
    // A new secret at each start: URLs that it signed end with the process, as multipart uploads do.
    TRACKFLARE_URL_SECRET: randomUUID(),
    TRACKFLARE_CELLS: process.env.TRACKFLARE_CELLS ?? String(CELLS),
    ...(isOpen ? { TRACKFLARE_LOCAL: "1" } : settings.admin),
    ...(setupToken !== undefined && { TRACKFLARE_LOGIN: "1", TRACKFLARE_SETUP_TOKEN: setupToken }),
    ...(defaultPermission !== undefined && { TRACKFLARE_DEFAULT_PERMISSION: defaultPermission }),
    ...settings.standing,
    ...settings.telling,
    ...settings.callers,
    ...settings.artifacts,
  };
}
