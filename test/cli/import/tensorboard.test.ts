import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer } from "../../server.ts";
import { answersOf } from "./answers.ts";
import { trackflare, transferReport } from "./command.ts";

const LOGS = join(import.meta.dirname, "fixtures/tensorboard");
const folder = mkdtempSync(join(tmpdir(), "trackflare-tensorboard-"));
let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Run {
  readonly info: { readonly run_id: string; readonly run_name: string; readonly status: string };
  readonly data: { readonly params?: readonly { readonly key: string; readonly value: string }[] };
}

test("TensorBoard's runs arrive with scalars, hyperparameters, texts and images, and a second import writes nothing", async () => {
  const words = ["import", "tensorboard", LOGS, "--to", server.url, "--experiment", "From TensorBoard"];
  const report = await transferReport(words);
  expect(report).toMatchObject({ points: 27, runs: { read: 3, written: 3 }, artifacts: { read: 2, written: 2 } });
  const answers = await answersOf(server.url);
  const runs = [...answers].flatMap(([question, answer]) =>
    question.startsWith("run ") ? [(answer as unknown as { run: Run }).run] : [],
  );
  expect(runs.map(({ info }) => info.run_name).sort()).toEqual(["hp/session", "lr_0.1/train", "tf2"]);
  const named = (name: string) => runs.find(({ info }) => info.run_name === name)!;
  const history = (name: string, key: string) =>
    answers.get(`history ${named(name).info.run_id} ${key}`) as { step: number; timestamp: number; value: number }[];
  expect(history("lr_0.1/train", "loss/train")).toHaveLength(20);
  expect(history("lr_0.1/train", "loss/train")[2]).toMatchObject({
    step: 2,
    timestamp: 1_700_000_002_000,
    value: Math.fround(1 / 3),
  });
  expect(history("lr_0.1/train", "nan")[0]).toMatchObject({ value: "NaN" });
  expect(history("tf2", "acc").map(({ value }) => value)).toEqual([0, 0.25, 0.5, 0.75, 1]);
  expect(Object.fromEntries(named("hp/session").data.params!.map(({ key, value }) => [key, value]))).toEqual({
    lr: "0.1",
    layers: "3",
    name: "net",
    bias: "True",
  });
  const file = (path: string) => answers.get(`content ${named("lr_0.1/train").info.run_id} ${path}`);
  expect(file("text/notes/first/text_summary/1.md")).toBe("**hello** ü");
  expect(String(file("images/pic/2.png"))).toContain("PNG");
  expect((await transferReport(words)).runs).toMatchObject({ written: 0, skipped: 3 });
});

test("a file that was cut off or changed is told, and what is before it arrives", async () => {
  const logs = join(folder, "broken");
  cpSync(LOGS, logs, { recursive: true });
  const events = join(logs, globSync("tf2/*", { cwd: logs })[0]!);
  const bytes = readFileSync(events);
  writeFileSync(events, bytes.subarray(0, bytes.length - 5));
  mkdirSync(join(logs, "changed"));
  const changed = Buffer.from(bytes);
  changed[bytes.length - 10] = changed[bytes.length - 10]! ^ 1;
  writeFileSync(join(logs, "changed/events.out.tfevents.1.vm"), changed);
  mkdirSync(join(logs, "none"));
  writeFileSync(join(logs, "none/events.out.tfevents.1.vm"), "this is no event file at all");
  const report = await transferReport(["import", "tensorboard", logs, "--to", server.url], 3);
  expect(report.problems.map(({ where, why }) => `${where.split("/")[0]}: ${why.replace(/\d+/, "n")}`).sort()).toEqual([
    "run changed: the record at byte n cannot be read: its checksum is another",
    "run none: there is no record at byte n",
    "run tf2: the record at byte n was not written whole",
  ]);
  expect(report).toMatchObject({ points: 21 + 1 + 4 + 4, runs: { read: 4, written: 4 } });
});

test("what is no folder of TensorBoard's is said in a line", async () => {
  for (const [words, message, code] of [
    [["tensorboard", `${folder}/nowhere`], /There are no event files/, 1],
    [["neptune", folder], /neptune is no kind of source/, 2],
  ] as const) {
    const { exitCode, stderr } = await trackflare(["import", ...words, "--to", server.url]);
    expect(exitCode).toBe(code);
    expect(stderr).toMatch(message);
  }
});
