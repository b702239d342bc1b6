import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { fillDocuments, recallDocuments, rememberDocuments } from "../../../../src/stores/d1/runs/recent-documents.ts";
import { mlflow, newExperiment, newRun, searchRuns } from "../../../helpers/mlflow.ts";

const text = (what: string) => `"outputs":{},"data":{"params":[]},"inputs":{"${what}":1}`;

test("a document that D1 left out is the one of its run and stamp, or none", () => {
  rememberDocuments("q", [
    { run_id: "a", document: text("a"), stamp: 1 },
    { run_id: "b", document: "claim:1", stamp: 2 },
    { run_id: "c", document: null, stamp: null },
  ]);
  const recent = recallDocuments("q");
  expect([...recent]).toEqual([["a", { stamp: 1, document: text("a") }]]);
  const left = (run_id: string, stamp: number | null) => ({ run_id, document: null, stamp });
  const filled = fillDocuments([left("a", 1), left("a", 3), left("b", 1), left("c", null)], recent);
  expect(filled.map(({ document }) => document)).toEqual([text("a"), null, null, null]);
  expect(recallDocuments("another").size).toBe(0);
});

test("what was asked least recently is forgotten first, and an answer that is too large at once", () => {
  const row = (length: number) => [{ run_id: "a", document: text("x".repeat(length)), stamp: 1 }];
  rememberDocuments("first", row(3_000_000));
  rememberDocuments("second", row(3_000_000));
  rememberDocuments("first", row(3_000_000));
  rememberDocuments("third", row(3_000_000));
  rememberDocuments("fourth", row(9_000_000));
  expect(["first", "second", "third", "fourth"].map((question) => recallDocuments(question).size)).toEqual([
    1, 0, 1, 0,
  ]);
});

test("a search tells a run as it is now, however often it told it before", async () => {
  const experiment_ids = [await newExperiment()];
  const run_id = await newRun({ experiment_id: experiment_ids[0] });
  const team = async () =>
    (await searchRuns({ experiment_ids }))[0]?.data.tags?.find(({ key }) => key === "team")?.value;
  const stored = () =>
    env.DB.prepare("SELECT stamp FROM run_documents WHERE run_id = ? AND document NOT LIKE 'claim:%'")
      .bind(run_id)
      .first<number>("stamp");
  const stamps = new Set<number | null>();
  for (const value of ["vision", "speech", "vision"]) {
    await mlflow("runs/set-tag", { run_id, key: "team", value });
    for (let i = 0; i < 3; i++) {
      expect(await team()).toBe(value);
      await expect.poll(stored).toEqual(expect.any(Number));
    }
    stamps.add(await stored());
  }
  expect(stamps.size).toBe(3);
});
