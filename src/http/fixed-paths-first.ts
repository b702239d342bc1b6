import type { Result, Router } from "hono/router";
import { TrieRouter } from "hono/router/trie-router";

/**
 * Finds nearly every route by one lookup in a map, because MLflow's endpoints are fixed paths. The few routes with
 * parameters go to Hono's second-fastest router: its fastest refuses them beside fixed paths (`logged-models/search` and
 * `logged-models/:model_id/params`).
 */
export class FixedPathsFirst<T> implements Router<T> {
  readonly name = "FixedPathsFirst";
  readonly #fixed = new Map<string, Map<string, Result<T>>>();
  readonly #others = new TrieRouter<T>();

  add(method: string, path: string, handler: T): void {
    if (/[:*?{]/.test(path)) this.#others.add(method, path, handler);
    else this.#fixed.set(method, (this.#fixed.get(method) ?? new Map()).set(path, [[[handler, {}]]]));
  }

  match(method: string, path: string): Result<T> {
    return this.#fixed.get(method)?.get(path) ?? this.#others.match(method, path);
  }
}
