import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TestServer } from "../server.ts";
import { HOSTILE, PASSWORD, startAdminServer } from "./harness/admin-server.ts";
import { seriousFindings } from "./harness/axe.ts";
import { screenshotOnFailure } from "./harness/screenshot.ts";
import { type WatchedPage, watchPage } from "./harness/watched-page.ts";

let server: TestServer;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await startAdminServer();
});
afterAll(async () => {
  await browser.close();
  await server.stop();
});

async function signedIn(username: string, password: string, path: string): Promise<WatchedPage> {
  const context = await browser.newContext();
  const opened = await watchPage(context, server.url);
  const { page } = opened;
  page.setDefaultTimeout(45_000);
  screenshotOnFailure(page);
  page.on("dialog", () => expect.unreachable("a script ran"));
  await page.goto(`${server.url}/#/sign-in?to=${encodeURIComponent(path)}`);
  await page.getByLabel("Name", { exact: true }).fill(username);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("button", { name: `Account: ${username}`, exact: true }).waitFor();
  return opened;
}

const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

async function addPerson(page: Page, username: string): Promise<void> {
  await button(page, "New person").click();
  await page.getByRole("dialog").getByLabel("Name", { exact: true }).fill(username);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await button(page, "Create").click();
  await button(page, `What to do with ${username}`).waitFor();
}

test("an admin adds people and grants one an experiment; that one sees it, and no more; passwords and tokens are the account's", async () => {
  const admin = await signedIn("admin", PASSWORD, "/people");
  await addPerson(admin.page, "grace");
  await addPerson(admin.page, HOSTILE);
  expect(await seriousFindings(admin.page)).toEqual([]);
  const Authorization = `Basic ${btoa(`admin:${PASSWORD}`)}`;
  const created = await fetch(`${server.url}/api/2.0/mlflow/experiments/create`, {
    method: "POST",
    headers: { Authorization, "Content-Type": "application/json" },
    body: JSON.stringify({ name: HOSTILE }),
  });
  const { experiment_id } = (await created.json()) as { experiment_id: string };
  await admin.page.goto(`${server.url}/#/experiments/${experiment_id}`);
  await button(admin.page, "Who can see this").click();
  await admin.page.getByLabel("Somebody else", { exact: true }).fill("grace");
  await button(admin.page, "Grant").click();
  await button(admin.page, "Take the grant of grace").waitFor();
  expect(await seriousFindings(admin.page)).toEqual([]);

  const grace = await signedIn("grace", PASSWORD, `/experiments/${experiment_id}`);
  await grace.page.getByText("No runs yet").waitFor();
  await button(grace.page, "About").waitFor();
  // A reader without MANAGE sees no grants, and a reader who is not an admin sees no people.
  expect(await button(grace.page, "Who can see this").count()).toBe(0);
  await button(grace.page, "Account: grace").click();
  await grace.page.getByRole("menuitem", { name: "Your account", exact: true }).waitFor();
  expect(await grace.page.getByRole("menuitem", { name: "People", exact: true }).count()).toBe(0);
  await grace.page.keyboard.press("Escape");
  await grace.page.goto(`${server.url}/#/people`);
  await grace.page.getByText("You may not do this.").waitFor();

  await grace.page.goto(`${server.url}/#/account`);
  await button(grace.page, "New token").click();
  await grace.page.getByRole("dialog").getByLabel("Name", { exact: true }).fill("nightly");
  await button(grace.page, "Create").click();
  const line = await grace.page.getByText("export MLFLOW_TRACKING_TOKEN=tf_").textContent();
  const token = /tf_\w+/.exec(line ?? "")?.[0];
  await grace.page.keyboard.press("Escape");
  await button(grace.page, "Revoke nightly").waitFor();
  expect(await seriousFindings(grace.page)).toEqual([]);
  // No text of the page contains the secret any more.
  expect(await grace.page.content()).not.toContain(token);
  const asJob = () =>
    fetch(`${server.url}/api/2.0/mlflow/experiments/get?experiment_id=${experiment_id}`, {
      headers: { Authorization: `Bearer ${token}` },
    });
  expect((await asJob()).status).toBe(200);

  // A new password ends the sign-in of her other browser, and this browser stays signed in.
  const other = await signedIn("grace", PASSWORD, "/account");
  await button(grace.page, "Change the password").click();
  await grace.page.getByLabel("Current password", { exact: true }).fill(PASSWORD);
  await grace.page.getByLabel("New password", { exact: true }).fill(`${PASSWORD} 2`);
  await button(grace.page, "Change").click();
  await grace.page.getByText("Other browsers are signed out.").waitFor();
  await other.page.goto(`${server.url}/#/models`);
  await button(other.page, "Sign in").waitFor();

  await button(grace.page, "Revoke nightly").click();
  await button(grace.page, "Revoke").click();
  await expect.poll(async () => (await asJob()).status).toBe(401);
  for (const { trouble } of [admin, grace, other]) {
    expect(trouble.cspViolations).toEqual([]);
    expect(trouble.foreignRequests).toEqual([]);
  }
});

test("who reads is offered nothing that changes, and who edits no deletion", async () => {
  const headers = { Authorization: `Basic ${btoa(`admin:${PASSWORD}`)}`, "Content-Type": "application/json" };
  const post = async (path: string, message: object) => {
    const init = { method: "POST", headers, body: JSON.stringify(message) };
    return (await (await fetch(`${server.url}${path}`, init)).json()) as {
      experiment_id: string;
      run: { info: { run_id: string } };
    };
  };
  await post("/api/2.0/mlflow/users/create", { username: "ravi", password: PASSWORD });
  const { experiment_id } = await post("/api/2.0/mlflow/experiments/create", { name: "looked at" });
  const { run } = await post("/api/2.0/mlflow/runs/create", { experiment_id, run_name: "first" });
  const name = "a model";
  await post("/api/2.0/mlflow/registered-models/create", { name });
  const grant = async (resource_type: string, resource_id: string, permission: string) =>
    await post("/ui-api/grants", { username: "ravi", resource_type, resource_id, permission });
  await grant("experiment", experiment_id, "READ");
  await grant("registered_model", name, "READ");
  const { page, trouble } = await signedIn("ravi", PASSWORD, `/experiments/${experiment_id}/runs/${run.info.run_id}`);
  await button(page, "Actions on the run").click();
  const entry = (label: string) => page.getByRole("menuitem", { name: label, exact: true });
  await entry("Register a model…").waitFor();
  expect(await entry("Delete…").count()).toBe(0);
  expect(await entry("Rename…").getAttribute("aria-disabled")).toBe("true");
  await page.keyboard.press("Escape");
  expect(await button(page, "Add tag").count()).toBe(0);
  await page.goto(`${server.url}/#/models/${encodeURIComponent(name)}`);
  await page.getByRole("heading", { name, exact: true }).waitFor();
  await page.getByText("No versions").waitFor();
  expect(await button(page, "Actions of the model").count()).toBe(0);
  expect(await button(page, "Add tag").count()).toBe(0);

  await grant("experiment", experiment_id, "EDIT");
  await grant("registered_model", name, "MANAGE");
  await page.reload();
  await button(page, "Actions of the model").waitFor();
  await page.goto(`${server.url}/#/experiments/${experiment_id}/runs/${run.info.run_id}`);
  await button(page, "Add tag").waitFor();
  await button(page, "Actions on the run").click();
  // The menu may be open before the rights on the run have arrived.
  await expect.poll(() => entry("Rename…").getAttribute("aria-disabled")).not.toBe("true");
  expect(await entry("Delete…").count()).toBe(0);
  expect(trouble.cspViolations).toEqual([]);
});
