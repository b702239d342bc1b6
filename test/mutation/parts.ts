/** A part of the code, and the tests that say what it does. */
export interface Part {
  readonly mutate: readonly string[];
  /** Tests that run in Node and take milliseconds, since each change repeats those that reach it. */
  readonly tests: readonly string[];
}

const FORMATS =
  "src/stores/run/{block,buckets,chart-series,double-column,frame,int64-column,points,same-x,sample,series,step-ranks,summaries,summary-rows}.ts";

const HISTORY =
  "src/stores/run/{bound,group,history,journal-ids,keys,merge,migrations,segment-writer,segments,tables}.ts";

/** The parts by the names that `npm run test:mutation` takes. Together they are all code that needs neither workerd nor a socket. */
export const PARTS: Readonly<Record<string, Part>> = {
  search: {
    mutate: ["src/search/**/*.ts"],
    tests: [
      "test/search/**/*.test.ts",
      "test/stores/d1/{connection/merged-page,runs/distinct-keys,runs/run-page}.test.ts",
    ],
  },
  domain: {
    mutate: ["src/domain/**/*.ts"],
    tests: ["test/domain/**/*.test.ts", "test/wire/**/*.test.ts"],
  },
  wire: {
    // Tests of sockets hold the others.
    mutate: ["src/wire/**/*.ts", "!src/wire/{artifact-listing,artifact-response,zip}.ts"],
    tests: ["test/wire/**/*.test.ts", "test/domain/**/*.test.ts"],
  },
  formats: {
    mutate: [FORMATS],
    tests: [
      "test/stores/run/core/{blocks,news}.test.ts",
      "test/stores/run/{buckets,points,same-x,sample,series,summaries,summary-rows}.test.ts",
    ],
  },
  history: {
    mutate: [HISTORY],
    tests: [
      "test/stores/run/{bound,history,migrations}.test.ts",
      "test/stores/run/core/{group,journal,keys,merge,removal,segments}.test.ts",
    ],
  },
  run: {
    mutate: [
      "src/stores/run/*.ts",
      ...[FORMATS, HISTORY, "src/stores/run/{d1-history,durable-object,latest-port,stub}.ts"].map(
        (files) => `!${files}`,
      ),
    ],
    // The others take seconds.
    tests: [
      "test/stores/run/core/!(block-size|blocks|group|keys|large-runs|merge|opening|sample-memory|segments).test.ts",
    ],
  },
};
