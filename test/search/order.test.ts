import { env } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { Binder } from "../../src/search/binder.ts";
import { all, any } from "../../src/search/connect.ts";
import { type OrderColumn, orderBy, type Position, rowsAfter, selectColumn } from "../../src/search/order.ts";

/* Rows in an order, read one by one: each begins after the position of the row before. */

const ID: OrderColumn = { sql: "id", type: "text", ascending: true, nullable: false };

/** The ids of rows `(a, id)` in the order of `a`, then of the id. The values of `a` are SQL. */
async function walk(a: Omit<OrderColumn, "sql">, values: readonly string[]): Promise<string> {
  const columns = [{ ...a, sql: "a" }, ID];
  const rows = values.map((value, index) => `(${value}, '${String.fromCharCode(97 + index)}')`).join(", ");
  const found: string[] = [];
  for (let after: Position | undefined; ; ) {
    const binder = new Binder();
    const where = after === undefined ? ["TRUE"] : rowsAfter(columns, after, binder);
    const select = columns.map((column, index) => `${selectColumn(column)} AS c${index}`).join(", ");
    const sql = `WITH t (a, id) AS (VALUES ${rows}) SELECT ${select} FROM t WHERE ${where.join(" AND ")} ${orderBy(columns)} LIMIT 1`;
    const row = await env.DB.prepare(sql)
      .bind(...binder.values())
      .first<{ c0: string | number | null; c1: string }>();
    if (row === null) return found.join("");
    found.push(row.c1);
    after = [row.c0, row.c1];
  }
}

describe("rows are read in their order, each once", () => {
  const INTEGERS = ["2", "-9223372036854775808", "9223372036854775807", "10", "9223372036854775806", "2"];
  test.each<[what: string, column: Omit<OrderColumn, "sql">, values: readonly string[], ids: string]>([
    ["integers", { type: "integer", ascending: true, nullable: false }, INTEGERS, "bafdec"],
    ["integers, descending", { type: "integer", ascending: false, nullable: false }, INTEGERS, "cedafb"],
    ["integers or nothing", { type: "integer", ascending: true, nullable: true }, ["NULL", "3", "NULL", "-3"], "dbac"],
    [
      "the same, descending",
      { type: "integer", ascending: false, nullable: true },
      ["NULL", "3", "NULL", "-3"],
      "bdac",
    ],
    ["numbers", { type: "number", ascending: true, nullable: false }, ["0.1", "-5e-324", "1e300", "0.1"], "badc"],
    ["numbers or nothing", { type: "number", ascending: false, nullable: true }, ["NULL", "0.5", "1.5"], "cba"],
    ["texts", { type: "text", ascending: true, nullable: false }, ["'b'", "'B'", "''", "'10'", "'9'"], "cdeba"],
    ["texts or nothing", { type: "text", ascending: true, nullable: true }, ["NULL", "'b'", "''"], "cba"],
  ])("%s", async (_what, column, values, ids) => {
    expect(await walk(column, values)).toBe(ids);
  });
});

test("a number beyond all doubles is a bound too", () => {
  const column: OrderColumn = { sql: "a", type: "number", ascending: true, nullable: false };
  expect(rowsAfter([column], [Number.POSITIVE_INFINITY], new Binder()).join()).toContain("a >= 9e999");
});

test("no row comes after a row if all have the same values", () => {
  expect(rowsAfter([{ ...ID, constant: true }], ["x"], new Binder())).toEqual(["0"]);
});

describe("conditions are connected", () => {
  const isTrue = async (condition: string) =>
    (await env.DB.prepare(`SELECT (${condition}) IS TRUE AS is_true`).first<{ is_true: number }>())?.is_true === 1;

  test("none of none holds, all of none do", async () => {
    expect([await isTrue(any([])), await isTrue(all([]))]).toEqual([false, true]);
  });

  test("two thousand are not too deep for SQLite", async () => {
    const many = Array.from({ length: 2000 }, (_, index) => `(${index} > 1998)`);
    expect([await isTrue(any(many)), await isTrue(all(many))]).toEqual([true, false]);
  });
});
