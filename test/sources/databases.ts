import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../helpers/free-port.ts";

/** A database server of this machine's packages, empty, in a folder that goes with it. */
export interface DatabaseServer {
  /** A URL of SQLAlchemy's, which the import takes too. */
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** @returns undefined where the program is not installed */
export async function startPostgresql(): Promise<DatabaseServer | undefined> {
  const [initdb] = globSync("/usr/lib/postgresql/*/bin/initdb").sort().reverse();
  if (initdb === undefined) return undefined;
  const folder = folderOf("postgres");
  const [program, port] = [join(initdb, "../postgres"), await freePort()];
  const data = join(folder, "data");
  execFileSync(...as("postgres", [initdb, "-D", data, "-A", "trust", "-U", "mlflow"]), { stdio: "ignore" });
  const child = spawn(
    ...as("postgres", [program, "-D", data, "-p", `${port}`, "-k", folder, "-c", "listen_addresses=127.0.0.1"]),
    { stdio: "ignore" },
  );
  const words = ["-h", "127.0.0.1", "-p", `${port}`, "-U", "mlflow", "-c", "CREATE DATABASE mlflow", "postgres"];
  return await whenReady(child, folder, () => spawnSync(join(initdb, "../psql"), words).status === 0, {
    url: `postgresql+psycopg2://mlflow@127.0.0.1:${port}/mlflow`,
  });
}

/** @returns undefined where the program is not installed */
export async function startMariadb(): Promise<DatabaseServer | undefined> {
  const [program] = globSync("/usr/sbin/mariadbd");
  if (program === undefined) return undefined;
  const folder = folderOf("mysql");
  const port = await freePort();
  const data = join(folder, "data");
  const install = [
    "mariadb-install-db",
    "--no-defaults",
    `--datadir=${data}`,
    "--auth-root-authentication-method=normal",
  ];
  execFileSync(...as("mysql", install), { stdio: "ignore" });
  const socket = join(folder, "socket");
  const flags = [
    "--no-defaults",
    `--datadir=${data}`,
    `--socket=${socket}`,
    `--port=${port}`,
    "--bind-address=127.0.0.1",
  ];
  const child = spawn(...as("mysql", [program, ...flags]), { stdio: "ignore" });
  // The seed has names that differ only in case.
  const sql =
    "CREATE DATABASE mlflow COLLATE utf8mb4_bin; CREATE USER mlflow@'127.0.0.1' IDENTIFIED BY 'pw'; GRANT ALL ON mlflow.* TO mlflow@'127.0.0.1'";
  return await whenReady(
    child,
    folder,
    () => spawnSync("mariadb", ["-u", "root", "-S", socket, "-e", sql]).status === 0,
    {
      url: `mysql+pymysql://mlflow:pw@127.0.0.1:${port}/mlflow`,
    },
  );
}

/** These servers refuse to run as root. */
function as(user: string, words: readonly string[]): [program: string, args: string[]] {
  const all = userInfo().uid === 0 ? ["runuser", "-u", user, "--", ...words] : words;
  return [all[0]!, all.slice(1)];
}

function folderOf(user: string): string {
  const folder = mkdtempSync(join(tmpdir(), "trackflare-database-"));
  chmodSync(folder, 0o755);
  if (userInfo().uid === 0) execFileSync("chown", [user, folder]);
  return folder;
}

async function whenReady(
  child: ChildProcess,
  folder: string,
  isReady: () => boolean,
  server: Pick<DatabaseServer, "url">,
): Promise<DatabaseServer> {
  const ended = once(child, "close");
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for (let tries = 0; !isReady(); tries++) {
    if (tries === 100 || child.exitCode !== null) {
      await stop();
      throw new Error(`${child.spawnfile} ${child.spawnargs.join(" ")} did not start`);
    }
    await sleep(300);
  }
  return { ...server, stop };
}
