import { isSystemMetric, type Run } from "../api/runs.ts";
import { readSeries, type Series, type SeriesSearch } from "../api/series.ts";
import { bucketsFor, isSeriesX, parseChartSearch, sameXOf } from "./chart-search.ts";
import { sectionsOf } from "./chart-sections.ts";

/** About the number of charts on a large screen. The charts themselves request further series. */
const MAX_FIRST_KEYS = 12;
/** Older answers may lack points. */
const MAX_AGE_MS = 10_000;

let asked: { readonly search: SeriesSearch; readonly atMs: number; readonly answer: Promise<Series[]> } | undefined;

/** Requests the series of a run's first charts while the code of the charts is still loading. */
export function askFirstSeries(run: Run, address: unknown): void {
  const { chartX, chartSize, chartSameX } = parseChartSearch(address);
  const x = isSeriesX(chartX) ? chartX : "step";
  const sameX = sameXOf(x, chartSameX);
  const keys = (run.data.metrics ?? []).map(({ key }) => key).filter((key) => !isSystemMetric(key));
  if (keys.length === 0) return;
  const search: SeriesSearch = {
    run_ids: [run.info.run_id],
    metric_keys: [...sectionsOf(keys.sort()).values()].flat().slice(0, MAX_FIRST_KEYS),
    x,
    buckets: bucketsFor(1, chartSize),
    ...(sameX && { same_x: sameX }),
  };
  const answer = readSeries(search);
  // The charts request the series again.
  answer.catch(() => undefined);
  asked = { search, atMs: performance.now(), answer };
}

/** As {@link readSeries}, but uses answers that were requested before. */
export async function readFirstSeries(search: SeriesSearch, signal?: AbortSignal): Promise<Series[]> {
  const first = asked;
  asked = undefined;
  if (first === undefined || performance.now() - first.atMs > MAX_AGE_MS || !isAlike(first.search, search)) {
    return readSeries(search, signal);
  }
  const others = search.metric_keys.filter((key) => !first.search.metric_keys.includes(key));
  const more = others.length === 0 ? [] : readSeries({ ...search, metric_keys: others }, signal);
  return Promise.all([first.answer, more]).then(
    (answers) => answers.flat(),
    () => readSeries(search, signal),
  );
}

/** Whether two requests differ only in their metrics. */
function isAlike(one: SeriesSearch, other: SeriesSearch): boolean {
  const rest = ({ run_ids, x, buckets, from, to, same_x }: SeriesSearch): string =>
    JSON.stringify([run_ids, x, buckets, from, to, same_x]);
  return rest(one) === rest(other);
}
