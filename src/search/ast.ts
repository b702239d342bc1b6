import type { Int64 } from "../domain/int64.ts";

export type Entity = "metric" | "param" | "tag" | "attribute" | "dataset";

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

/** A checked filter. The blank filter is the conjunction of nothing. */
export type Condition = And | Comparison;

export interface OrderTerm {
  readonly field: Field;
  readonly ascending: boolean;
}
