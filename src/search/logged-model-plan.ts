import { invalidParameter } from "../domain/errors.ts";
import { comparisonsOf } from "./ast.ts";
import { Binder } from "./binder.ts";
import { conjuncts, residueOf } from "./conditions.ts";
import { toExperimentId } from "./experiment-id.ts";
import { LOGGED_MODEL_GRAMMAR } from "./grammar.ts";
import { type LoggedModelOrder, planLoggedModelOrder } from "./logged-model-order.ts";
import { type DatasetFilter, loggedModelSource, onDatasets } from "./logged-model-source.ts";
import { pageToken, parsePageToken, queryFingerprint } from "./page-token.ts";
import { parseFilter } from "./parser.ts";
import { type SearchPlan, sliceSize } from "./plan.ts";
import { searchQuery } from "./statement.ts";

export interface LoggedModelSearchQuery {
  readonly experimentIds: readonly string[];
  readonly filter: string;
  /** What metrics in the filter were measured on; without such, a model must have any metric on one of them. */
  readonly datasets: readonly DatasetFilter[];
  readonly orderBy: readonly LoggedModelOrder[];
  readonly maxResults: number;
  readonly pageToken?: string | undefined;
}

export type LoggedModelSearchPlan = SearchPlan;

/**
 * Every model of the experiments is looked at, in the order of the index by creation time where that is the order asked
 * for: there are few of them beside runs.
 * @throws MlflowError INVALID_PARAMETER_VALUE for experiment ids, filter, order or page token that are not valid.
 */
export function planLoggedModelSearch(query: LoggedModelSearchQuery): LoggedModelSearchPlan {
  const { experimentIds, filter, datasets, orderBy } = query;
  if (datasets.some(({ name }) => name === "")) {
    throw invalidParameter("`dataset_name` in the `datasets` clause must be specified.");
  }
  const conditions = conjuncts(parseFilter(filter, LOGGED_MODEL_GRAMMAR));
  const hasMetric = conditions.some((condition) =>
    comparisonsOf(condition).some(({ field }) => field.entity === "metric"),
  );
  const order = planLoggedModelOrder(orderBy);
  const residual = conditions.filter((condition) => residueOf(condition) !== undefined);
  const fingerprint = queryFingerprint(["logged-models", experimentIds, filter, datasets, orderBy]);
  const ids = [...new Set(experimentIds.map(toExperimentId))];
  return {
    maxResults: query.maxResults,
    start: query.pageToken ? parsePageToken(query.pageToken, fingerprint, order.columns) : undefined,
    positionLength: order.columns.length,
    residues: residual.map((condition) => residueOf(condition)!.residue),
    sliceSize: sliceSize(residual.length > 0 || orderBy.length > 0),
    pageToken: (last) => pageToken(fingerprint, last),
    stages: (after, limit) => {
      const binder = new Binder();
      const [only, another] = ids;
      const inExperiments =
        only !== undefined && another === undefined
          ? `m.experiment_id = ${binder.number(only)}`
          : `m.experiment_id IN (SELECT value FROM ${binder.list(ids)})`;
      const where = [inExperiments, "m.lifecycle_stage = 'active'"];
      if (datasets.length > 0 && !hasMetric) {
        where.push(
          `EXISTS (SELECT 1 FROM logged_model_metrics WHERE model_id = m.model_id${onDatasets(datasets, binder)})`,
        );
      }
      const sql = searchQuery(
        {
          id: "m.model_id",
          from: order.from(binder),
          where,
          conditions,
          residual,
          source: loggedModelSource(datasets),
          columns: order.columns,
          after,
          limit: binder.limit(limit),
          isLast: true,
        },
        binder,
      );
      return [{ sql, values: binder.values() }];
    },
  };
}
