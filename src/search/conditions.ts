import {
  type Comparison,
  type Condition,
  comparisonsOf,
  type Field,
  holds,
  isComparison,
  type PresenceComparison,
  type TextComparator,
  type TextComparison,
} from "./ast.ts";
import type { Binder } from "./binder.ts";
import { all, any } from "./connect.ts";
import { asciiLower, type LikeTest, likeMatcher, planLike } from "./like.ts";

/** Where one statement finds the values of a search's fields. */
export interface FieldSource {
  /** An SQL expression, for fields that are a column (NULL if absent). */
  readonly column: (field: Field) => string | undefined;
  /**
   * For fields stored in rows of their own: a FROM clause with WHERE that finds the field's one row, or several rows, any
   * of which may satisfy a comparison.
   */
  readonly rows: (field: Field, binder: Binder) => FieldRows;
}

export interface FieldRows {
  readonly from: string;
  /** The column to test. */
  readonly value: string;
  /** The column that is 1 if the value is NaN, for fields that may be NaN. */
  readonly isNan?: string | undefined;
}

/** The conditions that must all hold. None of them is an AND. */
export function conjuncts(condition: Condition): Exclude<Condition, { kind: "and" }>[] {
  return condition.kind === "and" ? condition.conditions.flatMap(conjuncts) : [condition];
}

/** A comparison with a value or several. */
export type ValueComparison = Exclude<Comparison, PresenceComparison>;

/** Whether the condition holds only for things whose attribute equals a value, or one of a list. */
export function isEquality(condition: Condition, attribute: string): condition is ValueComparison {
  if (!isComparison(condition)) return false;
  const { field } = condition;
  if (field.entity !== "attribute" || field.key !== attribute) return false;
  if (condition.kind === "list") return !condition.negated;
  return condition.kind !== "presence" && condition.comparator === "=";
}

/** The values of such a comparison, as texts. */
export function equalTo(comparison: ValueComparison): readonly string[] {
  return comparison.kind === "list" ? comparison.values.map(String) : [String(comparison.value)];
}

/** SQL that is true whenever `condition` is. Without a residue it is true only then: see `residueOf`. */
export function conditionSql(condition: Condition, source: FieldSource, binder: Binder): string {
  switch (condition.kind) {
    case "and":
    case "or": {
      const parts = condition.conditions.map((one) => conditionSql(one, source, binder));
      return `(${condition.kind === "and" ? all(parts) : any(parts)})`;
    }
    case "not":
      // SQL that only narrows a comparison down cannot be negated.
      return isNarrowed(condition.comparison)
        ? "1"
        : `(${comparisonSql(condition.comparison, source, binder)}) IS NOT TRUE`;
    default:
      return comparisonSql(condition, source, binder);
  }
}

/**
 * The SQL of one comparison. A field without a value satisfies only IS NULL, and not even `!=` (MLflow uses an inner join).
 * A LIKE that tests of positions cannot express exactly is only narrowed down.
 */
function comparisonSql(comparison: Comparison, source: FieldSource, binder: Binder): string {
  const { field } = comparison;
  if (comparison.kind === "presence") {
    return `(SELECT 1 FROM ${source.rows(field, binder).from}) IS ${comparison.present ? "NOT NULL" : "NULL"}`;
  }
  const column = source.column(field);
  if (column !== undefined) return `(${predicate(comparison, column, binder)})`;
  const { from, value, isNan } = source.rows(field, binder);
  if (isNan !== undefined && comparison.kind === "number") {
    // As in MLflow, NaN, stored as 0 with a flag, satisfies `!=` only.
    const number = predicate(comparison, value, binder);
    return `EXISTS (SELECT 1 FROM ${from} AND ${comparison.comparator === "!=" ? `(${isNan} OR ${number})` : `NOT ${isNan} AND ${number}`})`;
  }
  return `EXISTS (SELECT 1 FROM ${from} AND ${predicate(comparison, value, binder)})`;
}

/** A condition that SQL only narrows down. The next `width` columns of a row decide whether it holds. */
export interface Residue {
  readonly width: number;
  readonly matches: (values: readonly (string | number | null)[]) => boolean;
}

/** A residue, and the columns to select for it. */
export interface ConditionResidue {
  readonly residue: Residue;
  /** How many of the residue's columns carry texts. */
  readonly texts: number;
  /** One SQL expression for each column of the residue. */
  readonly columns: (source: FieldSource, binder: Binder) => string[];
}

/**
 * The part of a condition that SQL cannot decide. Its columns are the truth of each comparison, or, if SQL cannot decide a
 * comparison, the field's values as a JSON list. Undefined if SQL decides the whole condition.
 */
export function residueOf(condition: Condition): ConditionResidue | undefined {
  const comparisons = comparisonsOf(condition);
  const texts = comparisons.filter(isNarrowed).length;
  if (texts === 0) return undefined;
  const tests = comparisons.map((comparison) =>
    isNarrowed(comparison) ? valuesTest(comparison) : (value: unknown) => value === 1,
  );
  return {
    texts,
    residue: {
      width: comparisons.length,
      matches: (values) => holds(condition, new Set(comparisons.filter((_, index) => tests[index]!(values[index])))),
    },
    columns: (source, binder) =>
      comparisons.map((comparison) =>
        isNarrowed(comparison)
          ? valuesSql(comparison.field, source, binder)
          : `(${comparisonSql(comparison, source, binder)})`,
      ),
  };
}

interface Like extends TextComparison {
  readonly comparator: "LIKE" | "ILIKE";
}

function isNarrowed(comparison: Comparison): comparison is Like {
  if (comparison.kind !== "text") return false;
  return (comparison.comparator === "LIKE" || comparison.comparator === "ILIKE") && !planLike(comparison.value).exact;
}

/** A test whether any text of a JSON list matches. */
function valuesTest({ comparator, value }: Like): (values: unknown) => boolean {
  const normalize = comparator === "ILIKE" ? asciiLower : (text: string) => text;
  const matches = likeMatcher(normalize(value));
  return (values) =>
    (JSON.parse(values as string) as (string | null)[]).some((one) => one !== null && matches(normalize(one)));
}

function valuesSql(field: Field, source: FieldSource, binder: Binder): string {
  const column = source.column(field);
  if (column !== undefined) return `json_array(${column})`;
  const { from, value } = source.rows(field, binder);
  return `(SELECT json_group_array(${value}) FROM ${from})`;
}

/** The test of one value, which is an SQL expression. */
export function predicate(comparison: ValueComparison, value: string, binder: Binder): string {
  switch (comparison.kind) {
    case "number":
      return `${value} ${comparison.comparator} ${binder.number(comparison.value)}`;
    case "text":
      return textPredicate(value, comparison.comparator, comparison.value, binder);
    case "list":
      return `${value} ${comparison.negated ? "NOT IN" : "IN"} (SELECT value FROM ${binder.list(comparison.values)})`;
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
