import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer } from "../../server.ts";
import { type Answers, answersOf } from "./answers.ts";
import { trackflare, transferReport } from "./command.ts";

const RUNS = join(import.meta.dirname, "fixtures/wandb");
const folder = mkdtempSync(join(tmpdir(), "trackflare-wandb-"));
let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Run {
  readonly info: {
    readonly run_id: string;
    readonly experiment_id: string;
    readonly run_name: string;
    readonly status: string;
    readonly start_time: number;
    readonly end_time: number;
  };
  readonly data: Readonly<Record<"params" | "tags", readonly { readonly key: string; readonly value: string }[]>>;
}

function runsOf(answers: Answers): Run[] {
  return [...answers].flatMap(([question, answer]) =>
    question.startsWith("run ") ? [(answer as unknown as { run: Run }).run] : [],
  );
}

function valuesOf(run: Run, kind: "params" | "tags"): Record<string, string> {
  return Object.fromEntries((run.data[kind] ?? []).map(({ key, value }) => [key, value]));
}

type Point = { readonly step: number; readonly timestamp: number; readonly value: number | string };

const historyOf = (answers: Answers, run: Run, key: string) =>
  (answers.get(`history ${run.info.run_id} ${key}`) ?? []) as unknown as Point[];

test("W&B's runs arrive with config, histories, files and artifacts, and a second import writes nothing", async () => {
  const words = ["import", "wandb", RUNS, "--to", server.url];
  // The files of artifacts were on the machine that made the fixture.
  const report = await transferReport(words, 3);
  expect(report.runs).toMatchObject({ read: 4, written: 4, failed: 0 });
  expect(report.problems.map(({ where }) => where).sort()).toEqual([
    "run vision/abc12345/artifacts/model/net/weights.txt",
    "run vision/abc12345/artifacts/run_table/run-abc12345-table/table.table.json",
  ]);
  const answers = await answersOf(server.url);
  const runs = runsOf(answers);
  const named = (name: string) => runs.find(({ info }) => info.run_name === name)!;
  const [first, other, failed, killed] = ["baseline 1e-03", "same id in another project", "failed01", "killed01"].map(
    named,
  );

  expect([first, other, failed, killed].map((run) => run!.info.status)).toEqual([
    "FINISHED",
    "FINISHED",
    "FAILED",
    "KILLED",
  ]);
  expect(first!.info.experiment_id).toBe(failed!.info.experiment_id);
  expect(first!.info.experiment_id).not.toBe(other!.info.experiment_id);
  expect(first!.info.start_time).toBeGreaterThan(1_700_000_000_000);
  expect(first!.info.end_time).toBeGreaterThanOrEqual(first!.info.start_time);
  expect(valuesOf(first!, "params")).toEqual({
    ...{ lr: "0.1", seed: "12345678901234567", amp: "True", none: "None", text: "1e5", late: "5" },
    ...{ "optimizer.name": "adam", "optimizer.betas": "[0.9, 0.999]" },
  });
  expect(valuesOf(first!, "tags")).toMatchObject({
    ...{ baseline: "true", gpu: "true", "mlflow.note.content": "the first\nof many ü" },
    ...{ "wandb.run_id": "abc12345", "wandb.entity": "team-a", "wandb.project": "vision" },
    ...{ "wandb.group": "sweep-1", "wandb.job_type": "train", "mlflow.source.name": "/tmp/wbfix/make.py" },
  });
  const keys = [...answers.keys()].flatMap((question) => question.split(`history ${first!.info.run_id} `)[1] ?? []);
  expect(keys.filter((key) => !key.startsWith("system/")).sort()).toEqual([
    ...["best", "flag", "loss", "nested.a", "nested.b.c", "odd", "summary/loss", "val/acc"],
  ]);

  const loss = historyOf(answers, first!, "loss");
  expect(loss.map(({ step, value }) => [step, value])).toEqual(
    Array.from({ length: 120 }, (_, step) => [step, 1 / (step + 1)]),
  );
  for (const { timestamp } of loss) {
    expect(timestamp).toBeGreaterThanOrEqual(first!.info.start_time - 1000);
    expect(timestamp).toBeLessThanOrEqual(first!.info.end_time);
  }
  expect(historyOf(answers, first!, "nested.b.c").at(-1)).toMatchObject({ step: 119, value: -119 });
  const most = Number.MAX_VALUE;
  expect(historyOf(answers, first!, "odd").map(({ step, value }) => [step, value])).toEqual([
    ...[
      [120, "NaN"],
      [121, most],
      [122, -most],
    ],
  ]);
  expect(historyOf(answers, first!, "flag")).toMatchObject([{ step: 120, value: 1 }]);
  expect(historyOf(answers, first!, "best")).toMatchObject([{ value: 0.75 }]);
  expect(historyOf(answers, first!, "summary/loss")).toMatchObject([{ value: 0.001 }]);
  expect(historyOf(answers, failed!, "acc").map(({ value }) => value)).toEqual([0.1, 0.9, 0.3]);
  expect(historyOf(answers, failed!, "acc.max")).toMatchObject([{ value: 0.9 }]);
  expect(historyOf(answers, killed!, "loss").length).toBeGreaterThan(0);

  const content = (path: string) => String(answers.get(`content ${first!.info.run_id} ${path}`));
  const paths = [...answers.keys()].flatMap((question) => question.split(`content ${first!.info.run_id} `)[1] ?? []);
  expect(paths).toEqual(expect.arrayContaining([expect.stringMatching(/^media\/images\/pic_.*png$/)]));
  expect(content("output.log")).toContain("printed by the run");
  expect(content("wandb/history.jsonl")).toContain('"word": "hello"');
  expect(JSON.parse(content("wandb/summary.json"))).toMatchObject({ where: "best.pt" });
  expect(JSON.parse(content("wandb/artifacts.json"))).toMatchObject([
    // W&B itself makes one of a table.
    { name: "run-abc12345-table" },
    {
      ...{ name: "net", type: "model", description: "the net", aliases: expect.arrayContaining(["best"]) },
      files: expect.arrayContaining([expect.objectContaining({ path: "big.bin", ref: "https://example.com/big.bin" })]),
    },
  ]);
  const again = await transferReport(words, 3);
  expect(again.runs).toMatchObject({ written: 0, skipped: 4 });
});

