import type { Binder } from "./binder.ts";

/**
 * How many ids a statement tests. For a few, it looks up the grants on each. For many, it reads all of the caller's grants
 * of the kind once.
 */
export type Tested = "few" | "many";

/** Makes SQL that is true if the caller may see the id, which is an SQL expression. `tested` is "few" if absent. */
export type Predicate = (id: string, binder: Binder, tested?: Tested) => string;

/**
 * What a caller may see, as predicates that every search puts into its statements and its page tokens. An absent predicate
 * allows everything.
 */
export interface Visibility {
  /** Stands for the predicates in page tokens: callers who see different things do not share tokens. */
  readonly name: string;
  /** Tests experiment ids: whether the experiment may be seen. */
  readonly experiment?: Predicate;
  /** Tests experiment ids: whether the experiment's runs may be seen. */
  readonly runsOf?: Predicate;
  /** Tests run ids: which runs may be seen of an experiment whose runs may be seen. */
  readonly run?: Predicate;
  /** Tests experiment ids: whether the experiment's logged models may be seen. */
  readonly loggedModelsOf?: Predicate;
  /** Tests row ids of registered models. */
  readonly registeredModel?: Predicate;
}

/** What an admin sees. */
export const EVERYTHING: Visibility = { name: "everything" };
