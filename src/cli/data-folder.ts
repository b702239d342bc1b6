import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { endProcess, type ProcessMark } from "./process-mark.ts";
import { systemErrorCode, UserError } from "./user-error.ts";

/** The holder of a data folder, as its `server.json` says. People read it, and so does the start after a crash. */
const Holder = z.object({
  /** The id of the Node process. */
  pid: z.number().int().positive(),
  /** The device and inode of the folder. A copy of the folder has other ones. */
  folder: z.string().optional(),
  /** Absent until the server answers. */
  url: z.string().optional(),
  /** The id of the workerd process, which has the databases open. Absent until workerd is started. */
  runtime: z.object({ pid: z.number().int().positive(), born: z.string() }).optional(),
});
type Holder = z.infer<typeof Holder>;

/** How long a start waits for another start that tries the lock at the same moment. */
const LOCK_WAIT_MS = 500;

/** SQLite's result code for a lock that another process holds. */
const SQLITE_BUSY = 5;

/**
 * A server's data folder, which only this process holds.
 *
 * The lock is an exclusive SQLite transaction on an empty file. The kernel keeps the lock, so the lock is atomic and ends
 * with the process, however the process ends. A killed process can leave its workerd running. `server.json` names that
 * workerd before it opens anything, and the next holder ends it first. So two workerd processes never have one folder open.
 *
 * A copy of the folder also has a copy of `server.json`, and that copy names the workerd that serves the original. So the
 * file also names the folder, and a start ends only a workerd that holds the folder that the start itself takes.
 *
 * Nothing here is fsynced: after a power cut no process is left, so a file that is empty or names no process is right.
 */
export class DataFolder {
  readonly path: string;
  readonly #lock: DatabaseSync;
  #holder: Holder;

  private constructor(path: string, lock: DatabaseSync) {
    this.path = path;
    this.#lock = lock;
    this.#holder = { pid: process.pid, folder: identityOf(path) };
  }

  /**
   * Creates the folder if it is missing, takes its lock and ends the processes that a killed server left running.
   * @throws {UserError} if the folder cannot be written, or if another server holds it.
   */
  static async hold(path: string): Promise<DataFolder> {
    const folder = new DataFolder(path, takeLock(path));
    const previous = readHolder(path);
    const isOurs = previous?.folder === folder.#holder.folder;
    if (isOurs && previous?.runtime !== undefined) await endProcess(previous.runtime);
    folder.#write();
    return folder;
  }

  /** Notes a workerd that was started for this folder. Call it before the workerd can open a database. */
  noteRuntime(runtime: ProcessMark): void {
    this.#holder = { ...this.#holder, runtime };
    this.#write();
  }

  /** Notes the address, for the message that a second start on this folder prints. */
  noteUrl(url: string): void {
    this.#holder = { ...this.#holder, url };
    this.#write();
  }

  /** Releases the folder. Call it only after its workerd has ended. */
  release(): void {
    rmSync(holderFile(this.path), { force: true });
    this.#lock.close();
  }

  #write(): void {
    const file = holderFile(this.path);
    writeFileSync(`${file}.new`, `${JSON.stringify(this.#holder)}\n`);
    renameSync(`${file}.new`, file);
  }
}

function takeLock(path: string): DatabaseSync {
  try {
    makeFolder(path);
    // The lock's file does not show whether the folder is writable. workerd writes to the folder later, from another process.
    const probe = join(path, `.writable-${process.pid}`);
    writeFileSync(probe, "");
    rmSync(probe);
  } catch (error) {
    const reason = systemErrorCode(error) ?? String(error);
    throw new UserError(
      `The data folder ${path} cannot be written (${reason}). Choose another with --data-dir or TRACKFLARE_DATA_DIR.`,
    );
  }
  const lock = new DatabaseSync(join(path, "server.lock"), { timeout: LOCK_WAIT_MS });
  try {
    lock.exec("BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock.close();
    if (!(error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY)) throw error;
    throw new UserError(heldMessage(path, readHolder(path)));
  }
}

/** A name of the folder that does not depend on its path. Every other folder has another name, and so does a copy. */
function identityOf(path: string): string {
  const { dev, ino } = statSync(path, { bigint: true });
  return `${dev}:${ino}`;
}

/** `mkdir -p`. Node's recursive mkdir never returns on a file system that accepts no folders, such as /proc. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    if (systemErrorCode(error) !== "EEXIST") throw error;
  }
}

function heldMessage(path: string, holder: Holder | undefined): string {
  const who =
    holder === undefined ? "" : ` (process ${holder.pid}${holder.url ? `, ${holder.url}` : ", still starting"})`;
  return `The data folder ${path} is held by another running server${who}. Stop that one, or choose another folder with --data-dir.`;
}

/** The file's content, or undefined if the file is missing or unreadable. */
export function readHolder(path: string): Holder | undefined {
  try {
    return Holder.safeParse(JSON.parse(readFileSync(holderFile(path), "utf8"))).data;
  } catch {
    return undefined;
  }
}

function holderFile(path: string): string {
  return join(path, "server.json");
}
