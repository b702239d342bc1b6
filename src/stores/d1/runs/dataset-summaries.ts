import { compareCodePoints } from "../../../domain/code-points.ts";
import { yieldTurn } from "../connection/turn.ts";

/** A dataset that a run of an experiment used, and the context of its use. */
export interface DatasetSummary {
  readonly experimentId: string;
  readonly name: string;
  readonly digest: string;
  readonly context: string | null;
}

interface SummaryRow {
  dataset_id: number;
  experiment_id: string;
  name: string;
  digest: string;
  context: string | null;
}

/** The last use of a dataset that a statement looked at. */
interface Use {
  dataset_id: number;
  run_id: string;
}

/** How many uses one statement looks at: it takes some 50 ms. */
const USES_AT_ONCE = 20_000;

/** The first `?2` datasets of the experiments `?1` that some run uses. */
const DATASETS = `SELECT dataset_id FROM datasets d WHERE experiment_id IN (SELECT value FROM json_each(?1))
  AND EXISTS (SELECT 1 FROM inputs i WHERE i.dataset_id = d.dataset_id) ORDER BY experiment_id, name, digest LIMIT ?2`;

/** The uses of all datasets after `?3`, and of the one dataset `?3` after the run `?4`. */
const OF_ALL = `dataset_id IN (${DATASETS}) AND dataset_id > ?3`;
const OF_ONE = "dataset_id = ?3 AND run_id > ?4";

const uses = (condition: string, limit: string) =>
  `SELECT dataset_id, run_id FROM inputs INDEXED BY inputs_by_dataset WHERE ${condition} ORDER BY dataset_id, run_id LIMIT ${limit}`;

const summaries = (condition: string) => `SELECT DISTINCT i.dataset_id, CAST(d.experiment_id AS TEXT) AS experiment_id,
    d.name, d.digest, t.value AS context
  FROM (${uses(condition, "?5 + 0")}) i CROSS JOIN datasets d ON d.dataset_id = i.dataset_id
    LEFT JOIN input_tags t ON t.run_id = i.run_id AND t.dataset_id = i.dataset_id AND t.key = 'mlflow.data.context'`;

/**
 * Each summary once, at most `limit` of them, sorted.
 * @param usesAtOnce how many uses of datasets by runs one statement looks at
 */
export async function findDatasetSummaries(
  db: D1Database,
  experimentIds: readonly (number | bigint)[],
  limit: number,
  usesAtOnce = USES_AT_ONCE,
): Promise<DatasetSummary[]> {
  const list = `[${experimentIds.join(",")}]`;
  const found = new Map<string, SummaryRow>();
  for (let after: Use | undefined = { dataset_id: 0, run_id: "" }; after !== undefined; ) {
    const isWithin: boolean = after.run_id !== "";
    const condition = isWithin ? OF_ONE : OF_ALL;
    const [rows, last] = await db.batch([
      db.prepare(summaries(condition)).bind(list, limit, after.dataset_id, after.run_id, usesAtOnce),
      db.prepare(uses(condition, "1 OFFSET ?5 - 1")).bind(list, limit, after.dataset_id, after.run_id, usesAtOnce),
    ]);
    for (const row of rows!.results as SummaryRow[]) found.set(JSON.stringify([row.dataset_id, row.context]), row);
    const use = last!.results[0] as Use | undefined;
    after = use ?? (isWithin ? { dataset_id: after.dataset_id, run_id: "" } : undefined);
    if (after !== undefined) await yieldTurn();
  }
  return [...found.values()]
    .sort(bySummary)
    .slice(0, limit)
    .map(({ experiment_id: experimentId, name, digest, context }) => ({ experimentId, name, digest, context }));
}

/** By experiment, name, digest and context, as SQLite compares them: no context comes first. */
function bySummary(a: SummaryRow, b: SummaryRow): number {
  const [x, y] = [BigInt(a.experiment_id), BigInt(b.experiment_id)];
  if (x !== y) return x < y ? -1 : 1;
  return (
    compareCodePoints(a.name, b.name) ||
    compareCodePoints(a.digest, b.digest) ||
    Number(a.context !== null) - Number(b.context !== null) ||
    compareCodePoints(a.context ?? "", b.context ?? "")
  );
}
