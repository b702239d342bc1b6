import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seriousFindings } from "./harness/axe.ts";
import { expectSound, expectSoundInBothThemes, type OurUi } from "./harness/our-ui.ts";
import {
  filter,
  groups,
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

test("runs with the same name have the start of their ids beside it, in the table, in charts and in comparisons", async () => {
  const experiment_id = await newExperiment(ui, "twins");
  const ids: string[] = [];
  for (const run_name of ["baseline", "baseline", "other"]) {
    const { run } = await post<{ run: { info: { run_id: string } } }>(ui, "/runs/create", { experiment_id, run_name });
    ids.push(run.info.run_id);
    for (const step of [0, 1]) {
      await post(ui, "/runs/log-metric", { run_id: run.info.run_id, key: "acc", value: step, timestamp: 1, step });
    }
  }
  const shown = ids.slice(0, 2).map((id) => id.slice(0, 6));
  const { page } = await ui.open(`/experiments/${experiment_id}?charts=true&chartFull=acc`);
  const lines = page.getByRole("region", { name: "Lines", exact: true });
  for (const id of shown) {
    await page.locator("[role=row][data-index]", { hasText: "baseline" }).getByText(id, { exact: true }).waitFor();
    await lines.getByText(`baseline · ${id}`).waitFor();
  }
  expect(
    await page.locator("[role=row][data-index]", { hasText: "other" }).getByText(ids[2]!.slice(0, 6)).count(),
  ).toBe(0);
  const compared = await ui.open(`/compare?runs=${ids.join(",")}&view=table`);
  for (const id of shown) await compared.page.getByRole("link", { name: `baseline · ${id}`, exact: true }).waitFor();
  await compared.page.getByRole("link", { name: "other", exact: true }).waitFor();
});

test("a part of the runs is not taken for all of them while other columns load", async () => {
  const experiment_id = await newExperiment(ui, "in parts");
  for (let batch = 0; batch < 8; batch++) {
    const create = (index: number) =>
      post(ui, "/runs/create", { experiment_id, run_name: `part-${index}`, start_time: 1_760_000_000_000 + index });
    await Promise.all(Array.from({ length: 30 }, (_, index) => create(30 * batch + index)));
  }
  const { page } = await ui.open("/experiments");
  // Neither the second page of the first columns comes, nor any page of the other columns.
  await page.route("**/ui-api/runs", async (route) => {
    const { page_token, columns } = route.request().postDataJSON() as { page_token?: string; columns: string[] };
    if (page_token === undefined && !columns.includes("params.other")) await route.continue();
  });
  const at = `${ui.server.url}/#/experiments/${experiment_id}`;
  await page.goto(`${at}?columns=["metrics.acc"]`);
  await link(page, "part-239").waitFor();
  const csv = page.getByRole("menuitem", { name: "Download as CSV", exact: true });
  const isOffered = async () => {
    await page.getByRole("button", { name: "More", exact: true }).click();
    const isDisabled = await csv.getAttribute("aria-disabled");
    await page.keyboard.press("Escape");
    await csv.waitFor({ state: "detached" });
    return isDisabled !== "true";
  };
  expect(await isOffered()).toBe(false);
  await page.goto(`${at}?columns=["params.other"]`);
  await page.getByRole("columnheader", { name: /^other/ }).waitFor();
  await link(page, "part-239").waitFor();
  expect(await isOffered()).toBe(false);
});

test("rows in sight of runs that go on are live in a table of many pages too", async () => {
  const experiment_id = await newExperiment(ui, "many");
  const log = (index: number) =>
    post<{ run: { info: { run_id: string } } }>(ui, "/runs/create", {
      ...{ experiment_id, run_name: `run-${index}`, start_time: 1_760_000_000_000 + index },
    });
  const created = await Promise.all(Array.from({ length: 230 }, (_, index) => log(index)));
  const run_id = created[225]!.run.info.run_id;
  const logAcc = (value: number) => post(ui, "/runs/log-metric", { run_id, key: "acc", value, timestamp: Date.now() });
  await logAcc(0.25);
  const { page } = await ui.open(`/experiments/${experiment_id}`);
  const row = page.getByRole("row").filter({ has: link(page, "run-225") });
  await row.getByText("0.25").waitFor();
  await expect.poll(() => status(page).textContent()).toBe("230 runs");
  await logAcc(0.75);
  await row.getByText("0.75").waitFor();
  await post(ui, "/runs/update", { run_id, status: "FAILED", end_time: Date.now() });
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
  await post(ui, "/runs/create", body);
  await link(page, "the first").waitFor();
});
