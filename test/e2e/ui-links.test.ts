import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer } from "../server.ts";
import { launchBrowser } from "./harness/browser.ts";
import { expectSoundInBothThemes, type OpenedPage } from "./harness/our-ui.ts";
import { screenshotOnFailure } from "./harness/screenshot.ts";
import { watchPage } from "./harness/watched-page.ts";

const PASSWORD = "correct horse battery staple";
const WIDE = { width: 1440, height: 900 };

let server: TestServer;
let browser: Browser;
let experimentId: string;
let runIds: string[];

const headers = { Authorization: `Basic ${btoa(`admin:${PASSWORD}`)}`, "Content-Type": "application/json" };

async function ask<T>(path: string, message: object): Promise<T> {
  const response = await fetch(`${server.url}${path}`, { method: "POST", headers, body: JSON.stringify(message) });
  expect(response.status, path).toBe(200);
  return (await response.json()) as T;
}

async function newRun(run_name: string): Promise<string> {
  const { run } = await ask<{ run: { info: { run_id: string } } }>("/api/2.0/mlflow/runs/create", {
    ...{ experiment_id: experimentId, run_name, start_time: Date.now() },
    tags: [{ key: "mlflow.note.content", value: "What the **run** was for." }],
  });
  const { run_id } = run.info;
  const metrics = Array.from({ length: 20 }, (_, step) => ({
    key: "loss",
    value: 1 / (step + 1),
    step,
    timestamp: step,
  }));
  await ask("/api/2.0/mlflow/runs/log-batch", { run_id, metrics, params: [{ key: "lr", value: "0.1" }] });
  await fetch(`${server.url}/api/2.0/mlflow-artifacts/artifacts/${experimentId}/${run_id}/artifacts/plots/notes.txt`, {
    method: "PUT",
    headers,
    body: "what the plots show\n",
  });
  return run_id;
}

beforeAll(async () => {
  const env = { TRACKFLARE_ADMIN_PASSWORD: PASSWORD, TRACKFLARE_DEFAULT_PERMISSION: "NO_PERMISSIONS" };
  [server, browser] = await Promise.all([startServer({ env }), launchBrowser()]);
  experimentId = (await ask<{ experiment_id: string }>("/api/2.0/mlflow/experiments/create", { name: "secret plans" }))
    .experiment_id;
  runIds = [await newRun("first"), await newRun("second")];
});
afterAll(async () => {
  await browser.close();
  await server.stop();
});

/** Opens an address in a new browser. */
async function visit(address: string, viewport = WIDE): Promise<OpenedPage> {
  const context = await browser.newContext({ viewport });
  const opened = await watchPage(context, server.url);
  opened.page.setDefaultTimeout(45_000);
  screenshotOnFailure(opened.page);
  await opened.page.goto(new URL(address, server.url).href);
  return opened;
}

async function signedIn(path: string): Promise<OpenedPage> {
  const opened = await visit(`/#/sign-in?to=${encodeURIComponent(path)}`);
  const { page } = opened;
  await page.getByLabel("Name", { exact: true }).fill("admin");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("button", { name: "Account: admin", exact: true }).waitFor();
  return opened;
}

const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

const share = async (message: object): Promise<string> =>
  (await ask<{ address: string }>("/api/2.0/trackflare/links/create", message)).address;

/** Expects that the page has no link to other pages, and no control that changes something. */
async function expectNothingElse({ page }: OpenedPage): Promise<void> {
  expect(await page.getByRole("navigation").count()).toBe(0);
  const addresses = await page
    .locator("a[href]")
    .evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  expect(
    addresses.filter(
      (address) =>
        !/^(get-artifact|ui-api\/folder-zip|ajax-api\/2\.0\/mlflow\/logged-models\/[\w-]+\/artifacts|(\/shared\/\w+\/)?#\/experiments\/\d+\/runs\/)/.test(
          address ?? "",
        ),
    ),
  ).toEqual([]);
  for (const name of [
    "Share",
    "Actions on the run",
    "Who can see this",
    "Delete",
    "Tag",
    "Views",
    "About",
    "Connect a client",
  ]) {
    expect(await button(page, name).count(), name).toBe(0);
  }
}

