import { LIFECYCLE_STAGES, type ViewType } from "../domain/entities.ts";
import type { OrderTerm } from "./ast.ts";
import { Binder } from "./binder.ts";
import { conjuncts, type FieldSource, residueOf } from "./conditions.ts";
import { toExperimentId } from "./experiment-id.ts";
import { EXPERIMENT_GRAMMAR } from "./grammar.ts";
import type { OrderColumn } from "./order.ts";
import { pageToken, parsePageToken, queryFingerprint } from "./page-token.ts";
import { parseFilter, parseOrderBy } from "./parser.ts";
import { type SearchPlan, sliceSize } from "./plan.ts";
import { searchQuery } from "./statement.ts";

export interface ExperimentSearchQuery {
  /** The experiments to search among, as where a user may see some only; absent for all. */
  readonly experimentIds?: readonly string[] | undefined;
  readonly filter: string;
  readonly orderBy: readonly string[];
  readonly viewType: ViewType;
  readonly maxResults: number;
  readonly pageToken?: string | undefined;
}

export type ExperimentSearchPlan = SearchPlan;

const SOURCE: FieldSource = {
  column: ({ entity, key }) => (entity === "attribute" ? `e.${key}` : undefined),
  rows: ({ key }, binder) => ({
    from: `experiment_tags WHERE experiment_id = e.experiment_id AND key = ${binder.bind(key)}`,
    value: "value",
  }),
};

/**
 * Every experiment is looked at: there are few, and their names are unique.
 * @throws MlflowError INVALID_PARAMETER_VALUE for a filter, order or page token that is not valid.
 */
export function planExperimentSearch(query: ExperimentSearchQuery): ExperimentSearchPlan {
  const conditions = conjuncts(parseFilter(query.filter, EXPERIMENT_GRAMMAR));
  const columns = orderColumns(parseOrderBy(query.orderBy, EXPERIMENT_GRAMMAR));
  const residual = conditions.filter((condition) => residueOf(condition) !== undefined);
  const fingerprint = queryFingerprint([
    "experiments",
    query.experimentIds ?? null,
    query.filter,
    query.orderBy,
    query.viewType,
  ]);
  return {
    maxResults: query.maxResults,
    start: query.pageToken ? parsePageToken(query.pageToken, fingerprint, columns) : undefined,
    positionLength: columns.length,
    residues: residual.map((condition) => residueOf(condition)!.residue),
    sliceSize: sliceSize(residual.length > 0),
    pageToken: (last) => pageToken(fingerprint, last),
    stages: (after, limit) => {
      const binder = new Binder();
      const where = LIFECYCLE_STAGES.filter((stage) => query.viewType === `${stage.toUpperCase()}_ONLY`).map(
        (stage) => `e.lifecycle_stage = ${binder.bind(stage)}`,
      );
      if (query.experimentIds !== undefined) {
        where.push(`e.experiment_id IN (SELECT value FROM ${binder.list(query.experimentIds.map(toExperimentId))})`);
      }
      const parts = { id: "CAST(e.experiment_id AS TEXT)", from: "experiments e", source: SOURCE, isLast: true };
      const all = { ...parts, where, conditions, residual, columns, after, limit: binder.limit(limit) };
      return [{ sql: searchQuery(all, binder), values: binder.values() }];
    },
  };
}

/** MLflow breaks ties by the id, descending; without an order it is the newest first, then ascending. */
function orderColumns(terms: readonly OrderTerm[]): OrderColumn[] {
  const byDefault = terms.length === 0;
  const id: OrderTerm = { field: { entity: "attribute", key: "experiment_id" }, ascending: byDefault };
  const newest: OrderTerm = { field: { entity: "attribute", key: "creation_time" }, ascending: false };
  const all = byDefault ? [newest, id] : [...terms, id];
  const firstOfEach = new Map(all.toReversed().map((term) => [term.field.key, term]));
  return all
    .filter((term) => firstOfEach.get(term.field.key) === term)
    .map(({ field, ascending }) => ({
      sql: `e.${field.key}`,
      type: field.key === "name" ? "text" : "integer",
      ascending,
      nullable: false,
    }));
}
