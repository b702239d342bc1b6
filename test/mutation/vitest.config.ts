import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vitest/config";

const WORKERS = join(import.meta.dirname, "workers.ts");

/** Runs the tests of the pure parts in Node: see {@link WORKERS}. */
export default defineConfig({
  resolve: { alias: { "cloudflare:test": WORKERS, "cloudflare:workers": WORKERS } },
  plugins: [
    {
      name: "sql-as-text",
      enforce: "pre",
      load: (id) => (id.endsWith(".sql") ? `export default ${JSON.stringify(readFileSync(id, "utf8"))};` : undefined),
    },
  ],
  test: {
    include: [
      "test/domain/**/*.test.ts",
      "test/search/**/*.test.ts",
      "test/wire/**/*.test.ts",
      "test/stores/run/core/**/*.test.ts",
      "test/stores/run/{bound,buckets,history,migrations,points,sample,summaries}.test.ts",
    ],
    // This test takes a minute and measures memory, which no mutant changes.
    testNamePattern: /^(?!.*10 million)/,
    testTimeout: 60_000,
  },
});
