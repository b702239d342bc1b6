import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { crc32, ZipWriter } from "../../../../ui/src/screens/artifacts/zip.ts";

test("CRC-32 has its check value", () => {
  expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
  expect(crc32(new Uint8Array())).toBe(0);
});

test("Python takes the files out again, with their names", async () => {
  const zip = new ZipWriter();
  zip.add("model/ü – 模型.txt", new TextEncoder().encode("text"));
  zip.add("model/empty", new Uint8Array());
  zip.add(
    "model/data.bin",
    Uint8Array.from({ length: 100_000 }, (_, index) => index % 251),
  );
  const folder = await mkdtemp(join(tmpdir(), "zip-test-"));
  try {
    const path = join(folder, "made.zip");
    await writeFile(path, new Uint8Array(await zip.end().arrayBuffer()));
    await promisify(execFile)("python3", ["-m", "zipfile", "-e", path, folder]);
    expect(await readFile(join(folder, "model/ü – 模型.txt"), "utf8")).toBe("text");
    expect((await readFile(join(folder, "model/empty"))).length).toBe(0);
    expect((await readFile(join(folder, "model/data.bin")))[99_999]).toBe(99_999 % 251);
    const { stdout } = await promisify(execFile)("python3", ["-m", "zipfile", "-t", path]);
    expect(stdout).toContain("Done testing");
  } finally {
    await rm(folder, { recursive: true });
  }
});
