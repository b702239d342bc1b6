import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectSoundInBothThemes, type OurUi } from "./harness/our-ui.ts";
import { cells, openSweep, type SweepSeed, startSweep, status } from "./harness/sweep.ts";

let ui: OurUi<SweepSeed>;

beforeAll(async () => {
  ui = await startSweep();
});

afterAll(() => ui.stop());

const open = (search?: Readonly<Record<string, unknown>>) => openSweep(ui, search);

test("Tab leads out of the filter box; the Group menu keeps its order while it is used", async () => {
  const { page } = await open();
  const filter = page.getByRole("combobox", { name: "Filter runs" });
  await filter.fill("params.lr > 0.01 ");
  await page.getByRole("option", { name: "AND" }).waitFor();
  await page.keyboard.press("Tab");
  expect(await filter.inputValue()).toBe("params.lr > 0.01 ");
  expect(await page.evaluate("document.activeElement.getAttribute('aria-label')")).toBe("Empty the filter");
  const group = page.getByRole("button", { name: /^Group/ });
  const entries = async () => {
    await page.getByRole("menu").waitFor();
    const all = await page.getByRole("menu").getByRole("menuitemcheckbox").allTextContents();
    return all.filter((text) => /^(params|tags)\./.test(text));
  };
  await group.click();
  const before = await entries();
  expect(before.length).toBeGreaterThan(3);
  await page.getByRole("menuitemcheckbox", { name: before[2]! }).click();
  await page.keyboard.press("Escape");
  await page.locator("[role=row][aria-expanded]").first().waitFor();
  await group.click();
  expect(await entries()).toEqual(before);
});

