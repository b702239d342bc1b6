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
    expect(await files.getByRole("button").count()).toBe(5);
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
