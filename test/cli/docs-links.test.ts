import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../../src/cli/source-build.ts";

/** GitHub's names of headings: small letters, no punctuation, a hyphen for each space. */
function anchorsOf(markdown: string): Set<string> {
  const seen = new Map<string, number>();
  const headings = withoutCode(markdown).matchAll(/^#+ (.+)$/gm);
  return new Set(
    Array.from(headings, ([, heading]) => {
      const plain = heading!
        .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "");
      const anchor = plain.trim().replaceAll(" ", "-");
      const count = seen.get(anchor) ?? 0;
      seen.set(anchor, count + 1);
      return count === 0 ? anchor : `${anchor}-${count}`;
    }),
  );
}

function withoutCode(markdown: string): string {
  return markdown.replaceAll(/^```[\s\S]*?^```/gm, "").replaceAll(/`[^`\n]*`/g, "");
}

const pages = globSync(["*.md", "docs/**/*.md", ".github/**/*.md"], { cwd: ROOT });

test("each link of the docs leads to a file that is there, and to a heading of it", () => {
  expect(pages.length).toBeGreaterThan(10);
  const broken: string[] = [];
  for (const page of pages) {
    const text = readFileSync(join(ROOT, page), "utf8");
    const links = Array.from(
      withoutCode(text).matchAll(/\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"/g),
      (match) => match[1] ?? match[2]!,
    );
    for (const link of links) {
      if (/^[a-z]+:/.test(link)) continue;
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? join(ROOT, page) : join(ROOT, dirname(page), decodeURIComponent(path));
      const isThere = existsSync(target) && !relative(ROOT, target).startsWith("..");
      const isMarkdown = isThere && statSync(target).isFile() && target.endsWith(".md");
      const hasAnchor = anchor === undefined || !isMarkdown || anchorsOf(readFileSync(target, "utf8")).has(anchor);
      if (!isThere || !hasAnchor) broken.push(`${page}: ${link}`);
    }
  }
  expect(broken).toEqual([]);
});
