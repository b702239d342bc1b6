import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { TestBrowser } from "../../helpers/browser.ts";
import { expectMlflowError } from "../../helpers/mlflow.ts";
import { ADMIN_PASSWORD, closedServer, PASSWORD } from "../../helpers/users.ts";

const server = closedServer();
const READ = "/ajax-api/2.0/mlflow/experiments/get?experiment_id=0";
const CREATE = "/ajax-api/2.0/mlflow/experiments/create";
const newName = () => ({ name: `experiment ${crypto.randomUUID()}` });

const browser = (origin?: string) => new TestBrowser(server, origin);
const status = async (of: TestBrowser) => (await of.send("GET", READ)).status;

describe("what another site makes a signed-in browser send", () => {
  const FOREIGN = [
    { "Sec-Fetch-Site": "cross-site", Origin: "https://evil.example" },
    { "Sec-Fetch-Site": "same-site", Origin: "https://evil.tracking.example" },
    { "Sec-Fetch-Site": "cross-site", Origin: "null" },
    { "Sec-Fetch-Site": undefined, Origin: "https://evil.example" },
    { "Sec-Fetch-Site": undefined, Origin: "http://localhost:3000" },
    { "Sec-Fetch-Site": "cross-site", Origin: undefined },
    { "Sec-Fetch-Site": "same-site", Origin: undefined },
  ];

  test.each(FOREIGN)("changes nothing, by form or fetch: %j", async (headers) => {
    const page = await browser().signIn("admin", ADMIN_PASSWORD);
    const bodies: [string | undefined, string][] = [
      ["application/json", JSON.stringify(newName())],
      ["text/plain", JSON.stringify(newName())],
      ["application/x-www-form-urlencoded", "name=made"],
    ];
    const before = await env.DB.prepare("SELECT count(*) AS n FROM experiments").first("n");
    for (const [type, body] of bodies) {
      for (const proof of [undefined, "1"]) {
        const answer = await page.send("POST", CREATE, body, {
          ...headers,
          "Content-Type": type,
          "X-Trackflare-Page": proof,
        });
        expect([401, 403], `${type} ${proof}`).toContain(answer.status);
        expect(answer.headers.get("WWW-Authenticate")).toBeNull();
      }
    }
    expect(await env.DB.prepare("SELECT count(*) AS n FROM experiments").first("n")).toBe(before);
  });

  test("nor without the header that only an own page adds, nor without any word of where it comes from", async () => {
    const page = await browser().signIn("admin", ADMIN_PASSWORD);
    for (const headers of [
      { "X-Trackflare-Page": undefined },
      { "Sec-Fetch-Site": undefined, Origin: undefined },
      { "Sec-Fetch-Site": "none", Origin: undefined },
    ]) {
      await expectMlflowError(page.send("POST", CREATE, newName(), headers), "PERMISSION_DENIED");
      await expectMlflowError(page.send("DELETE", "/ui-api/session", {}, headers), "PERMISSION_DENIED");
    }
    expect(await status(page)).toBe(200);
  });

  test.each(FOREIGN)("signs nobody in or out: %j", async (headers) => {
    const page = await browser().signIn("admin", ADMIN_PASSWORD);
    const attacker = { username: await server.newUser(), password: PASSWORD };
    for (const type of ["application/json", "text/plain"]) {
      const answer = await page.send("POST", "/ui-api/session", attacker, { ...headers, "Content-Type": type });
      expect(answer.status).toBe(403);
      expect(answer.headers.get("Set-Cookie")).toBeNull();
    }
    expect((await page.send("DELETE", "/ui-api/session", {}, headers)).status).toBe(403);
    expect(await page.username()).toBe("admin");
  });

  test.each(FOREIGN)("reads nothing, and opens no socket: %j", async (headers) => {
    const page = await browser().signIn("admin", ADMIN_PASSWORD);
    for (const dest of ["image", "script", "iframe", "empty"]) {
      const answer = await page.send("GET", READ, undefined, { ...headers, "Sec-Fetch-Dest": dest });
      if (headers.Origin === undefined && headers["Sec-Fetch-Site"] === undefined) continue;
      expect([401, 403]).toContain(answer.status);
    }
    const socket = await page.send("GET", `/ui-api/runs/${"0".repeat(32)}/live`, undefined, {
      ...headers,
      Upgrade: "websocket",
      "Sec-Fetch-Mode": "websocket",
    });
    expect([401, 403]).toContain(socket.status);
  });

  test("a socket needs a word of where it comes from", async () => {
    const page = await browser().signIn("admin", ADMIN_PASSWORD);
    const live = `/ui-api/runs/${"0".repeat(32)}/live`;
    const upgrade = { Upgrade: "websocket", "Sec-Fetch-Mode": "websocket" };
    await expectMlflowError(
      page.send("GET", live, undefined, { ...upgrade, "Sec-Fetch-Site": undefined }),
      "PERMISSION_DENIED",
    );
    await expectMlflowError(
      page.send("GET", live, undefined, { ...upgrade, Origin: page.origin }),
      "RESOURCE_DOES_NOT_EXIST",
    );
  });

  test("a page of a listed origin may, one of this machine not unless listed", async () => {
    const listed = closedServer({ MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: "https://app.tracking.example" });
    const page = await new TestBrowser(listed).signIn("admin", ADMIN_PASSWORD);
    const from = (Origin: string) => page.send("POST", CREATE, newName(), { Origin, "Sec-Fetch-Site": "same-site" });
    expect((await from("https://app.tracking.example")).status).toBe(200);
    expect((await from("http://localhost:3000")).status).toBe(401);
    const any = await new TestBrowser(closedServer({ MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: "*" })).signIn(
      "admin",
      ADMIN_PASSWORD,
    );
    expect(
      (await any.send("POST", CREATE, newName(), { Origin: "https://evil.example", "Sec-Fetch-Site": "same-site" }))
        .status,
    ).toBe(401);
  });
});