test("how long a run has been going on is told by the second, and nothing is called live while the server is away", async () => {
  const post = async (path: string, body: object) => {
    const answer = await fetch(`${ui.server.url}/api/2.0/mlflow${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(200);
    return (await answer.json()) as { experiment_id: string; run: { info: { run_id: string } } };
  };
  const { experiment_id } = await post("/experiments/create", { name: "going on" });
  const { run } = await post("/runs/create", { experiment_id, run_name: "going", start_time: Date.now() - 65_000 });
  for (const step of [0, 1]) {
    const timestamp = Date.now();
    await post("/runs/log-metric", { run_id: run.info.run_id, key: "loss", value: step, step, timestamp });
  }
  const { page } = await ui.open(`/experiments/${experiment_id}?charts=true&columns=%5B%22duration%22%5D`);
  const duration = async () => (await cells(page, "Duration"))[0];
  await expect.poll(duration).toMatch(/^1m \d+s$/);
  const first = await duration();
  await expect.poll(duration, { timeout: 4000 }).not.toBe(first);
  await page.locator("[data-live=live]").waitFor();
  await page.route("**/ui-api/**", (route) => route.abort());
  await page.getByText("Not live", { exact: true }).waitFor();
});

test("a chart is saved large, with its names, as PNG and as SVG", async () => {
  const { page } = await open({ charts: true, q: "attributes.run_name LIKE 'sweep-03_'" });
  await page.getByRole("application", { name: /^val\/acc: 10 lines/ }).waitFor();
  const save = async (entry: string, metric = "val/acc"): Promise<Buffer> => {
    await page.getByRole("button", { name: `More of ${metric}`, exact: true }).click();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("menuitem", { name: entry }).click(),
    ]);
    return readFile(await download.path());
  };
  const png = await save("Download PNG");
  expect(png.readUInt32BE(16)).toBe(3600);
  const svg = (await save("Download SVG")).toString();
  for (const text of ["val/acc", "Step", "sweep-030", "sweep-039"]) expect(svg).toContain(`>${text}<`);
  expect(svg.match(/<polyline/g)!.length).toBeGreaterThan(20);
  // Epochs are integers, and so are the ticks of their axis.
  await page.getByRole("application", { name: /^epoch: 10 lines/ }).waitFor();
  const texts = [...(await save("Download SVG", "epoch")).toString().matchAll(/>([^<]+)<\/text>/g)].map(
    ([, text]) => text!,
  );
  expect(texts).toEqual(expect.arrayContaining(["0", "1", "2", "3"]));
  expect(texts.filter((text) => /^\d+\.\d/.test(text))).toEqual([]);
});

test("a name, or a pattern of names, finds runs; values are offered, and a key is put right in one press", async () => {
  const opened = await open();
  const { page } = opened;
  const filter = page.getByRole("combobox", { name: "Filter runs" });
  const count = () => status(page).textContent();
  await filter.fill("sweep-01");
  await page.keyboard.press("Enter");
  await expect.poll(count).toBe("10 runs");
  await filter.fill("/^sweep-1[34]/");
  await page.keyboard.press("Enter");
  await expect.poll(count).toBe("14 runs");
  await filter.fill("params.model = ");
  await page.getByRole("option", { name: "'vit'" }).click();
  await page.keyboard.press("Enter");
  await expect.poll(count).toBe("36 runs");
  await filter.fill("metrics.val/acc > 0.7");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Search for metrics.`val/acc` > 0.7" }).click();
  await expect.poll(count).toMatch(/^2\d runs$/);
  await filter.fill("/(/");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").getByText("The pattern cannot be read").waitFor();
  // The server refused only the key without backticks.
  expect(opened.trouble.failedCalls.every(({ text }) => text.includes("backticks"))).toBe(true);
  opened.trouble.failedCalls.length = 0;
  await expectSoundInBothThemes(opened);
});

test("panels are made, moved and resized by pointer and by keys; the address and saved views hold them", async () => {
  const opened = await open({ charts: true, q: "attributes.run_name LIKE 'sweep-00_'" });
  const { page, trouble } = opened;
  const panel = (name: string) => page.getByRole("figure", { name, exact: true });
  const add = async (kind: string) => {
    await page.getByRole("button", { name: "Panel", exact: true }).click();
    await page.getByRole("menuitem", { name: kind }).click();
  };
  await add("Line chart…");
  const dialog = page.getByRole("dialog");
  for (const metric of ["train/loss", "val/loss"]) {
    await dialog.getByRole("combobox", { name: "Add a metric" }).fill(metric);
    await page.getByRole("option", { name: metric, exact: true }).click();
  }
  await dialog.getByLabel("Title").fill("Losses");
  await dialog.getByLabel("Reference lines").fill("0.5, 0.6");
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  // Ten runs of two metrics each, in one chart.
  await panel("Losses").getByRole("application", { name: "Losses: 20 lines by step" }).waitFor();
  // Axes, smoothing and groups of its own.
  await panel("Losses").getByRole("button", { name: "More of Losses", exact: true }).click();
  await page.getByRole("menuitem", { name: "Edit…", exact: true }).click();
  await dialog.getByLabel("Horizontal axis from").fill("2");
  await dialog.getByLabel("Horizontal axis to").fill("8");
  await dialog.getByRole("combobox", { name: "Kind of smoothing of the panel", exact: true }).click();
  await page.getByRole("option", { name: "Running median", exact: true }).click();
  await dialog.getByRole("combobox", { name: "Lines of the panel", exact: true }).click();
  await page.getByRole("option", { name: "Means of groups", exact: true }).click();
  for (const field of ["params.batch_size", "tags.team", "params.model"]) {
    await dialog.getByRole("combobox", { name: "Add a param or a tag", exact: true }).fill(field);
    await page.getByRole("option", { name: field, exact: true }).click();
  }
  await dialog.getByRole("button", { name: "Leave params.model out", exact: true }).click();
  await expectSoundInBothThemes(opened);
  await dialog.getByRole("button", { name: "Save", exact: true }).click();
  // Of the ten runs the first six have one batch size, and the others another; each half of them is of one team.
  const grouped = panel("Losses").getByRole("application", { name: "Losses: 8 lines by step" });
  await grouped.focus();
  await page.keyboard.press("Home");
  await expect
    .poll(() => panel("Losses").locator("[aria-live=polite]").textContent())
    .toMatch(/^batch_size: 32, team: a.*Step 2:/);
  const legend = panel("Losses").getByRole("list", { name: "Groups", exact: true }).getByRole("listitem");
  expect((await legend.allTextContents()).map((text) => text.slice(-3))).toEqual(["(3)", "(3)", "(2)", "(2)"]);
  await panel("Losses").getByRole("button", { name: "More of Losses", exact: true }).click();
  await page.getByRole("menuitem", { name: "Edit…", exact: true }).click();
  expect(await dialog.getByLabel("Horizontal axis to").inputValue()).toBe("8");
  await dialog
    .getByRole("list", { name: "Params and tags of the groups", exact: true })
    .getByText("tags.team")
    .waitFor();
  await dialog.getByRole("combobox", { name: "Lines of the panel", exact: true }).click();
  await page.getByRole("option", { name: "Every run", exact: true }).click();
  await dialog.getByRole("button", { name: "Save", exact: true }).click();
  await panel("Losses").getByRole("application", { name: "Losses: 20 lines by step" }).waitFor();
  await add("Line chart…");
  await dialog.getByLabel("Formula").fill("1 - acc");
  await dialog.getByText("metrics are written metrics.acc").waitFor();
  await dialog.getByLabel("Formula").fill("1 - metrics.`val/acc`");
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  const error = panel("1 - metrics.`val/acc`");
  await error.getByRole("application", { name: /: 10 lines by step/ }).waitFor();
  // The formula computes 1 − accuracy, which the seed logged as the loss.
  await error.getByRole("application").focus();
  await page.keyboard.press("End");
  const spoken = (await error.locator("[aria-live=polite]").textContent())!;
  expect(Number(spoken.split(": ").at(-1))).toBeGreaterThan(0.2);
  await add("Text and code…");
  await dialog
    .getByLabel("Text, in markdown")
    .fill("## What to see\n\nThe *loss* falls.\n\n```python\nreturn 1  # <b>\n```");
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByRole("heading", { name: "What to see" }).waitFor();
  const code = panel("Text").locator("pre code");
  await expect.poll(() => code.locator("span").allTextContents()).toEqual(["return", "1", "# <b>"]);
  expect(await code.textContent()).toBe("return 1  # <b>\n");

  // By pointer: drags the second panel before the first, and makes the first narrower at its corner.
  const left = async (name: string) => (await panel(name).boundingBox())!.x;
  expect(await left("Losses")).toBeLessThan(await left("1 - metrics.`val/acc`"));
  const drag = async (from: { x: number; y: number }, to: { x: number; y: number }) => {
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    for (const share of [0.2, 0.5, 0.8, 1]) {
      await page.mouse.move(from.x + (to.x - from.x) * share, from.y + (to.y - from.y) * share);
    }
    await page.mouse.up();
  };
  const [one, other] = [(await panel("Losses").boundingBox())!, (await error.boundingBox())!];
  await drag({ x: other.x + 12, y: other.y + 16 }, { x: one.x + 12, y: one.y + 16 });
  await expect.poll(async () => (await left("1 - metrics.`val/acc`")) < one.x + one.width / 2).toBe(true);
  const corner = (await error.boundingBox())!;
  await drag(
    { x: corner.x + corner.width - 5, y: corner.y + corner.height - 5 },
    { x: corner.x + corner.width * 0.6, y: corner.y + corner.height - 5 },
  );
  await expect.poll(async () => (await error.boundingBox())!.width).toBeLessThan(corner.width * 0.85);
  // By keys.
  const width = (await error.boundingBox())!.width;
  await page.getByRole("button", { name: "More of 1 - metrics.`val/acc`" }).press("Enter");
  await page.getByRole("menuitem", { name: "Move and size" }).press("ArrowRight");
  await page.getByRole("menuitem", { name: "Wider" }).press("Enter");
  await expect.poll(async () => (await error.boundingBox())!.width).toBeGreaterThan(width + 20);
  expect(trouble.cspViolations).toEqual([]);
  await page.reload();
  await panel("Losses").getByRole("application", { name: "Losses: 20 lines by step" }).waitFor();
  await page.getByRole("heading", { name: "What to see" }).waitFor();
  await expectSoundInBothThemes(opened);
  await page.setViewportSize({ width: 390, height: 844 });
  await expect.poll(() => page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(390);
  await expectSoundInBothThemes(opened);
});

test("what matters in a sweep: importance and correlation over all runs, and the best of them", async () => {
  const opened = await ui.open(`/compare?experiments=${ui.seed.experimentId}&view=matters`);
  const { page } = opened;
  await page.getByText("144 of 144 runs have the metric").waitFor();
  const rows = page.getByRole("row");
  await rows.nth(2).waitFor();
  // In the seed, the accuracy depends on the model and a little on the learning rate. The generator's seed explains nothing.
  expect(await rows.nth(1).getByRole("rowheader").textContent()).toBe("model");
  expect(await rows.nth(2).getByRole("rowheader").textContent()).toBe("lr");
  expect(Number((await rows.nth(2).getByRole("cell").nth(1).textContent())!.replace("−", "-"))).toBeGreaterThan(0.1);
  await page.getByText("Left out as random: seed.").waitFor();
  await page.getByText(/Together they explain \d+ % of the variance/).waitFor();
  const best = page.getByRole("main").getByRole("listitem").first();
  const text = await best.textContent();
  await page.getByRole("button", { name: "Least is best" }).click();
  await expect.poll(() => best.textContent()).not.toBe(text);
  expect(page.url()).toContain("best=least");
  await expectSoundInBothThemes(opened);
  await page.setViewportSize({ width: 390, height: 844 });
  await expect.poll(() => page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(390);
});

test("a run has a colour of its own for everyone, which its page gives and takes", async () => {
  const opened = await ui.open(`/experiments/${ui.seed.experimentId}/runs/${ui.seed.runs[50]}`);
  const { page } = opened;
  const mark = () => page.locator("main [data-mark]").first().getAttribute("data-mark");
  await page.getByRole("button", { name: "Choose the run's colour" }).click();
  await page.getByRole("button", { name: "#c9377e" }).click();
  await expect.poll(mark).toBe("#c9377e");
  await page.getByRole("button", { name: "#c9377e", pressed: true }).waitFor();
  await expectSoundInBothThemes(opened);
  // Another browser reads the view from the tag.
  const other = await ui.browser.newContext({ viewport: { width: 1440, height: 900 } });
  const stranger = await other.newPage();
  await stranger.goto(`${ui.server.url}/#/experiments/${ui.seed.experimentId}?q=sweep-05`);
  const row = stranger.getByRole("row", { name: "sweep-050" }).locator("[data-mark]");
  await expect.poll(() => row.getAttribute("data-mark")).toBe("#c9377e");
  await other.close();
  await page.getByRole("button", { name: "None of its own" }).click();
  await expect.poll(mark).not.toBe("#c9377e");
});
