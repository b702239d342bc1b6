import { availableParallelism } from "node:os";
import { cloudflareTest } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";
import { UPLOADS_FOLDER } from "../src/cli/file-service.ts";
import { ISOLATE_HEAP } from "./isolate-heap.ts";
import { RuntimeLog } from "./runtime-log.ts";
import { FILES_FOLDER, FILES_SOCKET } from "./stores/artifacts/file-service.setup.ts";

// The pool starts workerd from this process. So the Worker, its objects and the tests themselves share a heap of this size.
Object.assign(process.env, ISOLATE_HEAP);

/** The servers that tests start have the flags of the command, or those that a test gives them. */
const COMMANDS_OWN_HEAP = { MINIFLARE_WORKERD_V8_FLAGS: "" };

/** Tests that need processes, sockets or Python run in Node. All others run in workerd, like the product. */
const NODE_FOLDERS = [
  "cli",
  "compatibility",
  "conformance",
  "differential",
  "faults",
  "sockets",
  "stores/run/core",
].map((folder) => `test/${folder}/**/*.test.ts`);

/** Tests with a real browser and a started server. */
const BROWSER_TESTS = "test/e2e/**/*.test.ts";

/** Tests of the UI's pure parts, which need neither a browser nor the Worker. */
const UI_TESTS = "test/ui/**/*.test.ts";

/** Tests in workerd that need no binding. They share isolates, because the start of one takes longer than most of these files. */
const PURE_TESTS = [
  "test/{domain,wire}/**/*.test.ts",
  "test/http/{authorize,client-address}.test.ts",
  "test/search/{candidates,like,page-token,parser,plan}.test.ts",
  "test/services/metrics/mean-band.test.ts",
  "test/stores/d1/connection/merged-page.test.ts",
  "test/stores/run/{bound,buckets,large-charts,points,same-x,sample,series,summaries,summary-rows}.test.ts",
];

/** Tests that count the calls to D1 and to objects, by a Worker around the product's. */
const EDGE_TESTS = "test/edge/**/*.test.ts";

/** The file into which `npm test` wants the counts. */
const RESULTS = process.env.TRACKFLARE_TEST_RESULTS;

const JSON_RESULTS: ["json", { outputFile: string }] = ["json", { outputFile: RESULTS ?? "" }];

/** Tests of runs' histories that also run with all runs in one object (one cell). */
const CELL_TESTS = [
  "test/stores/run/durable-object*.test.ts",
  "test/stores/run/first-values.test.ts",
  "test/stores/d1/runs/run-document.test.ts",
  "test/services/metrics/first-points.test.ts",
  "test/services/experiments/experiment-stage.test.ts",
  "test/services/runs/{log-batch,round-trips,transfer}.test.ts",
  "test/services/trash/purge.test.ts",
  "test/routes/{import,metrics}.test.ts",
  "test/routes/ui/{live,series,group-series}.test.ts",
];

/** Tests that apply to cells only. */
const ONLY_CELLS_TESTS = [
  "test/services/metrics/{full-cell,live-from-birth}.test.ts",
  "test/stores/run/cell-object.test.ts",
];

/** Tests that also run with several cells. */
const MANY_CELLS_TESTS = [
  "test/stores/run/durable-object*.test.ts",
  "test/services/experiments/experiment-stage.test.ts",
  "test/routes/{import,metrics}.test.ts",
  "test/routes/ui/group-series.test.ts",
];

function inWorkerd(name: string, include: string[], vars: Record<string, string>) {
  // Only one project has the file service, because no test of cells stores artifacts.
  const hasFiles = name === "workerd";
  return {
    root: ".",
    plugins: [
      cloudflareTest({
        wrangler: { configPath: "./wrangler.toml" },
        ...(name === "edge" && { main: "./test/edge/counted-worker.ts" }),
        miniflare: {
          bindings: { TRACKFLARE_LOCAL: "1", ...vars },
          // A second database stands for a replica that is behind.
          ...(name === "edge" && { d1Databases: { REPLICA: "replica" } }),
          serviceBindings: hasFiles
            ? {
                FILES: { external: { address: `unix:${FILES_SOCKET}`, http: {} } },
                DISK: { disk: { path: FILES_FOLDER, writable: false } },
                UPLOADS: { disk: { path: `${FILES_FOLDER}/${UPLOADS_FOLDER}`, writable: true } },
              }
            : {},
        },
      }),
    ],
    test: {
      name,
      include,
      exclude: [
        ...[...NODE_FOLDERS, BROWSER_TESTS, UI_TESTS],
        ...(name === "edge" ? [] : [EDGE_TESTS]),
        ...(name === "pure" ? [] : PURE_TESTS),
        ...(name === "cells" ? [] : ONLY_CELLS_TESTS),
      ],
      globalSetup: [
        ...(hasFiles ? ["test/stores/artifacts/file-service.setup.ts"] : []),
        ...(hasFiles || name === "edge" ? ["test/stores/artifacts/s3-server.setup.ts"] : []),
      ],
      testTimeout: 60_000,
      isolate: name !== "pure",
    },
  };
}

export default defineConfig({
  test: {
    // Expected log lines would hide unexpected ones, so only the output of failed tests is shown.
    reporters: [["default", { silent: "passed-only" }], ...(RESULTS ? [JSON_RESULTS] : []), new RuntimeLog()],
    // At least two workers: by default Vitest leaves one core free, and many tests wait for other processes.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      inWorkerd("workerd", ["test/**/*.test.ts"], {}),
      inWorkerd("cells", [...CELL_TESTS, ...ONLY_CELLS_TESTS], { TRACKFLARE_CELLS: "1" }),
      inWorkerd("many-cells", MANY_CELLS_TESTS, { TRACKFLARE_CELLS: "4" }),
      inWorkerd("edge", [EDGE_TESTS], {}),
      inWorkerd("pure", PURE_TESTS, {}),
      {
        root: ".",
        test: {
          name: "node",
          include: NODE_FOLDERS,
          globalSetup: "test/bundle-worker.ts",
          env: COMMANDS_OWN_HEAP,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        root: ".",
        test: {
          name: "e2e",
          include: [BROWSER_TESTS],
          globalSetup: "test/e2e/harness/e2e.setup.ts",
          env: COMMANDS_OWN_HEAP,
          testTimeout: 240_000,
          hookTimeout: 300_000,
          // On a slow machine a page and its server need more than the default of one second.
          expect: { poll: { timeout: 45_000 } },
        },
      },
      {
        root: ".",
        test: { name: "ui", include: [UI_TESTS], isolate: false },
      },
    ],
  },
});
