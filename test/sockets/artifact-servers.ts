import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Miniflare } from "miniflare";
import { directSocket } from "../../src/cli/engine.ts";
import { workerBundle } from "../../src/cli/worker-bundle.ts";
import { startS3Server } from "../helpers/s3-server.ts";
import { startServer } from "../server.ts";

/** A running server, and direct access to its artifact store. */
export interface ArtifactServer {
  readonly url: string;
  /** The digest of every stored object's bytes, by key, read from the disk or the bucket and not through the server. */
  stored(): Promise<ReadonlyMap<string, string>>;
  stop(): Promise<unknown>;
}

/** Starts a server for each kind of artifact store. */
export const ARTIFACT_SERVERS: Readonly<Record<"folder" | "r2" | "s3", () => Promise<ArtifactServer>>> = {
  folder: async () => {
    const server = await startServer();
    return {
      url: server.url,
      stored: async () => filesBelow(server.dataDir, "artifacts"),
      stop: () => server.stop(),
    };
  },

  r2: () => startR2Server({ TRACKFLARE_LOCAL: "1" }),

  s3: async () => {
    const bucket = await startS3Server();
    // No folder, because its name would shorten the longest possible key.
    const server = await startServer({ env: { ...bucket.variables, MLFLOW_ARTIFACTS_DESTINATION: "s3://artifacts" } });
    return {
      url: server.url,
      stored: () => bucket.objects(),
      stop: async () => {
        await server.stop();
        await bucket.stop();
      },
    };
  },
};

/** The server as on the edge, with an R2 bucket. */
export async function startR2Server(variables: Readonly<Record<string, string>>): Promise<ArtifactServer> {
  const bundle = await workerBundle();
  const miniflare = new Miniflare({
    ...bundle.options,
    rootPath: bundle.path,
    modulesRoot: bundle.path,
    scriptPath: join(bundle.path, "index.js"),
    modules: true,
    bindings: { ...bundle.options.bindings, ...variables },
    unsafeDirectSockets: [directSocket({ host: "127.0.0.1", port: 0 })],
    cf: false,
  });
  return {
    url: (await miniflare.unsafeGetDirectURL()).origin,
    stored: async () => objectsIn((await miniflare.getBindings<Env>()).ARTIFACTS),
    stop: () => miniflare.dispose(),
  };
}

export function filesBelow(root: string, path: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const name of readdirSync(join(root, path))) {
    const below = `${path}/${name}`;
    if (!statSync(join(root, below)).isDirectory()) found.set(below, digest(readFileSync(join(root, below))));
    else for (const [key, bytes] of filesBelow(root, below)) found.set(key, bytes);
  }
  return found;
}

async function objectsIn(bucket: R2Bucket): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const { objects, truncated } = await bucket.list();
  if (truncated) throw new Error("More objects than one look shows");
  for (const { key } of objects) {
    const object = await bucket.get(key);
    if (object) found.set(key, digest(Buffer.from(await object.arrayBuffer())));
  }
  return found;
}

function digest(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
