import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectSound, expectSoundInBothThemes, type OurUi, startOurUi } from "./harness/our-ui.ts";

/** What ui-workbench.seed.py logged. */
interface Seed {
  readonly experiments: readonly [vision: string, speech: string];
  /** Of the first experiment; the first three have files. */
  readonly runs: readonly string[];
  readonly parent: string;
  readonly children: readonly string[];
  readonly speech: readonly string[];
  readonly failed: string;
  readonly running: string;
}

let ui: OurUi<Seed>;

beforeAll(async () => {
  ui = await startOurUi<Seed>(new URL("ui-workbench.seed.py", import.meta.url));
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
    expect(await legend.getByRole("link").allTextContents()).toEqual(["vit-00", "vit-01", "asr-0"]);
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
    // A rate that only counts has no best.
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
    await files.getByRole("button", { name: "notes/same.txt" }).click();
    await page.getByText("The files are the same.", { exact: true }).waitFor();
    await expectSoundInBothThemes(opened);

    // Each series is one entry, without the small copies.
    expect(await files.getByRole("button", { name: /sample/ }).count()).toBe(1);
    await files.getByRole("button", { name: "sample" }).click();
    await expect.poll(() => page.locator("main img").count()).toBe(3);
    await page.getByText("No image yet at this step", { exact: true }).waitFor();
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
    // What is chosen in a panel is the panel's alone, and in the address.
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

describe("an experiment", () => {
  test("says what it is about, in its folders; its description and name are changed there", async () => {
    const opened = await ui.open(`/experiments/${ui.seed.experiments[0]}`);
    const { page } = opened;
    await page
      .getByRole("navigation", { name: "Breadcrumbs" })
      .getByRole("link", { name: "team", exact: true })
      .waitFor();
    await page.getByRole("button", { name: "About", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "About team/vision", exact: true });
    await dialog.getByText(ui.seed.experiments[0], { exact: true }).waitFor();
    await dialog.getByText(/^mlflow-artifacts:/).waitFor();
    await dialog.locator("strong", { hasText: "cats" }).waitFor();
    await expectSoundInBothThemes(opened);
    await dialog.getByRole("textbox", { name: "Name", exact: true }).fill("team/eyes");
    await dialog.getByRole("button", { name: "Rename", exact: true }).click();
    await page.getByRole("dialog", { name: "About team/eyes", exact: true }).waitFor();
    await page.getByRole("textbox", { name: "Name", exact: true }).fill("team/vision");
    await page.getByRole("button", { name: "Rename", exact: true }).click();
    await page.getByRole("dialog", { name: "About team/vision", exact: true }).waitFor();
    await page.keyboard.press("Escape");
    await page
      .getByRole("navigation", { name: "Breadcrumbs" })
      .getByRole("link", { name: "team", exact: true })
      .click();
    await page
      .getByRole("link", { name: "speech", exact: true })
      .or(page.getByText("speech", { exact: true }))
      .first()
      .waitFor();
  });

  test("has a default view, which an address of its own goes before", async () => {
    const path = `/experiments/${ui.seed.experiments[1]}`;
    const opened = await ui.open(`${path}?charts=true&columns=["metrics.lr"]`);
    const { page } = opened;
    const views = async (name: string) => {
      await page.getByRole("button", { name: "Views", exact: true }).click();
      await page.getByRole("menuitem", { name, exact: true }).click();
    };
    await views("Make this view the experiment's default");
    await page.getByText("Whoever opens the experiment sees this view first.", { exact: true }).waitFor();
    const other = await ui.open(path);
    await expect.poll(() => decodeURIComponent(other.page.url())).toContain('columns=["metrics.lr"]');
    await other.page.locator('[data-metric="val/acc"] canvas').first().waitFor();
    const own = await ui.open(`${path}?columns=["params.depth"]`);
    await own.page.getByRole("columnheader", { name: "depth" }).waitFor();
    expect(own.page.url()).not.toContain("charts");
    await views("Forget the experiment's default");
    await page.getByText("The experiment has no default view any more.", { exact: true }).waitFor();
    const bare = await ui.open(path);
    await bare.page.getByRole("columnheader", { name: "Created" }).waitFor();
  });
});

test("home has what goes on, what failed, and where one has been", async () => {
  const opened = await ui.open(`/experiments/${ui.seed.experiments[1]}/runs/${ui.seed.failed}`);
  const { page } = opened;
  await page.getByRole("button", { name: "Add it to the favourites", exact: true }).click();
  await page.keyboard.press("g");
  await page.keyboard.press("h");
  const block = (name: string) => page.getByRole("region", { name, exact: true });
  await block("Running now").getByRole("link", { name: "asr-running", exact: true }).waitFor();
  await block("Failed lately").getByRole("link", { name: "asr-failed", exact: true }).waitFor();
  await block("Favourites").getByRole("link", { name: "asr-failed", exact: true }).waitFor();
  await block("Seen lately").getByRole("link", { name: "asr-failed", exact: true }).waitFor();
  await block("Experiments with the latest activity").getByRole("link", { name: "team/vision", exact: true }).waitFor();
  await expectSoundInBothThemes(opened);
  await block("Favourites").getByRole("button", { name: "Take asr-failed off the favourites", exact: true }).click();
  await block("Favourites").getByText("A star on the page", { exact: false }).waitFor();
  // Who has been somewhere begins here.
  await page.goto(`${ui.server.url}/#/`);
  await block("Running now").waitFor();
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
  await expectSound(opened);
});

test("runs over time are drawn from their start to their end", async () => {
  const runs = [...ui.seed.runs, ui.seed.running].join(",");
  const opened = await ui.open(`/compare?runs=${runs}&view=gantt`);
  await opened.page.getByRole("img", { name: "Runs over time", exact: true }).waitFor();
  await expectSoundInBothThemes(opened);
});

describe("artifacts", () => {
  const openFile = (path: string, search = "") =>
    ui.open(
      `/experiments/${ui.seed.experiments[0]}/runs/${ui.seed.runs[0]}?tab=artifacts&path=${encodeURIComponent(path)}${search}`,
    );

  test("a log has the colours of its terminal, and of a progress bar its last state", async () => {
    const opened = await openFile("train.log");
    const { page } = opened;
    await page.locator(".text-success", { hasText: "epoch 1" }).waitFor();
    await page.locator(".text-danger", { hasText: "failed" }).waitFor();
    await page.getByText("100%|#####| done", { exact: true }).waitFor();
    expect(await page.getByText("10%|#    |").count()).toBe(0);
    await expectSoundInBothThemes(opened);
  });

  test("a notebook is one: its text, code, output, pictures and errors, and nothing in it runs", async () => {
    const opened = await openFile("report.ipynb");
    const { page } = opened;
    const notebook = page.getByRole("region", { name: "Notebook", exact: true });
    await notebook.getByRole("heading", { name: "Findings", exact: true }).waitFor();
    await notebook.getByText("[3]", { exact: true }).waitFor();
    await notebook.getByText("printed", { exact: true }).waitFor();
    await notebook.getByText("a table", { exact: true }).waitFor();
    await notebook.locator(".text-danger", { hasText: "E" }).waitFor();
    expect(await notebook.getByRole("img", { name: "Output of the cell" }).count()).toBe(1);
    expect(await page.title()).not.toBe("1");
    await expectSoundInBothThemes(opened);
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
  });

  test("an array of NumPy tells its shape, its type and its values", async () => {
    const opened = await openFile("weights.npy");
    const { page } = opened;
    await page.getByText("3 × 4", { exact: true }).waitFor();
    await page.getByText("<f4", { exact: true }).waitFor();
    await page.getByRole("cell", { name: "2.75", exact: true }).waitFor();
    await expectSound(opened);
  });

  test("formulas in markdown are drawn, and money is money", async () => {
    const opened = await openFile("math.md");
    const { page } = opened;
    await page.locator("math").nth(1).waitFor();
    expect(await page.locator("math").count()).toBe(2);
    await page.getByText("for $5 and $6.", { exact: false }).waitFor();
    await expectSoundInBothThemes(opened);
  });

  test("the images of a series are one entry of the tree", async () => {
    const { page } = await openFile("images");
    const entry = page.getByRole("treeitem", { name: /sample/ });
    await entry.getByText("3 images", { exact: true }).waitFor();
    expect(await entry.count()).toBe(1);
    await entry.click();
    await page.getByRole("img", { name: "sample, step 2", exact: true }).waitFor();
  });

  test("a logged table is filtered and wrapped, its rows opened, and joined with those of other runs", async () => {
    const opened = await openFile("eval.json");
    const { page } = opened;
    await page.getByRole("cell", { name: "question 3", exact: false }).first().waitFor();
    await page.getByRole("searchbox", { name: "Find in the table", exact: true }).fill("question 4");
    await page.getByText(/1 of them have the words/).waitFor();
    await page.getByRole("cell", { name: "question 3", exact: false }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Wrap long texts", exact: true }).click();
    await page.getByRole("button", { name: "Open row 5", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "Row 5", exact: true });
    await dialog.getByText(/^answer 4 of run 0, (long ){30}$/).waitFor();
    await page.keyboard.press("Escape");
    await expectSoundInBothThemes(opened);

    const joined = await openFile("eval.json", `&runs=${ui.seed.runs[1]}`);
    await joined.page.getByText(/12 rows/).waitFor();
    await joined.page.getByRole("columnheader", { name: "run", exact: true }).waitFor();
    await joined.page.getByRole("columnheader", { name: "prompt" }).getByRole("button").click();
    await joined.page.getByRole("cell", { name: "vit-01" }).first().waitFor();
    await expectSound(joined);
  });
});

test("prompts are written, listed, and their versions compared", async () => {
  const opened = await ui.open("/prompts");
  const { page } = opened;
  await page.getByText("No prompts", { exact: true }).waitFor();
  await expectSound(opened);
  await page.getByRole("button", { name: "New prompt", exact: true }).click();
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("summary");
  await page.getByRole("textbox", { name: "Text", exact: true }).fill("Summarise {{text}}.\nShort.");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await page.getByRole("region", { name: "Version 1", exact: true }).getByText("{{text}}", { exact: true }).waitFor();
  await page.getByRole("button", { name: "New version", exact: true }).click();
  await page.getByRole("textbox", { name: "Text", exact: true }).fill("Summarise {{text}} in {{words}} words.\nShort.");
  await page.getByRole("textbox", { name: "What changed", exact: true }).fill("a limit");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("region", { name: "Version 2", exact: true }).waitFor();
  await page.getByRole("combobox", { name: "Compared with", exact: true }).click();
  await page.getByRole("option", { name: "version 1", exact: true }).click();
  const difference = page.getByRole("region", { name: "From version 1 to version 2", exact: true });
  await difference.getByText(/in \{\{words\}\}/).waitFor();
  await expectSoundInBothThemes(opened);
  await page.reload();
  await difference.waitFor();
  // As MLflow's clients write it.
  const answer = await fetch(`${ui.server.url}/api/2.0/mlflow/model-versions/get?name=summary&version=2`);
  const { model_version } = (await answer.json()) as { model_version: { tags: { key: string; value: string }[] } };
  expect(model_version.tags).toContainEqual({ key: "mlflow.prompt.is_prompt", value: "true" });
  await page.goto(`${ui.server.url}/#/prompts`);
  await page.getByRole("link", { name: "summary", exact: true }).waitFor();
  await page.goto(`${ui.server.url}/#/models`);
  await page.getByText("No registered models", { exact: true }).waitFor();
});

test("a report is panels and text alone, under a title, and prints as a whole", async () => {
  const opened = await ui.open(`/experiments/${ui.seed.experiments[0]}`);
  const { page } = opened;
  await page.getByRole("button", { name: "More", exact: true }).click();
  await page.getByRole("menuitem", { name: "Make a report", exact: true }).click();
  await page.getByRole("heading", { name: "Report on team/vision", exact: true }).getByRole("button").click();
  await page.getByRole("textbox", { name: /^New name of/ }).fill("What we learned");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "What we learned", exact: true }).waitFor();
  await page.getByRole("img", { name: "Best metrics.val/acc so far", exact: true }).waitFor();
  expect(await page.getByRole("treegrid").count()).toBe(0);
  expect(await page.locator("[data-metric]").count()).toBe(0);
  await expectSoundInBothThemes(opened);
  await page.reload();
  await page.getByRole("img", { name: "Best metrics.val/acc so far", exact: true }).waitFor();
  await page.emulateMedia({ media: "print" });
  for (const name of ["Print", "Table", "Panel"]) {
    expect(await page.getByRole("button", { name, exact: true }).isVisible()).toBe(false);
  }
  expect(await page.getByRole("navigation", { name: "Main" }).isVisible()).toBe(false);
  // Nothing is cut off by what scrolls on a screen.
  expect(await page.evaluate("getComputedStyle(document.querySelector('[data-charts]')).overflowY === 'visible'")).toBe(
    true,
  );
  await page.emulateMedia({ media: "screen" });
  await page.getByRole("button", { name: "Table", exact: true }).click();
  await page.getByRole("treegrid", { name: "Runs", exact: true }).waitFor();
});

test("a run is copied to another experiment with its whole history and its files, and moved", async () => {
  const api = async <Answer>(path: string, body?: object): Promise<Answer> => {
    const init = body && {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    };
    const answer = await fetch(`${ui.server.url}/api/2.0/mlflow/${path}`, init);
    expect(answer.status).toBe(200);
    return answer.json() as Promise<Answer>;
  };
  interface WireRun {
    info: { run_id: string; start_time: number; end_time: number; status: string };
    data: { params: object[]; metrics: object[] };
    inputs: { dataset_inputs: { dataset: { name: string } }[] };
  }
  const { experiment_id: target } = await api<{ experiment_id: string }>("experiments/create", { name: "copies" });
  const [original] = ui.seed.runs;
  const opened = await ui.open(`/experiments/${ui.seed.experiments[0]}`);
  const { page } = opened;
  const take = async (name: string, isMove: boolean) => {
    await page.getByRole("link", { name, exact: true }).click({ button: "right" });
    await page.getByRole("menuitem", { name: "Copy or move to another experiment…", exact: true }).click();
    await page.getByRole("combobox", { name: "Experiment", exact: true }).fill("copies");
    await page.getByRole("option", { name: "copies", exact: true }).click();
    if (isMove) await page.getByRole("dialog").getByRole("button", { name: "Move", exact: true }).first().click();
    await page
      .getByRole("dialog")
      .getByRole("button", { name: isMove ? "Move" : "Copy", exact: true })
      .last()
      .click();
    await page.getByText(isMove ? "Moved the run." : "Copied the run.", { exact: true }).waitFor();
  };
  await take("vit-00", false);
  const { run: before } = await api<{ run: WireRun }>(`runs/get?run_id=${original}`);
  const find = () => api<{ runs: WireRun[] }>("runs/search", { experiment_ids: [target] });
  const [after] = (await find()).runs;
  const { start_time, end_time, status } = before.info;
  expect(after!.info).toMatchObject({ start_time, end_time, status });
  expect(after!.data.params).toEqual(before.data.params);
  expect(after!.data.metrics).toEqual(before.data.metrics);
  expect(after!.inputs.dataset_inputs[0]!.dataset.name).toBe("cats");
  const history = (runId: string) =>
    api<{ metrics: { step: number }[] }>(`metrics/get-history?run_id=${runId}&metric_key=val/acc`);
  expect((await history(after!.info.run_id)).metrics).toEqual((await history(original!)).metrics);
  const file = (runId: string) =>
    fetch(`${ui.server.url}/get-artifact?run_uuid=${runId}&path=weights.npy`).then((answer) => answer.arrayBuffer());
  expect(Buffer.from(await file(after!.info.run_id))).toEqual(Buffer.from(await file(original!)));
  await expectSound(opened);

  await take("vit-11", true);
  await page.getByRole("link", { name: "vit-11", exact: true }).waitFor({ state: "detached" });
  const there = (await find()).runs.map(({ info }) => info.run_id);
  expect(there).toHaveLength(2);
  // A moved run keeps its id.
  expect(there).toContain(ui.seed.runs[11]);
});

test("a description shows images of the run's files, and of nothing else", async () => {
  const [experimentId, runId] = [ui.seed.experiments[0], ui.seed.runs[0]!];
  const value = [
    "![its plot](plots/confusion.png)",
    "![elsewhere](https://evil.example/a.png)",
    "![data](data:image/png;base64,AAAA)",
    "[away](javascript:alert(1)) [here](/api/2.0/mlflow)",
  ].join("\n\n");
  const body = JSON.stringify({ run_id: runId, key: "mlflow.note.content", value });
  const headers = { "content-type": "application/json" };
  await fetch(`${ui.server.url}/api/2.0/mlflow/runs/set-tag`, { method: "POST", headers, body });
  const opened = await ui.open(`/experiments/${experimentId}/runs/${runId}`);
  const { page } = opened;
  const description = page.getByRole("region", { name: "Description", exact: true });
  const image = description.getByRole("img", { name: "its plot", exact: true });
  await image.waitFor();
  await expect
    .poll(() => image.evaluate((element) => (element as unknown as { naturalWidth: number }).naturalWidth))
    .toBe(24);
  await description.getByRole("link", { name: "elsewhere", exact: true }).waitFor();
  expect(await description.locator("img[src^='data:'], img[src^='http']").count()).toBe(0);
  expect(await description.locator("a[href]").count()).toBe(1);
  await expectSound(opened);
});
