export interface TagPair {
  key: string;
  value: string;
}

/** Tags that MLflow's clients set for themselves are no reader's matter. */
export function ownTags<Pair extends TagPair>(tags: readonly Pair[] | undefined): Pair[] {
  return (tags ?? []).filter((tag) => !tag.key.startsWith("mlflow."));
}
