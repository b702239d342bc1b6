import { env } from "cloudflare:test";
import { expect, test } from "vitest";
import { MAX_IMPORTED_ITEMS } from "../../../../src/domain/limits.ts";
import type { RunRecord } from "../../../../src/domain/records.ts";
import { importRegisteredModelStatements } from "../../../../src/stores/d1/import/registered-models.ts";
import { importRunStatements } from "../../../../src/stores/d1/import/runs.ts";

/** Queries of an invocation on the free plan, less those that come before and after the record's own. */
const MOST_STATEMENTS = 40;

test("a record with as many items as a request holds is few statements", () => {
  const pairs = Array.from({ length: MAX_IMPORTED_ITEMS }, (_, i) => ({ key: `key ${i}`, value: `value ${i}` }));
  const run: RunRecord = {
    runId: "c".repeat(32),
    experimentId: "0",
    runName: "",
    userId: "",
    status: "FINISHED",
    startTimeMs: 1,
    endTimeMs: 1,
    artifactUri: "",
    lifecycleStage: "active",
    deletedTimeMs: null,
    params: pairs,
    tags: pairs,
    datasetInputs: [],
    modelInputs: [],
    modelOutputs: [],
  };
  expect(importRunStatements(env.DB, [run], () => "").length).toBeLessThan(MOST_STATEMENTS);
  const model = { name: "m", description: null, creationTimeMs: 1, lastUpdateTimeMs: 1, tags: pairs, aliases: [] };
  const statements = importRegisteredModelStatements(env.DB, [{ ...model, versions: [], modelIds: new Map() }]);
  expect(statements.length).toBeLessThan(MOST_STATEMENTS);
});
