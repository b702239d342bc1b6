import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seriousFindings } from "./harness/axe.ts";
import { expectSound, expectSoundInBothThemes, type OurUi } from "./harness/our-ui.ts";
import {
  filter,
  header,
  link,
  names,
  newExperiment,
  openRuns,
  post,
  type RunsSeed,
  startRuns,
  status,
} from "./harness/runs-page.ts";

let ui: OurUi<RunsSeed>;

beforeAll(async () => {
  ui = await startRuns();
});

afterAll(() => ui.stop());

const open = (search?: string) => openRuns(ui, search);

const RUNS = 13;

test("every run is counted and listed, hostile names as text", async () => {
  const opened = await open();
  const { page } = opened;
  await expect.poll(() => status(page).textContent()).toBe(`${RUNS} runs`);
  const shown = await names(page);
  expect(shown).toHaveLength(RUNS);
  for (const name of ui.seed.hostile) expect(shown).toContain(name.slice(0, 200));
  expect(await page.locator("[role=row] img").count()).toBe(0);
  await expectSound(opened);
  await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
  await expectSound(opened);
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(390);
  expect(await page.locator("header + div").getByText("runs", { exact: true }).isVisible()).toBe(true);
  await expectSound(opened);
});

test("a filter is completed from real keys, and a mistake is shown at its place", async () => {
  const opened = await open();
  const { page, trouble } = opened;
  await header(page, "acc").waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("val");
  await page.getByRole("option", { name: "metrics.`val/loss`", exact: true }).waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.keyboard.type("> 5.5");
  await page.keyboard.press("Enter");
  await expect.poll(() => status(page).textContent()).toBe("5 runs");
  expect(page.url()).toContain("q=");
  expect(trouble.failedCalls).toEqual([]);
  await filter(page).fill("metrics.acc > ");
  await page.keyboard.press("Enter");
  const alert = page.getByRole("alert");
  await alert.waitFor();
  const [query, caret] = (await alert.locator("pre").textContent())!.split("\n");
  expect(query).toBe("metrics.acc >");
  expect(caret!.indexOf("^")).toBe("metrics.acc >".length);
  expect(trouble.failedCalls.map((call) => call.status)).toEqual([400]);
  await expect.poll(() => names(page)).toHaveLength(5);
  await expect.poll(() => status(page).textContent()).toContain("showing the previous results");
  await filter(page).fill("params.model = 'none'");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "No run matches", exact: true }).waitFor();
});

test("an address with a mistake says so, and how to go on", async () => {
  const opened = await ui.open(
    `/experiments/${ui.seed.experimentId}?nested=false&q=${encodeURIComponent("params.model = cnn")}`,
  );
  const { page } = opened;
  await page.getByRole("heading", { name: "The filter could not be read", exact: true }).waitFor();
  await page.getByRole("alert").getByText("Invalid filter").waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  await page.getByRole("main").getByRole("button", { name: "Empty the filter", exact: true }).last().click();
  await expect.poll(() => names(page)).toHaveLength(RUNS);
});

test("completions come when the keys do, however late", async () => {
  const opened = await ui.open("/experiments");
  const { page } = opened;
  const { promise: keysAreAsked, resolve: answerKeys } = Promise.withResolvers<void>();
  await page.route("**/ui-api/keys*", async (route) => {
    await keysAreAsked;
    await route.continue();
  });
  await page.goto(`${ui.server.url}/#/experiments/${ui.seed.experimentId}`);
  await filter(page).fill("val/");
  await page.getByRole("option").waitFor({ state: "detached" });
  answerKeys();
  await page.getByRole("option", { name: "metrics.`val/loss`", exact: true }).waitFor();
});

test("headers sort, with Shift by several; the address keeps it", async () => {
  const opened = await open();
  const { page } = opened;
  await header(page, "acc").click();
  await expect.poll(async () => (await names(page))[0]).toBe(ui.seed.hostile[3]);
  await header(page, "acc").click();
  await expect.poll(async () => (await names(page))[0]).toBe("plain-0");
  await header(page, "model").click({ modifiers: ["Shift"] });
  await expect.poll(() => page.url()).toContain("model");
  await page.reload();
  await page.locator("[role=row][data-index]").first().waitFor();
  await expect.poll(async () => (await names(page))[0]).toBe("plain-0");
  expect(await page.getByRole("columnheader", { name: "acc", exact: true }).getAttribute("aria-sort")).toBe(
    "ascending",
  );
  await expectSound(opened);
});

