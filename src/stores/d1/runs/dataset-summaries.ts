/** A dataset that a run of an experiment used, and the context of its use. */
export interface DatasetSummary {
  readonly experimentId: string;
  readonly name: string;
  readonly digest: string;
  readonly context: string | null;
}

/** Each summary once, at most `limit` of them. */
export async function findDatasetSummaries(
  db: D1Database,
  experimentIds: readonly (number | bigint)[],
  limit: number,
): Promise<DatasetSummary[]> {
  const { results } = await db
    .prepare(
      `SELECT DISTINCT CAST(d.experiment_id AS TEXT) AS experiment_id, d.name, d.digest, t.value AS context
       FROM datasets d JOIN inputs i ON i.dataset_id = d.dataset_id
         LEFT JOIN input_tags t
           ON t.run_id = i.run_id AND t.dataset_id = i.dataset_id AND t.key = 'mlflow.data.context'
       WHERE d.experiment_id IN (SELECT value FROM json_each(?))
       ORDER BY d.experiment_id, d.name, d.digest, context LIMIT ?`,
    )
    .bind(`[${experimentIds.join(",")}]`, limit)
    .all<{ experiment_id: string; name: string; digest: string; context: string | null }>();
  return results.map(({ experiment_id, ...summary }) => ({ ...summary, experimentId: experiment_id }));
}
