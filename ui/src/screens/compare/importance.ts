/* Which parameters explain how good a run is. The drawings begin with these parameters. */

/** Fewer runs say nothing about it. */
const FEWEST_RUNS = 8;
const BINS = 5;

/**
 * How much of a metric's variance groups of runs explain (the correlation ratio, corrected for the number of groups):
 * 1 for all of it, about 0 for none. Numbers are put into groups of as many runs each; words are groups themselves.
 * @param values of one parameter, by run.
 * @param outcome of one metric, by run; runs without a finite one do not count.
 */
export function explained(values: readonly (number | string | undefined)[], outcome: readonly unknown[]): number {
  const runs = values.flatMap((value, run) => {
    const result = outcome[run];
    return value !== undefined && typeof result === "number" && Number.isFinite(result) ? [{ value, result }] : [];
  });
  if (runs.length < FEWEST_RUNS) return 0;
  const groups = [...Map.groupBy(runs, groupOf(runs.map(({ value }) => value))).values()];
  const mean = meanOf(runs);
  const total = sum(runs.map(({ result }) => (result - mean) ** 2));
  const free = runs.length - groups.length;
  if (total === 0 || free <= 0 || groups.length < 2) return 0;
  const within = sum(
    groups.map((group) => {
      const own = meanOf(group);
      return sum(group.map(({ result }) => (result - own) ** 2));
    }),
  );
  return 1 - ((within / total) * (runs.length - 1)) / free;
}

/** Whether a param is the seed of a random generator, by its name. A seed explains nothing, however well it fits. */
export function isSeed(param: string): boolean {
  return /(^|[/_.\s-])(seed|random_state|rng)s?([/_.\s-]|$)/i.test(param);
}

function groupOf(values: readonly (number | string)[]): (run: { value: number | string }) => unknown {
  const numbers = values.filter((value) => typeof value === "number");
  if (new Set(numbers).size <= BINS) return ({ value }) => value;
  const sorted = numbers.toSorted((a, b) => a - b);
  const bounds = Array.from({ length: BINS - 1 }, (_, bin) => sorted[Math.floor(((bin + 1) * sorted.length) / BINS)]!);
  return ({ value }) => (typeof value === "string" ? value : bounds.filter((bound) => value >= bound).length);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function meanOf(runs: readonly { result: number }[]): number {
  return sum(runs.map(({ result }) => result)) / runs.length;
}
