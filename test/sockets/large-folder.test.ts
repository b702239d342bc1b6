import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer } from "../server.ts";

const FILES = 100_000;
/** The limit above a warm server's memory. The whole folder as JSON would take about twice as much. */
const MAX_GROWTH_MB = 64;

let server: TestServer;
let runId: string;

beforeAll(async () => {
  server = await startServer();
  const created = await fetch(`${server.url}/api/2.0/mlflow/runs/create`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ experiment_id: "0" }),
  });
  const { run } = (await created.json()) as { run: { info: { run_id: string } } };
  runId = run.info.run_id;
  const folder = join(server.dataDir, `artifacts/0/${runId}/artifacts/many`);
  mkdirSync(folder, { recursive: true });
  for (let i = 0; i < FILES; i++) writeFileSync(join(folder, `file-${String(i).padStart(6, "0")}.txt`), "");
});

afterAll(() => server.stop());

const list = (query: string) => fetch(`${server.url}/api/2.0/mlflow/artifacts/list?run_id=${runId}&path=many${query}`);

interface Listing {
  readonly files: readonly { readonly path: string }[];
  readonly next_page_token?: string;
}

const expected = Array.from({ length: FILES }, (_, i) => `many/file-${String(i).padStart(6, "0")}.txt`);

test("a folder of 100,000 files is listed whole, in flat memory", async () => {
  await (await list("")).arrayBuffer();
  const before = memoryMb(server.workerdPid);
  let peak = before;
  const sampling = setInterval(() => {
    peak = Math.max(peak, memoryMb(server.workerdPid));
  }, 5);
  const answers = await Promise.all(Array.from({ length: 4 }, async () => (await list("")).json() as Promise<Listing>));
  clearInterval(sampling);
  for (const { files } of answers) expect(files.map((file) => file.path)).toEqual(expected);
  expect(peak - before).toBeLessThan(MAX_GROWTH_MB);
});

test("and by pages of 10,000 for who asks so", async () => {
  const paths: string[] = [];
  let token: string | undefined = "";
  while (token !== undefined) {
    const { files, next_page_token }: Listing = await (await list(`&page_token=${encodeURIComponent(token)}`)).json();
    expect(files).toHaveLength(10_000);
    paths.push(...files.map((file) => file.path));
    token = next_page_token;
  }
  expect(paths).toEqual(expected);
});

function memoryMb(pid: number): number {
  const rss = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(rss) / 1024;
}
