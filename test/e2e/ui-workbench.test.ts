import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectSound, expectSoundInBothThemes, type OurUi } from "./harness/our-ui.ts";
import { startWorkbench, type WorkbenchSeed } from "./harness/workbench.ts";

let ui: OurUi<WorkbenchSeed>;

beforeAll(async () => {
  ui = await startWorkbench();
});

afterAll(() => ui.stop());

const row = (page: Page, name: string) =>
  page.getByRole("row").filter({ has: page.getByRole("rowheader", { name, exact: true }) });

describe("a comparison", () => {
  test("opens on curves over one another, also of runs of two experiments, with a legend that switches them", async () => {
    const compared = [...ui.seed.runs.slice(0, 2), ui.seed.speech[0]];
    const opened = await ui.open(`/compare?runs=${compared.join(",")}`);
    const { page } = opened;
    await page.locator('[data-metric="val/acc"] canvas').first().waitFor();
    const legend = page.getByRole("list", { name: "Runs", exact: true });
    await expect.poll(() => legend.getByRole("link").allTextContents()).toEqual(["vit-00", "vit-01", "asr-0"]);
    await legend.getByRole("button", { name: "Show asr-0", exact: true }).click();
    await expect.poll(() => decodeURIComponent(page.url())).toContain(`chartOff=["${compared[2]}"]`);
    await expectSoundInBothThemes(opened);
  });

  test("marks the best value by the metric's direction, and tells the difference to a baseline that one picks", async () => {
    const opened = await ui.open(`/compare?runs=${ui.seed.runs.slice(0, 4).join(",")}&view=table`);
    const { page } = opened;
    const best = (name: string) =>
      row(page, name)
        .getByRole("cell")
        .filter({ has: page.getByLabel("best") });
    const of = async (name: string) =>
      (await row(page, name).getByRole("cell").allTextContents()).map(Number.parseFloat);
    await best("val/acc differs").waitFor();
    expect(Number.parseFloat((await best("val/acc differs").textContent())!)).toBe(
      Math.max(...(await of("val/acc differs"))),
    );
    expect(Number.parseFloat((await best("val/loss differs").textContent())!)).toBe(
      Math.min(...(await of("val/loss differs"))),
    );
    // A counter has no best value.
    expect(await row(page, "lr differs").getByLabel("best").count()).toBe(0);
    expect(await row(page, "val/acc differs").getByRole("cell").first().getByTitle("To the baseline").count()).toBe(0);
    expect(await row(page, "val/acc differs").getByTitle("To the baseline").count()).toBe(3);

    await page.getByRole("button", { name: "Actions for vit-03", exact: true }).click();
    await page.getByRole("menuitem", { name: "Compare the others with this", exact: true }).click();
    await page.getByRole("columnheader", { name: "vit-03 Baseline" }).waitFor();
    const [first, , , last] = await of("val/acc differs");
    const delta = await row(page, "val/acc differs")
      .getByRole("cell")
      .first()
      .getByTitle("To the baseline")
      .textContent();
    expect(Number(delta!.replace("−", "-"))).toBeCloseTo(first! - last!, 3);
    // A better value is green and a worse one red, by the metric's direction; without a direction neither.
    const colours = async (name: string) => {
      const all = row(page, name).getByTitle("To the baseline");
      return await all.evaluateAll((found) =>
        found.map((one) => [Number(one.textContent!.replace("−", "-")), /text-(\w+(-\w+)?)$/.exec(one.className)![1]!]),
      );
    };
    const [more, less] = await Promise.all([colours("val/acc differs"), colours("val/loss differs")]);
    expect(more.map(([, colour]) => colour)).toEqual(more.map(([by]) => (Number(by) > 0 ? "success" : "danger")));
    expect(less.map(([, colour]) => colour)).toEqual(less.map(([by]) => (Number(by) < 0 ? "success" : "danger")));
    expect(new Set((await colours("lr differs")).map(([, colour]) => colour))).toEqual(new Set(["ink-muted"]));

    await page.getByRole("button", { name: "More val/acc is better: turn it", exact: true }).click();
    await expect
      .poll(async () => Number.parseFloat((await best("val/acc differs").textContent())!))
      .toBe(Math.min(...(await of("val/acc differs"))));
    await page.reload();
    await page.getByRole("button", { name: "Less val/acc is better: turn it", exact: true }).waitFor();
    await expectSoundInBothThemes(opened);
  });

  test("has datasets and code versions, and what changed in the code where its host tells", async () => {
    const { page } = await ui.open(`/compare?runs=${ui.seed.runs.slice(0, 4).join(",")}&view=table`);
    await row(page, "training differs").waitFor();
    expect(await row(page, "training differs").getByRole("cell").allTextContents()).toEqual([
      ...["cats (d1a2)", "cats (d1a2)", "cats (d1a2)", "cats (e3f4)"],
    ]);
    const diffs = row(page, "Commit differs").getByRole("link", { name: "Diff", exact: true });
    expect(await diffs.count()).toBe(2);
    expect(await diffs.first().getAttribute("href")).toBe(
      `https://github.com/acme/vision/compare/${"a1b2c3d4".repeat(5)}...${"0f1e2d3c".repeat(5)}`,
    );
  });

  test("has the texts of runs side by side with what differs, and their images", async () => {
    const opened = await ui.open(`/compare?runs=${ui.seed.runs.slice(0, 4).join(",")}&view=files`);
    const { page } = opened;
    const files = page.getByRole("navigation", { name: "Files", exact: true });
    await files.getByRole("button", { name: "config.yaml" }).click();
    const differences = page.getByRole("region", { name: "Differences of config.yaml", exact: true });
    await differences.getByText("lr: ", { exact: false }).first().waitFor();
    await page.getByText("2 lines differ", { exact: true }).waitFor();
    expect(await differences.getByText("seed: 7").count()).toBe(2);
    await page.getByRole("combobox", { name: "Run beside the baseline", exact: true }).click();
    await page.getByRole("option", { name: "vit-02", exact: true }).click();
    await differences.getByText("0.2", { exact: false }).first().waitFor();
    // Code has its colours, also where only one of the runs has it.
    await expect.poll(() => differences.locator(".text-accent-strong").allTextContents()).toContain("seed");
    await files.getByRole("button", { name: "train.py" }).click();
    await page.getByText("has this file.", { exact: false }).waitFor();
    await expect.poll(() => page.locator("main .text-accent").allTextContents()).toContain("import");
    await expectSoundInBothThemes(opened);
    await files.getByRole("button", { name: "notes/same.txt" }).click();
    await page.getByText("The files are the same.", { exact: true }).waitFor();
    await expectSoundInBothThemes(opened);

    // Each series is one entry, without the small copies.
    expect(await files.getByRole("button", { name: /sample/ }).count()).toBe(1);
    await files.getByRole("button", { name: "sample" }).click();
    await expect.poll(() => page.locator("main img").count()).toBe(3);
    await page.getByText("No image yet at this step", { exact: true }).waitFor();
    // Sounds are heard one beside the other.
    await files.getByRole("button", { name: "noise.wav" }).click();
    await expect.poll(() => page.locator("main audio").count()).toBe(3);
    expect(await page.locator("main figcaption").getByRole("link").allTextContents()).toEqual([
      "vit-00",
      "vit-01",
      "vit-02",
    ]);
    const durations = () =>
      page.evaluate<number[]>(`[...document.querySelectorAll("main audio")].map(({ duration }) => duration)`);
    await expect.poll(durations).toEqual([1, 1, 1]);
    await files.getByRole("button", { name: "plots/confusion.png" }).click();
    await page.getByText("This run has no such image", { exact: true }).waitFor();
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
    await expectSound(opened);
  });
});

