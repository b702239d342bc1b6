/** Where a client is, as the edge tells a Worker (`request.cf`). On one machine nothing is known. */
export interface ClientPlace {
  readonly continent?: unknown;
  /** Degrees east, as a text. */
  readonly longitude?: unknown;
}

/** East of these degrees a continent's eastern hint is nearer. Between Europe and the Middle East the hints are continents' own. */
const SPLITS: Readonly<
  Record<string, readonly [west: DurableObjectLocationHint, degrees: number, east: DurableObjectLocationHint]>
> = {
  NA: ["wnam", -100, "enam"],
  EU: ["weur", 15, "eeur"],
  AS: ["me", 62, "apac"],
};

const WHOLE: Readonly<Record<string, DurableObjectLocationHint>> = { SA: "sam", OC: "oc", AF: "afr", AN: "oc" };

/**
 * The location hint for an object that a client at this place will write to
 * (developers.cloudflare.com/durable-objects/reference/data-location). It only counts when the object is created.
 */
export function hintNear({ continent, longitude }: ClientPlace): DurableObjectLocationHint | undefined {
  const split = SPLITS[String(continent)];
  if (split === undefined) return WHOLE[String(continent)];
  const [west, degrees, east] = split;
  return Number(longitude ?? degrees) < degrees ? west : east;
}

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
