import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { type IncomingHttpHeaders, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createFileService } from "../../src/cli/file-service.ts";
import { FileTree, MAX_SYNCED_BYTES } from "../../src/cli/file-tree.ts";
import { PartUploads } from "../../src/cli/part-uploads.ts";

let base: string;
let root: string;
let socketPath: string;
let stop: () => Promise<void>;

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), "trackflare-files-"));
  root = join(base, "artifacts");
  socketPath = join(base, "files.sock");
  stop = await start();
});

afterEach(async () => {
  vi.restoreAllMocks();
  await stop();
  rmSync(base, { recursive: true, force: true });
});

async function start(): Promise<() => Promise<void>> {
  const service = createFileService(root);
  service.listen(socketPath);
  await once(service, "listening");
  return async () => {
    service.closeAllConnections();
    service.close();
    await once(service, "close");
  };
}

/** One call over the socket. The query is sent unchanged. */
async function call(
  method: string,
  query: string,
  body?: string,
): Promise<{ status: number; text: string; headers: IncomingHttpHeaders }> {
  const outgoing = request({ socketPath, method, path: `/?${query}`, agent: false });
  outgoing.end(body);
  const [response] = await once(outgoing, "response");
  let text = "";
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode, text, headers: response.headers };
}

const uploads = () => readdirSync(join(root, ".#uploads"));

test("keeps plain files where people find them", async () => {
  expect(await call("PUT", "key=7/run/artifacts/a%20b.txt", "hello")).toMatchObject({ status: 200 });
  expect(readFileSync(join(root, "7/run/artifacts/a b.txt"), "utf8")).toBe("hello");
  expect(uploads()).toEqual([]);
});

test("lists and serves files that people put there", async () => {
  mkdirSync(join(root, "7"));
  writeFileSync(join(root, "7/by-hand.txt"), "hi");
  expect(JSON.parse((await call("GET", "folder=7")).text)).toEqual({
    files: [{ path: "by-hand.txt", isDir: false, fileSize: 2 }],
  });
  expect(await call("GET", "key=7/by-hand.txt")).toMatchObject({ status: 200, text: "hi" });
});

test.each(["../out", "/etc/passwd", "a/../../out", "a//b", ".", "..%2fout", "a%00b", ".%23uploads/x", "", "a%5cb"])(
  "refuses the key %j",
  async (key) => {
    expect(await call("PUT", `key=${key}`, "x")).toMatchObject({ status: 400 });
    expect(await call("GET", `key=${key}`)).toMatchObject({ status: 400 });
    expect(await call("DELETE", `key=${key}`)).toMatchObject({ status: 400 });
    expect(existsSync(join(base, "out"))).toBe(false);
  },
);

test("takes symbolic links for not there", async () => {
  const outside = join(base, "outside");
  mkdirSync(outside);
  writeFileSync(join(outside, "secret"), "secret");
  mkdirSync(join(root, "7"));
  symlinkSync(outside, join(root, "7/folder"));
  symlinkSync(join(outside, "secret"), join(root, "7/file"));

  expect(await call("GET", "key=7/file")).toMatchObject({ status: 404 });
  expect(await call("GET", "key=7/folder/secret")).toMatchObject({ status: 404 });
  expect(JSON.parse((await call("GET", "folder=7/folder")).text)).toEqual({ files: [] });
  expect(JSON.parse((await call("GET", "folder=7")).text)).toEqual({ files: [] });
  expect(await call("PUT", "key=7/folder/new", "x")).toMatchObject({ status: 409 });
  expect(await call("PUT", "key=7/folder/deep/new", "x")).toMatchObject({ status: 409 });
  expect(await call("DELETE", "key=7/folder/secret")).toMatchObject({ status: 200 });
  expect(await call("DELETE", "key=7/folder")).toMatchObject({ status: 200 });
  // A PUT over a link replaces the link itself.
  expect(await call("PUT", "key=7/file", "mine")).toMatchObject({ status: 200 });
  expect(readFileSync(join(root, "7/file"), "utf8")).toBe("mine");

  expect(readdirSync(outside)).toEqual(["secret"]);
  expect(readFileSync(join(outside, "secret"), "utf8")).toBe("secret");
});

test.each([["Content-Length: 1000\r\n\r\nhalf"], ["Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"]])(
  "a connection that is lost leaves nothing: %j",
  async (rest) => {
    const socket = connect(socketPath);
    socket.on("error", () => undefined);
    socket.write(`PUT /?key=7/cut HTTP/1.1\r\nHost: files\r\n${rest}`);
    await expect.poll(uploads).toHaveLength(1);
    socket.destroy();
    await expect.poll(uploads).toEqual([]);
    expect(existsSync(join(root, "7"))).toBe(false);
  },
);

