import { expect, test } from "vitest";
import { MlflowError } from "../../src/domain/errors.ts";
import { MAX_ERROR_LENGTH } from "../../src/domain/limits.ts";
import { errorResponse } from "../../src/http/errors.ts";
import { expectMlflowError } from "../helpers/mlflow.ts";

const ID = "request-id";

test.each([
  ["BAD_REQUEST", 400],
  ["INVALID_PARAMETER_VALUE", 400],
  ["RESOURCE_ALREADY_EXISTS", 400],
  ["UNAUTHENTICATED", 401],
  ["PERMISSION_DENIED", 403],
  ["ENDPOINT_NOT_FOUND", 404],
  ["RESOURCE_DOES_NOT_EXIST", 404],
  ["REQUEST_TOO_LARGE", 413],
  ["RANGE_NOT_SATISFIABLE", 416],
  ["REQUEST_LIMIT_EXCEEDED", 429],
  ["NOT_IMPLEMENTED", 501],
  ["TEMPORARILY_UNAVAILABLE", 503],
  ["RESOURCE_LIMIT_EXCEEDED", 507],
] as const)("%s is a %i with code and message", async (code, status) => {
  const response = errorResponse(new MlflowError(code, "why"), ID);
  expect(response.status).toBe(status);
  expect(await response.json()).toEqual({ error_code: code, message: "why" });
  expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff");
  expect(response.headers.get("Cross-Origin-Resource-Policy")).toBe("same-origin");
});

test("what the platform calls retryable asks to be repeated", async () => {
  const error = Object.assign(new Error("The object was moved"), { retryable: true });
  await expectMlflowError(errorResponse(error, ID), "TEMPORARILY_UNAVAILABLE");
});

test.each([
  "D1_ERROR: Network connection lost.",
  "D1_ERROR: D1 DB storage operation exceeded timeout which caused object to be reset.",
  "D1_ERROR: internal error; reference = abc",
  "Durable Object reset because its code was updated.",
])("%s asks to be repeated", async (text) => {
  const response = errorResponse(new Error(text), ID);
  expect(response.headers.get("Retry-After")).toBe("2");
  const message = await expectMlflowError(response, "TEMPORARILY_UNAVAILABLE");
  expect(message).toContain(ID);
  expect(message).not.toContain("D1");
});

test.each([
  ["D1_ERROR: D1 DB is overloaded. Too many requests queued.", "REQUEST_LIMIT_EXCEEDED"],
  ["Durable Object is overloaded. Requests queued for too long.", "REQUEST_LIMIT_EXCEEDED"],
  ["D1_ERROR: string or blob too big: SQLITE_TOOBIG", "INVALID_PARAMETER_VALUE"],
  ["D1_ERROR: Expression tree is too large (maximum depth 100): SQLITE_ERROR", "INVALID_PARAMETER_VALUE"],
  ["D1_ERROR: too many SQL variables at offset 321: SQLITE_ERROR", "INVALID_PARAMETER_VALUE"],
  ["D1_ERROR: LIKE or GLOB pattern too complex: SQLITE_ERROR", "INVALID_PARAMETER_VALUE"],
  ["D1_ERROR: Exceeded maximum DB size", "RESOURCE_LIMIT_EXCEEDED"],
  ["D1_ERROR: database or disk is full: SQLITE_FULL", "RESOURCE_LIMIT_EXCEEDED"],
  ["Exceeded allowed rows written in Durable Objects free tier.", "RESOURCE_LIMIT_EXCEEDED"],
  ["D1 DB's isolate exceeded its memory limit and was reset.", "RESOURCE_LIMIT_EXCEEDED"],
  ["Durable Object exceeded its CPU time limit and was reset.", "RESOURCE_LIMIT_EXCEEDED"],
] as const)("%s is a %s, in words of its own", async (text, code) => {
  const response = errorResponse(new Error(text), ID);
  expect(response.headers.has("Retry-After")).toBe(response.status === 429);
  const { error_code, message } = (await response.json()) as { error_code: string; message: string };
  expect(error_code).toBe(code);
  if (code !== "INVALID_PARAMETER_VALUE") expect(message).toContain(ID);
  expect(message).not.toMatch(/D1|SQL|Durable/);
});

test("what is sent does not come back whole", async () => {
  const long = `${"😀".repeat(100_000)} is no name`;
  const response = errorResponse(new MlflowError("INVALID_PARAMETER_VALUE", `The name ${long}`), ID);
  const { message } = (await response.json()) as { message: string };
  expect(message).toMatch(/^The name 😀.*….* is no name$/u);
  expect(message.length).toBeLessThanOrEqual(MAX_ERROR_LENGTH);
  expect(message.isWellFormed()).toBe(true);
});

test.each([
  new Error('D1_ERROR: near "SELECT": syntax error: SQLITE_ERROR'),
  new TypeError("x is undefined"),
  "text",
  null,
])("%s shows only the request's id", async (thrown) => {
  const message = await expectMlflowError(errorResponse(thrown, ID), "INTERNAL_ERROR");
  expect(message).toBe(`Internal error (request ${ID}).`);
});
