import { describe, expect, test } from "vitest";
import { TestBrowser } from "../../helpers/browser.ts";
import { expectMlflowError, fetchWorker } from "../../helpers/mlflow.ts";
import { closedServer, PASSWORD } from "../../helpers/users.ts";

const server = closedServer();
const READ = "/ajax-api/2.0/mlflow/experiments/get?experiment_id=0";
const CREATE = "/ajax-api/2.0/mlflow/experiments/create";
const newName = () => ({ name: `experiment ${crypto.randomUUID()}` });

const browser = (origin?: string) => new TestBrowser(server, origin);

describe("who is asked to sign in", () => {
  const opened = {
    "Sec-Fetch-Site": "none",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
    Referer: undefined,
  };

  test("a program gets the challenge, a page none", async () => {
    const program = await fetchWorker(READ, {}, server.env);
    expect(program.headers.get("WWW-Authenticate")).toBe('Basic realm="mlflow", charset="UTF-8"');
    await expectMlflowError(program, "UNAUTHENTICATED");
    for (const origin of ["https://tracking.example", "http://10.0.0.7:5000"]) {
      for (const path of [READ, "/get-artifact?run_id=1&path=a.png", "/ui-api/keys?experiment_ids=0"]) {
        const answer = await browser(origin).send("GET", path);
        expect(answer.headers.get("WWW-Authenticate")).toBeNull();
        await expectMlflowError(answer, "UNAUTHENTICATED");
      }
    }
  });

  test.each([
    ["/get-artifact?run_id=1&path=a%20b.png", "./", "get-artifact?run_id=1&path=a%20b.png"],
    ["/api/2.0/mlflow-artifacts/artifacts/0/1/a", "../../../../../../", "api/2.0/mlflow-artifacts/artifacts/0/1/a"],
    ["/nothing", "./", "nothing"],
    ["//evil.example/x", "../../", "/evil.example/x"],
  ])("a reader who opens %s gets the page", async (path, root, to) => {
    const answers = [
      await browser().send("GET", path, undefined, opened),
      await browser("http://10.0.0.7:5000").send("GET", path, undefined, {
        Accept: "text/html,*/*",
        Referer: undefined,
      }),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(302);
      expect(answer.headers.get("Location")).toBe(`${root}#/sign-in?to=${encodeURIComponent(to)}`);
      expect(new URL(answer.headers.get("Location") ?? "", `https://tracking.example${path}`).origin).toBe(
        "https://tracking.example",
      );
    }
  });

  test("below a path, too", async () => {
    const below = new TestBrowser(closedServer({ MLFLOW_STATIC_PREFIX: "/team/mlflow" }));
    const answer = await below.send("GET", "/team/mlflow/get-artifact?run_id=1", undefined, opened);
    expect(answer.headers.get("Location")).toBe("./#/sign-in?to=get-artifact%3Frun_id%3D1");
  });

  test("what sends a password, writes, or frames is no reader who opens an address", async () => {
    const Authorization = `Basic ${btoa("admin:wrong wrong wrong")}`;
    expect((await browser().send("GET", READ, undefined, { ...opened, Authorization })).status).toBe(401);
    expect(
      (await browser().send("POST", CREATE, newName(), { ...opened, "X-Trackflare-Page": undefined })).status,
    ).toBe(401);
    expect((await browser().send("GET", READ, undefined, { ...opened, "Sec-Fetch-Dest": "iframe" })).status).toBe(401);
  });

  test("an open server knows its visitor, and asks for nothing", async () => {
    const answer = await fetchWorker("/ui-api/session");
    expect(await answer.json()).toEqual({
      asks_for_credentials: false,
      user: { username: "local", is_admin: true },
      provider: null,
      can_change_password: false,
      managed_by: null,
    });
    const headers = { "Content-Type": "application/json", "X-Trackflare-Page": "1", Origin: "http://localhost" };
    const body = JSON.stringify({ username: "admin", password: PASSWORD });
    await expectMlflowError(fetchWorker("/ui-api/session", { method: "POST", headers, body }), "UNAUTHENTICATED");
  });
});