describe("the table", () => {
  const grid = (page: Page) => page.getByRole("treegrid", { name: "Runs", exact: true });
  const line = (page: Page, name: string) =>
    page.getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) });

  test("has children below their parents by itself, and all in one order where one is asked for", async () => {
    const opened = await ui.open(`/experiments/${ui.seed.experiments[0]}`);
    const { page } = opened;
    await line(page, "search").waitFor();
    expect(await line(page, "trial-0").count()).toBe(0);
    await line(page, "search").getByRole("button", { name: "Open", exact: true }).click();
    await line(page, "trial-0").waitFor();
    await page.goto(`${ui.server.url}/#/experiments/${ui.seed.experiments[0]}?sort=["attributes.run_name%20ASC"]`);
    await page.getByRole("grid", { name: "Runs", exact: true }).waitFor();
    await line(page, "trial-2").waitFor();
    await expectSound(opened);
  });

  test("an eye leaves a run out of the charts alone, and the address keeps it", async () => {
    const opened = await ui.open(`/experiments/${ui.seed.experiments[0]}?charts=true`);
    const { page } = opened;
    await page.locator('[data-metric="val/acc"] canvas').first().waitFor();
    const eye = page.getByRole("button", { name: "Show vit-03 in charts", exact: true });
    await eye.click();
    await expect.poll(() => decodeURIComponent(page.url())).toContain(`chartOff=["${ui.seed.runs[3]}"]`);
    expect(await eye.getAttribute("aria-pressed")).toBe("false");
    await line(page, "vit-03").waitFor();
    await eye.click();
    await expect.poll(() => page.url()).not.toContain("chartOff");
    await expectSoundInBothThemes(opened);
  });

  test("a right click offers what can be done with a run; hidden runs are one click away", async () => {
    const opened = await ui.open(`/experiments/${ui.seed.experiments[0]}`);
    const { page } = opened;
    await line(page, "vit-04").click({ button: "right" });
    await page.getByRole("menuitem", { name: /^Hide from table and charts/ }).click();
    await line(page, "vit-04").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Show the 1 hidden", exact: true }).click();
    await line(page, "vit-04").click({ button: "right" });
    await page.getByRole("menuitem", { name: "Description…", exact: true }).click();
    await page.getByRole("textbox", { name: "Description, in markdown", exact: true }).fill("The **best** one");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Columns", exact: true }).click();
    for (const name of ["Description", "Commit", "Datasets", "Logged models"]) {
      await page.getByRole("checkbox", { name, exact: true }).click();
    }
    await page.keyboard.press("Escape");
    await line(page, "vit-04")
      .getByText("The best one", { exact: true })
      .or(line(page, "vit-04").getByText("The **best** one"))
      .waitFor();
    await line(page, "vit-04").getByText("cats", { exact: true }).waitFor();
    await expectSound(opened);
  });

  test("a run is renamed where it stands, by keys", async () => {
    const opened = await ui.open(`/experiments/${ui.seed.experiments[1]}`);
    const { page } = opened;
    await line(page, "asr-1").focus();
    await page.keyboard.press("F2");
    await page.getByRole("textbox", { name: "New name of asr-1", exact: true }).fill("never kept");
    await page.keyboard.press("Escape");
    await line(page, "asr-1").waitFor();
    await page.keyboard.press("F2");
    await page.getByRole("textbox", { name: "New name of asr-1", exact: true }).fill("asr one");
    await page.keyboard.press("Enter");
    await line(page, "asr one").waitFor();
    await expectSound(opened);
  });

  test("CSV of all columns has what the table does not show", async () => {
    const { page } = await ui.open(`/experiments/${ui.seed.experiments[0]}?columns=["metrics.lr"]`);
    await line(page, "vit-00").waitFor();
    await page.getByRole("button", { name: "More", exact: true }).click();
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("menuitem", { name: "Download as CSV, all columns", exact: true }).click(),
    ]);
    const lines = (await readFile(await file.path(), "utf8")).split("\r\n");
    const header = lines[0]!.split(",");
    for (const name of ["run_id", "val/acc", "val/loss", "depth", "optimizer", "Commit", "Datasets", "team"]) {
      expect(header).toContain(name);
    }
    expect(lines).toHaveLength(17);
    const search = lines.find((one) => one.includes("vit-03"))!.split(",");
    expect(search[header.indexOf("optimizer")]).toBe("sgd");
    expect(search[header.indexOf("Commit")]).toBe("0f1e2d3c".repeat(5));
  });

  test("begins with the params that matter most", async () => {
    const { page } = await ui.open(`/experiments/${ui.seed.experiments[0]}`);
    await grid(page).waitFor();
    const params = async () =>
      (await page.getByRole("columnheader").allTextContents()).filter((name) => /^(lr|depth|optimizer)/.test(name));
    await expect.poll(async () => (await params())[0]).toMatch(/^lr/);
  });
});

