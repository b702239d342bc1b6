import { expect, it } from "vitest";
import { ApiError, errorOf, isWorthRepeating, withQuery } from "../../../ui/src/api/client.ts";

it("reads MLflow's code and message", async () => {
  const body = JSON.stringify({ error_code: "RESOURCE_DOES_NOT_EXIST", message: "No such run" });
  const error = await errorOf(new Response(body, { status: 404 }));
  expect(error).toMatchObject({ status: 404, code: "RESOURCE_DOES_NOT_EXIST", message: "No such run" });
});

it("makes an error of a proxy's page, and of JSON that is none of MLflow's", async () => {
  for (const body of ["<html>Bad gateway</html>", "[]", "null", ""]) {
    const error = await errorOf(new Response(body, { status: 502, statusText: "Bad Gateway" }));
    expect(error).toMatchObject({ status: 502, message: "The server answered 502 Bad Gateway." });
  }
});

it("repeats what may pass by itself, and nothing that is the request's fault", () => {
  const isRepeated = (status: number): boolean => isWorthRepeating(new ApiError(status, "X", ""));
  expect([0, 429, 500, 503].every(isRepeated)).toBe(true);
  expect([400, 401, 403, 404, 416].some(isRepeated)).toBe(false);
  expect(isWorthRepeating(new TypeError("a bug"))).toBe(false);
});

it("leaves undefined fields out of a query and repeats lists", () => {
  expect(withQuery("a/b", { q: "x y", none: undefined, order_by: ["a ASC", "b"], n: 0 })).toBe(
    "a/b?q=x+y&order_by=a+ASC&order_by=b&n=0",
  );
  expect(withQuery("a/b")).toBe("a/b");
});
