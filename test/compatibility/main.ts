import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { merged, readCoverage, readRecordings, writeCoverage } from "./coverage.ts";
import { withTables } from "./tables.ts";

/*
 * `npm run docs:compatibility [-- <folder>]` writes the tables of docs/compatibility.md from the route table, the differential
 * test's list, and the recorded calls of clients. If a folder of recordings is named, the command adds them first. Tests write
 * recordings if COMPATIBILITY_RECORDING=<folder> is in their environment.
 */
const DOCUMENT = join(import.meta.dirname, "../../docs/compatibility.md");

const [folder] = process.argv.slice(2);
if (folder !== undefined) {
  writeCoverage(merged(readCoverage(), readRecordings(folder), new Date().toISOString().slice(0, 10)));
}
writeFileSync(DOCUMENT, withTables(readFileSync(DOCUMENT, "utf8"), readCoverage()));
