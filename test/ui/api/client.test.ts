import { afterEach, expect, it, vi } from "vitest";
import {
  ApiError,
  errorOf,
  forgetBookmark,
  getJson,
  isWorthRepeating,
  postJson,
  withQuery,
} from "../../../ui/src/api/client.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  forgetBookmark();
});

it("reads MLflow's code and message", async () => {
  const body = JSON.stringify({ error_code: "RESOURCE_DOES_NOT_EXIST", message: "No such run" });
  const error = await errorOf(new Response(body, { status: 404 }));
  expect(error).toMatchObject({ status: 404, code: "RESOURCE_DOES_NOT_EXIST", message: "No such run" });
});

it("says who can grant what was refused, where the server says nothing more", async () => {
  const refused = async (message: string) =>
    (await errorOf(new Response(JSON.stringify({ error_code: "PERMISSION_DENIED", message }), { status: 403 })))
      .message;
  expect(await refused("Permission denied.")).toBe(
    "You may not do this. Whoever manages it, or an admin of this server, can grant it to you.",
  );
  expect(await refused("A token needs the scope.")).toBe("A token needs the scope.");
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

/** A server whose answers have these bookmarks, in turn. `sent` are the bookmarks that came with the requests. */
function server(...answers: readonly (string | undefined | Response)[]) {
  const sent: (string | null)[] = [];
  const rest = [...answers];
  vi.stubGlobal("fetch", (_path: string, { headers }: RequestInit) => {
    sent.push(new Headers(headers).get("x-trackflare-bookmark"));
    const answer = rest.shift();
    if (answer instanceof Response) return Promise.resolve(answer);
    return Promise.resolve(
      new Response("{}", { headers: answer === undefined ? {} : { "x-trackflare-bookmark": answer } }),
    );
  });
  return sent;
}

it("sends the newest bookmark that it has heard, to the routes of the web UI alone", async () => {
  const sent = server("0-2", "0-1", undefined, "0-3");
  await getJson("ui-api/experiments");
  await postJson("ui-api/runs", {});
  await getJson("ajax-api/2.0/mlflow/runs/get");
  await getJson("ui-api/experiments");
  await getJson("ui-api/experiments");
  expect(sent).toEqual([null, "0-2", null, "0-2", "0-3"]);
});

it("reads the newest state after a change, and after an error", async () => {
  const sent = server("0-1", undefined, "0-2", new Response("", { status: 500 }), "0-3");
  await getJson("ui-api/experiments");
  await postJson("ajax-api/2.0/mlflow/runs/update", {});
  await getJson("ui-api/experiments");
  await expect(getJson("ui-api/experiments")).rejects.toThrow(ApiError);
  await getJson("ui-api/experiments");
  expect(sent).toEqual([null, null, null, "0-2", null]);
});

it("takes no bookmark from an answer that was asked for before a change", async () => {
  let answerRead: (response: Response) => void = () => undefined;
  const sent = server(undefined, undefined);
  const answers = globalThis.fetch;
  vi.stubGlobal("fetch", () => new Promise<Response>((resolve) => (answerRead = resolve)));
  const read = getJson("ui-api/experiments");
  vi.stubGlobal("fetch", answers);
  await postJson("ajax-api/2.0/mlflow/runs/delete", {});
  answerRead(new Response("{}", { headers: { "x-trackflare-bookmark": "0-9" } }));
  await read;
  await getJson("ui-api/experiments");
  expect(sent).toEqual([null, null]);
});
