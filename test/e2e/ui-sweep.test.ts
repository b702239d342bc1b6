import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectSoundInBothThemes, type OpenedPage, type OurUi, startOurUi } from "./harness/our-ui.ts";

/** What ui-sweep.seed.py logged: 144 runs of four models, six learning rates and four batch sizes. */
interface Seed {
  readonly experimentId: string;
  readonly runs: readonly string[];
}

let ui: OurUi<Seed>;

beforeAll(async () => {
  ui = await startOurUi<Seed>(new URL("ui-sweep.seed.py", import.meta.url));
});

afterAll(async () => {
  await ui.stop();
});

async function open(search: Readonly<Record<string, unknown>> = {}): Promise<OpenedPage> {
  const words = Object.entries(search).map(
    ([name, value]) => `${name}=${encodeURIComponent(typeof value === "string" ? value : JSON.stringify(value))}`,
  );
  const opened = await ui.open(`/experiments/${ui.seed.experimentId}?${words.join("&")}`);
  await opened.page.locator("[role=row][data-index]").first().waitFor();
  return opened;
}

const header = (page: Page, name: string) => page.getByRole("columnheader").getByRole("button", { name, exact: true });
const status = (page: Page) => page.locator("header + div").getByRole("status");

/** The texts of a column's cells in sight, in order. */
async function cells(page: Page, name: string): Promise<string[]> {
  const at = await page.getByRole("columnheader", { name, exact: true }).getAttribute("aria-colindex");
  const rows = page.locator("[role=row][data-index]");
  const found = await rows.evaluateAll(
    (all, index) =>
      all
        .sort((a, b) => Number(a.getAttribute("data-index")) - Number(b.getAttribute("data-index")))
        .map((row) => row.querySelector(`[aria-colindex="${index}"]`)?.textContent ?? ""),
    at,
  );
  return found;
}

test("params that are numbers sort, filter and look like numbers", async () => {
  const opened = await open({ columns: ["params.batch_size", "params.lr", "params.depth", "params.model"] });
  const { page } = opened;
  await expect.poll(() => status(page).textContent()).toBe("144 runs");
  await header(page, "batch_size").click();
  await expect.poll(async () => (await cells(page, "batch_size")).slice(0, 3)).toEqual(["32", "32", "32"]);
  await header(page, "batch_size").click();
  await expect.poll(async () => (await cells(page, "batch_size"))[0]).toBe("256");
  await header(page, "lr").click();
  await expect.poll(async () => (await cells(page, "lr"))[0]).toBe("4e-5");
  await header(page, "lr").click();
  await expect.poll(async () => (await cells(page, "lr"))[0]).toBe("0.5");
  // What is no number comes after those that are, both ways.
  await header(page, "depth").click();
  await expect.poll(async () => (await cells(page, "depth"))[0]).toBe("1");
  await header(page, "depth").click();
  await expect.poll(async () => (await cells(page, "depth"))[0]).toBe("11");
  // The exact text is told on hover; numbers stand at the end of their cells, texts at the start.
  await header(page, "lr").click();
  const cell = page.locator("[role=row][data-index='0'] [role=gridcell]", { hasText: "4e-5" });
  expect(await cell.getAttribute("title")).toBe("4e-05");
  expect(await cell.getAttribute("class")).toContain("text-right");
  const model = page.locator("[role=row][data-index='0'] [role=gridcell]").last();
  expect(await model.getAttribute("class")).not.toContain("text-right");
  const filter = page.getByRole("combobox", { name: "Filter runs" });
  await filter.fill("params.lr < 0.001");
  await filter.press("Enter");
  await expect.poll(() => status(page).textContent()).toBe("48 runs");
  await filter.fill("params.batch_size >= 100 AND number(params.lr) = 1e-1");
  await filter.press("Enter");
  await expect.poll(() => status(page).textContent()).toBe("12 runs");
  await expectSoundInBothThemes(opened);
});
