import { randomUUID } from "node:crypto";
import { constants, mkdirSync, realpathSync, rmSync } from "node:fs";
import { type FileHandle, lstat, open, rm, statfs } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { canonicalArtifactPath } from "../domain/artifact-path.ts";
import { errorCode, etagOf, FileTree, Refusal, statusOf } from "./file-tree.ts";
import { type NamedPart, PartUploads } from "./part-uploads.ts";

/** The folder of unfinished uploads and deletions, on the files' own file system. No key has a `#`, so no key names it. */
export const UPLOADS_FOLDER = ".#uploads";
/** Larger than the streams' default of 64 KiB, to take fewer turns of the event loop per megabyte. */
const STREAM_BUFFER_BYTES = 1024 * 1024;
/** A multipart upload that receives no request for this long is aborted. */
const IDLE_MS = 24 * 60 * 60 * 1000;
const SWEEP_EVERY_MS = 60 * 60 * 1000;

/**
 * Serves the folder in which the Worker keeps artifacts as plain files on one machine
 * (stores/artifacts/folder-artifact-store.ts). It speaks HTTP, because a Worker has no disk:
 *
 *     PUT    /?key=a/b      stores the body, answers its ETag; 409 if a folder has the name or a parent is a file. With end=<text> the body
 *                           must end with the text (else 400), and is stored without it: nothing else proves that a
 *                           chunked body is complete
 *     POST   /?key=a/b      stores a body that is already in the uploads' folder as the file upload=<name>. If its size is
 *                           not size=<bytes>: 507 if the disk has no room for that, else 400. Answers as PUT. The upload's
 *                           file is gone afterwards in either case
 *     GET    /?key=a/b      the file, or the requested Range of it; 404, 416
 *     HEAD   /?key=a/b      the headers of GET
 *     GET    /?folder=a     a page of the folder's entries as JSON, {"files":[FileInfo],"next"?}; from=<next> asks for the
 *                           next page; no files if the folder does not exist. Ordered by name; a folder's name ends with /
 *     GET    /?usage=a/b    the number and size of the files at the key and below, {"files","bytes"}
 *     DELETE /?key=a/b      deletes the file or folder, and parents that are empty then; answers {"files","bytes"}
 *
 * and for a multipart upload (part-uploads.ts); 404 if this upload of this key does not exist:
 *
 *     POST   /?key=a/b&begin=1              starts an upload, answers its id as text; 409
 *     PUT    /?key=a/b&of=<id>&part=3       stores the body as a part, answers its ETag
 *     POST   /?key=a/b&of=<id>&part=3&…     stores a body from the uploads' folder as a part, as above
 *     POST   /?key=a/b&complete=<id>        builds the file from the parts that the body names, [[1,"<etag>"],…], answers as PUT; 400, 409
 *     DELETE /?key=a/b&abort=<id>           aborts the upload
 *
 * A disk without room is a 507.
 *
 * It does not trust its caller: it checks keys again, and treats a symbolic link as a missing file. But any process that can
 * connect can read and write everything, so it must listen on a socket that only its owner can open.
 */
export function createFileService(rootFolder: string): Server {
  mkdirSync(rootFolder, { recursive: true });
  const root = realpathSync(rootFolder);
  const workFolder = join(root, UPLOADS_FOLDER);
  rmSync(workFolder, { recursive: true, force: true });
  mkdirSync(workFolder);

  const tree = new FileTree(root, workFolder);
  const files: Files = { tree, workFolder, uploads: new PartUploads(tree, workFolder) };
  const server = createServer((request, response) => {
    answer(files, request, response).catch((error: unknown) => {
      const status = error instanceof Refusal ? error.status : statusOf(error);
      if (status === 500 && !isCutOff(error)) console.error("Artifact files:", error);
      if (response.headersSent) response.destroy();
      else response.writeHead(status, { Connection: "close" }).end();
    });
  });
  // An upload may take hours, and an idle connection must never close at the moment when the Worker writes to it.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 0;
  const sweeps = setInterval(() => {
    files.uploads.sweep(IDLE_MS).catch((error: unknown) => console.error("Artifact files:", error));
  }, SWEEP_EVERY_MS).unref();
  server.once("close", () => clearInterval(sweeps));
  return server;
}

interface Files {
  readonly tree: FileTree;
  readonly workFolder: string;
  readonly uploads: PartUploads;
}

async function answer(files: Files, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const query = new URL(request.url ?? "", "http://files").searchParams;
  const folder = query.get("folder");
  if (request.method === "GET" && folder !== null) {
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify(await files.tree.list(canonicalKey(folder), query.get("from") ?? "")));
    return;
  }
  const used = query.get("usage");
  if (request.method === "GET" && used !== null) {
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify(await files.tree.usage(canonicalKey(used))));
    return;
  }
  const key = canonicalKey(query.get("key") ?? "");
  if (key === "") throw new Refusal(400);
  switch (request.method) {
    case "PUT":
      await putFile(files, request, query.get("end") ?? "", setter(files, key, query, response));
      break;
    case "POST":
      await post(files, key, query, request, response);
      break;
    case "GET":
    case "HEAD":
      await sendFile(files.tree, key, request, response);
      return;
    case "DELETE":
      if (query.has("abort")) await files.uploads.abort(query.get("abort") ?? "", key);
      else response.write(JSON.stringify(await files.tree.delete(key)));
      break;
    default:
      throw new Refusal(405);
  }
  response.end();
}

