import { availableParallelism } from "node:os";
import { cloudflareTest } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";
import { UPLOADS_FOLDER } from "../src/cli/file-service.ts";
import { RuntimeLog } from "./runtime-log.ts";
import { FILES_FOLDER, FILES_SOCKET } from "./stores/artifacts/file-service.setup.ts";

/** Tests that need processes, sockets or Python run in Node; everything else runs in workerd, as the product does. */
const NODE_FOLDERS = [
  "cli",
  "compatibility",
  "conformance",
  "differential",
  "faults",
  "sockets",
  "stores/run/core",
].map((folder) => `test/${folder}/**/*.test.ts`);

/** A real browser before a started server. */
const BROWSER_TESTS = "test/e2e/**/*.test.ts";

/** The UI's pure parts, which need neither a browser nor the Worker. */
const UI_TESTS = "test/ui/**/*.test.ts";

/** What the edge asks of D1 and of objects, counted by a Worker around the product's. */
const EDGE_TESTS = "test/edge/**/*.test.ts";

/** Where `npm test` wants the counts to be. */
const RESULTS = process.env.TRACKFLARE_TEST_RESULTS;

const JSON_RESULTS: ["json", { outputFile: string }] = ["json", { outputFile: RESULTS ?? "" }];

/** What is promised of runs' histories, for runs that share an object: all of them are in one cell. */
const CELL_TESTS = [
  "test/stores/run/durable-object*.test.ts",
  "test/stores/run/first-values.test.ts",
  "test/stores/d1/runs/run-document.test.ts",
  "test/services/metrics/first-points.test.ts",
  "test/services/experiments/experiment-stage.test.ts",
  "test/services/runs/{log-batch,round-trips}.test.ts",
  "test/services/trash/purge.test.ts",
  "test/routes/{import,metrics}.test.ts",
  "test/routes/ui/{live,series,group-series}.test.ts",
];

/** What only cells have. */
const ONLY_CELLS_TESTS = ["test/services/metrics/{full-cell,live-from-birth}.test.ts"];

/** The same for runs that are spread over several cells. */
const MANY_CELLS_TESTS = [
  "test/stores/run/durable-object.test.ts",
  "test/services/experiments/experiment-stage.test.ts",
  "test/routes/{import,metrics}.test.ts",
  "test/routes/ui/group-series.test.ts",
];

function inWorkerd(name: string, include: string[], vars: Record<string, string>) {
  // One service for one project; no test of cells stores artifacts.
  const hasFiles = name === "workerd";
  return {
    root: ".",
    plugins: [
      cloudflareTest({
        wrangler: { configPath: "./wrangler.toml" },
        ...(name === "edge" && { main: "./test/edge/counted-worker.ts" }),
        miniflare: {
          bindings: { TRACKFLARE_LOCAL: "1", ...vars },
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
        ...(name === "cells" ? [] : ONLY_CELLS_TESTS),
      ],
      globalSetup: hasFiles
        ? ["test/stores/artifacts/file-service.setup.ts", "test/stores/artifacts/s3-server.setup.ts"]
        : [],
      testTimeout: 60_000,
    },
  };
}

export default defineConfig({
  test: {
    // What is expected to be logged hides what is not: shown is what tests that fail have logged.
    reporters: [["default", { silent: "passed-only" }], ...(RESULTS ? [JSON_RESULTS] : []), new RuntimeLog()],
    // Vitest leaves one core free, which is half of a machine of two; much of what is tested waits for others.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      inWorkerd("workerd", ["test/**/*.test.ts"], {}),
      inWorkerd("cells", [...CELL_TESTS, ...ONLY_CELLS_TESTS], { TRACKFLARE_CELLS: "1" }),
      inWorkerd("many-cells", MANY_CELLS_TESTS, { TRACKFLARE_CELLS: "4" }),
      inWorkerd("edge", [EDGE_TESTS], {}),
      {
        root: ".",
        test: {
          name: "node",
          include: NODE_FOLDERS,
          globalSetup: "test/bundle-worker.ts",
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
          testTimeout: 240_000,
          hookTimeout: 300_000,
          // A page and its server on a slow machine take longer than the second that is the default.
          expect: { poll: { timeout: 45_000 } },
        },
      },
      {
        root: ".",
        test: { name: "ui", include: [UI_TESTS] },
      },
    ],
  },
});
