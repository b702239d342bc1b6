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
      `^mlflow_http_request_duration_seconds_bucket\\{method="GET",path="/a",status="200",le="${le}"\\} (\\d+)$`,
      "m",
    ).exec(text)?.[1];
  expect(["0.005", "0.01", "0.25", "0.5", "10", "+Inf"].map((le) => bucket(le.replace("+", "\\+")))).toEqual([
    "2",
    "3",
    "3",
    "4",
    "4",
    "5",
  ]);
  expect(text).toContain('mlflow_http_request_duration_seconds_count{method="GET",path="/a",status="200"} 5\n');
  expect(text).toContain('mlflow_http_request_duration_seconds_sum{method="GET",path="/a",status="200"} 60.3101\n');
  expect(text).toContain('mlflow_http_request_total{method="GET",path="/a",status="404"} 1\n');
  expect(text.match(/^mlflow_http_request_exceptions_total.*$/gm)).toEqual([
    'mlflow_http_request_exceptions_total{method="POST",path="/a",status="503"} 1',
  ]);
  expect(text).toContain('mlflow_exporter_info{version="3.17.2"} 1\n');
  expect(text.endsWith("\n")).toBe(true);
});
