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
  const filter = page.getByRole("combobox", { name: "Filter runs", exact: true });
  await filter.fill("params.lr < 0.001");
  await filter.press("Enter");
  await expect.poll(() => status(page).textContent()).toBe("48 runs");
  await filter.fill("params.batch_size >= 100 AND number(params.lr) = 1e-1");
  await filter.press("Enter");
  await expect.poll(() => status(page).textContent()).toBe("12 runs");
  await expectSoundInBothThemes(opened);
});

const legend = (page: Page) => page.getByRole("region", { name: "Lines", exact: true }).getByRole("listitem");
const card = (page: Page, metric: string) => page.locator(`figure[data-metric="${metric}"]`);

test("the mean of a group is one number: in the table, the legend and the bars, over all its runs", async () => {
  const opened = await open({ charts: true, group: ["params.model"], columns: ["metrics.`val/acc`"] });
  const { page } = opened;
  await expect.poll(() => cells(page, "val/acc")).toHaveLength(4);
  const rows = page.locator("[role=row][data-index]");
  const table = new Map<string, string>();
  for (const text of await rows.allTextContents()) {
    const [, label = "", value = ""] = /model: (\w+) ?\(36\)(.*)/.exec(text) ?? [];
    table.set(label, value.replace(" ± ", "±"));
  }
  expect([...table.keys()].sort()).toEqual(["cnn", "mlp", "rnn", "vit"]);
  // The charts show the groups by themselves, each of all of its 36 runs, though only a hundred runs are drawn as lines.
  await page.getByRole("list", { name: "Groups" }).getByText("(36)").first().waitFor();
  expect(await page.getByText("The first 100").count()).toBe(0);
  await page.getByRole("button", { name: "Show val/acc in full" }).click();
  await expect.poll(() => legend(page).count()).toBe(4);
  const told = new Map<string, string>();
  for (const item of await legend(page).all()) {
    const [, label = "", value = ""] = /model: (cnn|mlp|rnn|vit)(.*)/.exec((await item.textContent())!) ?? [];
    told.set(label, value.replace(" ± ", "±"));
    expect(await item.locator("[title]").last().getAttribute("title")).toContain("of the latest values of 36 runs");
  }
  const round = (text: string) => Number(text.split("±")[0]).toFixed(4);
  for (const [label, value] of table) {
    expect(round(told.get(label)!), label).toBe(Number(value.split("±")[0]).toFixed(4));
    expect(told.get(label)!.split("±")[1], label).toBe(value.split("±")[1]);
  }
  // Runs that stopped early count to their last point; the pointer tells of how many runs a mean is.
  const chart = page.getByRole("application", { name: /^val\/acc: 4 lines/ });
  await chart.focus();
  await page.keyboard.press("End");
  await page.getByText("n = 36").first().waitFor();
  await expectSoundInBothThemes(opened);
});

test("a mean of fewer runs than there are says so on the chart", async () => {
  const opened = await ui.open("/experiments");
  const { page } = opened;
  await page.route("**/ui-api/group-series", async (route) => {
    await route.continue({ postData: JSON.stringify({ ...route.request().postDataJSON(), budget_ms: 1 }) });
  });
  const search = `charts=true&group=${encodeURIComponent('["params.model"]')}`;
  await page.goto(`${ui.server.url}/#/experiments/${ui.seed.experimentId}?${search}`);
  await card(page, "val/acc").getByText("Curves of 16 of 144 runs, evenly from all groups").waitFor();
});

test("with a metric as x each of its values is one point, and the legend tells the latest value", async () => {
  const opened = await open({ charts: true, chartX: "metric:epoch", chartFull: "val/acc", q: "params.model = 'cnn'" });
  const { page } = opened;
  await expect.poll(() => legend(page).count()).toBe(36);
  const chart = page.getByRole("application", { name: /^val\/acc/ });
  await chart.focus();
  await page.keyboard.press("Home");
  // Four epochs of three steps each: three moves lead from the first to the last.
  const spoken = () => page.locator("[aria-live=polite]").filter({ hasText: "epoch" }).textContent();
  await expect.poll(spoken).toContain("epoch 0:");
  for (let press = 0; press < 3; press++) await page.keyboard.press("ArrowRight");
  await expect.poll(spoken).toContain("epoch 3:");
  const [name] = (await spoken())!.split(",");
  const mean = Number((await spoken())!.split(": ")[1]);
  const of = legend(page).filter({ hasText: name! });
  const last = Number(await of.locator("[title]").last().getAttribute("title"));
  // The mean of the last epoch's three steps is below the value of the last step.
  expect(last).toBeGreaterThan(mean);
  await page.getByRole("button", { name: "Axes and sizes" }).click();
  await page.getByRole("button", { name: "Last", exact: true }).click();
  await page.keyboard.press("Escape");
  await chart.focus();
  await page.keyboard.press("End");
  await expect.poll(async () => Number((await spoken())!.split(": ")[1])).toBeCloseTo(last, 12);
  await expectSoundInBothThemes(opened);
});

test("a metric that falls as x: the legend tells the latest step's value, not that of the greatest x", async () => {
  const { page } = await open({
    ...{ charts: true, chartX: "metric:val/loss", q: "attributes.run_name LIKE 'sweep-00_'" },
    columns: ["metrics.`val/acc`"],
  });
  await expect.poll(() => cells(page, "val/acc")).toHaveLength(10);
  const values = await cells(page, "val/acc");
  await page.getByRole("button", { name: "Show val/acc in full" }).click();
  await expect.poll(() => legend(page).count()).toBe(10);
  const told = (await legend(page).locator("[title]").last().getAttribute("title"))!;
  expect(values).toContain(Number(told).toPrecision(5).replace(/0+$/, ""));
});

test("lines are switched off one by one, or all but one; names lead to their runs", async () => {
  const { page } = await open({ charts: true, chartFull: "val/acc", q: "attributes.run_name LIKE 'sweep-00_'" });
  await expect.poll(() => legend(page).count()).toBe(10);
  const lines = (count: number) => page.getByRole("application", { name: `val/acc: ${count} line` }).waitFor();
  await lines(10);
  await page.getByRole("button", { name: "Show sweep-003" }).click();
  await lines(9);
  await page.getByRole("button", { name: "Show sweep-004" }).click({ modifiers: ["Control"] });
  await lines(1);
  expect(page.url()).toContain("chartOff");
  await page.getByRole("button", { name: "Show sweep-004" }).click({ modifiers: ["Control"] });
  await lines(10);
  await legend(page).getByRole("link", { name: "sweep-007" }).click();
  await page.getByRole("heading", { name: "sweep-007" }).waitFor();
});