test("a body without the end that was announced is refused", async () => {
  expect(await call("PUT", "key=7/whole&end=END", "textEND")).toMatchObject({ status: 200 });
  expect(await call("PUT", "key=7/cut&end=END", "text")).toMatchObject({ status: 400 });
  expect(await call("PUT", "key=7/cut&end=END", "EN")).toMatchObject({ status: 400 });
  expect(readFileSync(join(root, "7/whole"), "utf8")).toBe("text");
  expect(readdirSync(join(root, "7"))).toEqual(["whole"]);
  expect(uploads()).toEqual([]);
});

test("an empty folder is in nobody's way", async () => {
  mkdirSync(join(root, "7/left-by-a-crash"), { recursive: true });
  expect(await call("PUT", "key=7/left-by-a-crash", "file")).toMatchObject({ status: 200 });
  expect(await call("DELETE", "key=7/left-by-a-crash")).toMatchObject({ status: 200 });
  expect(readdirSync(root)).toEqual([".#uploads"]);
});

test("a deletion that is repeated removes the empty folders that an interrupted one has left", async () => {
  await call("PUT", "key=7/kept", "x");
  mkdirSync(join(root, "7/run/deep"), { recursive: true });
  expect(await call("DELETE", "key=7/run/deep/artifacts")).toMatchObject({ status: 200 });
  expect(readdirSync(join(root, "7"))).toEqual(["kept"]);
  const outside = join(base, "outside");
  mkdirSync(join(outside, "empty"), { recursive: true });
  symlinkSync(outside, join(root, "7/link"));
  await call("DELETE", "key=7/link/empty/artifacts");
  expect(readdirSync(outside)).toEqual(["empty"]);
});

test("a start clears what the last end left behind, and nothing else", async () => {
  await call("PUT", "key=7/kept", "x");
  await stop();
  mkdirSync(join(root, ".#uploads/deleted/tree"), { recursive: true });
  writeFileSync(join(root, ".#uploads/half"), "x");
  stop = await start();
  expect(uploads()).toEqual([]);
  expect(await call("GET", "key=7/kept")).toMatchObject({ status: 200, text: "x" });
});

/** Records each sync from now on, in order: "bytes" of a file that is not in its place yet, and folders with their entries. */
async function watchSyncs(): Promise<string[]> {
  const handle = await open(root, "r");
  const prototype = Object.getPrototypeOf(handle);
  await handle.close();
  const synced: string[] = [];
  const { sync, datasync } = prototype;
  vi.spyOn(prototype, "datasync").mockImplementation(async function (this: unknown) {
    await datasync.call(this);
    synced.push(`bytes, ${uploads().length} under way`);
  });
  vi.spyOn(prototype, "sync").mockImplementation(async function (this: FileHandle) {
    const { ino } = await this.stat();
    const folder = [
      root,
      ...readdirSync(root, { recursive: true, encoding: "utf8" }).map((path) => join(root, path)),
    ].find((path) => statSync(path).ino === ino);
    if (folder === undefined) throw new Error("What was synced is not there");
    await sync.call(this);
    synced.push(`${folder.slice(root.length)}/ with ${readdirSync(folder).join()}`);
  });
  return synced;
}

test("a small file is on the disk, with its folders, before it is acknowledged", async () => {
  const synced = await watchSyncs();
  await call("PUT", "key=7/run/small", "x".repeat(MAX_SYNCED_BYTES));
  expect(synced[0]).toBe("bytes, 1 under way");
  expect(synced.slice(1).sort()).toEqual(["/ with .#uploads,7", "/7/ with run", "/7/run/ with small"]);
  synced.length = 0;
  await call("PUT", "key=7/run/other", "x");
  expect(synced).toEqual(["bytes, 1 under way", "/7/run/ with other,small"]);
  synced.length = 0;
  writeFileSync(join(root, ".#uploads/adopted"), "adopted");
  await call("POST", "key=7/run/adopted&upload=adopted&size=7");
  expect(synced).toEqual(["bytes, 1 under way", "/7/run/ with adopted,other,small"]);
});

