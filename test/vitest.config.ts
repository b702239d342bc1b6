import { cloudflareTest } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";

/** Tests that need processes, sockets or Python run in Node; everything else runs in workerd, as the product does. */
const NODE_FOLDERS = ["cli", "conformance", "faults", "wire"].map((folder) => `test/${folder}/**/*.test.ts`);

export default defineConfig({
  test: {
    projects: [
      {
        root: ".",
        plugins: [cloudflareTest({ wrangler: { configPath: "./wrangler.toml" } })],
        test: { name: "workerd", include: ["test/**/*.test.ts"], exclude: NODE_FOLDERS },
      },
      {
        root: ".",
        test: { name: "node", include: NODE_FOLDERS, testTimeout: 120_000, hookTimeout: 300_000 },
      },
    ],
  },
});
