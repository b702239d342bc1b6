import type { Int64 } from "../domain/int64.ts";

/**
 * `metric` is a metric's latest value, `metricFirst` its first value, and `metricMin` and `metricMax` its least and
 * greatest values ever. `paramNumber` is a param's value read as a number.
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

/** The field that a comparison tests or an order sorts by. `key` is canonical: aliases of attributes are resolved. */
export interface Field {
  readonly entity: Entity;
  readonly key: string;
}

export type NumberComparator = ">" | ">=" | "=" | "!=" | "<" | "<=";
export type TextComparator = "=" | "!=" | "LIKE" | "ILIKE";

/** Integers of any size are exact; a float beyond the range of doubles is ±Infinity. */
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

/** Only params and tags may be absent. */
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

/** True if the comparison is false, also if it is false because the value is missing. */
export interface Not {
  readonly kind: "not";
  readonly comparison: Comparison;
}

/** A checked filter, in which NOT applies to comparisons only. The blank filter is the empty conjunction. */
export type Condition = And | Or | Not | Comparison;

export function isComparison(condition: Condition): condition is Comparison {
  return "field" in condition;
}

/** The negation of `condition`. Every condition is either true or false for a run, so De Morgan's laws hold. */
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

/** Whether a condition is true if exactly the comparisons in `trueOnes` are true. */
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
