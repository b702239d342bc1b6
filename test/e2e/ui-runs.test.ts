import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seriousFindings } from "./harness/axe.ts";
import { expectSound, expectSoundInBothThemes, type OpenedPage, type OurUi, startOurUi } from "./harness/our-ui.ts";

/** What ui-runs.seed.py logged. */
interface Seed {
  readonly experimentId: string;
  readonly emptyId: string;
  readonly runs: readonly string[];
  readonly hostile: readonly string[];
}

let ui: OurUi<Seed>;

beforeAll(async () => {
  ui = await startOurUi<Seed>(new URL("ui-runs.seed.py", import.meta.url));
});

afterAll(async () => {
  await ui.stop();
});

const RUNS = 13;

/** All runs in one list: what children below their parents do is tested by itself. */
async function open(search = ""): Promise<OpenedPage> {
  const opened = await ui.open(`/experiments/${ui.seed.experimentId}?nested=false${search.replace("?", "&")}`);
  await opened.page.locator("[role=row][data-index]").first().waitFor();
  return opened;
}

const link = (page: Page, name: string) => page.getByRole("link", { name, exact: true });
const groups = (page: Page) => page.locator("[role=row][aria-expanded]");
const names = (page: Page) => page.locator("[role=row][data-index]").getByRole("link").allTextContents();
const status = (page: Page) => page.locator("header + div").getByRole("status");
const filter = (page: Page) => page.getByRole("combobox", { name: "Filter runs", exact: true });
const header = (page: Page, name: string) => page.getByRole("columnheader").getByRole("button", { name, exact: true });

