import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startMlflow } from "../../differential/servers.ts";
import { startServer, type TestServer } from "../../server.ts";
import { type Answers, answersOf, withoutPlaces } from "./answers.ts";
import { python, transferReport } from "./command.ts";

const SEED = join(import.meta.dirname, "seed.py");
const folder = mkdtempSync(join(tmpdir(), "trackflare-import-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Mlflow = Awaited<ReturnType<typeof startMlflow>>;

/** Imports into a new server, compares its answers with `theirs`, and imports again. */
async function expectImported(
  source: string,
  theirs: Answers,
  options: { readonly args?: readonly string[]; readonly filesMove?: boolean } = {},
): Promise<void> {
  const server: TestServer = await startServer();
  try {
    const words = ["import", source, "--to", server.url, ...(options.args ?? [])];
    const report = await transferReport(words);
    expect(report.runs).toMatchObject({ read: 7, written: 7, failed: 0 });
    const ours = await answersOf(server.url);
    expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort());
    const equal = options.filesMove === true ? withoutPlaces : (answer: unknown) => answer;
    for (const [question, answer] of theirs) expect(equal(ours.get(question)), question).toEqual(equal(answer));
    const again = await transferReport(words);
    for (const kind of ["experiments", "runs", "logged_models", "registered_models", "artifacts"] as const) {
      expect(again[kind], kind).toMatchObject({ written: 0, skipped: report[kind].read, failed: 0 });
    }
  } finally {
    await server.stop();
  }
}

describe("from MLflow with a database", () => {
  let theirs: Answers;
  let mlflow: Mlflow;

  beforeAll(async () => {
    mlflow = await startMlflow({ folder });
    await python(SEED, [mlflow.url]);
    theirs = await answersOf(mlflow.url);
  });
  afterAll(() => mlflow?.stop());

  test("its SQLite file: nothing differs, and a second import writes nothing", async () => {
    await expectImported(join(folder, "mlflow.db"), theirs);
  });

  test("the server itself: nothing differs, and a second import writes nothing", async () => {
    await expectImported(mlflow.url, theirs);
  });
});

describe("from MLflow's file store", () => {
  let theirs: Answers;
  const mlruns = join(folder, "files/mlruns");

  beforeAll(async () => {
    await python(SEED, [`file:${mlruns}`]);
    const mlflow = await startMlflow({
      folder: join(folder, "files"),
      backendStoreUri: `file:${mlruns}`,
      env: { MLFLOW_ALLOW_FILE_STORE: "true" },
    });
    theirs = await answersOf(mlflow.url);
    await mlflow.stop();
  });

  test("the folder: nothing differs but where the files lie, and a second import writes nothing", async () => {
    await expectImported(join(folder, "files"), theirs, { filesMove: true });
  });
});
