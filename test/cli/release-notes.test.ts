import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ROOT } from "../../src/cli/source-build.ts";

const folder = mkdtempSync(join(tmpdir(), "trackflare-notes-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SCRIPT = join(ROOT, "scripts/release-notes.mjs");
const changelog = join(folder, "CHANGELOG.md");
writeFileSync(
  changelog,
  "# Changelog\n\n## Unreleased\n\n- Not yet.\n\n## 1.2.10 (2026-12-01)\n\n- Later.\n\n## 1.2.1\n\n- One.\n- `## no heading`\n\n### Below\n\n- Two.\n\n## 1.2.0\n\n- Before.\n",
);

test("a release's notes are the changelog's section on its version, and nothing else", () => {
  const notes = (version: string) => execFileSync(process.execPath, [SCRIPT, version, changelog], { encoding: "utf8" });
  expect(notes("1.2.1")).toBe("- One.\n- `## no heading`\n\n### Below\n\n- Two.\n");
  expect(notes("1.2.10")).toBe("- Later.\n");
});

test("a version without a section is no release", () => {
  for (const version of ["1.2", "1.2.2", ""]) {
    const { status, stderr } = spawnSync(process.execPath, [SCRIPT, version, changelog], { encoding: "utf8" });
    expect(status, version).toBe(1);
    expect(stderr).toContain("no section");
  }
});

test("the repository's changelog begins with what is not released, or with the package's version", () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
  const [, first] = /^## (\S+)/m.exec(readFileSync(join(ROOT, "CHANGELOG.md"), "utf8"))!;
  expect(["Unreleased", version]).toContain(first);
});
