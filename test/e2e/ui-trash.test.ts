import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestServer } from "../server.ts";
import { HOSTILE, PASSWORD, startAdminServer } from "./harness/admin-server.ts";
import { seriousFindings } from "./harness/axe.ts";
import { expectSound, expectSoundInBothThemes } from "./harness/our-ui.ts";
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

async function send(method: string, path: string, body: object): Promise<Record<string, never>> {
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: { Authorization: `Basic ${btoa(`admin:${PASSWORD}`)}`, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return JSON.parse(text);
}

const mlflow = (path: string, body: object) => send("POST", `/api/2.0/mlflow/${path}`, body);

interface Run {
  run: { info: { run_id: string } };
}

/** A deleted run with a file of 5 bytes and 4 points. */
async function deletedRun(experiment_id: string, run_name: string): Promise<string> {
  const { run_id } = ((await mlflow("runs/create", { experiment_id, run_name })) as unknown as Run).run.info;
  const metrics = [1, 2, 3, 4].map((step) => ({ key: "loss", value: 1 / step, step, timestamp: step }));
  await mlflow("runs/log-batch", { run_id, metrics });
  const file = await fetch(
    `${server.url}/api/2.0/mlflow-artifacts/artifacts/${experiment_id}/${run_id}/artifacts/a.txt`,
    { method: "PUT", headers: { Authorization: `Basic ${btoa(`admin:${PASSWORD}`)}` }, body: "01234" },
  );
  expect(file.status).toBe(200);
  await mlflow("runs/delete", { run_id });
  return run_id;
}

async function newExperiment(name: string): Promise<string> {
  return (await mlflow("experiments/create", { name })).experiment_id!;
}

async function signedIn(username: string, path: string): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const opened = await watchPage(context, server.url);
  const { page } = opened;
  page.setDefaultTimeout(45_000);
  screenshotOnFailure(page);
  page.on("dialog", () => expect.unreachable("a script ran"));
  await page.goto(`${server.url}/#/sign-in?to=${encodeURIComponent(path)}`);
  await page.getByLabel("Name", { exact: true }).fill(username);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("button", { name: `Account: ${username}`, exact: true }).waitFor();
  // The session's first answer was a 401. From it the page learns that it must sign in.
  opened.trouble.failedCalls.length = 0;
  return opened;
}

const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
const rowOf = (page: Page, name: string) =>
  page.getByRole("row").filter({ has: page.getByRole("gridcell").getByText(name, { exact: true }) });