test("files that come together share the syncs of their folder, and each waits for one that has its name", async () => {
  await call("PUT", "key=7/run/first", "x");
  const synced = await watchSyncs();
  const names = Array.from({ length: 20 }, (_, i) => `name${i}`);
  const hasName = (name: string) =>
    synced.some((line) => line.startsWith("/7/run/ ") && line.split(/[ ,]/).includes(name));
  const put = async (name: string) => {
    expect(await call("PUT", `key=7/run/${name}`, "x")).toMatchObject({ status: 200 });
    return hasName(name);
  };
  expect(await Promise.all(names.map(put))).toEqual(names.map(() => true));
  expect(synced.filter((line) => line.startsWith("/7/run/ ")).length).toBeLessThan(names.length);
});

test("a folder that another upload made is synced too", async () => {
  const synced = await watchSyncs();
  await call("PUT", "key=8/run/large", "x".repeat(MAX_SYNCED_BYTES + 1));
  expect(synced).toEqual([]);
  await call("PUT", "key=8/run/small", "x");
  expect(synced.slice(1).map((line) => line.split(" ")[0])).toEqual(expect.arrayContaining(["/8/run/", "/8/", "/"]));
});

/** Begins an upload of `key` by parts, and sends the first part. */
async function beginParts(key: string): Promise<{ id: string; etag: string }> {
  const id = (await call("POST", `key=${key}&begin=1`)).text;
  return { id, etag: await sendPart(key, id, 1, "one") };
}

async function sendPart(key: string, id: string, part: number, body: string): Promise<string> {
  const sent = await call("PUT", `key=${key}&of=${id}&part=${part}`, body);
  expect(sent.status).toBe(200);
  return sent.headers.etag ?? "";
}

test("a file of parts is one rename away when its last part has come", async () => {
  const { id, etag } = await beginParts("7/file");
  const parts: [number, string][] = [[1, etag]];
  for (const number of [2, 3, 4]) parts.push([number, await sendPart("7/file", id, number, `, ${number}`)]);
  // The service appends parts as they arrive, so only one file is left.
  await expect.poll(() => readdirSync(join(root, ".#uploads", id))).toEqual(["whole"]);
  expect(existsSync(join(root, "7"))).toBe(false);
  expect(await call("POST", `key=7/file&complete=${id}`, JSON.stringify(parts))).toMatchObject({ status: 200 });
  expect(readFileSync(join(root, "7/file"), "utf8")).toBe("one, 2, 3, 4");
  expect(uploads()).toEqual([]);
});

test.each([
  ["no list", "{}"],
  ["no parts", "[]"],
  ["a part twice", '[[1,"etag"],[1,"etag"]]'],
  ["parts out of order", '[[2,"etag"],[1,"etag"]]'],
  ["a part that was not sent", '[[1,"etag"],[2,"etag"]]'],
  ["another etag", '[[1,"other"]]'],
  ["what is no part", "[1]"],
])("an upload is not completed with %s, and goes on", async (_, named) => {
  const { id, etag } = await beginParts("7/file");
  const body = named.replaceAll('"etag"', JSON.stringify(etag));
  expect(await call("POST", `key=7/file&complete=${id}`, body)).toMatchObject({ status: 400 });
  expect(existsSync(join(root, "7"))).toBe(false);
  const parts = JSON.stringify([[1, etag]]);
  expect(await call("POST", `key=7/file&complete=${id}`, parts)).toMatchObject({ status: 200 });
  expect(await call("PUT", `key=7/file&of=${id}&part=2`, "late")).toMatchObject({ status: 404 });
  expect(readFileSync(join(root, "7/file"), "utf8")).toBe("one");
});

test.each(["0", "-1", "1.5", "10001", "x", ""])("there is no part %j", async (number) => {
  const { id } = await beginParts("7/file");
  expect(await call("PUT", `key=7/file&of=${id}&part=${number}`, "x")).toMatchObject({ status: 400 });
});

test("what nobody uses is swept: parts, and files whose writer is gone", async () => {
  const tree = new FileTree(root, join(root, ".#uploads"));
  const parts = new PartUploads(tree, join(root, ".#uploads"));
  const id = await parts.create("7/file");
  const path = join(root, ".#uploads/arrived");
  writeFileSync(path, "one");
  await using file = await open(path, "r");
  await parts.add(id, "7/file", 1, path, file);
  writeFileSync(join(root, ".#uploads/left"), "half");
  await parts.sweep(60_000);
  expect(uploads().sort()).toEqual([id, "left"].sort());
  vi.setSystemTime(Date.now() + 120_000);
  await parts.sweep(60_000);
  vi.useRealTimers();
  expect(uploads()).toEqual([]);
  await expect(parts.complete(id, "7/file", [[1, ""]])).rejects.toMatchObject({ status: 404 });
});
