import { execFile } from "node:child_process";
import { dirname } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { brotliCompressSync } from "node:zlib";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer } from "../server.ts";
import { seriousFindings } from "./harness/axe.ts";
import { expectSound, expectSoundInBothThemes, type OurUi, startOurUi } from "./harness/our-ui.ts";
import { PYTHON } from "./harness/python.ts";
import { watchPage } from "./harness/watched-page.ts";

interface Seed {
  readonly model: string;
  readonly experimentId: string;
  readonly runId: string;
  readonly modelId: string;
}

let ui: OurUi<Seed>;

beforeAll(async () => {
  ui = await startOurUi<Seed>(new URL("ui-registry.seed.py", import.meta.url));
});

afterAll(async () => {
  await ui.stop();
});

/** Opens the palette, types, and chooses the first result. */
async function byPalette(page: Page, text: string, option: string | RegExp): Promise<void> {
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: /^Search experiments/ }).waitFor();
  await page.keyboard.type(text);
  await page.getByRole("option", { name: option, selected: true, exact: true }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor({ state: "detached" });
}

const expectTitle = (page: Page, title: string) => expect.poll(() => page.title()).toBe(title);

const focused = (page: Page) => page.evaluate("document.activeElement.tagName");

test("by keys alone, from the first page to every other by the palette; titles and focus follow", async () => {
  const { experimentId, runId, modelId, model } = ui.seed;
  const opened = await ui.open("/");
  const { page } = opened;
  await page.waitForURL(/#\/experiments$/);
  await expectTitle(page, "Experiments · Trackflare");

  await byPalette(page, "registered models", /Registered models/);
  await page.waitForURL(/#\/models$/);
  await expectTitle(page, "Registered models · Trackflare");
  expect(await focused(page)).toBe("MAIN");

  await byPalette(page, "registry", /^Experiment registry/);
  await page.waitForURL(`**/#/experiments/${experimentId}`);
  await expectTitle(page, "registry · Experiments · Trackflare");

  await byPalette(page, "logged", /Logged models/);
  await page.waitForURL(`**/#/experiments/${experimentId}/models`);
  await expectTitle(page, "Logged models · registry · Experiments · Trackflare");

  await byPalette(page, runId.slice(0, 12), /^Run train-1/);
  await page.waitForURL(`**/#/experiments/${experimentId}/runs/${runId}`);
  await byPalette(page, "show artifacts", /Show artifacts/);
  await page.waitForURL(/tab=artifacts/);

  await byPalette(page, model.slice(0, 5), /^Model churn/);
  await page.getByRole("heading", { name: model, exact: true }).waitFor();
  await byPalette(page, `models:/${model}/2`, /version 2$/);
  await page.getByRole("heading", { name: `${model} version 2`, exact: true }).waitFor();
  await byPalette(page, `models:/${modelId}`, new RegExp(modelId));
  await page.waitForURL(`**/#/experiments/${experimentId}/models/${modelId}`);
  await page.getByRole("heading", { name: "model", exact: true }).waitFor();
  expect(await focused(page)).toBe("MAIN");

  await page.goBack();
  await page.getByRole("heading", { name: `${model} version 2`, exact: true }).waitFor();
  await page.goForward();
  await page.getByRole("heading", { name: "model", exact: true }).waitFor();
  await expectSound(opened);
});

test("back shows a page where it was left, a new one begins at its top", async () => {
  const { page } = await ui.open(`/models/${encodeURIComponent(ui.seed.model)}/versions/2`);
  const main = page.getByRole("main");
  const scrolled = () => main.evaluate((element) => element.scrollTop);
  await page.setViewportSize({ width: 900, height: 300 });
  await page.getByText("load_model").waitFor();
  // The page has its full height after everything has loaded.
  await page.getByRole("link", { name: "train-1", exact: true }).waitFor();
  await page.waitForLoadState("networkidle");
  await main.evaluate((element) => element.scrollTo({ top: 100_000 }));
  const left = await scrolled();
  expect(left).toBeGreaterThan(100);
  await page.getByRole("link", { name: "train-1", exact: true }).click();
  await page.getByRole("heading", { name: "train-1", exact: true }).waitFor();
  await expect.poll(scrolled).toBe(0);
  await page.goBack();
  await page.getByText("load_model").waitFor();
  await expect.poll(scrolled).toBe(left);
});

test("what is typed before the palette has the focus is in its box", async () => {
  const { page } = await ui.open("/experiments");
  await page.getByRole("row").nth(1).waitFor();
  await page.evaluate(`{
    const { requestAnimationFrame } = window;
    window.requestAnimationFrame = (frame) => setTimeout(() => requestAnimationFrame(frame), 2000);
  }`);
  await page.keyboard.press("Control+k");
  const box = page.getByRole("combobox");
  await box.waitFor();
  await page.keyboard.type("train-1");
  expect(await box.inputValue()).toBe("train-1");
});

test("Enter before anything was found waits for what is found", async () => {
  const { page } = await ui.open("/experiments");
  await page.getByRole("row").nth(1).waitFor();
  let release = (): void => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route("**/ui-api/find?text=train-1", async (route) => {
    await released;
    await route.continue();
  });
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill("train-1");
  await page.getByText("Searching…").waitFor();
  await page.keyboard.press("Enter");
  release();
  await page.waitForURL(`**/runs/${ui.seed.runId}`);
});

test("what floats is sound in light and dark, and gives the focus back", async () => {
  const opened = await ui.open("/experiments");
  const { page } = opened;
  await page.getByRole("row").nth(1).focus();
  await page.keyboard.press("?");
  const shortcuts = page.getByRole("dialog", { name: "Keyboard shortcuts", exact: true });
  await shortcuts.getByText("New experiment").waitFor();
  await expectSoundInBothThemes(opened);
  await page.keyboard.press("Escape");
  await shortcuts.waitFor({ state: "detached" });
  expect(await page.evaluate("document.activeElement.role")).toBe("row");

  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill("train");
  await page.getByRole("option", { name: /train-0/ }).waitFor();
  await expectSoundInBothThemes(opened);
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });

  const connect = page.getByRole("button", { name: "Connect a client", exact: true });
  await connect.press("Enter");
  await page.getByRole("dialog").getByText("mlflow.start_run()").waitFor();
  await expectSoundInBothThemes(opened);
  await page.setViewportSize({ width: 390, height: 800 });
  await expectSoundInBothThemes(opened);
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  expect(await connect.evaluate((button) => button === button.ownerDocument.activeElement)).toBe(true);
});

