import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { SourceTrace } from "../../src/cli/source-trace.ts";
import { workerBundle } from "../../src/cli/worker-bundle.ts";

const MOST_BYTES = 238 * 1024;

test("the Worker's modules have at most 238 KB, gzipped", async () => {
  const { path } = await workerBundle();
  const modules = globSync("*.{js,sql}", { cwd: path }).map((name) => readFileSync(join(path, name)));
  expect(modules.length).toBeGreaterThan(1);
  expect(modules.reduce((sum, module) => sum + gzipSync(module).length, 0)).toBeLessThanOrEqual(MOST_BYTES);
});

test("a trace of the minified Worker names files and lines of the sources", async () => {
  const { path } = await workerBundle();
  const text = "Internal error (request";
  const lines = readFileSync(join(path, "index.js"), "utf8").split("\n");
  const row = lines.findIndex((line) => line.includes(text));
  const column = lines[row]!.indexOf(text);
  const source = readFileSync(join(import.meta.dirname, "../../src/http/errors.ts"), "utf8").split("\n");
  const sourceRow = source.findIndex((line) => line.includes(text)) + 1;

  const trace = new SourceTrace(join(path, "index.js.map"));
  const readable = trace.readable(`    at async f (file://${path}/index.js:${row + 1}:${column + 1})`);
  expect(readable).toMatch(new RegExp(`^    at async f \\(src/http/errors\\.ts:${sourceRow}:\\d+\\)$`));
  expect(trace.readable("no place: index.js:1:1")).toBe("no place: index.js:1:1");
});