describe("the trash", () => {
  test("by keys alone: runs are restored, and deleted for good after the phrase is typed", async () => {
    const experiment = await newExperiment(HOSTILE);
    const kept = await deletedRun(experiment, "kept");
    const gone = [await deletedRun(experiment, "first"), await deletedRun(experiment, HOSTILE)];
    const opened = await signedIn("admin", "/home");
    const { page } = opened;
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").fill("Trash");
    await page.getByRole("option", { name: /Trash/ }).first().waitFor();
    await page.keyboard.press("Enter");
    await page.getByText("3 runs", { exact: true }).waitFor();
    await expectSoundInBothThemes(opened);

    await rowOf(page, "kept").focus();
    await page.keyboard.press("Space");
    await page.getByText("1 selected").waitFor();
    await page.keyboard.press("r");
    await page.getByText("Restored kept.").waitFor();
    await page.getByText("2 runs", { exact: true }).waitFor();
    expect((await mlflow("runs/search", { experiment_ids: [experiment] })) as object).toMatchObject({
      runs: [{ info: { run_id: kept } }],
    });

    await page.getByRole("row").nth(1).focus();
    await page.keyboard.press("Control+a");
    await page.keyboard.press("Delete");
    const dialog = page.getByRole("dialog", { name: "Delete 2 runs for good", exact: true });
    await dialog.getByText("10 B in 2 files").waitFor();
    await dialog.getByText("8", { exact: true }).waitFor();
    await expectSoundInBothThemes(opened);
    await page.keyboard.type("delete");
    expect(await button(page, "Delete for good").isDisabled()).toBe(true);
    await page.keyboard.press("Enter");
    await page.keyboard.type(" 2 runs");
    await page.keyboard.press("Enter");
    await dialog.getByText("Done. 2 things are gone, 2 files and 10 B freed.").waitFor();
    await expectSoundInBothThemes(opened);
    await page.keyboard.press("Escape");
    await page.getByText("No runs in the trash").waitFor();
    await expectSoundInBothThemes(opened);
    for (const run_id of gone) {
      const answer = await fetch(`${server.url}/api/2.0/mlflow/runs/get?run_id=${run_id}`, {
        headers: { Authorization: `Basic ${btoa(`admin:${PASSWORD}`)}` },
      });
      expect(answer.status).toBe(404);
    }
  });

  test("has experiments and models; a row's menu restores; a phone has room for all", async () => {
    const experiment = await newExperiment("going");
    const model = (await send("POST", "/api/2.0/mlflow/logged-models", {
      experiment_id: await newExperiment("staying"),
      name: "net",
    })) as unknown as { model: { info: { model_id: string } } };
    await deletedRun(experiment, "with it");
    await send("DELETE", `/api/2.0/mlflow/logged-models/${model.model.info.model_id}`, {});
    await mlflow("experiments/delete", { experiment_id: experiment });
    const opened = await signedIn("admin", "/trash?kind=experiment");
    const { page } = opened;
    await page.setViewportSize({ width: 390, height: 800 });
    await rowOf(page, "going").waitFor();
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
    await expectSoundInBothThemes(opened);
    await button(page, "Actions of going").click();
    await page.getByRole("menuitem", { name: /^Delete for good/ }).click();
    await page.getByText("1 experiment, 1 run", { exact: true }).waitFor();
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
    await button(page, "Cancel").click();
    await button(page, "Actions of going").click();
    await page.getByRole("menuitem", { name: "Restore", exact: true }).click();
    await page.getByText("No experiments in the trash").waitFor();
    await button(page, "Models").click();
    await rowOf(page, "net").getByRole("checkbox").check();
    await button(page, "Restore").click();
    await page.getByText("No logged models in the trash").waitFor();
    expect(opened.trouble.cspViolations).toEqual([]);
  });

  test("the whole of it goes for an admin; who only reads is offered nothing but a look", async () => {
    const experiment = await newExperiment("shared");
    await send("POST", "/api/2.0/mlflow/users/create", { username: "reader", password: PASSWORD });
    await mlflow("experiments/permissions/create", {
      ...{ experiment_id: experiment, username: "reader", permission: "READ" },
    });
    await deletedRun(experiment, "shared run");
    const reader = await signedIn("reader", "/trash");
    await rowOf(reader.page, "shared run").waitFor();
    expect(await reader.page.getByRole("checkbox").count()).toBe(0);
    expect(await button(reader.page, "Empty the trash…").count()).toBe(0);
    await button(reader.page, "Actions of shared run").click();
    await reader.page.getByRole("menuitem", { name: "Open", exact: true }).waitFor();
    expect(await reader.page.getByRole("menuitem").count()).toBe(1);
    expect(await seriousFindings(reader.page)).toEqual([]);

    const admin = await signedIn("admin", "/trash");
    await button(admin.page, "Empty the trash…").click();
    await admin.page.getByLabel("Type “delete the whole trash”", { exact: true }).fill("delete the whole trash");
    await button(admin.page, "Delete for good").click();
    await admin.page.getByText(/^Done\./).waitFor();
    await button(admin.page, "Close").last().click();
    await admin.page.getByText("No runs in the trash").waitFor();
    await expectSound(admin);
  });

  test("while the server is away the list says so, and a deletion goes on where it stopped", async () => {
    const experiment = await newExperiment("away");
    await deletedRun(experiment, "interrupted");
    const { page } = await signedIn("admin", `/experiments/${experiment}/trash`);
    await rowOf(page, "interrupted").waitFor();
    await button(page, "Delete all for good…").click();
    await page.getByLabel("Type “delete all runs here”", { exact: true }).fill("delete all runs here");
    await page.route("**/trackflare/gc", (route) => route.abort());
    await button(page, "Delete for good").click();
    await page.getByText("It is safe to continue.").waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.unroute("**/trackflare/gc");
    await button(page, "Continue").click();
    await page.getByText(/^Done\. 1 thing is gone/).waitFor();
    await button(page, "Close").last().click();
    const data = /\/(ui-api|ajax-api|health)/;
    await page.route(data, (route) => route.abort());
    await page.reload();
    await page.getByText("The trash could not be loaded").waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    // The page notices by itself that the server answers again.
    await page.unroute(data);
    await page.getByText("No deleted runs here").waitFor();
  });
});