async function post<Answer>(path: string, body: object): Promise<Answer> {
  const answer = await fetch(`${ui.server.url}/api/2.0/mlflow${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Answer;
}

async function newExperiment(name: string): Promise<string> {
  return (await post<{ experiment_id: string }>("/experiments/create", { name })).experiment_id;
}

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
  const experiment_id = await newExperiment("durations");
  const nowMs = Date.now();
  const log = async (run_name: string, startedMs: number, tookMs?: number): Promise<void> => {
    const body = { experiment_id, run_name, start_time: nowMs - startedMs };
    const { run } = await post<{ run: { info: { run_id: string } } }>("/runs/create", body);
    if (tookMs === undefined) return;
    const end_time = body.start_time + tookMs;
    await post("/runs/update", { run_id: run.info.run_id, status: "FINISHED", end_time });
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
    // The column's mark stands where it would go.
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
  const experiment_id = await newExperiment("wide");
  const { run } = await post<{ run: { info: { run_id: string } } }>("/runs/create", {
    experiment_id,
    run_name: "wide",
  });
  const metrics = Array.from({ length: 500 }, (_, index) => ({
    key: `m${index}`,
    value: index,
    timestamp: 1,
    step: 0,
  }));
  await post("/runs/log-batch", { run_id: run.info.run_id, metrics });
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

test("groups tell mean and spread and open to their runs; children open below their parents", async () => {
  const opened = await open(`?group=${encodeURIComponent('["params.model"]')}`);
  const { page } = opened;
  await expect.poll(() => groups(page).count()).toBe(2);
  await expect.poll(() => groups(page).first().textContent()).toContain("±");
  await groups(page).first().focus();
  await page.keyboard.press("ArrowRight");
  await expect.poll(async () => (await names(page)).length).toBeGreaterThan(5);
  await expectSoundInBothThemes(opened);
  await page.reload();
  await expect.poll(async () => (await names(page)).length).toBeGreaterThan(5);
  await groups(page).first().focus();
  await page.keyboard.press("Space");
  const members = (await names(page)).length;
  await expect.poll(() => status(page).textContent()).toBe(`${members} selected`);
  await page.getByRole("button", { name: /^Group/ }).click();
  await page.getByRole("menuitemcheckbox", { name: /^Min–max/ }).click();
  await page.keyboard.press("Escape");
  await expect.poll(() => groups(page).first().textContent()).toMatch(/0 … 1.2/);
  await page.getByRole("button", { name: /^Group/ }).click();
  await page.getByRole("menuitemcheckbox", { name: "Children below their parents", exact: true }).click();
  await page.keyboard.press("Escape");
  await expect.poll(() => names(page)).toHaveLength(RUNS - 2);
  await page
    .getByRole("row")
    .filter({ has: link(page, "parent") })
    .getByRole("button", { name: "Open", exact: true })
    .click();
  await link(page, "child-1").waitFor();
});

test("keys move, select and open; selected runs are pinned, hidden and compared", async () => {
  const opened = await open();
  const { page } = opened;
  const rows = page.locator("[role=row][data-index]");
  await rows.first().focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Space");
  await page.keyboard.press("Shift+ArrowDown");
  await expect.poll(() => status(page).textContent()).toBe("2 selected");
  await expectSoundInBothThemes(opened);
  const [, second, third] = await names(page);
  await page.getByRole("button", { name: "Pin", exact: true }).click();
  await expect.poll(async () => (await names(page)).slice(0, 2)).toEqual([second, third]);
  await page.setViewportSize({ width: 1440, height: 300 });
  await rows.last().scrollIntoViewIfNeeded();
  await expect.poll(() => link(page, second!).boundingBox()).toMatchObject({ y: expect.closeTo(177, -2) });
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.getByRole("button", { name: "Hide", exact: true }).click();
  await expect.poll(() => names(page)).toHaveLength(RUNS - 2);
  await expectSound(opened);
  await rows.first().focus();
  const [first] = await names(page);
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/runs\/[0-9a-f]{32}/);
  await page.getByText(first!.slice(0, 30)).first().waitFor();
});

test("runs are tagged, deleted and restored together", async () => {
  const opened = await open(`?q=${encodeURIComponent("attributes.run_name LIKE 'plain-%'")}`);
  const { page } = opened;
  await expect.poll(() => names(page)).toHaveLength(6);
  await page.getByRole("checkbox", { name: "Select plain-4", exact: true }).click();
  await page.getByRole("checkbox", { name: "Select plain-5", exact: true }).click();
  await page.getByRole("button", { name: "Tag", exact: true }).click();
  await page.getByRole("dialog").getByLabel("Key").fill("team");
  await page.getByRole("dialog").getByLabel("Value").fill("blue");
  await page.keyboard.press("Enter");
  await page.getByText("Tagged 2 runs.").waitFor();
  await filter(page).fill("tags.team = 'blue'");
  await page.keyboard.press("Enter");
  await expect.poll(() => names(page)).toEqual(["plain-5", "plain-4"]);
  await page.getByRole("checkbox", { name: "Select all", exact: true }).check();
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByRole("heading", { name: "No run matches", exact: true }).waitFor();
  await page.getByRole("button", { name: "Trash", exact: true }).click();
  await page.getByRole("checkbox", { name: "Select all", exact: true }).check();
  await page.getByRole("button", { name: "Restore", exact: true }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Restore", exact: true }).click();
  await page.getByText("Restored 2 runs.").waitFor();
  await page.getByRole("button", { name: "Active", exact: true }).click();
  await expect.poll(() => names(page)).toEqual(["plain-5", "plain-4"]);
  await expectSound(opened);
});

test("a view is saved for all who see the experiment", async () => {
  const { page } = await open(`?q=${encodeURIComponent("metrics.acc > 0.45")}`);
  await page.getByRole("button", { name: "Views", exact: true }).click();
  await page.getByRole("menuitem", { name: "Save this view…", exact: true }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("best <b>");
  await page.keyboard.press("Enter");
  await page.getByText("Saved the view best <b>.").waitFor();
  const other = await open();
  await other.page.getByRole("button", { name: "Views", exact: true }).click();
  await other.page.getByRole("menuitem", { name: "best <b>", exact: true }).click();
  await expect.poll(() => filter(other.page).inputValue()).toBe("metrics.acc > 0.45");
  await expectSound(other);
});

test("a view of several experiments is offered in each; one too long is refused; one is replaced and removed", async () => {
  const { experimentId, emptyId } = ui.seed;
  const both = await ui.open(`/experiments/${experimentId},${emptyId}?q=${encodeURIComponent("metrics.acc > 0.85")}`);
  const save = async (page: Page, name: string, submit: string): Promise<void> => {
    await page.getByRole("button", { name: "Views", exact: true }).click();
    await page.getByRole("menuitem", { name: "Save this view…", exact: true }).click();
    await page.getByRole("dialog").getByLabel("Name").fill(name);
    await page.getByRole("dialog").getByRole("button", { name: submit, exact: true }).click();
    await page.getByText(`Saved the view ${name}.`).first().waitFor();
  };
  await expect.poll(() => names(both.page)).toHaveLength(4);
  await both.page.getByRole("gridcell", { name: "runs", exact: true }).first().waitFor();
  await save(both.page, "two", "Save");
  await save(both.page, "two", "Replace");
  const one = await ui.open(`/experiments/${emptyId}`);
  await one.page.getByRole("button", { name: "Views", exact: true }).click();
  await one.page.getByRole("menuitem", { name: "two (2 experiments)", exact: true }).click();
  await expect.poll(() => names(one.page)).toHaveLength(4);
  await one.page.getByRole("button", { name: "Views", exact: true }).click();
  await one.page.getByRole("menuitem", { name: "Remove" }).click();
  await expect.poll(() => one.page.getByRole("menu").count()).toBe(2);
  await one.page.getByRole("menu").last().getByRole("menuitem", { name: "two", exact: true }).click();
  await one.page.getByText("Removed the view two.").waitFor();
  await expectSound(one);
  const hidden = encodeURIComponent(JSON.stringify(Array.from({ length: 600 }, (_, index) => `${index}`.padStart(32))));
  const { page } = await open(`?hidden=${hidden}`);
  await page.getByRole("button", { name: "Views", exact: true }).click();
  await page.getByRole("menuitem", { name: "Save this view…", exact: true }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("long");
  await page.getByRole("dialog").getByText("characters too long").waitFor();
  expect(await page.getByRole("dialog").getByRole("button", { name: "Save", exact: true }).isDisabled()).toBe(true);
});

test("CSV has every matching run and no formula", async () => {
  const { page } = await open();
  await page.getByRole("button", { name: "More", exact: true }).click();
  const downloading = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: "Download as CSV", exact: true }).click();
  const text = await readFile(await (await downloading).path(), "utf8");
  expect(text.trimEnd().split("\r\n")).toHaveLength(RUNS + 1);
  expect(text).toContain(",'=HYPERLINK(1),");
});

test("charts stand beside the table", async () => {
  const { page } = await open("?charts=true");
  await page.locator('figure[data-metric="acc"]').waitFor();
  await page.getByRole("separator", { name: "Width of the table", exact: true }).waitFor();
  await page.getByRole("button", { name: "Charts", exact: true }).click();
  await page.locator("figure").first().waitFor({ state: "detached" });
});

test("rows in sight of runs that go on are live in a table of many pages too", async () => {
  const experiment_id = await newExperiment("many");
  const log = (index: number) =>
    post<{ run: { info: { run_id: string } } }>("/runs/create", {
      ...{ experiment_id, run_name: `run-${index}`, start_time: 1_760_000_000_000 + index },
    });
  const created = await Promise.all(Array.from({ length: 230 }, (_, index) => log(index)));
  const run_id = created[225]!.run.info.run_id;
  const logAcc = (value: number) => post("/runs/log-metric", { run_id, key: "acc", value, timestamp: Date.now() });
  await logAcc(0.25);
  const { page } = await ui.open(`/experiments/${experiment_id}`);
  const row = page.getByRole("row").filter({ has: link(page, "run-225") });
  await row.getByText("0.25").waitFor();
  await expect.poll(() => status(page).textContent()).toBe("230 runs");
  await logAcc(0.75);
  await row.getByText("0.75").waitFor();
  await post("/runs/update", { run_id, status: "FAILED", end_time: Date.now() });
  await row.getByText("Failed").waitFor();
});

test("an experiment that is not there is said to be missing", async () => {
  const { page } = await ui.open("/experiments/987654321");
  await page.getByRole("heading", { name: "There is no such experiment", exact: true }).waitFor();
  expect(await seriousFindings(page)).toEqual([]);
});

test("an experiment without runs says what to do and shows the first by itself", async () => {
  const opened = await ui.open(`/experiments/${ui.seed.emptyId}`);
  const { page } = opened;
  await page.getByRole("heading", { name: "No runs yet", exact: true }).waitFor();
  await expectSound(opened);
  const body = { experiment_id: ui.seed.emptyId, run_name: "the first", start_time: Date.now() };
  await post("/runs/create", body);
  await link(page, "the first").waitFor();
});
