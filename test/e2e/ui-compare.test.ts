import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectSound, expectSoundInBothThemes, type OurUi, startOurUi } from "./harness/our-ui.ts";

/** The ids of the data that ui-compare.seed.py logged. */
interface Seed {
  readonly experiments: readonly [string, string];
  readonly runs: readonly string[];
  readonly hundred: readonly string[];
}

const HOSTILE = '<img src=x onerror="document.title=1">';

let ui: OurUi<Seed>;
let runs: readonly string[];

beforeAll(async () => {
  ui = await startOurUi<Seed>(new URL("ui-compare.seed.py", import.meta.url));
  runs = ui.seed.runs;
});

afterAll(() => ui.stop());

const compare = (count: number, search = "") =>
  `/compare?runs=${runs.slice(0, count).join(",")}${search.includes("view=") ? "" : "&view=table"}${search}`;

const row = (page: Page, name: string) =>
  page.getByRole("row").filter({ has: page.getByRole("rowheader", { name, exact: true }) });

const runsInAddress = (page: Page) => decodeURIComponent(/runs=([^&]*)/.exec(page.url())?.[1] ?? "").split(",");

describe("the table", () => {
  test("has parameters, metrics and tags of runs of two experiments side by side, as text", async () => {
    const opened = await ui.open(compare(5));
    const { page } = opened;
    await row(page, "lr differs").waitFor();
    expect(await row(page, "lr differs").getByRole("cell").allTextContents()).toEqual(
      ...[["0.1", "0.0316228", "0.01", "0.00316228", "0.001"]],
    );
    await expect
      .poll(() => row(page, "Experiment differs").getByRole("cell").first().textContent())
      .toBe("compare one");
    expect(await row(page, "only here differs").getByRole("cell").nth(1).textContent()).toBe(HOSTILE);
    expect(await row(page, "val/acc differs").getByRole("cell").nth(2).textContent()).toMatch(/^0.935/);
    expect(await row(page, "odd differs").getByRole("cell").nth(2).textContent()).toBe("NaN");
    expect(await row(page, "team differs").getByRole("cell").nth(1).textContent()).toBe("speech");
    expect(await page.locator("main img").count()).toBe(0);
    expect(await page.title()).not.toBe("1");
    await expectSound(opened);
  });

  test("leaves out what does not differ, and finds rows, both in the address", async () => {
    const opened = await ui.open(compare(5));
    const { page } = opened;
    await row(page, "same").waitFor();
    await page.getByRole("switch", { name: "Only what differs", exact: true }).click();
    await row(page, "same").waitFor({ state: "detached" });
    await page.getByRole("searchbox", { name: "Find a row", exact: true }).fill("opt");
    await row(page, "lr differs").waitFor({ state: "detached" });
    await expect.poll(() => page.url()).toContain("q=opt");
    await page.reload();
    await row(page, "optimizer differs").waitFor();
    expect(await row(page, "lr differs").count()).toBe(0);
    await expectSound(opened);
  });

  test("has the least and greatest value of a metric beside its last", async () => {
    const opened = await ui.open(compare(2, "&stat=all&q=loss"));
    const { page } = opened;
    const last = await row(page, "loss (last) differs").getByRole("cell").first().textContent();
    await expect.poll(() => row(page, "loss (min) differs").getByRole("cell").first().textContent()).toBe(last);
    expect(await row(page, "loss (max) differs").getByRole("cell").first().textContent()).toBe("2.135");
    await expectSound(opened);
  });

  test("has a hundred runs with few requests, of which only those in sight are in the page", async () => {
    const { page } = await ui.open("/compare");
    await page.getByText("No runs to compare").waitFor();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await page.goto(`${ui.server.url}/#/compare?view=table&runs=${ui.seed.hundred.join(",")}`);
    await page.getByText("100 runs", { exact: true }).waitFor();
    await row(page, "lr differs").waitFor();
    // First one run of each of the two experiments, then the others.
    const runCalls = asked.flatMap((path) => /runs\/(?:get|search)$/.exec(path) ?? []);
    expect(runCalls).toEqual(["runs/get", "runs/search", "runs/get", "runs/search"]);
    expect(await page.getByRole("columnheader").count()).toBeLessThan(20);
    await page.getByRole("cell", { name: "0.7", exact: true }).hover();
    await page.mouse.wheel(100_000, 0);
    await page.getByRole("columnheader", { name: "many-99" }).waitFor();
  });

  test("compares the others with a run, lets runs change places, and be removed", async () => {
    const { page } = await ui.open(compare(3));
    await page.getByRole("button", { name: "Actions for =run,3", exact: true }).click();
    await page.getByRole("menuitem", { name: "Compare the others with this", exact: true }).click();
    await expect.poll(() => page.url()).toContain(`baseline=${runs[2]}`);
    await page.getByRole("columnheader", { name: "=run,3 Baseline" }).waitFor();
    await page.getByRole("button", { name: "Actions for =run,3", exact: true }).click();
    await page.getByRole("menuitem", { name: "Move to the left", exact: true }).click();
    await expect.poll(() => runsInAddress(page)).toEqual([runs[0], runs[2], runs[1]]);
    await page.getByRole("button", { name: "Actions for =run,3", exact: true }).click();
    await page.getByRole("menuitem", { name: "Remove from comparison", exact: true }).click();
    await expect.poll(() => runsInAddress(page)).toEqual([runs[0], runs[1]]);
  });

  test("says which runs do not exist, and where to find some", async () => {
    const { page } = await ui.open(`/compare?view=table&runs=${runs[0]},${"0".repeat(32)}`);
    await page.getByText("One run does not exist").waitFor();
    await page.getByRole("button", { name: "Remove from comparison", exact: true }).click();
    await expect.poll(() => runsInAddress(page)).toEqual([runs[0]]);
    const empty = await ui.open("/compare");
    await empty.page.getByText("No runs to compare").waitFor();
    await expectSound(empty);
  });

  test("says what failed, and tries again", async () => {
    const { page } = await ui.open("/compare");
    await page.route("**/runs/get?*", (route) => route.fulfill({ status: 403, body: "{}" }));
    await page.goto(`${ui.server.url}/#${compare(2)}`);
    await page.getByRole("alert").waitFor();
    await page.unroute("**/runs/get?*");
    await page.getByRole("button", { name: "Try again", exact: true }).click();
    await row(page, "lr differs").waitFor();
  });
});