test("the theme is the system's until one is chosen, which stays", async () => {
  const { page } = await ui.open("/models");
  const background = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
  await page.emulateMedia({ colorScheme: "light" });
  const light = await background();
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await background();
  expect(dark).not.toBe(light);
  await page.getByRole("button", { name: "Theme: as the system", exact: true }).click();
  expect(await background()).toBe(light);
  await page.reload();
  await page.getByRole("button", { name: "Theme: light", exact: true }).click();
  await page.emulateMedia({ colorScheme: "light" });
  expect(await background()).toBe(dark);
  await page.getByRole("button", { name: "Theme: dark", exact: true }).click();
  expect(await background()).toBe(light);
});

test("the lines to connect have this server's address, ask for no credentials here, and log a run when pasted", async () => {
  const { page } = await ui.open("/experiments");
  await page.getByRole("button", { name: "Connect a client", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Connect a client", exact: true });
  const lines = async (client: string): Promise<string> => {
    await dialog.getByRole("button", { name: client, exact: true }).click();
    await dialog.getByRole("button", { name: `Copy the lines for ${client}`, exact: true }).waitFor();
    return dialog.locator("pre").innerText();
  };
  for (const client of ["Python", "R", "Java", "CLI", "REST"]) {
    const text = await lines(client);
    expect(text).toContain(ui.server.url);
    expect(text).not.toMatch(/USERNAME|TOKEN|\{\{/);
  }
  const runs = async (experiment: string): Promise<number> => {
    const answer = await fetch(`${ui.server.url}/ui-api/experiments`);
    const { experiments } = (await answer.json()) as { experiments: { name: string; active_runs: number }[] };
    return experiments.find(({ name }) => name === experiment)?.active_runs ?? 0;
  };
  const shell = { env: { ...process.env, PATH: `${dirname(PYTHON)}:${process.env.PATH}` } };
  const { stdout } = await promisify(execFile)("bash", ["-euc", await lines("CLI")], shell);
  expect(stdout).toMatch(/\bfirst\b/);
  expect(await runs("first")).toBe(1);
  await promisify(execFile)(PYTHON, ["-c", await lines("Python")]);
  expect(await runs("first")).toBe(2);
  await promisify(execFile)("bash", ["-euc", await lines("REST")]);
  expect(await runs("Default")).toBe(1);
  await page.keyboard.press("Escape");
}, 180_000);

test("a server that goes away: what was read stays, a page not yet loaded says so, and both go on by themselves", async () => {
  const first = await startServer();
  const port = Number(new URL(first.url).port);
  const create = (url: string, name: string) =>
    fetch(`${url}/api/2.0/mlflow/experiments/create`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name }),
    });
  await create(first.url, "kept");
  const { page, trouble } = await watchPage(ui.context, first.url);
  page.setDefaultTimeout(45_000);
  await page.goto(`${first.url}/#/experiments`);
  await page.getByRole("link", { name: "kept", exact: true }).waitFor();
  await first.stop();

  await page.getByText("The server cannot be reached.").waitFor();
  await page.getByRole("link", { name: "kept", exact: true }).waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  await page.keyboard.press("g");
  await page.keyboard.press("m");
  await page.getByText("This page could not be loaded").waitFor();
  expect(await seriousFindings(page)).toEqual([]);

  const second = await startServer({ port });
  try {
    await page.getByText("No registered models").waitFor();
    await page.getByText("The server cannot be reached.").waitFor({ state: "detached" });
    await page.goto(`${second.url}/#/experiments`);
    await page.getByRole("link", { name: "Default", exact: true }).waitFor();
    expect(trouble.cspViolations).toEqual([]);
  } finally {
    await page.close();
    await second.stop();
  }
});

test("code that is gone after a deploy loads the page anew, once", async () => {
  const { page } = await ui.open("/experiments");
  await page.getByRole("row").nth(1).waitFor();
  let loads = 0;
  page.on("domcontentloaded", () => {
    loads += 1;
  });
  let isGone = true;
  await page.route("**/assets/models-screen-*.js", (route) =>
    isGone ? route.fulfill({ status: 404, body: "" }) : route.continue(),
  );
  page.once("domcontentloaded", () => {
    isGone = false;
  });
  await page.getByRole("link", { name: "Models", exact: true }).click();
  await page.getByText("churn risk (100%)").waitFor();
  expect(loads).toBe(1);

  await page.route("**/assets/model-version-screen-*.js", (route) => route.fulfill({ status: 404, body: "" }));
  await page.goto(`${ui.server.url}/#/models/${encodeURIComponent(ui.seed.model)}/versions/1`);
  await page.getByText("The server may have been updated since you opened it.").waitFor();
  await page.getByRole("button", { name: "Try again", exact: true }).waitFor();
});

test("addresses that stand for nothing say what is missing, in the title too", async () => {
  const { page } = await ui.open("/no/such/page");
  const nothing = "0".repeat(32);
  await page.getByText("There is no such page").waitFor();
  expect(await page.title()).toBe("No such page · Trackflare");
  expect(await seriousFindings(page)).toEqual([]);
  const missing: Record<string, string> = {
    "/experiments/987654": "There is no such experiment",
    "/experiments/987654/models": "There is no such experiment",
    [`/experiments/1/runs/${nothing}`]: "There is no such run",
    [`/runs/${nothing}`]: "There is no such run",
    "/models/none": "There is no such model",
    "/models/none/versions/7": "There is no such version",
    [`/logged-models/m-${nothing}`]: "There is no such logged model",
  };
  for (const [path, text] of Object.entries(missing)) {
    await page.goto(`${ui.server.url}/#${path}`);
    await page.getByRole("heading", { name: text, exact: true }).waitFor();
    await page.getByText("RESOURCE_DOES_NOT_EXIST").waitFor();
  }
});

test("a run's and a logged model's id alone lead to their pages", async () => {
  const { experimentId, runId, modelId } = ui.seed;
  const { page } = await ui.open(`/runs/${runId}`);
  await page.waitForURL(`**/#/experiments/${experimentId}/runs/${runId}`);
  await page.goto(`${ui.server.url}/#/logged-models/${modelId}?tab=artifacts&path=MLmodel`);
  await page.waitForURL(`**/#/experiments/${experimentId}/models/${modelId}?tab=artifacts&path=MLmodel`);
  await page.getByText("python_function:").waitFor();
});

test("the JavaScript of the first screen has at most 180 KB by Brotli", async () => {
  const { page } = await ui.open("/experiments");
  const urls = new Set<string>();
  page.on("request", (request) => {
    if (/\.js(\?|$)/.test(request.url())) urls.add(request.url());
  });
  await page.reload();
  await page.getByRole("grid", { name: "Experiments", exact: true }).waitFor();
  await page.waitForLoadState("networkidle");
  const sizes = await Promise.all(
    [...urls].map(async (url) => brotliCompressSync(await (await fetch(url)).bytes()).length / 1000),
  );
  expect(sizes.length).toBeGreaterThan(1);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(180);
});
