import { randomUUID } from "node:crypto";
import { constants, createWriteStream, type Dirent, mkdirSync, realpathSync, rmSync } from "node:fs";
import { type FileHandle, lstat, mkdir, open, readdir, realpath, rename, rm, rmdir } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { canonicalArtifactPath } from "../domain/artifact-path.ts";
import { compareCodePoints } from "../domain/code-points.ts";
import { MAX_LIST_PAGE } from "../domain/limits.ts";
import { FolderSync } from "./folder-sync.ts";

/** Where uploads grow and deletions shrink, on the files' own file system. `#` is in no key, so no key names it. */
export const UPLOADS_FOLDER = ".#uploads";
/** Larger pieces than the streams' defaults of 64 KiB: fewer turns of the event loop a megabyte. */
const STREAM_BUFFER_BYTES = 1024 * 1024;
/**
 * Files up to here are on the disk before they are acknowledged. To wait for the disk with larger ones would halve the
 * speed of their upload.
 */
export const MAX_SYNCED_BYTES = 4 * 1024 * 1024;
/** How often an upload makes its folder again when deletions keep removing it. */
const MAX_PLACE_ATTEMPTS = 20;

/** An answer other than success, thrown from wherever it is found out. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`status ${status}`);
    this.status = status;
  }
}

/**
 * The folder of plain files that the Worker keeps artifacts in on one machine
 * (stores/artifacts/folder-artifact-store.ts), as HTTP, because a Worker has no disk:
 *
 *     PUT    /?key=a/b      stores the body; 409 where a folder has the name or a file is above. With end=<text> the
 *                           body must end so (400), and is stored without it: a chunked body has no other proof that
 *                           it is whole
 *     POST   /?key=a/b      the same with a body that lies in the uploads' folder already, as the file upload=<name>; 400
 *                           where that has not size=<bytes>, and it is gone afterwards either way
 *     GET    /?key=a/b      the file, or its part by Range; 404, 416
 *     HEAD   /?key=a/b      the same without the bytes
 *     GET    /?folder=a     a page of its entries as JSON, {"files":[FileInfo],"next"?}; with from=<next> the one after; no
 *                           files where there is no folder. By names, a folder's with a slash at its end
 *     DELETE /?key=a/b      the file or folder, and folders that this leaves empty
 *
 * It trusts its caller with nothing: keys are checked again, and symbolic links are taken for not there. Whoever can
 * connect can read and write everything, so it must listen on a socket that only its owner can open.
 */
export function createFileService(rootFolder: string): Server {
  mkdirSync(rootFolder, { recursive: true });
  const root = realpathSync(rootFolder);
  const workFolder = join(root, UPLOADS_FOLDER);
  rmSync(workFolder, { recursive: true, force: true });
  mkdirSync(workFolder);

  const folders = { root, workFolder, sync: new FolderSync(root) };
  const server = createServer((request, response) => {
    answer(folders, request, response).catch((error: unknown) => {
      const status = error instanceof Refusal ? error.status : statusOf(error);
      if (status === 500 && !isCutOff(error)) console.error("Artifact files:", error);
      if (response.headersSent) response.destroy();
      else response.writeHead(status, { Connection: "close" }).end();
    });
  });
  // An upload may take hours, and an idle connection must never close just as the Worker writes to it.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 0;
  return server;
}

interface Folders {
  readonly root: string;
  readonly workFolder: string;
  readonly sync: FolderSync;
}

async function answer(folders: Folders, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const query = new URL(request.url ?? "", "http://files").searchParams;
  const folder = query.get("folder");
  if (request.method === "GET" && folder !== null) {
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify(await listFolder(folders, canonicalKey(folder), query.get("from") ?? "")));
    return;
  }
  const key = canonicalKey(query.get("key") ?? "");
  if (key === "") throw new Refusal(400);
  switch (request.method) {
    case "PUT":
      await putFile(folders, key, request, query.get("end") ?? "");
      response.end();
      return;
    case "POST":
      await adoptFile(folders, key, query.get("upload") ?? "", Number(query.get("size")));
      response.end();
      return;
    case "GET":
    case "HEAD":
      await sendFile(folders, key, request, response);
      return;
    case "DELETE":
      await deleteTree(folders, key);
      response.end();
      return;
    default:
      throw new Refusal(405);
  }
}

