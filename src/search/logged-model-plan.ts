import { invalidParameter } from "../domain/errors.ts";
import { MAX_MODEL_VALUE_LENGTH } from "../domain/logged-model.ts";
import { shorten } from "../domain/names.ts";
import { type Comparison, comparisonsOf } from "./ast.ts";
import { Binder } from "./binder.ts";
import { conjuncts } from "./conditions.ts";
import { experimentTest, toExperimentIds } from "./experiment-ids.ts";
import { LOGGED_MODEL_GRAMMAR } from "./grammar.ts";
import { type LoggedModelOrder, planLoggedModelOrder } from "./logged-model-order.ts";
import { type DatasetFilter, FILTER_STATUSES, loggedModelSource, onDatasets } from "./logged-model-source.ts";
import { parseFilter } from "./parser.ts";
import { checkMaxResults, type PageQuery, planSearch, type SearchPlan } from "./plan.ts";
import { pageStatement, searchQuery } from "./statement.ts";

export interface LoggedModelSearchQuery extends PageQuery {
  readonly experimentIds: readonly string[];
  readonly filter: string;
  /**
   * The filter's metrics must be measured on one of these datasets. If the filter has no metrics, a model must have some
   * metric on one of them.
   */
  readonly datasets: readonly DatasetFilter[];
  readonly orderBy: readonly LoggedModelOrder[];
}

/**
 * The search scans every model of the experiments, along the index by creation time if that is the requested order. There
 * are few models compared with runs.
 * @throws MlflowError INVALID_PARAMETER_VALUE for a page size, experiment ids, filter, order or page token that are not valid.
 */
export function planLoggedModelSearch(query: LoggedModelSearchQuery): SearchPlan {
  const { experimentIds, filter, datasets, orderBy } = query;
  checkMaxResults(query.maxResults);
  if (datasets.some(({ name }) => name === "")) {
    throw invalidParameter("`dataset_name` in the `datasets` clause must be specified.");
  }
  const conditions = conjuncts(parseFilter(filter, LOGGED_MODEL_GRAMMAR));
  for (const condition of conditions) comparisonsOf(condition).forEach(checkStatus);
  const hasMetric = conditions.some((condition) =>
    comparisonsOf(condition).some(({ field }) => field.entity === "metric"),
  );
  const order = planLoggedModelOrder(orderBy);
  const inExperiments = experimentTest(toExperimentIds(experimentIds), query.visibility.loggedModelsOf);
  const { columns } = order;
  return planSearch(
    {
      identity: ["logged-models", experimentIds, filter, datasets, orderBy],
      conditions,
      columns,
      longestText: MAX_MODEL_VALUE_LENGTH,
      statement: ({ residual, after, limit }) => {
        const binder = new Binder();
        const where = [inExperiments("m.experiment_id", binder), "m.lifecycle_stage = 'active'"];
        if (datasets.length > 0 && !hasMetric) {
          where.push(
            `EXISTS (SELECT 1 FROM logged_model_metrics WHERE model_id = m.model_id${onDatasets(datasets, binder)})`,
          );
        }
        const parts = { id: "m.model_id", from: order.from(binder), source: loggedModelSource(datasets) };
        const all = { ...parts, where, conditions, residual, columns, after, limit: binder.limit(limit) };
        return pageStatement(searchQuery(all, binder), all, limit, binder);
      },
    },
    query,
  );
}

/** Refuses a comparison with a value that is no status; MLflow would find nothing, or refuse it too. */
function checkStatus(comparison: Comparison): void {
  const { entity, key } = comparison.field;
  if (entity !== "attribute" || key !== "status" || comparison.kind === "presence") return;
  const { kind } = comparison;
  const isText = kind === "text" && (comparison.comparator === "=" || comparison.comparator === "!=");
  if (kind === "number" || (kind === "text" && !isText)) {
    throw invalidParameter(`Invalid comparison operator for status: ${comparison.comparator}`);
  }
  const values = comparison.kind === "list" ? comparison.values : [comparison.value];
  const unknown = values.map(String).find((value) => !FILTER_STATUSES.includes(value));
  if (unknown !== undefined) {
    throw invalidParameter(
      `Unknown model status in filter: '${shorten(unknown)}'; it must be one of ${FILTER_STATUSES.join(", ")}.`,
    );
  }
}