describe("parallel coordinates", () => {
  test("select runs by a brush, which the address keeps and the table lists", async () => {
    const opened = await ui.open(compare(24, "&view=parallel&axes=%5B%22params.depth%22%2C%22metrics.loss%22%5D"));
    const { page } = opened;
    const box = (await page.getByRole("img", { name: "Parallel coordinates", exact: true }).boundingBox())!;
    // Brushes the upper half of the first axis.
    await page.mouse.move(box.x + 56, box.y + 50);
    await page.mouse.down();
    await page.mouse.move(box.x + 56, box.y + box.height / 2, { steps: 8 });
    await page.mouse.up();
    const selected = page.getByRole("status").filter({ hasText: "selected" });
    const brush = () => /brush=[^&]*/.exec(page.url())?.[0];
    // The address follows the dragged axis after a moment.
    await expect
      .poll(async () => {
        const before = brush();
        await page.evaluate("new Promise((done) => setTimeout(done, 300))");
        return before !== undefined && before === brush();
      })
      .toBe(true);
    const count = Number((await selected.textContent())?.split(" ")[0]);
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThan(24);
    await page.reload();
    await page.getByText(`${count} of 24 runs selected`).waitFor();
    expect(await page.getByRole("rowheader").count()).toBe(count);
    await page.getByRole("button", { name: "Keep only these", exact: true }).click();
    await expect.poll(() => runsInAddress(page).length).toBe(count);
    await expectSound(opened);
  });

  test("are set up by keys alone", async () => {
    const opened = await ui.open(compare(24, "&view=parallel"));
    const { page } = opened;
    await page.getByRole("button", { name: /^Axes/ }).focus();
    await page.keyboard.press("Enter");
    await page.getByLabel("From of params.depth").fill("4");
    await page.keyboard.press("Tab");
    await page.getByText("14 of 24 runs selected").waitFor();
    await page.getByRole("button", { name: "Move params.depth down", exact: true }).press("Enter");
    await expect.poll(() => decodeURIComponent(page.url())).toContain('axes=["params.lr","params.depth"');
    await page.getByRole("button", { name: "Remove params.optimizer", exact: true }).press("Enter");
    await expect.poll(() => page.url()).not.toContain("optimizer");
    await expectSound(opened);
  });
});

