import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Json, JsonObject } from "../../differential/json.ts";
import { startMlflow } from "../../differential/servers.ts";
import { startServer, type TestServer } from "../../server.ts";
import { answersOf } from "../import/answers.ts";
import { python, transferReport } from "../import/command.ts";

const SEED = join(import.meta.dirname, "../import/seed.py");
const folder = mkdtempSync(join(tmpdir(), "trackflare-to-mlflow-"));
let server: TestServer;
let mlflow: Awaited<ReturnType<typeof startMlflow>>;

beforeAll(async () => {
  [server, mlflow] = await Promise.all([startServer(), startMlflow({ folder })]);
  await python(SEED, [server.url]);
});
afterAll(async () => {
  await server?.stop();
  await mlflow?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Times of creation, which MLflow's API does not set. */
const TIMES = /^(creation_time(stamp)?(_ms)?|last_updated?_time(stamp)?(_ms)?)$/;

/** What a server answers, with the ids before the export, and without the export's own tags. */
async function comparable(url: string): Promise<Map<string, Json>> {
  const answers = [...(await answersOf(url))];
  const ids = answers.flatMap(([, answer]) => renamedIds(answer));
  const renamed = (text: string) => ids.reduce((told, [id, old]) => told.replaceAll(id, old), text);
  return new Map(
    answers.map(([question, answer]) => [renamed(question), plain(JSON.parse(renamed(json(answer))) as Json)]),
  );
}

/** Steps beyond 2^53 are text. */
function json(answer: Json): string {
  return JSON.stringify(answer, (_, value: unknown) => (typeof value === "bigint" ? `${value}` : value));
}

/** The new ids in an answer, each with the one before. */
function renamedIds(answer: Json): [string, string][] {
  if (typeof answer !== "object" || answer === null) return [];
  if (Array.isArray(answer)) return (answer as Json[]).flatMap(renamedIds);
  const object = answer as JsonObject & {
    tags?: { key: string; value: string }[];
    info?: JsonObject;
    data?: JsonObject;
  };
  const tags =
    object.tags ?? (object.data?.tags as typeof object.tags) ?? (object.info?.tags as typeof object.tags) ?? [];
  const own = tags.flatMap(({ key, value }): [string, string][] => {
    if (key === "trackflare.run_id") return [[String(object.info?.run_id), value]];
    if (key === "trackflare.model_id") return [[String((object.info ?? object).model_id), value]];
    // Ids of a digit or two are in every text.
    if (key === "trackflare.experiment_id" && value !== "0") return [[`"${object.experiment_id}"`, `"${value}"`]];
    return [];
  });
  return [...own, ...Object.values(object).flatMap((part) => renamedIds(part as Json))];
}

function plain(value: Json): Json {
  if (Array.isArray(value)) {
    const items = (value as Json[])
      .map(plain)
      .filter((item) => !String((item as JsonObject)?.key).startsWith("trackflare."));
    return items.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (typeof value !== "object" || value === null) return value;
  // Each server writes this tag itself, as JSON in a spelling of its own.
  const { key, value: text } = value as JsonObject;
  if (key === "mlflow.modelVersions") return { key, value: JSON.parse(String(text)) as Json };
  const fields = Object.entries(value).flatMap(([name, field]) => {
    const told = plain(field as Json);
    // A list that has only the export's own tags is one that is left out.
    return TIMES.test(name) || (Array.isArray(told) && told.length === 0) ? [] : [[name, told] as const];
  });
  return Object.fromEntries(fields);
}

test("MLflow's own server has everything but ids and times of creation, and a second export writes nothing", async () => {
  const words = ["export", mlflow.url, "--from", server.url];
  const report = await transferReport(words);
  expect(report.runs).toMatchObject({ read: 7, written: 7, failed: 0 });
  expect(report.artifacts).toMatchObject({ failed: 0 });
  expect(report.notes.join()).toContain("trackflare.run_id");
  const [ours, theirs] = await Promise.all([comparable(server.url), comparable(mlflow.url)]);
  expect([...theirs.keys()].sort()).toEqual([...ours.keys()].sort());
  expect(Object.fromEntries(theirs)).toEqual(Object.fromEntries(ours));
  const again = await transferReport(words);
  for (const kind of ["experiments", "runs", "logged_models", "registered_models"] as const) {
    expect(again[kind], kind).toMatchObject({ written: 0, skipped: report[kind].read, failed: 0 });
  }
});
