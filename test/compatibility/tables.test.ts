import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { merged, readCoverage } from "./coverage.ts";
import { ABSENT_ENDPOINTS, endpointOf, MLFLOW_ENDPOINTS, SERVED_ENDPOINTS } from "./endpoints.ts";
import { withTables } from "./tables.ts";

test("docs/compatibility.md says what is served; if not, run npm run docs:compatibility", () => {
  const document = readFileSync(join(import.meta.dirname, "../../docs/compatibility.md"), "utf8");
  expect(document).toBe(withTables(document, readCoverage()));
  for (const endpoint of SERVED_ENDPOINTS) expect(document).toContain(`| \`${endpoint}\` |`);
});

test("an endpoint is named alike below all its prefixes, and told from its neighbours", () => {
  for (const prefix of ["/api/2.0", "/ajax-api/2.0", "/api/2.0/preview"]) {
    expect(endpointOf("POST", `${prefix}/mlflow/runs/create`)).toBe("POST mlflow/runs/create");
  }
  expect(endpointOf("GET", "/api/2.0/mlflow/logged-models/m-1?x=/y")).toBe("GET mlflow/logged-models/:model_id");
  expect(endpointOf("POST", "/api/2.0/mlflow/logged-models/search")).toBe("POST mlflow/logged-models/search");
  expect(endpointOf("PUT", "/api/2.0/mlflow-artifacts/artifacts/1/a%20b")).toBe("PUT mlflow-artifacts/artifacts/*");
  expect(endpointOf("GET", "/api/2.0/mlflow/runs/create")).toBeUndefined();
  expect(endpointOf("GET", "/")).toBeUndefined();
});

test("MLflow's endpoints are either served or absent", () => {
  const [served, absent] = [new Set(SERVED_ENDPOINTS), new Set(ABSENT_ENDPOINTS)];
  expect(absent.size).toBeGreaterThan(0);
  for (const endpoint of absent) expect(served).not.toContain(endpoint);
  expect(MLFLOW_ENDPOINTS).toContain("POST mlflow/runs/create");
});

test("a recording takes the place of what was known of its clients", () => {
  const known = {
    A: { recorded: "2026-01-01", answered: ["GET old"], refused: [] },
    B: { recorded: "2026-01-01", answered: ["GET b"], refused: [] },
  };
  const recordings = [{ A: { "GET x": false, "GET y": true } }, { A: { "GET x": true, "GET z": false } }];
  expect(merged(known, recordings, "2026-02-02")).toEqual({
    A: { recorded: "2026-02-02", answered: ["GET x", "GET y"], refused: ["GET z"] },
    B: known.B,
  });
});
