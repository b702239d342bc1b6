import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runPython } from "../e2e/harness/python.ts";
import { startS3Server } from "../helpers/s3-server.ts";
import { startServer } from "../server.ts";
import { startR2Server } from "./artifact-servers.ts";

/*
 * Both generations of MLflow's client with servers that announce presigned URLs. 3.18 uses the URLs, 3.17 ignores the
 * announcement. On the edge both must work with their default settings.
 */

const TOKEN = "a token of these tests";
const PROGRAM = join(import.meta.dirname, "presigned-clients.py");
/** The packages that overlay the environment of the tests' client: see scripts/test.mjs. */
const NEWER = { PYTHONPATH: join(import.meta.dirname, "../../.venv/mlflow-3.18.0") };

interface Running {
  readonly url: string;
  stop(): Promise<unknown>;
}

const clientRun = (url: string, env: NodeJS.ProcessEnv = {}) =>
  runPython(PROGRAM, url, {
    ...env,
    MLFLOW_TRACKING_TOKEN: TOKEN,
    MLFLOW_HTTP_REQUEST_MAX_RETRIES: "3",
    PYTHONWARNINGS: "ignore",
  });

const PLAIN = { "GET artifacts": 12, "PUT artifacts": 10 };
const BY_PARTS = { "POST mpu/complete": 10, "POST mpu/create": 10, "GET presigned": 12 };

describe("the edge with R2", () => {
  let server: Running;
  beforeAll(async () => {
    server = await startR2Server({ TRACKFLARE_ADMIN_TOKEN: TOKEN });
  });
  afterAll(() => server.stop());

  test("3.18 sends and fetches every file by signed URLs", async () => {
    const calls = { ...BY_PARTS, "PUT artifact-parts": 16, "GET artifact-files": 9 };
    expect(await clientRun(server.url, NEWER)).toEqual({ version: "3.18.0", wrong: [], calls });
  });

  test("3.17 sends and fetches every file whole", async () => {
    expect(await clientRun(server.url)).toEqual({ version: "3.17.2", wrong: [], calls: PLAIN });
  });
});

const PRESIGNED_ONLY: Readonly<Record<string, () => Promise<Running>>> = {
  folder: () => startServer({ env: { TRACKFLARE_ADMIN_TOKEN: TOKEN }, args: ["--artifacts-presigned-only"] }),
  S3: async () => {
    const bucket = await startS3Server();
    const env = { ...bucket.variables, TRACKFLARE_ADMIN_TOKEN: TOKEN, MLFLOW_ARTIFACTS_PRESIGNED_ONLY: "true" };
    const server = await startServer({ env });
    return {
      url: server.url,
      stop: async () => {
        await server.stop();
        await bucket.stop();
      },
    };
  },
};

describe.each(Object.entries(PRESIGNED_ONLY))("a server with --artifacts-presigned-only, %s", (kind, start) => {
  let server: Running;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.stop());

  test("3.18 works", async () => {
    const own =
      kind === "S3" ? { "PUT bucket": 16, "GET bucket": 9 } : { "PUT artifact-parts": 16, "GET artifact-files": 9 };
    expect(await clientRun(server.url, NEWER)).toEqual({
      version: "3.18.0",
      wrong: [],
      calls: { ...BY_PARTS, ...own },
    });
  });

  test("others are told what to do, once", async () => {
    const headers = { Authorization: `Bearer ${TOKEN}` };
    for (const method of ["PUT", "GET"]) {
      const path = "/api/2.0/mlflow-artifacts/artifacts/0/a/artifacts/file";
      const body = method === "PUT" ? "text" : null;
      const response = await fetch(`${server.url}${path}`, { method, headers, body });
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({
        error_code: "PERMISSION_DENIED",
        message: expect.stringContaining("3.18"),
        artifacts_presigned_only: true,
      });
    }
  });
});

test("a server with --artifacts-only has artifacts and nothing else, which clients are told once", async () => {
  const server = await startServer({ args: ["--artifacts-only"] });
  const call = (path: string, init: RequestInit = {}) => fetch(`${server.url}${path}`, init);
  try {
    const file = "/api/2.0/mlflow-artifacts/artifacts/7/a/artifacts/file";
    expect((await call(file, { method: "PUT", body: "text" })).status).toBe(200);
    expect(await (await call(file)).text()).toBe("text");
    expect(await (await call("/api/3.0/mlflow/server-info")).json()).toMatchObject({
      store_type: null,
      artifact_serving_enabled: true,
    });
    for (const path of ["/health", "/version"]) expect((await call(path)).status).toBe(200);
    for (const path of ["experiments/search?max_results=1", "artifacts/list?run_id=a", "registered-models/search"]) {
      const response = await call(`/api/2.0/mlflow/${path}`);
      expect([path, response.status]).toEqual([path, 501]);
      expect(await response.json()).toMatchObject({
        error_code: "NOT_IMPLEMENTED",
        message: expect.stringContaining("--artifacts-only"),
      });
    }
    expect((await call("/get-artifact?run_id=a&path=b")).status).toBe(501);
  } finally {
    await server.stop();
  }
});