function canonicalKey(text: string): string {
  try {
    return canonicalArtifactPath(text);
  } catch {
    throw new Refusal(400);
  }
}

/**
 * Writes beside the tree, then renames: a reader sees the old file or the new one, and a cut-off upload nothing. Once
 * acknowledged, the bytes are the kernel's and outlive this process however it ends, and those of a file of up to
 * {@link MAX_SYNCED_BYTES} outlive a power cut.
 */
async function putFile(folders: Folders, key: string, request: IncomingMessage, end: string): Promise<void> {
  const upload = join(folders.workFolder, randomUUID());
  try {
    await pipeline(request, createWriteStream(upload, { flags: "wx", highWaterMark: STREAM_BUFFER_BYTES }));
    await using file = await open(upload, "r+");
    if (end !== "") await cutEnd(file, Buffer.from(end));
    await place(folders, upload, file, key);
  } finally {
    await rm(upload, { force: true });
  }
}

/** Places a file that another writer put among the uploads, if it is whole. */
async function adoptFile(folders: Folders, key: string, name: string, size: number): Promise<void> {
  if (!/^[\w-]+$/.test(name)) throw new Refusal(400);
  const upload = join(folders.workFolder, name);
  try {
    await using file = await open(upload, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stat = await file.stat();
    if (!stat.isFile() || stat.size !== size) throw new Refusal(400);
    await place(folders, upload, file, key);
  } finally {
    await rm(upload, { force: true });
  }
}

/** Takes `end` off the file's end; refuses a file that does not end so. */
async function cutEnd(file: FileHandle, end: Buffer): Promise<void> {
  const size = (await file.stat()).size - end.length;
  if (size < 0) throw new Refusal(400);
  const { buffer } = await file.read(Buffer.alloc(end.length), 0, end.length, size);
  if (!buffer.equals(end)) throw new Refusal(400);
  await file.truncate(size);
}

/** Gives an upload its name, and a small one its name and bytes on the disk. */
async function place({ root, sync }: Folders, upload: string, file: FileHandle, key: string): Promise<void> {
  const isSynced = (await file.stat()).size <= MAX_SYNCED_BYTES;
  if (isSynced) await file.datasync();
  const target = join(root, key);
  for (let attempt = 1; ; attempt++) {
    await makeFolder(root, sync, dirname(key));
    try {
      await rename(upload, target);
      if (isSynced) await sync.flush(dirname(target));
      return;
    } catch (error) {
      const code = errorCode(error);
      if (code === "EISDIR" || code === "ENOTEMPTY" || code === "EEXIST") {
        // An empty folder is nothing that anyone stored: a crash before the rename leaves one.
        if (!(await removeIfEmpty(target))) throw new Refusal(409);
      } else if (code === "ENOTDIR") {
        throw new Refusal(409);
      } else if (code !== "ENOENT" || attempt === MAX_PLACE_ATTEMPTS) {
        throw error;
      }
    }
  }
}

/** Makes the folder at `key` level by level; none of them may be a file or a symbolic link. */
async function makeFolder(root: string, sync: FolderSync, key: string): Promise<void> {
  if (key === "." || (await isOwnPath(root, key, "folder"))) return;
  await makeFolder(root, sync, dirname(key));
  sync.noteChange(join(root, dirname(key)));
  await mkdir(join(root, key)).catch((error: unknown) => {
    if (errorCode(error) !== "EEXIST" && errorCode(error) !== "ENOENT") throw error;
  });
  // Gone again is fine, a deletion was quicker; something else in its place is not.
  if ((await exists(join(root, key))) && !(await isOwnPath(root, key, "folder"))) throw new Refusal(409);
}

async function sendFile(
  { root }: Folders,
  key: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const rangeHeader = request.headers.range;
  const file = await openOwnFile(root, key);
  try {
    const stat = await file.stat({ bigint: true });
    if (!stat.isFile()) throw new Refusal(404);
    const size = Number(stat.size);
    const range = rangeHeader === undefined ? undefined : parseRange(rangeHeader, size);
    const start = range?.start ?? 0;
    const length = range ? range.end - start : size;
    response.writeHead(range ? 206 : 200, {
      "Content-Length": length,
      // A file that is replaced is another inode; one that is edited in place has another time.
      ETag: `"${stat.ino.toString(36)}-${stat.mtimeNs.toString(36)}-${stat.size.toString(36)}"`,
      ...(range && { "Content-Range": `bytes ${start}-${range.end - 1}/${size}` }),
    });
    if (length === 0 || request.method === "HEAD") {
      response.end();
      return;
    }
    const bytes = file.createReadStream({
      start,
      end: start + length - 1,
      highWaterMark: STREAM_BUFFER_BYTES,
      autoClose: false,
    });
    await pipeline(bytes, response);
  } finally {
    await file.close();
  }
}

/** Opens the file at `key` unless a symbolic link is or leads to it. */
async function openOwnFile(root: string, key: string): Promise<FileHandle> {
  if (!(await isOwnPath(root, key, "file"))) throw new Refusal(404);
  return open(join(root, key), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}

/** The whole folder is read for each page, but only the page's files are looked at. */
async function listFolder(
  { root }: Folders,
  key: string,
  from: string,
): Promise<{ files: FileEntry[]; next?: string | undefined }> {
  if (key !== "" && !(await isOwnPath(root, key, "folder"))) return { files: [] };
  const entries = (await readdir(join(root, key), { withFileTypes: true }))
    .map((entry) => ({ entry, name: entry.isDirectory() ? `${entry.name}/` : entry.name }))
    .filter(({ name }) => compareCodePoints(name, from) > 0)
    .sort((a, b) => compareCodePoints(a.name, b.name));
  const page = entries.slice(0, MAX_LIST_PAGE);
  const listed = await Promise.all(page.map(({ entry }) => fileEntry(join(root, key), entry)));
  return {
    files: listed.filter((entry) => entry !== undefined),
    next: entries.length > page.length ? page.at(-1)?.name : undefined,
  };
}

interface FileEntry {
  readonly path: string;
  readonly isDir: boolean;
  readonly fileSize?: number;
}

/** Nothing for what no key can name, for links and devices, and for what is gone by now. */
async function fileEntry(folder: string, entry: Dirent): Promise<FileEntry | undefined> {
  try {
    if (canonicalArtifactPath(entry.name) !== entry.name) return undefined;
    if (entry.isDirectory()) return { path: entry.name, isDir: true };
    if (!entry.isFile()) return undefined;
    return { path: entry.name, isDir: false, fileSize: (await lstat(join(folder, entry.name))).size };
  } catch {
    return undefined;
  }
}

/** One rename takes the whole tree out of sight; what follows may be cut off, and the next start finishes it. */
async function deleteTree({ root, workFolder }: Folders, key: string): Promise<void> {
  const grave = join(workFolder, randomUUID());
  if (!(await isOwnPath(root, key, "any"))) return;
  await rename(join(root, key), grave).catch((error: unknown) => {
    if (errorCode(error) !== "ENOENT") throw error;
  });
  for (let above = dirname(key); above !== "."; above = dirname(above)) {
    if (!(await removeIfEmpty(join(root, above)))) break;
  }
  await rm(grave, { recursive: true, force: true });
}

/** Whether the path of `key` leads, without a symbolic link, to something of this kind. */
async function isOwnPath(root: string, key: string, kind: "file" | "folder" | "any"): Promise<boolean> {
  const path = join(root, key);
  try {
    // Also unequal where a file system ignores case and stored another spelling: a name has one spelling here.
    if ((await realpath(path)) !== path) return false;
    if (kind === "any") return true;
    const stat = await lstat(path);
    return kind === "file" ? stat.isFile() : stat.isDirectory();
  } catch (error) {
    if (statusOf(error) === 404) return false;
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** @returns whether there is no folder at `path` any more. */
async function removeIfEmpty(path: string): Promise<boolean> {
  try {
    await rmdir(path);
    return true;
  } catch (error) {
    return errorCode(error) === "ENOENT";
  }
}

/** The first byte and the one after the last of a range as the Worker sends it. */
function parseRange(header: string, size: number): { start: number; end: number } {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(header) ?? [];
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  if (start >= end) throw new Refusal(416);
  return { start, end };
}

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}

function statusOf(error: unknown): number {
  switch (errorCode(error)) {
    case "ENOENT":
    case "ENOTDIR":
    case "ELOOP":
      return 404;
    case "ENAMETOOLONG":
      return 400;
    default:
      return 500;
  }
}

/** Whether the other side went away in the middle of a body. */
function isCutOff(error: unknown): boolean {
  return ["ECONNRESET", "EPIPE", "ERR_STREAM_PREMATURE_CLOSE"].includes(errorCode(error) ?? "");
}
