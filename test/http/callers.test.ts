import { describe, expect, test } from "vitest";
import { hostRule } from "../../src/http/callers.ts";
import { expectMlflowError, fetchWorker } from "../helpers/mlflow.ts";

const GET = "/api/2.0/mlflow/experiments/get?experiment_id=0";

describe("--allowed-hosts", () => {
  test.each<[list: string, host: string, isAllowed: boolean]>([
    ["example.com", "example.com", true],
    ["example.com", "EXAMPLE.com:8080", true],
    ["a.test, example.com", "example.com", true],
    ["example.com", "evil-example.com", false],
    ["example.com", "example.com.evil.test", false],
    ["example.com", "exampleXcom", false],
    ["example.com:5000", "example.com:5000", true],
    ["example.com:5000", "example.com:5001", false],
    ["example.com:5000", "example.com", false],
    ["app-*.int", "app-1.int", true],
    ["app-*.int", "app-1.int:80", true],
    ["app-*.int", "app-1.int.evil.test", false],
    ["10.*", "10.1.2.3:5000", true],
    ["10.*", "10.evil.test", false],
    ["192.168.*", "192.168.0.7", true],
    ["192.168.*", "192.169.0.7", false],
    ["[::2]", "[::2]:5000", true],
    ["*", "anything.test:1", true],
    ["", "anything.test", false],
  ])("%j and Host %s: %s", (list, host, isAllowed) => {
    expect(hostRule(list)(host)).toBe(isAllowed);
  });

  test("holds with an admin secret too, and lets this machine and health through", async () => {
    const settings = { MLFLOW_SERVER_ALLOWED_HOSTS: "example.com", TRACKFLARE_ADMIN_TOKEN: "a token of the admin" };
    const init = { headers: { Authorization: "Bearer a token of the admin" } };
    for (const host of ["example.com", "localhost:5000"]) {
      expect((await fetchWorker(`http://${host}${GET}`, init, settings)).status).toBe(200);
    }
    const message = await expectMlflowError(fetchWorker(`http://evil.test${GET}`, init, settings), "PERMISSION_DENIED");
    expect(message).toContain("--allowed-hosts");
    expect((await fetchWorker("http://evil.test/health", {}, settings)).status).toBe(200);
  });
});

describe("--cors-allowed-origins", () => {
  const settings = { MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: "https://app.example.com, https://notes.example.com:443" };
  const from = (Origin: string, init: RequestInit = {}, target = GET) =>
    fetchWorker(target, { ...init, headers: { ...(init.headers as Record<string, string>), Origin } }, settings);

  test.each([
    "https://app.example.com",
    "https://notes.example.com",
    "http://localhost:3000",
    "http://127.0.0.1:9",
    "https://[::1]:8",
  ])("%s may call and read the answer, errors too", async (origin) => {
    const calls = [
      await from(origin),
      await from(origin, {}, "/nothing"),
      await from(
        origin,
        { method: "POST", body: "{}", headers: { "Content-Type": "application/json" } },
        "/ui-api/keys",
      ),
    ];
    for (const { headers } of calls) {
      expect(headers.get("Access-Control-Allow-Origin")).toBe(origin);
      expect(headers.get("Access-Control-Allow-Credentials")).toBe("true");
      expect(headers.get("Vary")).toContain("Origin");
    }
    expect(calls[0]?.status).toBe(200);
  });

  test.each([
    "http://app.example.com",
    "https://app.example.com:8443",
    "https://app.example.com.evil.test",
    "https://evil.test",
    "null",
  ])("%s may not, and is told nothing", async (origin) => {
    const ask = { method: "OPTIONS", headers: { "Access-Control-Request-Method": "POST" } };
    for (const answer of [await from(origin), await from(origin, ask)]) {
      expect(answer.headers.get("Access-Control-Allow-Origin")).toBeNull();
      const message = await expectMlflowError(answer, "PERMISSION_DENIED");
      expect(message).toContain("--cors-allowed-origins");
    }
  });

  test("a browser that asks before it sends is answered without credentials", async () => {
    const headers = {
      "Access-Control-Request-Method": "POST",
      "Access-Control-Request-Headers": "authorization,content-type",
      Origin: "https://app.example.com",
    };
    const admin = { ...settings, TRACKFLARE_ADMIN_TOKEN: "a token of the admin" };
    const answer = await fetchWorker(GET, { method: "OPTIONS", headers }, admin);
    expect(answer.status).toBe(204);
    expect(answer.headers.get("Access-Control-Allow-Origin")).toBe("https://app.example.com");
    expect(answer.headers.get("Access-Control-Allow-Headers")).toBe("authorization,content-type");
    expect(answer.headers.get("Access-Control-Allow-Methods")).toContain("PATCH");
    await expectMlflowError(fetchWorker(GET, { headers: { Origin: headers.Origin } }, admin), "UNAUTHENTICATED");
  });

  test("* is every page", async () => {
    const open = { MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: "*" };
    const answer = await fetchWorker(GET, { headers: { Origin: "https://any.test" } }, open);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("Access-Control-Allow-Origin")).toBe("https://any.test");
  });

  test.each([
    ["*", "https://any.test", null],
    ["*,https://app.example.com", "https://any.test", null],
    ["*,https://app.example.com", "https://app.example.com", "true"],
    ["https://app.example.com", "http://localhost:3000", "true"],
  ])("of %s, %s may read what the browser's own credentials get: %s", async (list, origin, allowed) => {
    const answer = await fetchWorker(
      GET,
      { headers: { Origin: origin } },
      { MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: list },
    );
    expect(answer.status).toBe(200);
    expect(answer.headers.get("Access-Control-Allow-Credentials")).toBe(allowed);
  });
});