test("a reader shares a run by a link; whoever has it sees the run and nothing else, until it is revoked", async () => {
  const [runId = ""] = runIds;
  const admin = await signedIn(`/experiments/${experimentId}/runs/${runId}`);
  await button(admin.page, "Share").click();
  await admin.page.getByLabel("Name", { exact: true }).fill("for the review");
  await expectSoundInBothThemes(admin);
  await button(admin.page, "Make the link").click();
  const url = await admin.page.getByText("/shared/").textContent();
  const [, secret = ""] = /#(\w{43})$/.exec(url ?? "") ?? [];
  expect(secret).toHaveLength(43);
  await expectSoundInBothThemes(admin);

  const guest = await visit(url ?? "");
  await guest.page.getByRole("heading", { name: "first" }).waitFor();
  await guest.page.getByText("for the review").waitFor();
  await guest.page.getByText("What the run was for.").waitFor();
  expect(guest.page.url()).not.toContain(secret);
  expect(await guest.page.evaluate("history.length + ' ' + document.referrer")).not.toContain(secret);
  await expectNothingElse(guest);
  await expectSoundInBothThemes(guest);
  await guest.page.getByRole("tab", { name: "Charts", exact: true }).click();
  await guest.page.getByRole("heading", { name: "loss" }).waitFor();
  await guest.page.getByRole("tab", { name: "Artifacts", exact: true }).click();
  await guest.page.getByRole("treeitem", { name: "plots" }).click();
  await expectNothingElse(guest);
  // The cookie opens the page again. The address without the secret opens nothing.
  await guest.page.reload();
  await guest.page.getByRole("heading", { name: "first" }).waitFor();
  const other = await visit(guest.page.url());
  await other.page.getByRole("heading", { name: "This link does not open" }).waitFor();
  expect(other.trouble.cspViolations).toEqual([]);
  // The link does not show another page of the UI.
  await guest.page.evaluate("location.hash = '#/people'");
  await guest.page.getByText("This link does not show that").waitFor();
  expect(guest.trouble).toEqual({ consoleErrors: [], cspViolations: [], failedCalls: [], foreignRequests: [] });

  await admin.page.goto(`${server.url}/#/links`);
  await admin.page.getByText("last opened").waitFor();
  await expectSoundInBothThemes(admin);
  await button(admin.page, "Revoke for the review").click();
  await button(admin.page, "Revoke").click();
  await admin.page.getByText("No links").waitFor();
  await guest.page.reload();
  await guest.page.getByRole("heading", { name: "This link does not open" }).waitFor();
});

test("a link to an experiment shows its table, charts and runs, and offers no change", async () => {
  const address = `/experiments/${experimentId}?charts=true`;
  const guest = await visit(await share({ experiment_ids: [experimentId], name: "the sweep", address }));
  await guest.page.getByRole("grid").waitFor();
  await guest.page.getByText("second", { exact: true }).first().waitFor();
  await guest.page.getByRole("heading", { name: "loss" }).waitFor();
  await expectNothingElse(guest);
  await expectSoundInBothThemes(guest);
  await guest.page.getByRole("link", { name: "second" }).first().click();
  await guest.page.getByRole("heading", { name: "second" }).waitFor();
  await expectNothingElse(guest);
  expect(guest.trouble).toEqual({ consoleErrors: [], cspViolations: [], failedCalls: [], foreignRequests: [] });
});

test("a link to a report shows its text, its live panels and no change", async () => {
  const panels = [
    { id: "t", at: [0, 0, 12, 3], text: "## What we found" },
    { id: "l", at: [0, 3, 6, 7], metrics: ["loss"] },
    { id: "b", at: [6, 3, 6, 7], kind: "bar" },
  ];
  const words = new URLSearchParams({ report: "The sweep", panels: JSON.stringify(panels) });
  const address = `/experiments/${experimentId}?${words}`;
  const guest = await visit(await share({ experiment_ids: [experimentId], name: "the report", address }));
  await guest.page.getByRole("heading", { name: "What we found" }).waitFor();
  await guest.page.locator('[data-panel="l"] canvas').first().waitFor();
  await guest.page.locator('[data-panel="b"] canvas').first().waitFor();
  await expectNothingElse(guest);
  await expectSoundInBothThemes(guest);
  expect(guest.trouble).toEqual({ consoleErrors: [], cspViolations: [], failedCalls: [], foreignRequests: [] });
});

test("a link to runs shows their comparison", async () => {
  const guest = await visit(await share({ run_ids: runIds, name: "both" }));
  await guest.page.getByRole("tab", { name: "Table", exact: true }).click();
  await guest.page.getByText("lr", { exact: true }).first().waitFor();
  await expectNothingElse(guest);
  await expectSoundInBothThemes(guest);
});

