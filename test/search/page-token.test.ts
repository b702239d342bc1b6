import { expect, test } from "vitest";
import type { OrderColumn } from "../../src/search/order.ts";
import { pageToken, parsePageToken, queryFingerprint } from "../../src/search/page-token.ts";

const COLUMNS: readonly OrderColumn[] = [
  { sql: "a", type: "number", ascending: true, nullable: true },
  { sql: "b", type: "integer", ascending: false, nullable: true },
  { sql: "c", type: "text", ascending: true, nullable: false },
];
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

test.each([
  "x",
  "!!!",
  "eyJvZmZzZXQiOiAxMDB9",
  "A".repeat(300_000),
  pageToken(QUERY, []),
  pageToken(QUERY, ["1", "1", "x"]),
  pageToken(QUERY, [1, "1; DROP TABLE runs", "x"]),
  pageToken(QUERY, [1, 5, "x"]),
  pageToken(QUERY, [1, "1", null]),
  pageToken(QUERY, [1, "1", "x", "y"]),
])("garbage is refused: %.40s", (token) => {
  expect(() => parsePageToken(token, QUERY, COLUMNS)).toThrow(
    expect.objectContaining({ code: "INVALID_PARAMETER_VALUE" }),
  );
});