describe("a workspace", () => {
  test("has panels of drawings in sections that are named, ordered and shared by their address", async () => {
    const opened = await ui.open(`/experiments/${ui.seed.experiments[0]}?charts=true`);
    const { page } = opened;
    const add = async (name: string) => {
      await page.getByRole("button", { name: "Panel", exact: true }).click();
      await page.getByRole("menuitem", { name, exact: true }).click();
    };
    const panel = (name: string) => page.getByRole("figure", { name, exact: true });
    await add("What matters");
    await panel("What matters").getByRole("rowheader", { name: "lr", exact: true }).waitFor();
    await add("Scatter");
    await panel("Scatter").getByRole("img", { name: "metrics.val/acc by params.lr", exact: true }).waitFor();
    // A choice in a panel applies to this panel only, and is in the address.
    await panel("Scatter").getByRole("combobox", { name: "X", exact: true }).fill("depth");
    await page.getByRole("option", { name: "params.depth", exact: true }).click();
    await panel("Scatter").getByRole("img", { name: "metrics.val/acc by params.depth", exact: true }).waitFor();

    for (const name of ["Spread", "Details"]) {
      await add("Section…");
      await page.getByRole("textbox", { name: "Name", exact: true }).fill(name);
      await page.getByRole("button", { name: "Add", exact: true }).click();
      await page.getByRole("region", { name, exact: true }).waitFor();
    }
    await add("Histogram");
    await panel("Histogram").getByRole("img", { name: "Histogram of metrics.val/acc", exact: true }).waitFor();
    await panel("Histogram").getByRole("button", { name: "More of Histogram", exact: true }).click();
    await page.getByRole("menuitem", { name: "To the section" }).hover();
    await page.getByRole("menuitem", { name: "Spread", exact: true }).click();
    await page
      .getByRole("region", { name: "Spread", exact: true })
      .getByRole("figure", { name: "Histogram", exact: true })
      .waitFor();
    const sections = () =>
      page
        .locator("section[aria-label]")
        .filter({ has: page.getByRole("button", { name: /^More of (Spread|Details)$/ }) });
    await page.getByRole("button", { name: "More of Details", exact: true }).click();
    await page.getByRole("menuitem", { name: "Move up", exact: true }).click();
    await expect.poll(() => sections().first().getAttribute("aria-label")).toBe("Details");

    await page.reload();
    await panel("Scatter").getByRole("img", { name: "metrics.val/acc by params.depth", exact: true }).waitFor();
    await page
      .getByRole("region", { name: "Spread", exact: true })
      .getByRole("figure", { name: "Histogram", exact: true })
      .waitFor();
    await expect.poll(() => sections().first().getAttribute("aria-label")).toBe("Details");
    await expectSoundInBothThemes(opened);
  });

  test.each([
    ["bar", "metrics.val/acc by run"],
    ["best", "Best metrics.val/acc so far"],
    ["parallel", "Parallel coordinates"],
    ["contour", "metrics.val/acc over params.lr and params.depth"],
    ["box", "metrics.val/acc by params.lr"],
  ])("a panel of kind %s draws", async (kind, name) => {
    const panels = encodeURIComponent(JSON.stringify([{ id: "a", kind, at: [0, 0, 12, 8] }]));
    const opened = await ui.open(`/experiments/${ui.seed.experiments[0]}?charts=true&panels=${panels}`);
    await opened.page.locator("[data-panel]").getByRole("img", { name, exact: true }).waitFor();
    await expectSound(opened);
  });

  test("a drawing has the ends of axes that one gives it", async () => {
    const panels = encodeURIComponent(
      JSON.stringify([
        { id: "a", kind: "scatter", at: [0, 0, 12, 8] },
        { id: "b", kind: "histogram", at: [0, 8, 12, 8] },
      ]),
    );
    const opened = await ui.open(`/experiments/${ui.seed.experiments[0]}?charts=true&panels=${panels}`);
    const { page } = opened;
    const dialog = page.getByRole("dialog");
    const setEnds = async (name: string, ends: Readonly<Record<string, string>>) => {
      await page.getByRole("button", { name: `More of ${name}`, exact: true }).click();
      await page.getByRole("menuitem", { name: "Edit…", exact: true }).click();
      for (const [label, end] of Object.entries(ends)) await dialog.getByLabel(label).fill(end);
      await dialog.getByRole("button", { name: "Save", exact: true }).click();
      await dialog.waitFor({ state: "detached" });
    };
    /** The texts of a drawing, from its SVG. */
    const texts = async (id: string) => {
      const [file] = await Promise.all([
        page.waitForEvent("download"),
        page.locator(`[data-panel="${id}"]`).getByRole("button", { name: "Download SVG", exact: true }).click(),
      ]);
      const svg = await readFile(await file.path(), "utf8");
      return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text!);
    };
    const greatest = (of: readonly string[]) => Math.max(...of.map(Number).filter(Number.isFinite));
    expect(greatest(await texts("a"))).toBeLessThan(2);
    await setEnds("Scatter", { "Vertical axis from": "-1", "Vertical axis to": "3" });
    const scatter = await texts("a");
    expect(scatter).toContain("3");
    expect(scatter).toContain("−1");
    await setEnds("Histogram", { "Horizontal axis from": "0.75", "Vertical axis to": "40" });
    const histogram = await texts("b");
    expect(greatest(histogram)).toBe(40);
    expect(histogram.some((text) => text.startsWith("0.75 to "))).toBe(true);
    await page.locator('[data-panel="b"]').getByText("runs are not drawn", { exact: false }).waitFor();
    await page.reload();
    await page.locator('[data-panel="b"]').getByText("runs are not drawn", { exact: false }).waitFor();
    await expectSound(opened);
  });

  test("a panel of files, and a table of runs", async () => {
    const panels = encodeURIComponent(
      JSON.stringify([
        { id: "a", kind: "files", at: [0, 0, 12, 9] },
        { id: "b", kind: "table", at: [0, 9, 12, 9] },
      ]),
    );
    const filter = encodeURIComponent(`attributes.run_id IN ('${ui.seed.runs.slice(0, 3).join("','")}')`);
    const opened = await ui.open(`/experiments/${ui.seed.experiments[0]}?charts=true&q=${filter}&panels=${panels}`);
    const { page } = opened;
    await page.locator('[data-panel="a"]').getByRole("button", { name: "config.yaml" }).click();
    await page.getByRole("region", { name: "Differences of config.yaml", exact: true }).waitFor();
    await page.locator('[data-panel="b"]').getByRole("rowheader", { name: "val/acc differs", exact: true }).waitFor();
    await expectSound(opened);
  });

  test("drawings leave hidden runs out, as the table does", async () => {
    const panels = encodeURIComponent(JSON.stringify([{ id: "a", kind: "matters", at: [0, 0, 12, 8] }]));
    const hidden = encodeURIComponent(JSON.stringify(ui.seed.runs.slice(0, 2)));
    const { page } = await ui.open(
      `/experiments/${ui.seed.experiments[0]}?charts=true&hidden=${hidden}&panels=${panels}`,
    );
    await page.locator('[data-panel="a"]').getByText("14 of 14 runs have the metric", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Show the 2 hidden", exact: true }).click();
    await page.locator('[data-panel="a"]').getByText("16 of 16 runs have the metric", { exact: true }).waitFor();
  });

  test("lines are smoothed in several ways, and outliers left out of the axis", async () => {
    const opened = await ui.open(`/experiments/${ui.seed.experiments[0]}?charts=true&chartSmoothing=0.9`);
    const { page } = opened;
    await page.locator('[data-metric="val/acc"] canvas').first().waitFor();
    await page.getByRole("button", { name: "Axes and sizes", exact: true }).click();
    await page.getByRole("combobox", { name: "Kind of smoothing", exact: true }).click();
    await page.getByRole("option", { name: "Running median", exact: true }).click();
    await page.getByRole("switch", { name: "Leave outliers out of the vertical axis", exact: true }).click();
    await expect
      .poll(() => page.url())
      .toMatch(/chartSmoothingKind=median.*chartOutliers=true|chartOutliers=true.*chartSmoothingKind=median/);
    await expectSound(opened);
  });
});

test("runs over time are drawn from their start to their end", async () => {
  const runs = [...ui.seed.runs, ui.seed.running].join(",");
  const opened = await ui.open(`/compare?runs=${runs}&view=gantt`);
  await opened.page.getByRole("img", { name: "Runs over time", exact: true }).waitFor();
  await expectSoundInBothThemes(opened);
});
