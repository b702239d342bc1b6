export interface TagPair {
  key: string;
  value: string;
}

/** Tags that MLflow's clients and this UI set for themselves are no reader's matter. */
export function ownTags<Pair extends TagPair>(tags: readonly Pair[] | undefined): Pair[] {
  return (tags ?? []).filter(({ key }) => !/^(mlflow\.|trackflare\.|_mlflow_)/.test(key));
}
