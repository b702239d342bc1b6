import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { endProcess, type ProcessMark } from "./process-mark.ts";
import { systemErrorCode, UserError } from "./user-error.ts";

/** Who holds a data folder, as `server.json` in it tells: for people, and for the start after a crash. */
const Holder = z.object({
  /** Of the Node process. */
  pid: z.number().int().positive(),
  /** The folder that is held, by device and inode. A copy of the folder has another one. */
  folder: z.string().optional(),
  /** Absent until the server answers. */
  url: z.string().optional(),
  /** The workerd process, which has the databases open. Absent until it is started. */
  runtime: z.object({ pid: z.number().int().positive(), born: z.string() }).optional(),
});
type Holder = z.infer<typeof Holder>;

/** How long a start waits for another that looks at the lock at the same moment. */
const LOCK_WAIT_MS = 500;

/** SQLite's own result code for a lock that another process holds. */
const SQLITE_BUSY = 5;

/**
 * The one folder of a server, held by this process alone.
 *
 * The lock is the kernel's: an exclusive SQLite transaction on an empty file, so it is atomic, and it goes with the
 * process, however that ends. What a killed process can leave is its workerd; `server.json` names it before it opens
 * anything, and the next holder ends it first. So two of them never have one folder open.
 *
 * `server.json` is copied with the folder, and the workerd that a copy names serves the original. So the file also says
 * which folder is held, and a start ends only what holds the very folder that it takes itself.
 *
 * Nothing here is fsynced: after a power cut no process is left, and a file that names none, or is empty, says so.
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
   * Makes the folder if it is missing, takes its lock and ends what a killed server left running.
   * @throws {UserError} if the folder cannot be written or another server holds it.
   */
  static async hold(path: string): Promise<DataFolder> {
    const folder = new DataFolder(path, takeLock(path));
    const previous = readHolder(path);
    const isOurs = previous?.folder === folder.#holder.folder;
    if (isOurs && previous?.runtime !== undefined) await endProcess(previous.runtime);
    folder.#write();
    return folder;
  }

  /** Notes a workerd that was started for this folder. To be called before it can open a database. */
  noteRuntime(runtime: ProcessMark): void {
    this.#holder = { ...this.#holder, runtime };
    this.#write();
  }

  /** Notes the address, for the message that a second start on this folder prints. */
  noteUrl(url: string): void {
    this.#holder = { ...this.#holder, url };
    this.#write();
  }

  /** Gives the folder free. Only once its workerd has ended. */
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
    // Opening a lock says nothing about the folder, which workerd will fill later, from another process.
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

/** Names the folder itself, whatever its path: another one, a copy too, has another name. */
function identityOf(path: string): string {
  const { dev, ino } = statSync(path, { bigint: true });
  return `${dev}:${ino}`;
}

/** `mkdir -p`. Node's own never returns on a file system that takes no folders, such as /proc. */
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

/** The file's content, or undefined if there is none that can be read as one. */
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
