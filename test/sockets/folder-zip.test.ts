import { execFile } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { type ZipEntry, zipPieces } from "../../src/wire/zip.ts";
import { PYTHON } from "../e2e/harness/python.ts";
import { startServer } from "../server.ts";

const python = (...args: string[]) => promisify(execFile)(PYTHON, args);

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "trackflare-zip-"));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("a run's folder is downloaded with all below it, and Python takes it out again", async () => {
  const server = await startServer();
  const call = (path: string, init?: RequestInit) => fetch(`${server.url}${path}`, init);
  try {
    const created = await call("/api/2.0/mlflow/runs/create", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ experiment_id: "0" }),
    });
    const runId = ((await created.json()) as { run: { info: { run_id: string } } }).run.info.run_id;
    const root = `/api/2.0/mlflow-artifacts/artifacts/0/${runId}/artifacts`;
    const files = { "model/ü – 模型.txt": "text", "model/empty": "", "model/deep/er/data.bin": "x".repeat(3_000_000) };
    for (const [path, body] of Object.entries({ ...files, "beside.txt": "beside" })) {
      expect((await call(`${root}/${encodeURI(path)}`, { method: "PUT", body })).status).toBe(200);
    }
    const answer = await call(`/ui-api/folder-zip?run_id=${runId}&path=model`);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "application/zip",
      "content-disposition": `attachment; filename="model.zip"; filename*=UTF-8''model.zip`,
      "x-content-type-options": "nosniff",
    });
    const bytes = await answer.bytes();
    await inFolder(async (folder) => {
      const path = join(folder, "made.zip");
      await writeFile(path, bytes);
      await python("-m", "zipfile", "-e", path, folder);
      for (const [name, body] of Object.entries(files)) expect(await readFile(join(folder, name), "utf8")).toBe(body);
      expect((await python("-m", "zipfile", "-t", path)).stdout).toContain("Done testing");
      const all = await (await call(`/ui-api/folder-zip?run_id=${runId}`)).bytes();
      await writeFile(path, all);
      expect((await python("-m", "zipfile", "-l", path)).stdout).toContain(`${runId}/beside.txt`);
    });
    for (const path of ["nothing", "beside.txt"]) {
      expect((await call(`/ui-api/folder-zip?run_id=${runId}&path=${path}`)).status).toBe(404);
    }
    expect((await call(`/ui-api/folder-zip?run_id=${runId}&path=../x`)).status).toBe(400);
    expect((await call("/ui-api/folder-zip?path=model")).status).toBe(400);
  } finally {
    await server.stop();
  }
});

const piece = new Uint8Array(16 * 1024 * 1024);

/** A file of `size` zeros that is never whole in memory. */
function zeros(path: string, size: number): ZipEntry {
  let left = size;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (left === 0) return controller.close();
      controller.enqueue(piece.subarray(0, Math.min(left, piece.length)));
      left -= Math.min(left, piece.length);
    },
  });
  return { path, size, body };
}

/** Reads the directory of a ZIP, and the heads of its files. Zeros are holes of the file on the disk. */
const LOOK = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as file:
    for info in file.infolist()[-2:]:
        file.open(info).close()
        print(info.filename, info.file_size, info.header_offset)
    print(len(file.infolist()))
`;

async function* each(entries: readonly ZipEntry[]): AsyncGenerator<ZipEntry> {
  yield* entries;
}

test("beyond 4 GiB, and beyond 65,535 files, the fields are of 64 bits", async () => {
  await inFolder(async (folder) => {
    await mkdir(join(folder, "out"));
    const path = join(folder, "out/large.zip");
    const file = await open(path, "w");
    let at = 0;
    for await (const piece of zipPieces(each([zeros("large", 2 ** 32 + 5), zeros("after", 3)]))) {
      // Zeros are not written. The file system reads holes as zeros.
      if (piece.length < 1024 && piece.some((byte) => byte !== 0)) await file.write(piece, 0, piece.length, at);
      at += piece.length;
    }
    await file.close();
    const [large = "", after = "", count] = (await python("-c", LOOK, path)).stdout.split("\n");
    expect([large, count]).toEqual([`large ${2 ** 32 + 5} 0`, "2"]);
    expect(after).toMatch(new RegExp(`^after 3 ${2 ** 32}`.slice(0, -4)));
    const many = join(folder, "many.zip");
    const entries = Array.from({ length: 65_540 }, (_, i) => zeros(`f${i}`, 0));
    await pipeline(Readable.from(zipPieces(each(entries))), createWriteStream(many));
    expect((await python("-c", LOOK, many)).stdout.trim().split("\n").at(-1)).toBe("65540");
    // Python counts the files itself. Other programs believe the end record, whose count has only 16 bits without this record.
    const end = (await readFile(many)).subarray(-98);
    expect(end.readUInt32LE(0)).toBe(0x06064b50);
    expect(end.readBigUInt64LE(32)).toBe(65_540n);
  });
});

test("a ZIP breaks off where a file is shorter than announced", async () => {
  const cut: ZipEntry = { ...zeros("cut", 5), size: 10 };
  const zip = Readable.from(zipPieces(each([zeros("whole", 5), cut])));
  await expect(zip.toArray()).rejects.toThrow("cut has 5 bytes, not 10");
});