async function post(
  { uploads, ...files }: Files,
  key: string,
  query: URLSearchParams,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const completed = query.get("complete");
  if (query.has("begin")) response.write(await uploads.create(key));
  else if (completed !== null)
    tellEtag(response, await uploads.complete(completed, key, namedParts(await json(request))));
  else {
    const set = setter({ uploads, ...files }, key, query, response);
    await adoptFile(files.workFolder, query.get("upload") ?? "", Number(query.get("size")), set);
  }
}

/** Takes a completely received file: it gets its name in the tree, or becomes a part of an upload. */
type Setter = (path: string, file: FileHandle) => Promise<void>;

function setter({ tree, uploads }: Files, key: string, query: URLSearchParams, response: ServerResponse): Setter {
  const upload = query.get("of");
  if (upload === null) return async (path, file) => tellEtag(response, await tree.place(path, file, key));
  return async (path, file) => {
    response.setHeader("ETag", await uploads.add(upload, key, Number(query.get("part")), path, file));
  };
}

function tellEtag(response: ServerResponse, etag: string): void {
  response.setHeader("ETag", etag);
}

function namedParts(body: unknown): NamedPart[] {
  const isPart = (part: unknown): part is NamedPart =>
    Array.isArray(part) && Number.isInteger(part[0]) && typeof part[1] === "string" && part.length === 2;
  if (!Array.isArray(body) || !body.every(isPart)) throw new Refusal(400);
  return body;
}

function canonicalKey(text: string): string {
  try {
    return canonicalArtifactPath(text);
  } catch {
    throw new Refusal(400);
  }
}

/**
 * Writes beside the tree, then renames. So a reader sees the old file or the new file, and an interrupted upload changes
 * nothing. When the service acknowledges the upload, the kernel has the bytes: they survive any end of this process. The
 * bytes of a small file survive a power cut too.
 */
async function putFile({ workFolder }: Files, request: IncomingMessage, end: string, set: Setter): Promise<void> {
  const upload = join(workFolder, randomUUID());
  await using file = await open(upload, "wx+");
  await setOrRemove(upload, async () => {
    await file.writeFile(request);
    if (end !== "") await cutEnd(file, Buffer.from(end));
    await set(upload, file);
  });
}

/** Takes a file that another process wrote into the uploads' folder, if the file is complete. */
async function adoptFile(workFolder: string, name: string, size: number, set: Setter): Promise<void> {
  if (!/^[\w-]+$/.test(name)) throw new Refusal(400);
  const upload = join(workFolder, name);
  await setOrRemove(upload, async () => {
    if (
      !(await lstat(upload).then(
        (stat) => stat.isFile() && stat.size === size,
        () => false,
      ))
    ) {
      throw new Refusal((await hasRoom(workFolder, size)) ? 400 : 507);
    }
    await using file = await open(upload, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    await set(upload, file);
  });
}

async function hasRoom(folder: string, size: number): Promise<boolean> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize >= size;
}

/** Removes the upload's file if `set` fails. Otherwise the file has another name by then. */
async function setOrRemove(upload: string, set: () => Promise<void>): Promise<void> {
  try {
    await set();
  } catch (error) {
    await rm(upload, { force: true });
    throw error;
  }
}

/** Removes `end` from the file's end; refuses a file that does not end with it. */
async function cutEnd(file: FileHandle, end: Buffer): Promise<void> {
  const size = (await file.stat()).size - end.length;
  if (size < 0) throw new Refusal(400);
  const { buffer } = await file.read(Buffer.alloc(end.length), 0, end.length, size);
  if (!buffer.equals(end)) throw new Refusal(400);
  await file.truncate(size);
}

async function sendFile(
  tree: FileTree,
  key: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const rangeHeader = request.headers.range;
  const file = await tree.open(key);
  try {
    const stat = await file.stat({ bigint: true });
    if (!stat.isFile()) throw new Refusal(404);
    const size = Number(stat.size);
    const range = rangeHeader === undefined ? undefined : parseRange(rangeHeader, size);
    const start = range?.start ?? 0;
    const length = range ? range.end - start : size;
    response.writeHead(range ? 206 : 200, {
      "Content-Length": length,
      ETag: etagOf(stat),
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

/** The first byte of the Worker's Range header, and the byte after the last one. */
function parseRange(header: string, size: number): { start: number; end: number } {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(header) ?? [];
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  if (start >= end) throw new Refusal(416);
  return { start, end };
}

/** Whether the client disconnected in the middle of a body. */
function isCutOff(error: unknown): boolean {
  return ["ECONNRESET", "EPIPE", "ERR_STREAM_PREMATURE_CLOSE"].includes(errorCode(error) ?? "");
}
