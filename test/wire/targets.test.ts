import { describe, expect, test } from "vitest";
import { MlflowError } from "../../src/domain/errors.ts";
import { parseJsonExactly } from "../../src/wire/json.ts";
import { absoluteUrl, rawHost, rawPath, rawQuery, requireWellFormedTarget } from "../../src/wire/raw-target.ts";

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
