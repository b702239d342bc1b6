import { expect, test } from "vitest";
import type { OrderColumn } from "../../src/search/order.ts";
import { pageToken, parsePageToken, queryFingerprint } from "../../src/search/page-token.ts";

const COLUMNS: readonly OrderColumn[] = [
  { sql: "a", type: "number", ascending: true, nullable: true },
  { sql: "b", type: "integer", ascending: false, nullable: true },
  { sql: "c", type: "text", ascending: true, nullable: false },
];
const MALFORMED = "Invalid page token.";
const QUERY = queryFingerprint(["runs", ["1"], "", [], "ALL"]);

test.each([
  [0.1, "9223372036854775807", "zürich 🙂"],
  [5e-324, "-9223372036854775808", ""],
  [null, null, "\0'\"\\"],
])("a position survives exactly: %j %j %j", (...position) => {
  expect(parsePageToken(pageToken(QUERY, position), QUERY, COLUMNS)).toEqual(position);
});

test("a token of another query is refused", () => {
  const token = pageToken(queryFingerprint(["runs", ["2"], "", [], "ALL"]), [1, "1", "x"]);
  expect(() => parsePageToken(token, QUERY, COLUMNS)).toThrow(/another search/);
});

test("a token is short if its position is", () => {
  expect(pageToken(QUERY, []).length).toBeLessThan(30);
});

const VALID = pageToken(QUERY, [1, "1", "x"]);

test.each([
  "x",
  "!!!",
  ` ${VALID}`,
  `${VALID}=`,
  "A".repeat(300_000),
  // Room for ten of the longest texts.
  pageToken(QUERY, [1, "1", "x".repeat(500_000)]),
])("what is no token is refused: %.40s", (token) => {
  expect(() => parsePageToken(token, QUERY, COLUMNS)).toThrow(expect.objectContaining({ message: MALFORMED }));
});

test("the longest token has 650,000 characters", () => {
  const around = JSON.stringify([QUERY, 1, "1", ""]).length;
  const ofBytes = (bytes: number) => pageToken(QUERY, [1, "1", "x".repeat(bytes - around)]);
  expect(ofBytes(487_500)).toHaveLength(650_000);
  expect(parsePageToken(ofBytes(487_500), QUERY, COLUMNS)[0]).toBe(1);
  expect(() => parsePageToken(ofBytes(487_501), QUERY, COLUMNS)).toThrow(MALFORMED);
});

test.each([
  "eyJvZmZzZXQiOiAxMDB9",
  pageToken(QUERY, []),
  pageToken(QUERY, ["1", "1", "x"]),
  pageToken(QUERY, [1, "1; DROP TABLE runs", "x"]),
  pageToken(QUERY, [1, "x1", "x"]),
  pageToken(QUERY, [1, 5, "x"]),
  pageToken(QUERY, [1, "1", null]),
  pageToken(QUERY, [1, "1", "x", "y"]),
])("a token with another content is refused: %.40s", (token) => {
  expect(() => parsePageToken(token, QUERY, COLUMNS)).toThrow(
    expect.objectContaining({ code: "INVALID_PARAMETER_VALUE" }),
  );
});
