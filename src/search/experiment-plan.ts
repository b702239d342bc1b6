import { LIFECYCLE_STAGES, type ViewType } from "../domain/entities.ts";
import { MAX_EXPERIMENT_TAG_VALUE_LENGTH, MAX_SEARCH_RESULTS } from "../domain/limits.ts";
import type { Condition, OrderTerm } from "./ast.ts";
import { VISIBILITY_LOOK_UPS } from "./candidates.ts";
import { conditionSql, conjuncts, type FieldSource, isEquality } from "./conditions.ts";
import { EXPERIMENT_GRAMMAR } from "./grammar.ts";
import { KeyCandidates, type KeyCursor } from "./key-candidates.ts";
import type { OrderColumn } from "./order.ts";
import { parseFilter, parseOrderBy } from "./parser.ts";
import { checkMaxResults, type PageQuery, type SearchPlan } from "./plan.ts";
import { planSearch, type SliceTuning } from "./sliced-plan.ts";

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

const COLUMNS = ["experiment_id", "name", "lifecycle_stage", "creation_time", "last_update_time"];

/** @throws MlflowError INVALID_PARAMETER_VALUE for a page size, filter, order or page token that is not valid. */
export function planExperimentSearch(query: ExperimentSearchQuery, tuning?: SliceTuning): SearchPlan<KeyCursor> {
  const { filter, orderBy, viewType, visibility } = query;
  checkMaxResults(query.maxResults, MAX_SEARCH_RESULTS);
  const given = conjuncts(parseFilter(filter, EXPERIMENT_GRAMMAR));
  const isNarrowing = (one: Condition) => isEquality(one, "name") || isEquality(one, "experiment_id");
  const narrowing = given.filter(isNarrowing);
  const conditions = given.filter((one) => !isNarrowing(one));
  const columns = orderColumns(parseOrderBy(orderBy, EXPERIMENT_GRAMMAR));
  const stage = LIFECYCLE_STAGES.find((one) => viewType === `${one.toUpperCase()}_ONLY`);
  return planSearch(
    {
      identity: ["experiments", filter, orderBy, viewType],
      conditions,
      columns,
      longestText: MAX_EXPERIMENT_TAG_VALUE_LENGTH,
    },
    query,
    (start) => ({
      candidates: new KeyCandidates({
        from: "experiments e",
        alias: "e",
        key: ["experiment_id"],
        columns: COLUMNS,
        narrowed: (binder) => narrowing.map((condition) => conditionSql(condition, SOURCE, binder)),
        order: narrowing.length === 0 && columns[0]?.sql === "e.name" ? columns : undefined,
        start,
      }),
      id: "CAST(e.experiment_id AS TEXT)",
      from: (candidates) => `(${candidates}) e`,
      where: (binder) => [
        ...(stage === undefined ? [] : [`e.lifecycle_stage = ${binder.bind(stage)}`]),
        ...(visibility.experiment === undefined ? [] : [visibility.experiment("e.experiment_id", binder, "many")]),
      ],
      source: SOURCE,
      lookUps: visibility.experiment === undefined ? 0 : VISIBILITY_LOOK_UPS,
    }),
    tuning,
  );
}

/** MLflow breaks ties by id, descending. Without an order the newest experiment is first, and ties are by id, ascending. */
function orderColumns(terms: readonly OrderTerm[]): OrderColumn[] {
  const byDefault = terms.length === 0;
  const id: OrderTerm = { field: { entity: "attribute", key: "experiment_id" }, ascending: byDefault };
  const newest: OrderTerm = { field: { entity: "attribute", key: "creation_time" }, ascending: false };
  // A column that comes again does not change the order.
  return (byDefault ? [newest, id] : [...terms, id]).map(({ field, ascending }) => ({
    sql: `e.${field.key}`,
    type: field.key === "name" ? "text" : "integer",
    ascending,
    nullable: false,
  }));
}
