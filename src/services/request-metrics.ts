/** Bucket bounds of the duration histogram, in seconds: the same as the exporter of MLflow's server. */
const BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

interface Series {
  readonly labels: string;
  readonly status: number;
  count: number;
  seconds: number;
  /** Each bucket's own count, without the buckets below. */
  readonly counts: number[];
}

/**
 * Counts of requests for Prometheus (text format 0.0.4), named as MLflow's server names them with `--expose-prometheus`.
 * The counts live in the isolate's memory, so they are useful only on one machine, where one isolate serves.
 */
export class RequestMetrics {
  readonly #series = new Map<string, Series>();

  /** @param path the route's path with its placeholders, since values that clients choose must not make new series. */
  observe(method: string, path: string, status: number, seconds: number): void {
    const labels = `method="${method}",path="${path}",status="${status}"`;
    let series = this.#series.get(labels);
    if (series === undefined) {
      series = { labels, status, count: 0, seconds: 0, counts: BUCKETS_SECONDS.map(() => 0) };
      this.#series.set(labels, series);
    }
    series.count += 1;
    series.seconds += seconds;
    const bucket = BUCKETS_SECONDS.findIndex((limit) => seconds <= limit);
    if (bucket !== -1) series.counts[bucket] = (series.counts[bucket] ?? 0) + 1;
  }

  /** @param version MLflow's version, as in its own exporter. */
  render(version: string): string {
    const all = [...this.#series.values()];
    const name = "mlflow_http_request_duration_seconds";
    const histogram = all.flatMap(({ labels: shared, counts, count, seconds }) => {
      const labels = `${shared},mlflow_version="${version}"`;
      let below = 0;
      const lines = BUCKETS_SECONDS.map((limit, index) => {
        below += counts[index] ?? 0;
        return `${name}_bucket{${labels},le="${Number.isInteger(limit) ? limit.toFixed(1) : limit}"} ${below}`;
      });
      return [
        ...lines,
        `${name}_bucket{${labels},le="+Inf"} ${count}`,
        `${name}_sum{${labels}} ${seconds}`,
        `${name}_count{${labels}} ${count}`,
      ];
    });
    const failed = all.filter(({ status }) => status >= 500);
    return [
      ...metric("mlflow_exporter_info", "gauge", "The MLflow release whose API is served", [
        `mlflow_exporter_info{version="${version}"} 1`,
      ]),
      ...metric(name, "histogram", "Time from a request's arrival to the start of its answer", histogram),
      ...metric(
        "mlflow_http_request_total",
        "counter",
        "Requests that were answered",
        all.map(({ labels, count }) => `mlflow_http_request_total{${labels}} ${count}`),
      ),
      ...metric(
        "mlflow_http_request_exceptions_total",
        "counter",
        "Requests that were answered with a server error",
        failed.map(({ labels, count }) => `mlflow_http_request_exceptions_total{${labels}} ${count}`),
      ),
      "",
    ].join("\n");
  }
}

function metric(name: string, type: string, help: string, lines: readonly string[]): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines];
}

/** The counts of this isolate. */
export const REQUEST_METRICS = new RequestMetrics();
