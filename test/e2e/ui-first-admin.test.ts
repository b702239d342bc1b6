import { mkdirSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer } from "../server.ts";
import { seriousFindings } from "./harness/axe.ts";
import { launchBrowser } from "./harness/browser.ts";
import { screenshotOnFailure } from "./harness/screenshot.ts";
import { watchPage } from "./harness/watched-page.ts";

const PASSWORD = "correct horse battery staple";

let server: TestServer;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer({ args: ["--app-name", "basic-auth"] }), launchBrowser()]);
});
afterAll(async () => {
  await browser.close();
  await server.stop();
});

const setUpAddress = () => /http\S+#\/set-up\?token=\S+/.exec(server.output())?.[0] ?? "";

async function opened(address: string): Promise<Page> {
  const { page } = await watchPage(await browser.newContext(), server.url);
  page.setDefaultTimeout(45_000);
  screenshotOnFailure(page);
  await page.goto(address);
  return page;
}

/** Stores pictures for people, if SCREENS names a folder. */
async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENS;
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    for (const width of [390, 1440, 2560]) {
      await page.setViewportSize({ width, height: 900 });
      await page.screenshot({ path: `${folder}/${name}-${colorScheme}-${width}.png` });
    }
  }
  await page.setViewportSize({ width: 1440, height: 900 });
}

test("the address that the server prints makes the first admin, who reads in the audit log what happened", async () => {
  const page = await opened(setUpAddress());
  await page.getByRole("heading", { name: "Make the first admin" }).waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  await picture(page, "set-up");
  await page.getByLabel("Name", { exact: true }).fill("ada");
  await page.getByLabel("Password, of at least 12 characters", { exact: true }).fill("password1234");
  await page.getByRole("button", { name: "Make the admin and sign in" }).click();
  await page.getByText("MLflow shipped this very password").waitFor();
  await picture(page, "set-up-refused");
  await page.getByLabel("Password, of at least 12 characters", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Make the admin and sign in" }).click();
  await page.getByRole("button", { name: "Account: ada", exact: true }).waitFor();

  const Authorization = `Basic ${btoa(`ada:${PASSWORD}`)}`;
  const send = (method: string, path: string, message: object) =>
    fetch(`${server.url}/api/2.0/mlflow/${path}`, {
      method,
      headers: { Authorization, "Content-Type": "application/json" },
      body: JSON.stringify(message),
    });
  await send("POST", "users/create", { username: "grace", password: PASSWORD });
  await send("POST", "users/create", { username: "<b>eve</b>", password: PASSWORD });
  await send("DELETE", "users/delete", { username: "grace" });
  await page.goto(`${server.url}/#/audit`);
  await page.getByText("ada deleted the user grace").waitFor();
  await page.getByText("ada made the user <b>eve</b>").waitFor();
  await page.getByText("ada made the user ada").waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  await picture(page, "audit");
  const exporting = page.waitForEvent("download");
  await page.getByRole("link", { name: "Export" }).click();
  expect((await exporting).suggestedFilename()).toBe("audit.ndjson");
  await page.getByLabel("To what, by the exact name or id").fill("grace");
  await page.getByText("ada made the user ada").waitFor({ state: "detached" });
  await page.getByText("ada made the user grace").waitFor();
  await page.getByLabel("Who, by the exact name").fill("nobody");
  await page.getByText("No entry like this").waitFor();
  await picture(page, "audit-empty");

  const late = await opened(setUpAddress());
  await late.getByLabel("Password, of at least 12 characters", { exact: true }).fill(PASSWORD);
  await late.getByRole("button", { name: "Make the admin and sign in" }).click();
  await late.getByText("This link is wrong or used").waitFor();
}, 150_000);
