import { expect, test } from "vitest";
import { ABSENT_ENDPOINTS } from "../compatibility/endpoints.ts";
import { fetchWorker } from "../helpers/mlflow.ts";

test("what MLflow has and Trackflare has not is a plain 404, below every prefix", async () => {
  for (const endpoint of ABSENT_ENDPOINTS) {
    const [method = "", path = ""] = endpoint.split(" ");
    for (const prefix of ["/api/2.0", "/ajax-api/2.0", "/api/3.0", "/ajax-api/3.0"]) {
      const target = `${prefix}/${path.replaceAll(/:\w+/g, "x").replace("*", "x")}`;
      const response = await fetchWorker(target, { method });
      expect(response.status, `${method} ${target}`).toBe(404);
      expect(await response.json(), target).toMatchObject({ error_code: "ENDPOINT_NOT_FOUND" });
    }
  }
});
