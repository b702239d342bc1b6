import { describe, expect, test } from "vitest";
import { commitUrl, diffUrl } from "../../../ui/src/parts/git-links.ts";

describe("a commit's address", () => {
  const commit = "0123456789abcdef0123456789abcdef01234567";
  test.each([
    ["https://github.com/a/b.git", `https://github.com/a/b/commit/${commit}`],
    ["git@gitlab.com:a/b/c.git", `https://gitlab.com/a/b/c/commit/${commit}`],
    ["ssh://git@bitbucket.org/a/b", `https://bitbucket.org/a/b/commits/${commit}`],
  ])("%s", (repository, url) => {
    expect(commitUrl(repository, commit)).toBe(url);
  });

  test.each([
    ["https://github.com.evil.example/a/b", commit],
    ["javascript:alert(1)//github.com/a/b", commit],
    ["https://user:password@github.com/a/b", commit],
    ["/home/me/repository", commit],
    ["https://github.com/a/b", "../../settings"],
    [undefined, commit],
  ])("there is none for %s at %s", (repository, asked) => {
    expect(commitUrl(repository, asked)).toBeUndefined();
  });
});

describe("the address of what changed between two commits", () => {
  const [from, to] = ["0123456789abcdef", "fedcba9876543210"];
  test.each([
    ["https://github.com/a/b.git", `https://github.com/a/b/compare/${from}...${to}`],
    ["git@gitlab.com:a/b/c.git", `https://gitlab.com/a/b/c/-/compare/${from}...${to}`],
    ["ssh://git@bitbucket.org/a/b", `https://bitbucket.org/a/b/branches/compare/${to}%0D${from}`],
  ])("%s", (repository, url) => {
    expect(diffUrl(repository, from, to)).toBe(url);
  });

  test.each([
    ["https://github.com/a/b", from],
    ["https://git.example/a/b", to],
    ["https://github.com/a/b", "../../settings"],
  ])("there is none for %s at %s", (repository, asked) => {
    expect(diffUrl(repository, from, asked)).toBeUndefined();
  });
});
