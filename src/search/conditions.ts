import type { Comparison, Condition, Field, TextComparator } from "./ast.ts";
import type { Binder } from "./binder.ts";
import { asciiLower, type LikeTest, likeMatcher, planLike } from "./like.ts";
import type { Residue } from "./plan.ts";

/** Where the values of a search's fields are, for one statement. */
export interface FieldSource {
  /** An SQL expression, for fields that are a column (NULL where absent). */
  readonly column: (field: Field) => string | undefined;
  /**
   * For fields kept in rows of their own: a FROM clause with WHERE that leads to the field's one row, or to several
   * for a dataset; `value` is the column to test.
   */
  readonly rows: (field: Field, binder: Binder) => { readonly from: string; readonly value: string };
}

/** The comparisons that must all hold. */
export function conjuncts(condition: Condition): Comparison[] {
  return condition.kind === "and" ? condition.conditions.flatMap(conjuncts) : [condition];
}

/**
 * The SQL of one comparison. Fields without a value satisfy none but IS NULL, also not `!=` (MLflow joins inwardly).
 * A LIKE that tests of places cannot express is narrowed down only: see `residueOf`.
 */
export function comparisonSql(comparison: Comparison, source: FieldSource, binder: Binder): string {
  const { field } = comparison;
  const column = source.column(field);
  if (column !== undefined) return `(${predicate(comparison, column, binder)})`;
  const { from, value } = source.rows(field, binder);
  if (comparison.kind === "presence") return `(SELECT 1 FROM ${from}) IS ${comparison.present ? "NOT NULL" : "NULL"}`;
  if (field.entity === "metric" && comparison.kind === "number") {
    // MLflow: NaN, stored as 0 with a flag, satisfies `!=` only.
    const number = predicate(comparison, value, binder);
    return `(SELECT ${comparison.comparator === "!=" ? `is_nan OR ${number}` : `NOT is_nan AND ${number}`} FROM ${from})`;
  }
  return `EXISTS (SELECT 1 FROM ${from} AND ${predicate(comparison, value, binder)})`;
}

/**
 * What SQL leaves open of a comparison: the column that holds the values, as a JSON list, and the test of one. Right
 * only where the comparison must hold, as it does in a conjunction.
 */
export function residueOf(
  comparison: Comparison,
): { readonly residue: Residue; readonly sql: (source: FieldSource, binder: Binder) => string } | undefined {
  if (comparison.kind !== "text") return undefined;
  const { field, comparator } = comparison;
  if ((comparator !== "LIKE" && comparator !== "ILIKE") || planLike(comparison.value).exact) return undefined;
  const normalize = comparator === "ILIKE" ? asciiLower : (text: string) => text;
  const matches = likeMatcher(normalize(comparison.value));
  return {
    residue: { matches: (values) => (JSON.parse(values) as string[]).some((value) => matches(normalize(value))) },
    sql: (source, binder) => {
      const column = source.column(field);
      if (column !== undefined) return `json_array(${column})`;
      const { from, value } = source.rows(field, binder);
      return `(SELECT json_group_array(${value}) FROM ${from})`;
    },
  };
}

/** The test of one value, an SQL expression. */
export function predicate(comparison: Comparison, value: string, binder: Binder): string {
  switch (comparison.kind) {
    case "number":
      return `${value} ${comparison.comparator} ${binder.number(comparison.value)}`;
    case "text":
      return textPredicate(value, comparison.comparator, comparison.value, binder);
    case "list":
      return `${value} ${comparison.negated ? "NOT IN" : "IN"} (SELECT value FROM ${binder.list(comparison.values)})`;
    case "presence":
      return `${value} IS ${comparison.present ? "NOT NULL" : "NULL"}`;
  }
}

function textPredicate(value: string, comparator: TextComparator, wanted: string, binder: Binder): string {
  if (comparator === "=" || comparator === "!=") return `${value} ${comparator} ${binder.bind(wanted)}`;
  const ignoreCase = comparator === "ILIKE";
  const text = ignoreCase ? `lower(${value})` : value;
  const { tests } = planLike(ignoreCase ? asciiLower(wanted) : wanted);
  return tests.length === 0 ? `${value} IS NOT NULL` : tests.map((test) => likeTest(test, text, binder)).join(" AND ");
}

function likeTest(test: LikeTest, text: string, binder: Binder): string {
  switch (test.kind) {
    case "length":
      return "exactly" in test ? `length(${text}) = ${test.exactly}` : `length(${text}) >= ${test.atLeast}`;
    case "substring":
      return `substr(${text}, ${test.at < 0 ? test.at : test.at + 1}, ${test.length}) = ${binder.bind(test.text)}`;
    case "contains": {
      const { skipStart, skipEnd } = test;
      const inside =
        skipStart + skipEnd === 0
          ? text
          : `substr(${text}, ${skipStart + 1}, length(${text}) - ${skipStart + skipEnd})`;
      return `instr(${inside}, ${binder.bind(test.text)}) > 0`;
    }
  }
}
