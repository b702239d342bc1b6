import { expect, test } from "vitest";
import { fetchWorker } from "../helpers/mlflow.ts";

const EMPTY = [
  ["GET", "2.0/mlflow/gateway-proxy?gateway_path=api%2F2.0%2Fendpoints%2F", { endpoints: [] }],
  ["POST", "3.0/mlflow/traces/search", {}],
  ["POST", "3.0/mlflow/traces/metrics", { data_points: [] }],
  ["POST", "3.0/mlflow/datasets/search", {}],
  ["GET", "3.0/mlflow/scorers/list?experiment_id=0", {}],
] as const;

test.each(EMPTY)("MLflow's web UI hears that there is none: %s %s", async (method, path, answer) => {
  const body = method === "POST" ? { body: "{}", headers: { "Content-Type": "application/json" } } : {};
  const browser = await fetchWorker(`/ajax-api/${path}`, { method, ...body });
  expect(browser.status).toBe(200);
  expect(await browser.json()).toEqual(answer);
  const client = await fetchWorker(`/api/${path}`, { method, ...body });
  expect(client.status).toBe(404);
  expect(await client.json()).toMatchObject({ error_code: "ENDPOINT_NOT_FOUND" });
});
