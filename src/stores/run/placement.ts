/** How many objects hold the metric histories. 0 of both: each run has an object of its own. */
export interface CellSettings {
  /** Cells for all runs. */
  readonly ofAll: number;
  /** Cells for the runs of each experiment; counts where `ofAll` is 0. */
  readonly ofExperiment: number;
}

/**
 * The cell of a new run; empty for an object of its own. A run stays where it was put, whatever the settings are later.
 * @param runId 32 hex digits, chosen at random
 * @param isFull whether a cell is known to take no more runs: then another takes its place
 */
export function cellOfNewRun(
  runId: string,
  experimentId: string,
  { ofAll, ofExperiment }: CellSettings,
  isFull: (cell: string) => boolean,
): string {
  const count = ofAll || ofExperiment;
  if (count === 0) return "";
  const number = Number.parseInt(runId.slice(0, 8), 16) % count;
  const first = ofAll > 0 ? `cell-${number}` : `cell-${experimentId}-${number}`;
  let cell = first;
  for (let next = 2; isFull(cell); next++) cell = `${first}.${next}`;
  return cell;
}
