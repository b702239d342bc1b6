import { env } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { Binder } from "../../src/search/binder.ts";
import { predicate, residueOf } from "../../src/search/conditions.ts";
import { RUN_GRAMMAR } from "../../src/search/grammar.ts";
import { likeMatcher, planLike } from "../../src/search/like.ts";
import { parseFilter } from "../../src/search/parser.ts";

/** All texts over some letters of at most `length` letters. */
function allTexts(letters: readonly string[], length: number): string[] {
  return length === 0
    ? [""]
    : ["", ...allTexts(letters, length - 1).flatMap((text) => letters.map((one) => one + text))];
}

test("SQL says of a text that it is like a pattern whenever it is, and only then if SQL decides the pattern", async () => {
  const texts = [...new Set(allTexts(["a", "b"], 5))];
  const patterns = [...new Set(allTexts(["a", "b", "%", "_"], 4)), "ab%b%a", "a%b%ba", "aba%ab", "a_a%a", "b%_a_%b"];
  const wrong: string[] = [];
  for (let index = 0; index < patterns.length; index += 60) {
    const slice = patterns.slice(index, index + 60);
    const binder = new Binder();
    const tests = slice.map((value) => {
      const field = { entity: "tag", key: "t" } as const;
      return `(${predicate({ kind: "text", field, comparator: "LIKE", value }, "t.value", binder)})`;
    });
    const { results } = await env.DB.prepare(
      `SELECT t.value, json_array(${tests.join(", ")}) AS said FROM ${binder.list(texts)} t`,
    )
      .bind(...binder.values())
      .all<{ value: string; said: string }>();
    const answers = new Map(results.map(({ value, said }) => [value, JSON.parse(said) as number[]]));
    for (const [place, pattern] of slice.entries()) {
      const naive = new RegExp(`^${pattern.replaceAll("%", ".*").replaceAll("_", ".")}$`);
      const [matches, { exact }] = [likeMatcher(pattern), planLike(pattern)];
      for (const text of texts) {
        const [isLike, isSaid] = [naive.test(text), answers.get(text)?.[place] === 1];
        const isRight = matches(text) === isLike && (isSaid === isLike || (isSaid && !exact));
        if (!isRight) wrong.push(`${text} LIKE ${pattern}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});

describe("what SQL only narrows down", () => {
  const residue = (filter: string) => residueOf(parseFilter(filter, RUN_GRAMMAR))?.residue;
  const LIKE = "tags.t LIKE '%a%b%'";

  test.each<[filter: string, values: (string | number)[], holds: boolean]>([
    [LIKE, ['["xaxb"]'], true],
    [LIKE, ['["xaxB"]'], false],
    ["tags.t ILIKE '%A%b%'", ['["xaxB"]'], true],
    [LIKE, ["[]"], false],
    [LIKE, ["[null]"], false],
    [LIKE, ['["x","ab"]'], true],
    [`NOT ${LIKE}`, ['["ab"]'], false],
    [`NOT ${LIKE}`, ['["x"]'], true],
    [`${LIKE} AND params.p = 'x'`, ['["ab"]', 1], true],
    [`${LIKE} AND params.p = 'x'`, ['["ab"]', 0], false],
    [`${LIKE} AND params.p = 'x'`, ['["x"]', 1], false],
    [`${LIKE} OR params.p = 'x'`, ['["x"]', 1], true],
    [`${LIKE} OR params.p = 'x'`, ['["x"]', 0], false],
    [`(${LIKE} OR params.p = 'x') AND NOT params.q = 'y'`, ['["ab"]', 0, 1], false],
  ])("%s with %j: %s", (filter, values, holds) => {
    expect(residue(filter)?.width).toBe(values.length);
    expect(residue(filter)?.matches(values)).toBe(holds);
  });

  test.each(["", "params.p = 'x'", "tags.t LIKE '%a%'", "tags.t LIKE 'a_b' OR NOT tags.t IS NULL"])(
    "is nothing of %j",
    (filter) => {
      expect(residue(filter)).toBeUndefined();
    },
  );
});
