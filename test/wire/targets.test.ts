import { describe, expect, test } from "vitest";
import { MlflowError } from "../../src/domain/errors.ts";
import { parseJsonExactly } from "../../src/wire/json.ts";
import {
  absoluteUrl,
  pathBelow,
  rawHost,
  rawPath,
  rawQuery,
  requireWellFormedTarget,
  siblingAddress,
} from "../../src/wire/raw-target.ts";
import { SIGNED_PARTS, signedAddress } from "../../src/wire/signed-addresses.ts";

/** A request as the runtime passes it on. Its `url` may not be a URL. */
function requestOf(url: string, host?: string): Request {
  return { url, headers: new Headers(host === undefined ? {} : { Host: host }) } as Request;
}

describe("a target", () => {
  test.each([
    ["/a/%2e%2e/b?x=/y#z", "/a/%2e%2e/b", "?x=/y"],
    ["/", "/", ""],
    ["/a#b?c", "/a", ""],
    ["/a?", "/a", "?"],
    ["//a//b", "//a//b", ""],
    ["http://host:1/a?b", "/a", "?b"],
    ["HTTPS://host/a", "/a", ""],
    ["http://host", "/", ""],
    ["http://host?a=b", "/", "?a=b"],
    ["http://host#c", "/", ""],
    ["http://host/?a", "/", "?a"],
  ])("%s has the path %s and the query %j", (url, path, query) => {
    expect(rawPath(requestOf(url, "h"))).toBe(path);
    expect(rawQuery(requestOf(url, "h"))).toBe(query);
  });

  test("is called by the URL's host, else by the Host header's", () => {
    expect(rawHost(requestOf("/a", "name:5000"))).toBe("name:5000");
    expect(rawHost(requestOf("/a"))).toBe("");
    expect(rawHost(requestOf("http://url:1/a", "header:2"))).toBe("url:1");
    expect(rawHost(requestOf("http://url?a", "header:2"))).toBe("url");
    expect(absoluteUrl(requestOf("/a?b", "name:5000"))).toBe("http://name:5000/a?b");
    expect(absoluteUrl(requestOf("https://url/a", "name"))).toBe("https://url/a");
  });

  test.each(["localhost", "a_b.c-d~", "127.0.0.1:5000", "[::1]", "[::1]:80", "[::ffff:1.2.3.4]", "A:12345"])(
    "may name the host %s",
    (host) => {
      expect(() => requireWellFormedTarget(requestOf("/a", host))).not.toThrow();
      expect(() => requireWellFormedTarget(requestOf(`http://${host}/a`))).not.toThrow();
    },
  );

  test.each(["", "a b", "a,b", "a:", "a:123456", "a:x", "a@b", "::1", "[g]", "a/b", "é", "a:1:2", " a"])(
    "may not name the host %j",
    (host) => {
      expect(() => requireWellFormedTarget({ url: "/a", headers: { get: () => host } } as unknown as Request)).toThrow(
        new MlflowError("BAD_REQUEST", "Bad Request. The Host header must name one host."),
      );
    },
  );

  test.each(["*", "a", "", "ftp://host/a", "host:443", "http:/a", "x/http://a"])("may not be %j", (url) => {
    expect(() => requireWellFormedTarget(requestOf(url, "host"))).toThrow(
      new MlflowError("BAD_REQUEST", "Bad Request. The request's target must be a path or a URL."),
    );
  });
});

