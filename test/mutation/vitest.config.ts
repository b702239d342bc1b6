import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { PARTS } from "./parts.ts";

const WORKERS = join(import.meta.dirname, "workers.ts");

const part = PARTS[process.env.TRACKFLARE_MUTATION_PART ?? ""];
if (part === undefined) throw new Error("TRACKFLARE_MUTATION_PART names no part");

/** Vitest begins with the slowest files. A change needs no further test after the first that fails, so the fastest begin here. */
class FastestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).reverse();
  }
}

/** Runs the tests of a part in Node: see {@link WORKERS}. */
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
    include: [...part.tests],
    isolate: false,
    sequence: { sequencer: FastestFirst },
    setupFiles: [join(import.meta.dirname, "fresh-database.ts")],
    testTimeout: 60_000,
  },
});
