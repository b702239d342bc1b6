import { invalidParameter } from "../domain/errors.ts";
import { MAX_MODEL_VALUE_LENGTH } from "../domain/logged-model.ts";
import { shorten } from "../domain/names.ts";
import { type Comparison, type Condition, comparisonsOf } from "./ast.ts";
import type { Binder } from "./binder.ts";
import { conjuncts, equalTo, isEquality, predicate, type ValueComparison } from "./conditions.ts";
import {
  ExperimentCandidates,
  type ExperimentCursor,
  isByTime,
  LOGGED_MODELS,
  type Narrowed,
  withIds,
} from "./experiment-candidates.ts";
import { toExperimentIds } from "./experiment-ids.ts";
import { LOGGED_MODEL_GRAMMAR } from "./grammar.ts";
import { type LoggedModelOrder, planLoggedModelOrder } from "./logged-model-order.ts";
import {
  type DatasetFilter,
  FILTER_STATUSES,
  loggedModelSource,
  onDatasets,
  tableColumn,
} from "./logged-model-source.ts";
import { parseFilter } from "./parser.ts";
import { checkMaxResults, type PageQuery, type SearchPlan } from "./plan.ts";
import { planSearch, type SliceTuning } from "./sliced-plan.ts";

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

/** @throws MlflowError INVALID_PARAMETER_VALUE for a page size, experiment ids, filter, order or page token that are not valid. */
export function planLoggedModelSearch(
  query: LoggedModelSearchQuery,
  tuning?: SliceTuning,
): SearchPlan<ExperimentCursor> {
  const { experimentIds, filter, datasets, orderBy } = query;
  checkMaxResults(query.maxResults);
  if (datasets.some(({ name }) => name === "")) {
    throw invalidParameter("`dataset_name` in the `datasets` clause must be specified.");
  }
  const given = conjuncts(parseFilter(filter, LOGGED_MODEL_GRAMMAR));
  const compared = given.flatMap(comparisonsOf);
  compared.forEach(checkStatus);
  const metrics = compared.filter(({ field }) => field.entity === "metric").length;
  const byId = given.find((condition) => isEquality(condition, "model_id"));
  const narrowing = byId ?? given.find((condition) => isEquality(condition, "source_run_id"));
  const conditions = given.filter((condition) => condition !== narrowing);
  const order = planLoggedModelOrder(orderBy);
  const { columns } = order;
  const measured = datasets.length > 0 && metrics === 0;
  return planSearch(
    {
      identity: ["logged-models", experimentIds, filter, datasets, orderBy],
      conditions,
      columns,
      longestText: MAX_MODEL_VALUE_LENGTH,
    },
    query,
    (start) => ({
      candidates: new ExperimentCandidates(LOGGED_MODELS, {
        experimentIds: toExperimentIds(experimentIds),
        stage: "active",
        isVisible: query.visibility.loggedModelsOf,
        narrowed: narrowing && narrowedBy(narrowing),
        columns: columnsOf(conditions, orderBy),
        isByTime: isByTime(columns, LOGGED_MODELS, "m"),
        start,
      }),
      id: "m.model_id",
      from: (candidates, binder) => order.from(`(${candidates}) m`, binder),
      where: (binder) =>
        measured
          ? [`EXISTS (SELECT 1 FROM logged_model_metrics WHERE model_id = m.model_id${onDatasets(datasets, binder)})`]
          : [],
      source: loggedModelSource(datasets),
      lookUps: METRIC_LOOK_UPS * (metrics + 2 * order.metrics + (measured ? 1 : 0)),
    }),
    tuning,
  );
}

/** A model's latest point of a metric is found among all its points. An order looks it up twice. */
const METRIC_LOOK_UPS = 4;

function narrowedBy(comparison: ValueComparison): (binder: Binder) => Narrowed {
  if (comparison.field.key === "model_id") return withIds(LOGGED_MODELS, equalTo(comparison));
  return (binder) => ({
    from: `${LOGGED_MODELS.name} INDEXED BY logged_models_by_source_run`,
    where: [predicate(comparison, comparison.field.key, binder)],
  });
}

/** The columns of `logged_models` that the filter and the order use. */
function columnsOf(conditions: readonly Condition[], orderBy: readonly LoggedModelOrder[]): string[] {
  const compared = conditions.flatMap(comparisonsOf).map(({ field }) => field);
  const ordered = orderBy.map(({ fieldName }) => LOGGED_MODEL_GRAMMAR.attributes.get(fieldName));
  const keys = [...compared.filter(({ entity }) => entity === "attribute"), ...ordered].flatMap(
    (one) => one?.key ?? [],
  );
  return keys.map(tableColumn);
}

/** Refuses a comparison with a value that is no status; MLflow would find nothing, or refuse it too. */
function checkStatus(comparison: Comparison): void {
  const { entity, key } = comparison.field;
  if (entity !== "attribute" || key !== "status" || comparison.kind === "presence") return;
  if (comparison.kind === "text" && comparison.comparator.endsWith("LIKE")) {
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