test("a logged model is shared by a link to its run, which offers no change", async () => {
  const [runId = ""] = runIds;
  const { model } = await ask<{ model: { info: { model_id: string } } }>("/api/2.0/mlflow/logged-models", {
    ...{ experiment_id: experimentId, name: "net", source_run_id: runId },
    ...{ params: [{ key: "C", value: "0.25" }], tags: [{ key: "kind", value: "linear" }] },
  });
  const { model_id } = model.info;
  const key = `${experimentId}/models/${model_id}/artifacts/weights.txt`;
  const put = await fetch(`${server.url}/api/2.0/mlflow-artifacts/artifacts/${key}`, {
    ...{ method: "PUT", headers, body: "what it learned\n" },
  });
  expect(put.status).toBe(200);
  const { page } = await signedIn(`/experiments/${experimentId}/models/${model_id}`);
  await button(page, "Share").click();
  await page.getByText("this model, and the run that made it, with their files").waitFor();
  await button(page, "Make the link").click();
  const guest = await visit((await page.getByText("/shared/").textContent()) ?? "");
  await guest.page.getByRole("heading", { name: "net", exact: true }).waitFor();
  await guest.page.getByText("0.25", { exact: true }).waitFor();
  await expectNothingElse(guest);
  for (const name of ["Register", "Delete the logged model", "Add a tag"]) {
    expect(await button(guest.page, name).count(), name).toBe(0);
  }
  await expectSoundInBothThemes(guest);
  await guest.page.getByRole("tab", { name: "Artifacts", exact: true }).click();
  await guest.page.getByRole("treeitem", { name: "weights.txt" }).click();
  await guest.page.getByText("what it learned").waitFor();
  await expectNothingElse(guest);
  expect(guest.trouble).toEqual({ consoleErrors: [], cspViolations: [], failedCalls: [], foreignRequests: [] });
});

test("a link to a file shows the file, and one to a folder what is in it", async () => {
  const [runId = ""] = runIds;
  const file = await visit(await share({ run_ids: [runId], path: "plots/notes.txt", name: "notes" }));
  await file.page.getByText("what the plots show").waitFor();
  await expectNothingElse(file);
  await expectSoundInBothThemes(file);
  const folder = await visit(await share({ run_ids: [runId], path: "plots", name: "plots" }), {
    width: 390,
    height: 844,
  });
  await folder.page.getByText("notes.txt").first().click();
  await folder.page.keyboard.press("Enter");
  await folder.page.getByText("what the plots show").waitFor();
  await button(folder.page, "Back to plots").click();
  await folder.page.getByText("notes.txt").first().waitFor();
  await expectSoundInBothThemes(folder);
});

test("an admin makes a role, gives it members and grants, changes and deletes it; others are not offered roles", async () => {
  await ask("/api/2.0/mlflow/users/create", { username: "grace", password: PASSWORD });
  const { page, trouble } = await signedIn("/roles");
  await page.getByText("No roles yet").waitFor();
  await expectSoundInBothThemes({ page, trouble });
  await button(page, "New role").click();
  await page.getByLabel("Name", { exact: true }).fill("readers");
  await page.getByLabel("Description", { exact: true }).fill("Those who look at results.");
  await button(page, "Create").click();
  await page.getByRole("heading", { name: "readers" }).waitFor();
  await page.getByLabel("Somebody else", { exact: true }).fill("grace");
  await button(page, "Add").click();
  await button(page, "Take the role of grace").waitFor();
  await page.getByLabel("Which", { exact: true }).fill(experimentId);
  await button(page, "Grant").click();
  await button(page, `Take the grant on Experiment ${experimentId}`).waitFor();
  await expectSoundInBothThemes({ page, trouble });
  const seen = () =>
    fetch(`${server.url}/api/2.0/mlflow/experiments/get?experiment_id=${experimentId}`, {
      headers: { Authorization: `Basic ${btoa(`grace:${PASSWORD}`)}` },
    });
  expect((await seen()).status).toBe(200);
  await button(page, "Take the role of grace").click();
  await page.getByText("Nobody has this role.").waitFor();
  expect((await seen()).status).toBe(403);
  await page.getByLabel("Which", { exact: true }).fill(experimentId);
  await button(page, "Grant").click();
  await page.getByText("already exists").waitFor();
  await button(page, "What to do with readers").click();
  await page.getByRole("menuitem", { name: "Delete…", exact: true }).click();
  await button(page, "Delete").click();
  await page.getByText("No roles yet").waitFor();
});
