import { expect, test } from "vitest";
import { ROUTES } from "../../src/routes/table.ts";
import { PERMISSION_LEVELS } from "../../src/wire/route.ts";

const endpoints = ROUTES.flatMap((route) =>
  route.paths.map((path) => ({ ...route, endpoint: `${route.method} ${path}` })),
);

test("every route has a permission", () => {
  for (const { endpoint, permission } of endpoints) {
    if (typeof permission === "string") continue;
    expect(PERMISSION_LEVELS, endpoint).toContain(permission.level);
    expect(permission.on, endpoint).toBeInstanceOf(Function);
  }
});

test("no two routes answer the same method and path", () => {
  const names = endpoints.map(({ endpoint }) => endpoint);
  expect(names).toEqual([...new Set(names)]);
});

test("health, version, server-info, the contact for security and what a signed URL opens are public, and nothing else", () => {
  const isPublic = endpoints.filter(({ permission }) => permission === "public").map(({ endpoint }) => endpoint);
  expect(isPublic.sort()).toEqual([
    "GET /.well-known/security.txt",
    "GET /ajax-api/2.0/trackflare/artifact-files/*",
    "GET /ajax-api/3.0/mlflow/server-info",
    "GET /api/2.0/trackflare/artifact-files/*",
    "GET /api/3.0/mlflow/server-info",
    "GET /health",
    "GET /ui-api/oidc/callback",
    "GET /ui-api/oidc/start",
    "GET /version",
    "PUT /ajax-api/2.0/trackflare/artifact-parts/*",
    "PUT /api/2.0/trackflare/artifact-parts/*",
  ]);
});

test("a page of this server signs in and out, makes the first admin, asks who is there, and opens a link, whoever that is", () => {
  const isOfPage = endpoints.filter(({ permission }) => permission === "page").map(({ endpoint }) => endpoint);
  expect(isOfPage.sort()).toEqual([
    "DELETE /ui-api/session",
    "GET /ui-api/session",
    "GET /ui-api/setup",
    "POST /shared/:link_id/open",
    "POST /ui-api/session",
    "POST /ui-api/setup",
  ]);
});

const TRACKING = [
  "POST experiments/create",
  "GET experiments/get",
  "GET experiments/get-by-name",
  "GET experiments/search",
  "POST experiments/search",
  "GET experiments/list",
  "POST experiments/update",
  "POST experiments/delete",
  "POST experiments/restore",
  "POST experiments/set-experiment-tag",
  "POST experiments/delete-experiment-tag",
  "POST runs/create",
  "GET runs/get",
  "POST runs/update",
  "POST runs/delete",
  "POST runs/restore",
  "POST runs/search",
  "POST runs/log-metric",
  "POST runs/log-parameter",
  "POST runs/log-batch",
  "POST runs/log-inputs",
  "POST runs/set-tag",
  "POST runs/delete-tag",
  "POST runs/log-model",
  "GET metrics/get-history",
  "GET metrics/get-history-bulk",
  "GET metrics/get-history-bulk-interval",
  "GET artifacts/list",
];

test.each(TRACKING)("%s answers under /api, /ajax-api and /api/2.0/preview", (name) => {
  const [method, path] = name.split(" ");
  const route = ROUTES.find((of) => of.method === method && of.paths.includes(`/api/2.0/mlflow/${path}`));
  expect(route?.paths).toEqual([
    `/api/2.0/mlflow/${path}`,
    `/ajax-api/2.0/mlflow/${path}`,
    `/api/2.0/preview/mlflow/${path}`,
  ]);
});

test("whatever answers under /api answers under /ajax-api", () => {
  for (const { method, paths } of ROUTES) {
    for (const path of paths.filter((of) => /^\/api\/\d/.test(of) && !of.startsWith("/api/2.0/preview/"))) {
      expect(paths, `${method} ${path}`).toContain(path.replace("/api/", "/ajax-api/"));
    }
  }
});

test.each(["GET", "PUT", "DELETE"])("%s of the artifact proxy answers under /api and /ajax-api", (method) => {
  const paths = ROUTES.filter((route) => route.method === method).flatMap((route) => route.paths);
  expect(paths).toContain("/api/2.0/mlflow-artifacts/artifacts/*");
  expect(paths).toContain("/ajax-api/2.0/mlflow-artifacts/artifacts/*");
});

test("get-artifact is there", () => {
  expect(endpoints.map(({ endpoint }) => endpoint)).toContain("GET /get-artifact");
});
