import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer } from "../server.ts";
import { startIssuer } from "../sso-issuer.ts";
import { seriousFindings } from "./harness/axe.ts";
import { launchBrowser } from "./harness/browser.ts";
import { screenshotOnFailure } from "./harness/screenshot.ts";
import { type WatchedPage, watchPage } from "./harness/watched-page.ts";

const PASSWORD = "correct horse battery staple";

let server: TestServer;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([
    startServer({ env: { TRACKFLARE_ADMIN_USERNAME: "ada", TRACKFLARE_ADMIN_PASSWORD: PASSWORD } }),
    launchBrowser(),
  ]);
});
afterAll(async () => {
  await browser.close();
  await server.stop();
});

async function openIn(context: BrowserContext, path: string, { url } = server): Promise<WatchedPage> {
  const opened = await watchPage(context, url);
  opened.page.setDefaultTimeout(45_000);
  screenshotOnFailure(opened.page);
  await opened.page.goto(`${url}/${path}`);
  return opened;
}

async function signIn({ page }: WatchedPage, password = PASSWORD): Promise<void> {
  await page.getByLabel("Name", { exact: true }).fill("ada");
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

test("who comes without a sign-in gets the page, and from there where the address leads; and signs out again", async () => {
  const context = await browser.newContext();
  const opened = await openIn(context, "#/models?q=churn");
  const { page, trouble } = opened;
  await page.getByRole("heading", { name: "Sign in to Trackflare", exact: true }).waitFor();
  // The page has nothing else.
  expect(await page.getByRole("link").count()).toBe(0);
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await seriousFindings(page)).toEqual([]);
  }
  await signIn(opened, "wrong wrong wrong");
  await page.getByText("The name or the password is wrong.").waitFor();
  await signIn(opened);
  await page.waitForURL("**/#/models?q=churn");
  await page.getByRole("button", { name: "Account: ada", exact: true }).waitFor();

  // The page's own scripts cannot read the cookie.
  expect(await page.evaluate("document.cookie")).toBe("");
  const cookies = await context.cookies();
  expect(cookies).toMatchObject([
    { name: `trackflare-${new URL(server.url).port}`, httpOnly: true, sameSite: "Strict", path: "/" },
  ]);

  // Another page of the same browser is signed in. Its sign-in page leads on.
  const second = await openIn(context, "#/sign-in?to=%2Fexperiments");
  await second.page.waitForURL("**/#/experiments");
  await second.page.getByText("MLFLOW_TRACKING_PASSWORD=").waitFor();
  expect(second.trouble.failedCalls).toEqual([]);

  await page.getByRole("button", { name: "Account: ada", exact: true }).click();
  await page.getByRole("menuitem", { name: "Sign out ada", exact: true }).click();
  await page.getByRole("heading", { name: "Sign in to Trackflare", exact: true }).waitFor();
  expect(await context.cookies()).toEqual([]);
  // The other page keeps its content, and shows a notice.
  await second.page.getByRole("link", { name: "Models", exact: true }).click();
  await second.page.getByText("You are signed out. What you see may be old.").waitFor();
  expect(await seriousFindings(second.page)).toEqual([]);
  await second.page.getByRole("button", { name: "Sign in", exact: true }).click();
  await signIn(second);
  await second.page.waitForURL("**/#/models");
  await second.page.getByRole("button", { name: "Account: ada", exact: true }).waitFor();

  expect(trouble.cspViolations).toEqual([]);
  expect(trouble.consoleErrors).toEqual([]);
  await context.close();
});

