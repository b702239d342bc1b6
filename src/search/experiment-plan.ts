import { LIFECYCLE_STAGES, type ViewType } from "../domain/entities.ts";
import { MAX_EXPERIMENT_TAG_VALUE_LENGTH, MAX_SEARCH_RESULTS } from "../domain/limits.ts";
import type { OrderTerm } from "./ast.ts";
import { Binder } from "./binder.ts";
import { conjuncts, type FieldSource } from "./conditions.ts";
import { EXPERIMENT_GRAMMAR } from "./grammar.ts";
import type { OrderColumn } from "./order.ts";
import { parseFilter, parseOrderBy } from "./parser.ts";
import { checkMaxResults, type PageQuery, planSearch, type SearchPlan } from "./plan.ts";
import { pageStatement, searchQuery } from "./statement.ts";

export interface ExperimentSearchQuery extends PageQuery {
  readonly filter: string;
  readonly orderBy: readonly string[];
  readonly viewType: ViewType;
}

const SOURCE: FieldSource = {
  column: ({ entity, key }) => (entity === "attribute" ? `e.${key}` : undefined),
  rows: ({ key }, binder) => ({
    from: `experiment_tags WHERE experiment_id = e.experiment_id AND key = ${binder.bind(key)}`,
    value: "value",
  }),
};

/**
 * The search scans all experiments: there are few, and their names are unique.
 * @throws MlflowError INVALID_PARAMETER_VALUE for a page size, filter, order or page token that is not valid.
 */
export function planExperimentSearch(query: ExperimentSearchQuery): SearchPlan {
  const { filter, orderBy, viewType, visibility } = query;
  checkMaxResults(query.maxResults, MAX_SEARCH_RESULTS);
  const conditions = conjuncts(parseFilter(filter, EXPERIMENT_GRAMMAR));
  const columns = orderColumns(parseOrderBy(orderBy, EXPERIMENT_GRAMMAR));
  const stage = LIFECYCLE_STAGES.find((one) => viewType === `${one.toUpperCase()}_ONLY`);
  return planSearch(
    {
      identity: ["experiments", filter, orderBy, viewType],
      conditions,
      columns,
      longestText: MAX_EXPERIMENT_TAG_VALUE_LENGTH,
      statement: ({ residual, after, limit }) => {
        const binder = new Binder();
        const where = stage === undefined ? [] : [`e.lifecycle_stage = ${binder.bind(stage)}`];
        if (visibility.experiment !== undefined) where.push(visibility.experiment("e.experiment_id", binder));
        const parts = { id: "CAST(e.experiment_id AS TEXT)", from: "experiments e", source: SOURCE };
        const all = { ...parts, where, conditions, residual, columns, after, limit: binder.limit(limit) };
        return pageStatement(searchQuery(all, binder), all, limit, binder);
      },
    },
    query,
  );
}

/** MLflow breaks ties by id, descending. Without an order the newest experiment is first, and ties are by id, ascending. */
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
