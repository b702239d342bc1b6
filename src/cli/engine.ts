import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { Log, LogLevel, Miniflare } from "miniflare";
import type { DataFolder } from "./data-folder.ts";
import { createFileService, UPLOADS_FOLDER } from "./file-service.ts";
import { closeInternalConnect } from "./internal-connect.ts";
import { printRuntimeLog } from "./runtime-log.ts";
import { RuntimeWatch } from "./runtime-watch.ts";
import { isLoopback, type ServerSettings } from "./settings.ts";
import { SourceTrace } from "./source-trace.ts";
import type { WorkerBundle } from "./worker-bundle.ts";

/**
 * What Miniflare hands to workerd, for V8: the new objects of a heap take 12 MB at most, not 48. Requests leave little behind, and
 * after the benchmark's writes workerd holds 100 MB less.
 */
const V8_FLAGS = "--max-semi-space-size=4";

/** The Worker, serving. */
export interface Engine {
  readonly url: string;
  /** Rejects when the Worker serves no more though nobody stopped it. */
  readonly failed: Promise<never>;
  /** Ends workerd and the file service. What was acknowledged is on disk already. */
  stop(): Promise<void>;
}

/**
 * workerd through Miniflare, with D1, Durable Objects and R2 in the data folder.
 * @param ui the folder of the web UI's files; undefined to serve without.
 */
export async function startEngine(
  settings: ServerSettings,
  bundle: WorkerBundle,
  ui: string | undefined,
  data: DataFolder,
): Promise<Engine> {
  // A socket's path is limited to about 100 bytes, a data folder's is not. Only this user may enter a folder of mkdtemp.
  const scratch = mkdtempSync(join(tmpdir(), "trackflare-"));
  process.env.TMPDIR = scratch;
  process.env.MINIFLARE_WORKERD_V8_FLAGS ??= V8_FLAGS;
  const socket = join(scratch, "files.sock");
  const artifacts = join(data.path, "artifacts");
  const files = createFileService(artifacts);
  files.listen(socket);
  await once(files, "listening");

  const runtime = new RuntimeWatch(data, scratch);
  closeInternalConnect();
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
        // Named here and not after wrangler.toml, where an id may be written down for the edge one day: the data stays found.
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
  const stop = async () => {
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

/**
 * Where requests reach the Worker, each with its target as it was sent. As `proxy: false` has it, workerd would make a URL
 * of target and Host itself, and answer 500 with a stack trace where it cannot (wire/raw-target.ts).
 */
export function directSocket({ host, port }: Pick<ServerSettings, "host" | "port">) {
  return { host, port, proxy: true };
}

/**
 * The UI's files as a Worker of their own: with them in the first one, Miniflare would put its router before every
 * request, which costs more than the Worker itself.
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
 * Objects that hold all metric histories. One: all runs that log at once share its commits. With 16 clients over 64 runs
 * it took two to four times as many requests as four objects, and three to seven times as many as an object a run.
 */
const CELLS = 1;

function workerVars(settings: ServerSettings) {
  const isOpen = settings.admin === undefined && isLoopback(settings.host);
  return {
    TRACKFLARE_ARTIFACTS: "folder",
    // Uploads by parts, which alone have such URLs, end with the process.
    TRACKFLARE_URL_SECRET: randomUUID(),
    TRACKFLARE_CELLS: process.env.TRACKFLARE_CELLS ?? String(CELLS),
    ...(isOpen ? { TRACKFLARE_LOCAL: "1" } : settings.admin),
    ...settings.standing,
    ...settings.telling,
    ...settings.artifacts,
  };
}
