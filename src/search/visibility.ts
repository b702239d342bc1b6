import type { Binder } from "./binder.ts";

/** SQL that is true of an id, an SQL expression, that may be seen. */
export type Predicate = (id: string, binder: Binder) => string;

/**
 * What a caller may see, as predicates that every search takes into its statements and its page tokens. Absent predicates
 * hold of everything.
 */
export interface Visibility {
  /** Stands for the predicates in page tokens: callers who see different things do not share tokens. */
  readonly name: string;
  /** Of experiment ids. */
  readonly experiment?: Predicate;
  /** Of experiment ids, whose runs may be seen. */
  readonly runsOf?: Predicate;
  /** Of experiment ids, whose logged models may be seen. */
  readonly loggedModelsOf?: Predicate;
  /** Of the row ids of registered models. */
  readonly registeredModel?: Predicate;
}

/** What an admin sees. */
export const EVERYTHING: Visibility = { name: "everything" };
