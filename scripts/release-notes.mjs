// Prints the section of CHANGELOG.md on the version that is the first argument, such as 1.2.3: the notes of its release.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

const version = process.argv[2];
const changelog = process.argv[3] ?? join(import.meta.dirname, "../CHANGELOG.md");
const sections = readFileSync(changelog, "utf8").split(/^## /m).slice(1);
const section = sections.find((text) => text.split("\n", 1)[0].split(" ")[0] === version);
const notes = section?.slice(section.indexOf("\n")).trim();
if (notes) {
  console.log(notes);
} else {
  console.error(`CHANGELOG.md has no section "## ${version}": name what the version brings before you tag it.`);
  process.exitCode = 1;
}
