import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROUTES } from "../../src/routes/table.ts";
import mlflowRoutes from "./mlflow-auth-routes.json" with { type: "json" };

/*
 * Each route of the basic-auth app of MLflow 3.17.2, which has the same ones in 3.18.0, is served, or access.md says why not.
 * test_auth_client.py compares the list with MLflow itself.
 */

const served = new Set(ROUTES.flatMap(({ method, paths }) => paths.map((path) => `${method} ${path}`)));

/** The routes that docs/access.md names as missing, with their reasons. */
const missing = new Map(
  [
    ...readFileSync(join(import.meta.dirname, "../../docs/access.md"), "utf8").matchAll(
      /^\| `([A-Z]+ \/\S+)` of MLflow \| (.+) \|$/gm,
    ),
  ].map(([, name = "", reason = ""]) => [name, reason]),
);

describe("routes of MLflow's basic-auth app", () => {
  test("are 52, each once", () => {
    expect(mlflowRoutes).toHaveLength(52);
    expect(new Set(mlflowRoutes).size).toBe(52);
  });

  test.each(mlflowRoutes)("%s is served, or access.md says why not", (name) => {
    expect(served.has(name), `${name} is served`).toBe(!missing.has(name));
  });

  test("are all that access.md names as missing", () => {
    expect([...missing.keys()].filter((name) => !mlflowRoutes.includes(name))).toEqual([]);
    expect(missing.size).toBe(2);
  });
});
