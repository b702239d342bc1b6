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
      // They read pages of searches by slices of all sizes.
      "test/stores/d1/{connection/merged-page,runs/distinct-keys,runs/run-page}.test.ts",
      "test/stores/run/core/**/*.test.ts",
      "test/stores/run/{bound,buckets,history,migrations,points,sample,summaries}.test.ts",
    ],
    // The first takes a minute and measures memory, which no mutant changes. The others take seconds for each mutant.
    testNamePattern: /^(?!.*(10 million|random searches answer|runs inserted between|ordered by long texts))/,
    testTimeout: 60_000,
  },
});
