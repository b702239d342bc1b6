import type { Binder } from "./binder.ts";

/**
 * What a caller may see, as predicates that every search takes into its statements and its page tokens. Absent predicates
 * hold of everything.
 */
export interface Visibility {
  /** Stands for the predicates in page tokens: callers who see different things do not share tokens. */
  readonly name: string;
  /** SQL that is true of an experiment id, the SQL expression `id`, that may be seen. */
  readonly experiment?: (id: string, binder: Binder) => string;
  /** SQL that is true of a registered model's row id, the SQL expression `id`, that may be seen. */
  readonly registeredModel?: (id: string, binder: Binder) => string;
}

/** What an admin sees. */
export const EVERYTHING: Visibility = { name: "everything" };
