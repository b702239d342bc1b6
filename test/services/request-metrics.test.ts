import { expect, test } from "vitest";
import { RequestMetrics } from "../../src/services/request-metrics.ts";

test("a histogram's buckets add up, and only 5xx are exceptions", () => {
  const metrics = new RequestMetrics();
  for (const seconds of [0, 0.005, 0.0051, 0.3, 60]) metrics.observe("GET", "/a", 200, seconds);
  metrics.observe("GET", "/a", 404, 0.01);
  metrics.observe("POST", "/a", 503, 0.01);
  const text = metrics.render("3.17.2");
  const bucket = (le: string) =>
    new RegExp(
      `^mlflow_http_request_duration_seconds_bucket\\{method="GET",path="/a",status="200",mlflow_version="3.17.2",le="${le}"\\} (\\d+)$`,
      "m",
    ).exec(text)?.[1];
  expect(["0.005", "0.01", "0.25", "0.5", "10.0", "+Inf"].map((le) => bucket(le.replace("+", "\\+")))).toEqual([
    "2",
    "3",
    "3",
    "4",
    "4",
    "5",
  ]);
  expect(text).toContain(
    'mlflow_http_request_duration_seconds_count{method="GET",path="/a",status="200",mlflow_version="3.17.2"} 5\n',
  );
  expect(text).toContain(
    'mlflow_http_request_duration_seconds_sum{method="GET",path="/a",status="200",mlflow_version="3.17.2"} 60.3101\n',
  );
  expect(text).toContain('mlflow_http_request_total{method="GET",path="/a",status="404"} 1\n');
  expect(text.match(/^mlflow_http_request_exceptions_total.*$/gm)).toEqual([
    'mlflow_http_request_exceptions_total{method="POST",path="/a",status="503"} 1',
  ]);
  expect(text).toContain('mlflow_exporter_info{version="3.17.2"} 1\n');
  expect(text.endsWith("\n")).toBe(true);
});

/**
 * The answer of `mlflow server --expose-prometheus` (MLflow 3.17.2 with prometheus_flask_exporter 0.23.2) after three requests
 * with status 200, without the metrics of its OTLP endpoint.
 */
const MLFLOWS = `
# TYPE mlflow_exporter_info gauge
mlflow_exporter_info{version="0.23.2"} 1.0
# TYPE mlflow_http_request_total counter
mlflow_http_request_total{method="GET",status="200"} 3.0
# TYPE mlflow_http_request_duration_seconds histogram
mlflow_http_request_duration_seconds_sum{method="GET",mlflow_version="3.17.2",status="200"} 1.6134352780009067
mlflow_http_request_duration_seconds_bucket{le="0.005",method="GET",mlflow_version="3.17.2",status="200"} 0.0
mlflow_http_request_duration_seconds_bucket{le="0.01",method="GET",mlflow_version="3.17.2",status="200"} 1.0
mlflow_http_request_duration_seconds_bucket{le="0.025",method="GET",mlflow_version="3.17.2",status="200"} 1.0
mlflow_http_request_duration_seconds_bucket{le="0.05",method="GET",mlflow_version="3.17.2",status="200"} 1.0
mlflow_http_request_duration_seconds_bucket{le="0.075",method="GET",mlflow_version="3.17.2",status="200"} 2.0
mlflow_http_request_duration_seconds_bucket{le="0.1",method="GET",mlflow_version="3.17.2",status="200"} 2.0
mlflow_http_request_duration_seconds_bucket{le="0.25",method="GET",mlflow_version="3.17.2",status="200"} 2.0
mlflow_http_request_duration_seconds_bucket{le="0.5",method="GET",mlflow_version="3.17.2",status="200"} 2.0
mlflow_http_request_duration_seconds_bucket{le="0.75",method="GET",mlflow_version="3.17.2",status="200"} 2.0
mlflow_http_request_duration_seconds_bucket{le="1.0",method="GET",mlflow_version="3.17.2",status="200"} 2.0
mlflow_http_request_duration_seconds_bucket{le="2.5",method="GET",mlflow_version="3.17.2",status="200"} 3.0
mlflow_http_request_duration_seconds_bucket{le="5.0",method="GET",mlflow_version="3.17.2",status="200"} 3.0
mlflow_http_request_duration_seconds_bucket{le="7.5",method="GET",mlflow_version="3.17.2",status="200"} 3.0
mlflow_http_request_duration_seconds_bucket{le="10.0",method="GET",mlflow_version="3.17.2",status="200"} 3.0
mlflow_http_request_duration_seconds_bucket{le="+Inf",method="GET",mlflow_version="3.17.2",status="200"} 3.0
mlflow_http_request_duration_seconds_count{method="GET",mlflow_version="3.17.2",status="200"} 3.0
`;

test("MLflow's own exporter has no name, type, label or bucket that this one lacks", () => {
  const metrics = new RequestMetrics();
  for (let request = 0; request < 3; request++) metrics.observe("GET", "/api/2.0/mlflow/experiments/get", 200, 0.01);
  const ours = shapesOf(metrics.render("3.17.2"));
  expect(shapesOf(MLFLOWS).filter((shape) => !ours.includes(shape))).toEqual([]);
});

/** Each line without its number, without Trackflare's additional label, and without the exporter's version. */
function shapesOf(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("# HELP"))
    .map((line) =>
      line
        .replace(/,path="[^"]*"/, "")
        .replace(/(\{version=)"[^"]*"/, "$1")
        .replace(/\} .*/, "}"),
    )
    .map((line) => line.replace(/\{(.*)\}/, (_, labels: string) => `{${labels.split(",").sort().join(",")}}`));
}