describe("drawings", () => {
  test("scatter: axes, scales, colour and size in the address, with a table of the values", async () => {
    const opened = await ui.open(compare(24, "&view=scatter&x=params.lr&y=max(metrics.loss)&colour=metrics.val/acc"));
    const { page } = opened;
    await page.getByRole("img", { name: "max(metrics.loss) by params.lr", exact: true }).waitFor();
    await page.getByRole("checkbox", { name: "log", exact: true }).first().click();
    await expect.poll(() => decodeURIComponent(page.url())).toContain('linear=["params.lr"]');
    await page.getByRole("combobox", { name: "Size", exact: true }).fill("depth");
    await page.getByRole("option", { name: "params.depth", exact: true }).click();
    await expect.poll(() => page.url()).toContain("size=params.depth");
    expect(await page.getByRole("rowheader").count()).toBe(24);
    await page.getByRole("cell", { name: "2.135", exact: true }).first().waitFor();
    await expectSound(opened);
  });

  test("contour: a surface over two parameters, kept as PNG", async () => {
    const opened = await ui.open(compare(24, "&view=contour&x=params.lr&y=params.depth&z=metrics.val/acc"));
    const { page } = opened;
    await page.getByRole("img", { name: "metrics.val/acc over params.lr and params.depth", exact: true }).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download PNG", exact: true }).click(),
    ]);
    expect((await readFile(await download.path())).subarray(1, 4).toString()).toBe("PNG");
    await expectSound(opened);
  });

  test("boxes: a metric in groups of a parameter, with their quartiles", async () => {
    const opened = await ui.open(compare(24, "&view=box&y=metrics.val/acc&by=params.optimizer"));
    const { page } = opened;
    await page.getByRole("img", { name: "metrics.val/acc by params.optimizer", exact: true }).waitFor();
    const groups = page.getByRole("table", { name: "metrics.val/acc by params.optimizer", exact: true });
    expect(await groups.getByRole("rowheader").allTextContents()).toEqual(["adam", "lion", "sgd"]);
    expect(await groups.getByRole("row").nth(1).getByRole("cell").first().textContent()).toBe("8");
    await expectSound(opened);
  });

  test("of a hundred runs begin with what explains the metric of held-out data, in ranges where there are many values", async () => {
    const opened = await ui.open(`/compare?view=box&runs=${ui.seed.hundred.join(",")}`);
    const { page } = opened;
    await page.getByRole("img", { name: "metrics.val/acc by params.lr", exact: true }).waitFor();
    const groups = page.getByRole("table", { name: "metrics.val/acc by params.lr", exact: true }).getByRole("row");
    expect(await groups.count()).toBe(7);
    expect(await groups.nth(1).getByRole("rowheader").textContent()).toMatch(/^1e-5 to \S+$/);
    await page.getByRole("combobox", { name: "Grouped by", exact: true }).fill("seed");
    await page.getByRole("option", { name: "params.seed", exact: true }).click();
    await page.getByRole("img", { name: "metrics.val/acc by params.seed", exact: true }).waitFor();
    expect(page.url()).toContain("by=params.seed");
    await expectSoundInBothThemes(opened);
  });

  test.each([
    ["parallel", "Parallel coordinates"],
    ["scatter", "metrics.val/acc by params.lr"],
    ["contour", "metrics.val/acc over params.lr and params.seed"],
    ["box", "metrics.val/acc by params.lr"],
  ])("%s of a hundred runs is drawn anew in the dark, and on a phone", async (view, name) => {
    const opened = await ui.open(`/compare?view=${view}&runs=${ui.seed.hundred.join(",")}`);
    const { page } = opened;
    await page.setViewportSize({ width: 390, height: 800 });
    await page.getByRole("img", { name, exact: true }).waitFor();
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
    await expectSoundInBothThemes(opened);
  });
});
