import { createHash } from "node:crypto";
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { peerExecutable } from "./peers.ts";

export const SERVER_NAMES = ["trackflare", "mlflow", "fasttrackml", "ceiling"] as const;
export type ServerName = (typeof SERVER_NAMES)[number];

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The admin of a server that asks for credentials. */
export const ADMIN = { username: "admin", password: "the benchmark's own secret" } as const;

export function basic({ username, password }: { readonly username: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** A server that starts on an empty or a seeded folder. */
export interface ServerKind {
  readonly title: string;
  /** Changes whenever stored folders may be outdated. */
  readonly version: () => string;
  /** The command that serves `dataDir` on 127.0.0.1:`port`. */
  readonly command: (port: number, dataDir: string) => Promise<Command>;
  /**
   * The same, with users: the server asks for credentials, and a user without a grant on a thing may not read it. While a folder
   * is filled, `isFilled` is false: then the server may skip work that the measurement counts. Absent where the server has
   * no users.
   */
  readonly closed?: (port: number, dataDir: string, isFilled: boolean) => Promise<Command>;
}

const ROOT = `${dirname(import.meta.dirname)}/`;

export const SERVERS: Readonly<Record<ServerName, ServerKind>> = {
  trackflare: {
    title: "Trackflare",
    version: () => contentHash("src/**/*.ts", "migrations/*.sql"),
    command: async (port, dataDir) => ({
      file: process.execPath,
      args: trackflareArgs(port, dataDir),
    }),
    closed: async (port, dataDir) => ({
      file: process.execPath,
      args: trackflareArgs(port, dataDir),
      env: { TRACKFLARE_ADMIN_PASSWORD: ADMIN.password, TRACKFLARE_DEFAULT_PERMISSION: "NO_PERMISSIONS" },
    }),
  },
  mlflow: {
    title: "MLflow 3.17.2",
    version: () => "3.17.2",
    command: async (port, dataDir) => ({ file: await peerExecutable("mlflow"), args: mlflowArgs(port, dataDir) }),
    closed: async (port, dataDir, isFilled) => ({
      file: await peerExecutable("mlflow"),
      args: [...mlflowArgs(port, dataDir), "--app-name", "basic-auth"],
      env: {
        MLFLOW_AUTH_CONFIG_PATH: basicAuthSettings(dataDir, isFilled),
        MLFLOW_FLASK_SERVER_SECRET_KEY: ADMIN.password,
      },
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

function trackflareArgs(port: number, dataDir: string): string[] {
  return [`${ROOT}src/cli/main.ts`, "server", "--port", String(port), "--data-dir", dataDir];
}

function mlflowArgs(port: number, dataDir: string): string[] {
  return [
    ...["server", "--host", "127.0.0.1", "--port", String(port)],
    ...["--backend-store-uri", `sqlite:///${dataDir}/mlflow.db`],
    ...["--serve-artifacts", "--artifacts-destination", `${dataDir}/artifacts`],
  ];
}

/** Writes the settings of MLflow's users. They are MLflow's defaults, but MLflow remembers logins while a folder is filled. */
function basicAuthSettings(dataDir: string, isFilled: boolean): string {
  mkdirSync(dataDir, { recursive: true });
  const path = `${dataDir}/basic_auth.ini`;
  const settings = {
    default_permission: "NO_PERMISSIONS",
    database_uri: `sqlite:///${dataDir}/basic_auth.db`,
    admin_username: ADMIN.username,
    admin_password: ADMIN.password,
    authorization_function: "mlflow.server.auth:authenticate_request_basic_auth",
    ...(!isFilled && { auth_cache_ttl_seconds: "3600" }),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  writeFileSync(path, `[mlflow]\n${lines.join("\n")}\n`);
  return path;
}

function contentHash(...patterns: readonly string[]): string {
  const hash = createHash("sha256");
  for (const path of globSync([...patterns], { cwd: ROOT }).sort()) hash.update(path).update(readFileSync(ROOT + path));
  return hash.digest("hex").slice(0, 12);
}