test("the address of a file leads to it by way of the sign-in page", async () => {
  const Authorization = `Basic ${btoa(`ada:${PASSWORD}`)}`;
  const created = await fetch(`${server.url}/api/2.0/mlflow/runs/create`, {
    method: "POST",
    headers: { Authorization, "Content-Type": "application/json" },
    body: '{"experiment_id":"0"}',
  });
  const { run } = (await created.json()) as { run: { info: { run_id: string } } };
  const file = `get-artifact?run_id=${run.info.run_id}&path=note.json`;
  await fetch(`${server.url}/api/2.0/mlflow-artifacts/artifacts/0/${run.info.run_id}/artifacts/note.json`, {
    method: "PUT",
    headers: { Authorization },
    body: '"seen"',
  });
  const context = await browser.newContext();
  const opened = await openIn(context, file);
  await opened.page.getByRole("heading", { name: "Sign in to Trackflare", exact: true }).waitFor();
  const download = opened.page.waitForEvent("download");
  await signIn(opened);
  expect((await download).url()).toBe(`${server.url}/${file}`);
  await context.close();
});

test("an address that names another site as the way back leads nowhere else", async () => {
  const context = await browser.newContext();
  const opened = await openIn(context, `#/sign-in?to=${encodeURIComponent("https://evil.example/")}`);
  await signIn(opened);
  await opened.page.waitForURL("**/#/experiments");
  expect(opened.trouble.foreignRequests).toEqual([]);
  await context.close();
});

test("a live page's socket opens by the cookie", async () => {
  const context = await browser.newContext();
  const opened = await openIn(context, "#/experiments");
  await signIn(opened);
  await opened.page.waitForURL("**/#/experiments");
  const Authorization = `Basic ${btoa(`ada:${PASSWORD}`)}`;
  const created = await fetch(`${server.url}/api/2.0/mlflow/runs/create`, {
    method: "POST",
    headers: { Authorization, "Content-Type": "application/json" },
    body: '{"experiment_id":"0"}',
  });
  const { run } = (await created.json()) as { run: { info: { run_id: string } } };
  const path = `${server.url}/ui-api/runs/${run.info.run_id}/live`.replace("http", "ws");
  const outcome = (url: string) =>
    opened.page.evaluate(
      `new Promise((done) => { const s = new WebSocket(${JSON.stringify(url)}); s.onopen = () => done("open"); s.onerror = () => done("refused"); })`,
    );
  expect(await outcome(path)).toBe("open");
  await context.clearCookies();
  expect(await outcome(path)).toBe("refused");
  await context.close();
});

test("a provider's user signs in by its button, and the account says who holds the password", async () => {
  const issuer = await startIssuer("trackflare", "the client's own secret");
  const env = {
    TRACKFLARE_ADMIN_PASSWORD: PASSWORD,
    TRACKFLARE_OIDC_ISSUER: issuer.url,
    TRACKFLARE_OIDC_CLIENT_ID: "trackflare",
    TRACKFLARE_OIDC_CLIENT_SECRET: "the client's own secret",
    TRACKFLARE_OIDC_NAME: "Example",
  };
  const closed = await startServer({ env });
  const context = await browser.newContext();
  try {
    const { page } = await openIn(context, "#/account", closed);
    await page.getByRole("link", { name: "Sign in", exact: true }).click();
    const way = page.getByRole("link", { name: "Sign in with Example", exact: true });
    await way.waitFor();
    for (const colorScheme of ["dark", "light"] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await seriousFindings(page)).toEqual([]);
    }
    // The server refuses what nobody signed, and says where to look.
    issuer.tamper = async () => "no token";
    await way.click();
    await page.getByRole("alert").getByText("Example did not sign you in here.").waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    issuer.tamper = undefined;
    await way.click();
    await page.getByRole("button", { name: "Account: ada@example.com", exact: true }).waitFor();
    await page.goto(`${closed.url}/#/account`);
    await page
      .getByText("Example manages this account. You sign in there, and change a password there.", { exact: true })
      .waitFor();
    expect(await page.getByRole("button", { name: "Change the password", exact: true }).count()).toBe(0);
    for (const colorScheme of ["dark", "light"] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await seriousFindings(page)).toEqual([]);
    }
  } finally {
    await context.close();
    await closed.stop();
    await issuer.close();
  }
});
