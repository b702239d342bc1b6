import type { Int64 } from "../domain/int64.ts";

/**
 * `metric` is a metric's latest value, `metricFirst` its first, `metricMin` and `metricMax` the least and the greatest that
 * it ever had. `paramNumber` is a param's value read as a number.
 */
export type Entity =
  | "metric"
  | "metricFirst"
  | "metricMin"
  | "metricMax"
  | "param"
  | "paramNumber"
  | "tag"
  | "attribute"
  | "dataset";

/** What a comparison or an order is about. `key` is canonical: aliases of attributes are resolved. */
export interface Field {
  readonly entity: Entity;
  readonly key: string;
}

export type NumberComparator = ">" | ">=" | "=" | "!=" | "<" | "<=";
export type TextComparator = "=" | "!=" | "LIKE" | "ILIKE";

/** Integers are exact whatever their size; a float beyond the doubles is ±Infinity. */
export interface NumberComparison {
  readonly kind: "number";
  readonly field: Field;
  readonly comparator: NumberComparator;
  readonly value: Int64;
}

export interface TextComparison {
  readonly kind: "text";
  readonly field: Field;
  readonly comparator: TextComparator;
  readonly value: string;
}

export interface ListComparison {
  readonly kind: "list";
  readonly field: Field;
  readonly negated: boolean;
  readonly values: readonly (string | Int64)[];
}

export interface PresenceComparison {
  readonly kind: "presence";
  readonly field: Field;
  readonly present: boolean;
}

export type Comparison = NumberComparison | TextComparison | ListComparison | PresenceComparison;

export interface And {
  readonly kind: "and";
  readonly conditions: readonly Condition[];
}

export interface Or {
  readonly kind: "or";
  readonly conditions: readonly Condition[];
}

/** True where the comparison is not, also for want of a value to compare. */
export interface Not {
  readonly kind: "not";
  readonly comparison: Comparison;
}

/** A checked filter, in which NOT stands before comparisons only. The blank filter is the conjunction of nothing. */
export type Condition = And | Or | Not | Comparison;

export function isComparison(condition: Condition): condition is Comparison {
  return condition.kind !== "and" && condition.kind !== "or" && condition.kind !== "not";
}

/** True where `condition` is not: every condition is either true or false of a run, so De Morgan's laws hold. */
export function negate(condition: Condition): Condition {
  switch (condition.kind) {
    case "and":
      return { kind: "or", conditions: condition.conditions.map(negate) };
    case "or":
      return { kind: "and", conditions: condition.conditions.map(negate) };
    case "not":
      return condition.comparison;
    default:
      return { kind: "not", comparison: condition };
  }
}

/** The comparisons of a condition, from left to right. */
export function comparisonsOf(condition: Condition): readonly Comparison[] {
  if (condition.kind === "not") return [condition.comparison];
  return condition.kind === "and" || condition.kind === "or"
    ? condition.conditions.flatMap(comparisonsOf)
    : [condition];
}

/** Whether a condition is true where exactly the comparisons in `trueOnes` are. */
export function holds(condition: Condition, trueOnes: ReadonlySet<Comparison>): boolean {
  switch (condition.kind) {
    case "and":
      return condition.conditions.every((one) => holds(one, trueOnes));
    case "or":
      return condition.conditions.some((one) => holds(one, trueOnes));
    case "not":
      return !trueOnes.has(condition.comparison);
    default:
      return trueOnes.has(condition);
  }
}

export interface OrderTerm {
  readonly field: Field;
  readonly ascending: boolean;
}