/** The log of a run of the fixture, in a folder of its own. */
function copyOf(run: string, to: string): { readonly log: string; readonly bytes: Buffer } {
  const [from] = globSync(`*-${run}`, { cwd: RUNS }).sort();
  const place = join(folder, to, from!);
  cpSync(join(RUNS, from!), place, { recursive: true });
  const log = join(place, `run-${run}.wandb`);
  return { log, bytes: readFileSync(log) };
}

const reasons = (problems: readonly { readonly why: string }[]) =>
  problems.map(({ why }) => why.replaceAll(/\d+/g, "n")).sort();

test("a log that was cut off, changed or is none is told; what can be read of it arrives", async () => {
  const cut = copyOf("killed01", "cut");
  writeFileSync(cut.log, cut.bytes.subarray(0, cut.bytes.length - 500));
  const changed = copyOf("killed01", "changed");
  // In the second of four blocks: the blocks after it can be read.
  changed.bytes[40_000] = changed.bytes[40_000]! ^ 1;
  writeFileSync(changed.log, changed.bytes);
  const none = copyOf("failed01", "none");
  writeFileSync(none.log, "this is no log");
  const empty = copyOf("failed01", "empty");
  writeFileSync(empty.log, "");
  const counts: number[] = [];
  for (const [name, told] of [
    ["cut", ["at byte n the record was not written whole"]],
    ["changed", ["at byte n the record's checksum is another"]],
    ["none", ["it does not begin as a log of W&B's"]],
    ["empty", ["it does not begin as a log of W&B's"]],
  ] as const) {
    const words = ["import", "wandb", join(folder, name), "--to", server.url, "--experiment", name];
    const report = await transferReport(words, 3);
    expect(reasons(report.problems), name).toEqual(told);
    counts.push(report.points);
  }
  const whole = 400 + 12;
  expect(counts[0]).toBeGreaterThan(whole - 3);
  expect(counts[0]).toBeLessThan(whole);
  expect(counts[1]).toBeGreaterThan(whole / 2);
  expect(counts[1]).toBeLessThan(whole);
  expect(counts.slice(2)).toEqual([0, 0]);
});

test("a resumed run, which has several logs, is one run", async () => {
  const { log, bytes } = copyOf("failed01", "resumed");
  const later = join(folder, "resumed/run-20991231_235959-failed01");
  mkdirSync(later, { recursive: true });
  writeFileSync(join(later, "run-failed01.wandb"), bytes);
  expect(log).not.toContain("2099");
  const words = ["import", "wandb", join(folder, "resumed"), "--to", server.url, "--experiment", "resumed"];
  expect((await transferReport(words)).runs).toMatchObject({ read: 1, written: 1 });
});

test("a folder without runs, and a word that is no kind of source, are said in a line", async () => {
  for (const [words, message, code] of [
    [["wandb", join(folder, "nowhere")], /There are no runs of W&B/, 1],
    [["neptune", folder], /neptune is no kind of source/, 2],
  ] as const) {
    const { exitCode, stderr } = await trackflare(["import", ...words, "--to", server.url]);
    expect(exitCode).toBe(code);
    expect(stderr).toMatch(message);
  }
});
