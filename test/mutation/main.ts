/*
 * Mutation testing of the code that needs neither workerd nor a socket: `npm run test:mutation -- [part] [file…]`; without a
 * part, all parts. A file may name lines: `src/search/like.ts:10-20`. docs/mutation.md has the results.
 */

import { join } from "node:path";
import process from "node:process";
import { Stryker } from "@stryker-mutator/core";
import { PARTS, type Part } from "./parts.ts";

/** Runs the tests of a part for each change of its files, or of the given ones. Sets the exit code if the score is too low. */
async function run(name: string, { mutate }: Part, files: readonly string[]): Promise<void> {
  const folder = `dist/mutation/${name}`;
  // Stryker's processes inherit it, and runner.ts reads it there.
  process.env.TRACKFLARE_MUTATION_PART = name;
  await new Stryker({
    plugins: [join(import.meta.dirname, "runner.ts")],
    testRunner: "in-process",
    mutate: files.length === 0 ? [...mutate] : [...files],
    ignoreStatic: true,
    incremental: true,
    incrementalFile: `${folder}/incremental.json`,
    tempDirName: `${folder}/tree`,
    ignorePatterns: ["*", "!src/**", "!migrations/**", "!test/**", "!package.json"],
    reporters: ["progress-append-only", "clear-text", "json", "html"],
    jsonReporter: { fileName: `${folder}/report.json` },
    htmlReporter: { fileName: `${folder}/report.html` },
    clearTextReporter: { allowColor: false, allowEmojis: false, reportTests: false, logTests: false },
    concurrency: 2,
    timeoutMS: 10_000,
    timeoutFactor: 0.5,
    thresholds: { high: 90, low: 85, break: 85 },
  }).runMutationTest();
}

const [name, ...files] = process.argv.slice(2);
const names = Object.keys(PARTS);
if (name !== undefined && PARTS[name] === undefined)
  throw new Error(`No part "${name}"; there are ${names.join(", ")}`);
for (const [each, part] of Object.entries(PARTS)) if (each === (name ?? each)) await run(each, part, files);
