import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const PAGES = globSync(["*.md", "docs/*.md", "bench/*.md", ".github/**/*.md"], { cwd: ROOT });

/** As GitHub names the headings of a page. */
function anchorsOf(page: string): Set<string> {
  const headings = readFileSync(page, "utf8").matchAll(/^#+ (.+)$/gm);
  return new Set(
    Array.from(headings, ([, text]) =>
      text!
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

/** The links of a page to files of the repository. */
function linksOf(page: string): string[] {
  const text = readFileSync(join(ROOT, page), "utf8").replace(/```[\s\S]*?```/g, "");
  return Array.from(text.matchAll(/\]\(([^)\s]+)\)/g), ([, link]) => link!).filter((link) => !/^\w+:/.test(link));
}

test.each(PAGES)("the links of %s lead to a file, and to a heading where they name one", (page) => {
  const broken = linksOf(page).filter((link) => {
    const [file = "", anchor] = link.split("#");
    const target = file === "" ? join(ROOT, page) : join(ROOT, dirname(page), file);
    return !existsSync(target) || (anchor !== undefined && !anchorsOf(target).has(anchor));
  });
  expect(broken).toEqual([]);
});

test("the pages are found, and docs/README.md leads to each of docs/", () => {
  expect(PAGES).toEqual(expect.arrayContaining(["README.md", "docs/README.md", "CONTRIBUTING.md"]));
  const linked = new Set(linksOf("docs/README.md").map((link) => link.split("#")[0]));
  const missing = globSync("*.md", { cwd: join(ROOT, "docs") }).filter(
    (page) => page !== "README.md" && !linked.has(page),
  );
  expect(missing).toEqual([]);
});