test("runs are ordered by how long they took; one that goes on in silence is stalled and comes last", async () => {
  const experiment_id = await newExperiment(ui, "durations");
  const nowMs = Date.now();
  const log = async (run_name: string, startedMs: number, tookMs?: number): Promise<void> => {
    const body = { experiment_id, run_name, start_time: nowMs - startedMs };
    const { run } = await post<{ run: { info: { run_id: string } } }>(ui, "/runs/create", body);
    if (tookMs === undefined) return;
    const end_time = body.start_time + tookMs;
    await post(ui, "/runs/update", { run_id: run.info.run_id, status: "FINISHED", end_time });
  };
  await log("short", 5_000_000, 4000);
  await log("silent", 4_000_000);
  await log("long", 3_000_000, 90_000);
  await log("fresh", 0);
  await log("shorter", 2_000_000, 300);
  const opened = await ui.open(`/experiments/${experiment_id}`);
  const { page } = opened;
  await header(page, "Duration").click();
  await expect.poll(() => names(page)).toEqual(["long", "short", "shorter", "fresh", "silent"]);
  await header(page, "Duration").click();
  await expect.poll(() => names(page)).toEqual(["shorter", "short", "long", "fresh", "silent"]);
  const rowOf = (name: string) => page.getByRole("row").filter({ has: link(page, name) });
  await rowOf("silent").getByTitle("Stalled: no metric for 10m").waitFor();
  await rowOf("fresh").getByTitle("Running", { exact: true }).waitFor();
  await expectSoundInBothThemes(opened);
});

test("columns are chosen by name; only those that differ where that is asked for", async () => {
  const opened = await open(`?columns=${encodeURIComponent('["params.seed","metrics.acc"]')}`);
  const { page } = opened;
  await header(page, "seed").waitFor();
  await page.getByRole("button", { name: "Columns", exact: true }).click();
  await page.getByRole("searchbox", { name: "Find a column", exact: true }).fill("acc");
  await page.getByRole("checkbox", { name: "max acc", exact: true }).check();
  await page.getByRole("switch", { name: "Only columns that differ", exact: true }).click();
  await header(page, "seed").waitFor({ state: "detached" });
  await expectSound(opened);
  await page.keyboard.press("Escape");
  await header(page, "max acc").waitFor();
  const row = page.getByRole("row").filter({ has: link(page, "plain-1") });
  expect(await row.getByRole("gridcell").allTextContents()).toEqual(
    expect.arrayContaining([expect.stringContaining("0.1"), expect.stringContaining("0.9")]),
  );
});

const headers = async (page: Page) => {
  const all = await page.getByRole("columnheader").getByRole("button").allTextContents();
  return all.slice(1);
};

test("columns are moved, fixed, resized and taken away by keys; the address keeps it", async () => {
  const columns = encodeURIComponent('["params.seed","metrics.acc","params.model"]');
  const opened = await open(`?columns=${columns}`);
  const { page } = opened;
  await header(page, "Run").focus();
  await page.keyboard.press("ArrowRight");
  await expect.poll(() => page.evaluate("document.activeElement.textContent")).toBe("seed");
  await page.keyboard.press("Alt+ArrowRight");
  await expect.poll(() => headers(page)).toEqual(["acc", "seed", "model"]);
  await expect.poll(() => page.evaluate("document.activeElement.textContent")).toBe("seed");
  const seed = page.getByRole("columnheader", { name: "seed", exact: true });
  const before = (await seed.boundingBox())!.width;
  await page.keyboard.press("Shift+ArrowRight");
  await expect.poll(async () => (await seed.boundingBox())!.width).toBe(before + 16);
  await page.keyboard.press("ArrowDown");
  await page.getByRole("menuitem", { name: "Pin column", exact: true }).waitFor();
  await expectSoundInBothThemes(opened);
  await page.getByRole("menuitem", { name: "Pin column", exact: true }).click();
  await expect.poll(() => headers(page)).toEqual(["seed", "acc", "model"]);
  await header(page, "model").focus();
  await page.keyboard.press("Delete");
  await expect.poll(() => headers(page)).toEqual(["seed", "acc"]);
  await header(page, "acc").focus();
  await page.keyboard.press("ArrowDown");
  await page.getByRole("menuitem", { name: "Value: last", exact: true }).click();
  await page.getByRole("menuitem", { name: "best", exact: true }).click();
  await expect.poll(() => headers(page)).toEqual(["seed", "best acc"]);
  await page.reload();
  await expect.poll(() => headers(page)).toEqual(["seed", "best acc"]);
  await expect.poll(async () => (await seed.boundingBox())!.width).toBe(before + 16);
  await expectSound(opened);
});

