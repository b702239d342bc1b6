import { describe, expect, test } from "vitest";
import { newCookieName, setCookie, signInCookie } from "../../src/wire/sign-in-cookie.ts";

/** A request as the runtime passes it on. */
const requestOf = (url: string, headers: Record<string, string> = {}) =>
  ({ url, headers: new Headers(headers) }) as Request;

const TLS = "https://host/a";
const PLAIN = "/a";

describe("the name of a new cookie", () => {
  test.each<[string, string, Record<string, string>]>([
    ["__Host-trackflare", TLS, {}],
    ["__Host-trackflare", "HTTPS://host/a", {}],
    ["trackflare-5000", PLAIN, { Host: "host:5000" }],
    ["trackflare-80", PLAIN, { Host: "host" }],
    ["trackflare-80", "http://host/https:", {}],
    ["trackflare-8080", "http://host:8080/a", {}],
    ["trackflare-80", PLAIN, { Host: "[::1]" }],
    ["__Host-trackflare", PLAIN, { Host: "h", "X-Forwarded-Proto": "https" }],
    ["__Host-trackflare", PLAIN, { Host: "h", "X-Forwarded-Proto": "HTTPS, http" }],
    ["trackflare-80", PLAIN, { Host: "h", "X-Forwarded-Proto": "http" }],
    ["trackflare-80", PLAIN, { Host: "h", "X-Forwarded-Proto": "httpsx" }],
    ["trackflare-80", PLAIN, { Host: "h", "X-Forwarded-Proto": "x https" }],
    ["__Host-trackflare", PLAIN, { Host: "h", Origin: "https://h" }],
    ["trackflare-80", PLAIN, { Host: "h", Origin: "http://h" }],
    ["trackflare-80", PLAIN, { Host: "h", Origin: "http://h", "Sec-Fetch-Site": "same-origin" }],
    ["trackflare-80", PLAIN, { Host: "h", Origin: "xhttps://h" }],
    ["__Host-trackflare", PLAIN, { Host: "h", "Sec-Fetch-Site": "same-origin" }],
    ["trackflare-80", PLAIN, { Host: "localhost", "Sec-Fetch-Site": "same-origin" }],
    ["trackflare-5000", PLAIN, { Host: "127.0.0.1:5000", "Sec-Fetch-Site": "none" }],
    ["trackflare-5000", PLAIN, { Host: "[::1]:5000", "Sec-Fetch-Site": "none" }],
    ["__Host-trackflare", PLAIN, { Host: "a.localhost.example", "Sec-Fetch-Site": "none" }],
  ])("%s for %s with %j", (name, url, headers) => {
    expect(newCookieName(requestOf(url, headers))).toBe(name);
  });

  test("has the use at its end, and a link's has another prefix", () => {
    expect(newCookieName(requestOf(TLS), "-oidc")).toBe("__Host-trackflare-oidc");
    expect(newCookieName(requestOf(TLS), "-link")).toBe("__Secure-trackflare-link");
    expect(newCookieName(requestOf(PLAIN, { Host: "h:1" }), "-link")).toBe("trackflare-1-link");
  });

  test("follows the public URL", () => {
    const request = requestOf(PLAIN, { Host: "h" });
    expect(newCookieName(request, "", "https://mlflow.example")).toBe("__Host-trackflare");
    expect(newCookieName(request, "", "HTTPS://mlflow.example")).toBe("__Host-trackflare");
    expect(newCookieName(request, "", "http://mlflow.example")).toBe("trackflare-80");
    expect(newCookieName(request, "", "x https://mlflow.example")).toBe("trackflare-80");
  });
});

describe("a header Set-Cookie", () => {
  test.each([
    ["__Host-trackflare", "; Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure"],
    ["__Host-trackflare-oidc", "; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"],
    ["__Secure-trackflare-link", "; Max-Age=60; HttpOnly; SameSite=Strict; Secure"],
    ["trackflare-80", "; Path=/; Max-Age=60; HttpOnly; SameSite=Strict"],
    ["trackflare-80-link", "; Max-Age=60; HttpOnly; SameSite=Strict"],
  ])("%s", (name, rest) => {
    expect(setCookie({ name, value: "v" }, 60)).toBe(`${name}=v${rest}`);
  });
});

describe("the request's cookie", () => {
  const over = (url: string, Cookie?: string, use?: "-oidc") =>
    signInCookie(requestOf(url, { Host: "h:5000", ...(Cookie !== undefined && { Cookie }) }), use);

  test("is the one of the name, among others", () => {
    expect(over(TLS)).toBeUndefined();
    expect(over(TLS, "a=b; x")).toBeUndefined();
    expect(over(TLS, "a=b;__Host-trackflare=v=w ; c=d")).toEqual({ name: "__Host-trackflare", value: "v=w" });
    expect(over(PLAIN, "trackflare-5000=v")).toEqual({ name: "trackflare-5000", value: "v" });
    expect(over(PLAIN, "trackflare-5001=v")).toBeUndefined();
    expect(over(PLAIN, "trackflare-5000-oidc=o", "-oidc")).toEqual({ name: "trackflare-5000-oidc", value: "o" });
    expect(over(PLAIN, "trackflare-5000=v", "-oidc")).toBeUndefined();
  });

  test("over TLS, the plain name does not count; over plain http both do", () => {
    expect(over(TLS, "trackflare-5000=v")).toBeUndefined();
    expect(over(PLAIN, "__Host-trackflare=s; trackflare-5000=v")).toEqual({ name: "__Host-trackflare", value: "s" });
  });

  test("two values of one name do not count", () => {
    expect(over(TLS, "__Host-trackflare=a; __Host-trackflare=b")).toBeUndefined();
    expect(over(PLAIN, "__Host-trackflare=a; __Host-trackflare=b; trackflare-5000=v")?.value).toBe("v");
  });
});
