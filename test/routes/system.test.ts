import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, inject, test } from "vitest";
import worker from "../../src/index.ts";
import { fetchWorker, ORIGIN } from "../helpers/mlflow.ts";

test("health and version are plain text", async () => {
  for (const [path, text] of [
    ["/health", /^OK$/],
    ["/version", /^\d+\.\d+\.\d+$/],
  ] as const) {
    const response = await fetchWorker(path);
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Type")).toBe("text/plain; charset=utf-8");
    expect(await response.text()).toMatch(text);
  }
});

test("server-info says what the client looks for, and promises nothing that is not there", async () => {
  for (const prefix of ["/api/3.0", "/ajax-api/3.0"]) {
    const response = await fetchWorker(`${prefix}/mlflow/server-info`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      store_type: "SqlStore",
      workspaces_enabled: false,
      trace_archival_enabled: false,
      multipart_uploads_enabled: false,
      multipart_downloads_enabled: false,
      artifact_serving_enabled: true,
      presigned_upload_run_id_supported: false,
      presigned_upload_model_id_supported: false,
      model_artifact_presigned_downloads_supported: false,
      features_enabled: { gateway: false, scheduled_issue_detection: false },
      tracking_auth: "",
      artifacts_presigned_only: false,
    });
  }
});

test("on the edge, clients are told to send files by parts, with S3 too; on one machine they are not", async () => {
  const told = async (settings: Readonly<Record<string, string>>) => {
    const response = await fetchWorker("/api/3.0/mlflow/server-info", undefined, settings as Partial<Env>);
    return await response.json();
  };
  const all = (is: boolean) => ({ multipart_uploads_enabled: is, artifacts_presigned_only: is });
  const r2 = { TRACKFLARE_URL_SECRET: "a secret of these tests" };
  const onOneMachine = { TRACKFLARE_ARTIFACTS: "folder" };
  expect(await told(r2)).toMatchObject(all(true));
  expect(await told(inject("s3"))).toMatchObject(all(true));
  expect(await told({ ...inject("s3"), MLFLOW_ARTIFACTS_PRESIGNED_ONLY: "false" })).toMatchObject({
    artifacts_presigned_only: false,
  });
  expect(await told({ ...r2, ...onOneMachine })).toMatchObject(all(false));
  expect(await told({ ...inject("s3"), ...onOneMachine })).toMatchObject(all(false));
});

test("the UI is told to collect nothing, whatever it sends", async () => {
  const path = "/ajax-api/3.0/mlflow/ui-telemetry";
  const told = await fetchWorker(path);
  expect(await told.json()).toEqual({ disable_ui_telemetry: true, disable_ui_events: [], ui_rollout_percentage: 0 });
  for (const body of ['{"records":[{"event_name":"x"}]}', "not JSON"]) {
    const sent = await fetchWorker(path, { method: "POST", headers: { "Content-Type": "application/json" }, body });
    expect(await sent.json()).toEqual({ status: "disabled" });
  }
});

/** Bindings whose every use fails, as where the platform is at fault. */
const broken = new Proxy(
  {},
  {
    get: () => () => {
      throw new Error("a failure with inner words");
    },
  },
);

test.each([
  ["an answer", "/api/2.0/mlflow/experiments/get?experiment_id=0", {}, 200],
  ["an unknown path", "/api/2.0/mlflow/nothing", {}, 404],
  ["a failure of the server", "/api/2.0/mlflow/experiments/get?experiment_id=0", { DB: broken }, 500],
  ["wrong settings", "/api/2.0/mlflow/experiments/get?experiment_id=0", { TRACKFLARE_LOCAL: "perhaps" }, 503],
])("%s is never cached, sniffed, framed or read by other sites, and tells nothing of the inside", async (...of) => {
  const [, path, settings, status] = of;
  const response = await fetchWorker(path, {}, settings as unknown as Partial<Env>);
  const { headers } = response;
  expect([response.status, await response.text()]).toEqual([status, expect.not.stringContaining("inner words")]);
  expect(headers.get("Cache-Control")).toBe("no-store");
  expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
  expect(headers.get("Cross-Origin-Resource-Policy")).toBe("same-origin");
  expect(headers.get("Content-Security-Policy")).toContain("frame-ancestors 'none'");
});

test("where the web UI was not built, a browser is told how to log here, in plain text", async () => {
  const { ASSETS: _, ...withoutUi } = env;
  const response = await worker.fetch(new Request(`${ORIGIN}/`), withoutUi as Env, createExecutionContext());
  expect(response.headers.get("Content-Type")).toBe("text/plain; charset=utf-8");
  expect(await response.text()).toContain("export MLFLOW_TRACKING_URI=http://localhost\n");
});
