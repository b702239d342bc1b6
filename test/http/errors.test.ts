import { expect, test } from "vitest";
import { MlflowError } from "../../src/domain/errors.ts";
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
] as const)("%s is a %i with code and message", async (code, status) => {
  const response = errorResponse(new MlflowError(code, "why"), ID);
  expect(response.status).toBe(status);
  expect(await response.json()).toEqual({ error_code: code, message: "why" });
  expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff");
});

test("what the platform calls retryable asks to be repeated", async () => {
  const error = Object.assign(new Error("The object was moved"), { retryable: true });
  await expectMlflowError(errorResponse(error, ID), "TEMPORARILY_UNAVAILABLE");
});

test.each([
  "D1_ERROR: Network connection lost.",
  "D1_ERROR: D1 DB is overloaded. Too many requests queued.",
  "D1_ERROR: D1 DB storage operation exceeded timeout which caused object to be reset.",
  "D1_ERROR: internal error; reference = abc",
  "Durable Object is overloaded. Requests queued for too long.",
  "Durable Object reset because its code was updated.",
])("%s asks to be repeated", async (text) => {
  const response = errorResponse(new Error(text), ID);
  expect(response.headers.get("Retry-After")).toBe("2");
  const message = await expectMlflowError(response, "TEMPORARILY_UNAVAILABLE");
  expect(message).toContain(ID);
  expect(message).not.toContain("D1");
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