test("columns are dragged to another place, which does not sort by them", async () => {
  const columns = encodeURIComponent('["params.seed","metrics.acc","params.model"]');
  const { page } = await open(`?columns=${columns}`);
  const from = (await page.getByRole("columnheader", { name: "model", exact: true }).boundingBox())!;
  const to = (await page.getByRole("columnheader", { name: "seed", exact: true }).boundingBox())!;
  await page.mouse.move(from.x + 20, from.y + 16);
  await page.mouse.down();
  await page.mouse.move(from.x - 20, from.y + 16);
  await page.mouse.move(to.x + 10, to.y + 16, { steps: 3 });
  await page.mouse.up();
  await expect.poll(() => headers(page)).toEqual(["model", "seed", "acc"]);
  expect(page.url()).not.toContain("sort=");
});

test("a column that is dragged to an edge has the table scroll", async () => {
  const names = Array.from({ length: 20 }, (_, index) => `p${index}`);
  const { page } = await open(`?columns=${encodeURIComponent(JSON.stringify(names.map((name) => `params.${name}`)))}`);
  const grid = page.getByRole("grid", { name: "Runs", exact: true });
  const scrolled = () =>
    grid.evaluate(({ parentElement: scroller }) => {
      const { scrollLeft, scrollWidth, clientWidth } = scroller!;
      return scrollLeft === 0 ? "at the start" : scrollWidth - clientWidth - scrollLeft < 1 ? "at the end" : "between";
    });
  const drag = async (name: string, x: number, end: string): Promise<void> => {
    const box = (await header(page, name).boundingBox())!;
    await page.mouse.move(box.x + 20, box.y + 10);
    await page.mouse.down();
    await page.mouse.move(box.x + 30, box.y + 10);
    await page.mouse.move(x, box.y + 10);
    await expect.poll(scrolled).toBe(end);
    // A mark shows the new place of the column.
    await page.locator("[data-column][class*='inset_']").waitFor();
    await page.mouse.up();
  };
  await drag("p0", 1430, "at the end");
  await expect.poll(async () => (await headers(page)).at(-1)).toBe("p0");
  await drag("p0", 310, "at the start");
  await expect.poll(async () => (await headers(page)).slice(0, 2)).toEqual(["p0", "p1"]);
  expect(page.url()).not.toContain("sort=");
});

test("five hundred columns are shown, of which only those in sight exist", async () => {
  const experiment_id = await newExperiment(ui, "wide");
  const { run } = await post<{ run: { info: { run_id: string } } }>(ui, "/runs/create", {
    experiment_id,
    run_name: "wide",
  });
  const metrics = Array.from({ length: 500 }, (_, index) => ({
    key: `m${index}`,
    value: index,
    timestamp: 1,
    step: 0,
  }));
  await post(ui, "/runs/log-batch", { run_id: run.info.run_id, metrics });
  const opened = await ui.open(`/experiments/${experiment_id}`);
  const { page } = opened;
  await link(page, "wide").waitFor();
  await page.getByRole("button", { name: "Columns", exact: true }).click();
  await page.getByText("400 more are found by their names.").waitFor();
  await expectSoundInBothThemes(opened);
  await page.getByRole("button", { name: "Show all metrics", exact: true }).click();
  const grid = page.getByRole("grid", { name: "Runs", exact: true });
  await expect.poll(() => grid.getAttribute("aria-colcount")).toBe("503");
  await page.keyboard.press("Escape");
  const inHand = () => page.evaluate("document.activeElement.textContent");
  await header(page, "Run").focus();
  await page.keyboard.press("End");
  await expect.poll(inHand).toBe("m99");
  await page.getByRole("gridcell", { name: "99", exact: true }).waitFor();
  expect(await page.getByRole("gridcell").count()).toBeLessThan(30);
  await expectSound(opened);
});