describe("JSON", () => {
  test.each<[string, unknown]>([
    ["[9007199254740993]", [9_007_199_254_740_993n]],
    ["[-9007199254740993]", [-9_007_199_254_740_993n]],
    ["[1000000000000000]", [1_000_000_000_000_000]],
    ["[9007199254740993.5]", [9_007_199_254_740_994]],
    ["[9007199254740993e0]", [9_007_199_254_740_992]],
    ["[0.1234567890123456789]", [0.123_456_789_012_345_68]],
    ['["9007199254740993"]', ["9007199254740993"]],
    ["[NaN]", [Number.NaN]],
    ["NaN", Number.NaN],
    ["[-Infinity,Infinity]", [-Infinity, Infinity]],
    [
      '{"a":NaN,"b":"NaN, Infinity","c":9007199254740993}',
      { a: Number.NaN, b: "NaN, Infinity", c: 9_007_199_254_740_993n },
    ],
    ['{"a\\"NaN":NaN}', { 'a"NaN': Number.NaN }],
    ["[ NaN , 0e1 ]", [Number.NaN, 0]],
  ])("%s", (text, value) => {
    expect(parseJsonExactly(text)).toEqual(value);
  });

  test("integers of more than 400 digits stay doubles", () => {
    expect(parseJsonExactly(`[1${"0".repeat(399)}]`)).toEqual([10n ** 399n]);
    expect(parseJsonExactly(`[1${"0".repeat(400)}]`)).toEqual([Infinity]);
  });

  test.each(["", "{", "[nan]", "[-NaN]", "[+Infinity]", "[NaNa]", "[aNaN]", "{NaN:1}", "[Infinityx]", '["NaN]'])(
    "%j is none",
    (text) => {
      expect(() => parseJsonExactly(text)).toThrow(SyntaxError);
    },
  );
});

test("a path below a prefix loses the prefix, any other path stays", () => {
  const paths = ["/mlflow/a", "/mlflow/", "/mlflow", "/mlflowx/a", "/a/mlflow/", "/"];
  expect(paths.map((path) => pathBelow("/mlflow", path))).toEqual([
    "/a",
    "/",
    "/mlflow",
    "/mlflowx/a",
    "/a/mlflow/",
    "/",
  ]);
  expect(paths.map((path) => pathBelow("", path))).toEqual(paths);
});

describe("another address on this server", () => {
  const address = (url: string, headers: Record<string, string> = {}) =>
    siblingAddress({ url, headers: new Headers({ Host: "h:5000", ...headers }) } as Request, "/x?y");

  test.each([
    ["/api/2.0/mlflow/a", "http://h:5000/x?y"],
    ["/mlflow/api/2.0/a", "http://h:5000/mlflow/x?y"],
    ["/a/b//ajax-api//3.0/c/api/2.0", "http://h:5000/a/b/x?y"],
    ["/model-versions/get-artifact", "http://h:5000/x?y"],
    ["/p/model-versions/a", "http://h:5000/p/x?y"],
    ["/get-artifact?api/2.0", "http://h:5000/x?y"],
    ["/apix/2.0/a", "http://h:5000/x?y"],
    ["/p/api/a", "http://h:5000/x?y"],
    ["https://edge.example/p/api/2.0/a", "https://edge.example/p/x?y"],
    ["http://edge.example", "http://edge.example/x?y"],
  ])("beside %s", (url, expected) => {
    expect(address(url)).toBe(expected);
  });

  test.each<[Record<string, string>, string]>([
    [{ "X-Forwarded-Proto": "https" }, "https://h:5000/x?y"],
    [{ "X-Forwarded-Proto": " HTTPS , http" }, "https://h:5000/x?y"],
    [{ "X-Forwarded-Proto": "http, https" }, "http://h:5000/x?y"],
    [{ "X-Forwarded-Proto": "javascript" }, "http://h:5000/x?y"],
    [{ "X-Forwarded-Prefix": "/a/b.c~d-e/" }, "http://h:5000/a/b.c~d-e/x?y"],
    [{ "X-Forwarded-Prefix": "/" }, "http://h:5000/x?y"],
    [{ "X-Forwarded-Prefix": "a" }, "http://h:5000/x?y"],
    [{ "X-Forwarded-Prefix": "/a b" }, "http://h:5000/x?y"],
    [{ "X-Forwarded-Prefix": "@evil/a" }, "http://h:5000/x?y"],
    [{ "X-Forwarded-Prefix": "//evil" }, "http://h:5000/x?y"],
  ])("with %j", (headers, expected) => {
    expect(address("/api/2.0/a", headers)).toBe(expected);
  });

  test("of signed parts, whose key is encoded", () => {
    const request = requestOf("/api/2.0/a", "h");
    expect(signedAddress(request, SIGNED_PARTS, "7/a b/é#?", "e=1")).toBe(
      "http://h/api/2.0/trackflare/artifact-parts/7/a%20b/%C3%A9%23%3F?e=1",
    );
  });
});
