/** How many objects hold the metric histories. If both numbers are 0, each run has its own object. */
export interface CellSettings {
  /** Number of cells for all runs. */
  readonly ofAll: number;
  /** Number of cells for the runs of each experiment; used if `ofAll` is 0. */
  readonly ofExperiment: number;
}

/**
 * The cell of a new run; empty if the run has its own object. A run stays in its object even if the settings change.
 * @param runId 32 hex digits, chosen at random
 * @param isFull whether a cell is known to take no more runs; another cell is then chosen instead
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
