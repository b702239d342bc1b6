import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { peerExecutable } from "./peers.ts";

export const SERVER_NAMES = ["trackflare", "mlflow", "fasttrackml", "ceiling"] as const;
export type ServerName = (typeof SERVER_NAMES)[number];

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

/** A server that starts on an empty or a seeded folder. */
export interface ServerKind {
  readonly title: string;
  /** Changes whenever stored folders may be outdated. */
  readonly version: () => string;
  /** The command that serves `dataDir` on 127.0.0.1:`port`. */
  readonly command: (port: number, dataDir: string) => Promise<Command>;
}

const ROOT = `${dirname(import.meta.dirname)}/`;

export const SERVERS: Readonly<Record<ServerName, ServerKind>> = {
  trackflare: {
    title: "Trackflare",
    version: () => contentHash("src/**/*.ts", "migrations/*.sql"),
    command: async (port, dataDir) => ({
      file: process.execPath,
      args: [`${ROOT}src/cli/main.ts`, "server", "--port", String(port), "--data-dir", dataDir],
    }),
  },
  mlflow: {
    title: "MLflow 3.17.2",
    version: () => "3.17.2",
    command: async (port, dataDir) => ({
      file: await peerExecutable("mlflow"),
      args: [
        ...["server", "--host", "127.0.0.1", "--port", String(port)],
        ...["--backend-store-uri", `sqlite:///${dataDir}/mlflow.db`],
        ...["--serve-artifacts", "--artifacts-destination", `${dataDir}/artifacts`],
      ],
    }),
  },
  fasttrackml: {
    title: "FastTrackML 0.6.0",
    version: () => "0.6.0",
    command: async (port, dataDir) => ({
      file: await peerExecutable("fasttrackml"),
      args: [
        ...["server", "--listen-address", `127.0.0.1:${port}`],
        ...["--database-uri", `sqlite://${dataDir}/fasttrackml.db`],
        ...["--default-artifact-root", `${dataDir}/artifacts`],
      ],
    }),
  },
  ceiling: {
    title: "bare Worker",
    version: () => contentHash("bench/ceiling/*.ts", "migrations/*.sql"),
    command: async (port, dataDir) => ({
      file: process.execPath,
      args: [`${ROOT}bench/ceiling/server.ts`, String(port), dataDir],
    }),
  },
};

function contentHash(...patterns: readonly string[]): string {
  const hash = createHash("sha256");
  for (const path of globSync([...patterns], { cwd: ROOT }).sort()) hash.update(path).update(readFileSync(ROOT + path));
  return hash.digest("hex").slice(0, 12);
}
