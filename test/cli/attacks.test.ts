import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../../src/cli/source-build.ts";

/** The tests that docs/attacks.md names: each file with the titles after it. */
function namedTests(): { file: string; title: string }[] {
  const page = readFileSync(join(ROOT, "docs/attacks.md"), "utf8");
  return [...page.matchAll(/`(test\/[\w/.-]+\.test\.ts)`: ((?:"[^"]+"(?:; )?)+)/g)].flatMap(
    ([, file = "", titles = ""]) => [...titles.matchAll(/"([^"]+)"/g)].map(([, title = ""]) => ({ file, title })),
  );
}

test("each test that the page of attacks names is there", () => {
  const named = namedTests();
  expect(named.length).toBeGreaterThan(30);
  const missing = named.filter(({ file, title }) => !readFileSync(join(ROOT, file), "utf8").includes(`"${title}"`));
  expect(missing).toEqual([]);
});

test("each attack of the page names a test", () => {
  const rows = readFileSync(join(ROOT, "docs/attacks.md"), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("| attack"));
  for (const row of rows) expect(row).toMatch(/`test\/[\w/.-]+\.test\.ts`: "/);
});
