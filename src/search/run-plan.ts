import { LIFECYCLE_STAGES, type ViewType } from "../domain/entities.ts";
import { MAX_RUN_TAG_VALUE_LENGTH, MAX_SEARCH_RESULTS } from "../domain/limits.ts";
import { comparisonsOf, type Field } from "./ast.ts";
import { conjuncts } from "./conditions.ts";
import type { ExperimentCursor } from "./experiment-candidates.ts";
import { toExperimentIds } from "./experiment-ids.ts";
import { type Grammar, RUN_GRAMMAR } from "./grammar.ts";
import { parseFilter, parseOrderBy } from "./parser.ts";
import { checkMaxResults, type PageQuery, planPages, type SearchPlan } from "./plan.ts";
import { countStep } from "./run-count.ts";
import { planRunOrder } from "./run-order.ts";
import { RunScope, type RunSearchTuning } from "./run-scope.ts";
import { valueTable } from "./run-source.ts";
import { runStep } from "./run-steps.ts";

export interface RunSearchQuery extends PageQuery {
  readonly experimentIds: readonly string[];
  readonly filter: string;
  readonly orderBy: readonly string[];
  /** The grammar of the order; MLflow's if absent. */
  readonly orderGrammar?: Grammar;
  readonly viewType: ViewType;
}

export interface RunSearchPlan extends SearchPlan<ExperimentCursor> {
  readonly count: CountPlan;
  /** The metrics that the filter or the order uses. */
  readonly metricKeys: readonly string[];
  /** The only runs that can match, if the filter lists run ids. */
  readonly listedRunIds: readonly string[] | undefined;
}

/** How to count all runs that match, regardless of the page. */
export interface CountPlan extends Pick<SearchPlan<ExperimentCursor>, "from" | "step" | "next"> {
  /** Whether a step selects the number of `runs`. With residues SQL cannot count, and a step selects rows. */
  readonly isNumber: boolean;
}

/**
 * There are no statistics, so CROSS JOIN and INDEXED BY pin the plan of every statement.
 * @throws MlflowError INVALID_PARAMETER_VALUE for a page size, experiment ids, filter, order or page token that are not valid.
 */
export function planRunSearch(query: RunSearchQuery, tuning: RunSearchTuning = {}): RunSearchPlan {
  const { filter, orderBy, viewType } = query;
  checkMaxResults(query.maxResults, MAX_SEARCH_RESULTS);
  const conditions = conjuncts(parseFilter(filter, RUN_GRAMMAR));
  const order = planRunOrder(parseOrderBy(orderBy, query.orderGrammar ?? RUN_GRAMMAR));
  const experimentIds = toExperimentIds(query.experimentIds);
  const { columns } = order;
  const { residual, ...pages } = planPages(
    {
      identity: ["runs", query.experimentIds, filter, orderBy, viewType],
      conditions,
      columns,
      longestText: MAX_RUN_TAG_VALUE_LENGTH,
    },
    query,
  );
  const lifecycle = LIFECYCLE_STAGES.find((stage) => viewType === `${stage.toUpperCase()}_ONLY`);
  const { visibility } = query;
  const parts = { pages, experimentIds, visibility, lifecycle, conditions, residual, order, tuning };
  const scope = new RunScope(parts);
  const uncut = new RunScope({ ...parts, pages: { ...pages, start: undefined } });
  const isNumber = residual.length === 0;
  const nextOf =
    (of: RunScope): CountPlan["next"] =>
    (cursor, last, isFullBefore) =>
      of.candidates.next(cursor, last, isFullBefore);
  return {
    ...pages,
    columns,
    from: scope.candidates.from,
    candidates: scope.candidatesPerStep,
    step: (step) => runStep(scope, step),
    next: nextOf(scope),
    count: {
      from: uncut.candidates.from,
      step: (step) => (isNumber ? countStep(uncut, step) : runStep(uncut, step)),
      next: nextOf(uncut),
      isNumber,
    },
    metricKeys: metricKeysOf([...conditions.flatMap(comparisonsOf), ...order.terms].map(({ field }) => field)),
    listedRunIds: scope.listed,
  };
}

/** The keys of the fields that are metrics, each once. */
export function metricKeysOf(fields: readonly Field[]): string[] {
  return [...new Set(fields.filter((field) => valueTable(field)?.table === "latest_metrics").map(({ key }) => key))];
}
