import { join } from "node:path";
import { Miniflare } from "miniflare";
import { expect, test } from "vitest";
import { directSocket, tidyUp } from "../../src/cli/engine.ts";
import { workerBundle } from "../../src/cli/worker-bundle.ts";

test("the local command's hourly call reaches the Worker, and a call that fails is told", async () => {
  const bundle = await workerBundle();
  const withVars = (vars: Readonly<Record<string, string>>) => ({
    ...bundle.options,
    name: "trackflare",
    rootPath: bundle.path,
    modulesRoot: bundle.path,
    scriptPath: join(bundle.path, "index.js"),
    modules: true as const,
    bindings: { ...bundle.options.bindings, TRACKFLARE_LOCAL: "1", ...vars },
    unsafeDirectSockets: [directSocket({ host: "127.0.0.1", port: 0 })],
    cf: false as const,
  });
  const miniflare = new Miniflare(withVars({}));
  try {
    await tidyUp(miniflare);
    const unreachable = {
      MLFLOW_ARTIFACTS_DESTINATION: "s3://bucket",
      MLFLOW_S3_ENDPOINT_URL: "http://127.0.0.1:9",
      AWS_ACCESS_KEY_ID: "key",
      AWS_SECRET_ACCESS_KEY: "secret",
    };
    await miniflare.setOptions(withVars(unreachable));
    await expect(tidyUp(miniflare)).rejects.toThrow("it ended with");
  } finally {
    await miniflare.dispose();
  }
});
