import { afterAll, beforeAll, expect, test } from "vitest";
import { expectSoundInBothThemes, type OurUi } from "./harness/our-ui.ts";
import { card, cells, header, legend, openSweep, type SweepSeed, startSweep, status } from "./harness/sweep.ts";

let ui: OurUi<SweepSeed>;

beforeAll(async () => {
  ui = await startSweep();
});

afterAll(() => ui.stop());

const open = (search?: Readonly<Record<string, unknown>>) => openSweep(ui, search);

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
  // Values that are no number come last in both directions.
  await header(page, "depth").click();
  await expect.poll(async () => (await cells(page, "depth"))[0]).toBe("1");
  await header(page, "depth").click();
  await expect.poll(async () => (await cells(page, "depth"))[0]).toBe("11");
  // The title has the exact text. Numbers are at the end of their cells, texts at the start.
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
  // The charts show the groups, each with all of its 36 runs, although only a hundred runs are drawn as lines.
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
  // Runs that stopped early count up to their last point. The tooltip has the number of runs in a mean.
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
  // A panel with groups of its own says it, too: 16 runs of each metric.
  const panels = [{ id: "a", metrics: ["val/acc", "val/loss"], group: ["params.model"], at: [0, 0, 12, 7] }];
  await page.goto(
    `${ui.server.url}/#/experiments/${ui.seed.experimentId}?charts=true&panels=${encodeURIComponent(JSON.stringify(panels))}`,
  );
  await page.locator('[data-panel="a"]').getByText("Curves of 16 of 144 runs, evenly from all groups").waitFor();
});

test("a mean that lacks the newest values of live runs says so on the chart", async () => {
  const { page } = await ui.open("/experiments");
  // As from a server with more live runs than it may ask. Each frame has its own count.
  await page.route("**/ui-api/group-series", async (route) => {
    const answer = await route.fetch();
    const body = Buffer.from((await answer.body()).toString("latin1").replaceAll('"stale":0', '"stale":3'), "latin1");
    await route.fulfill({ response: answer, body });
  });
  const search = `charts=true&group=${encodeURIComponent('["params.model"]')}`;
  await page.goto(`${ui.server.url}/#/experiments/${ui.seed.experimentId}?${search}`);
  await card(page, "val/acc")
    .getByText("Values of 12 live runs may be 8 minutes old: not all live runs could be asked.")
    .waitFor();
});

test("with a metric as x each of its values is one point, and the legend tells the latest value", async () => {
  const opened = await open({ charts: true, chartX: "metric:epoch", chartFull: "val/acc", q: "params.model = 'cnn'" });
  const { page } = opened;
  await expect.poll(() => legend(page).count()).toBe(36);
  const chart = page.getByRole("application", { name: /^val\/acc/ });
  await chart.focus();
  await page.keyboard.press("Home");
  // Four epochs of three steps each, so three moves lead from the first to the last.
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

test("a comparison has every run of the table, by what finds them; where a limit holds it is said", async () => {
  const opened = await open({ q: "params.lr > 0.001" });
  const { page } = opened;
  await expect.poll(() => status(page).textContent()).toBe("96 runs");
  await page.getByRole("combobox", { name: "Filter runs" }).fill("params.lr > 0.00005");
  await page.keyboard.press("Enter");
  await expect.poll(() => status(page).textContent()).toBe("120 runs");
  await page.getByRole("button", { name: "Compare all" }).click();
  await page.getByRole("status").getByText("120 runs", { exact: true }).waitFor();
  expect(decodeURIComponent(page.url()).replaceAll("+", " ")).toContain("params.lr > 0.00005");
  expect(page.url()).not.toContain(ui.seed.runs[0]);
  await page.getByRole("img", { name: "Parallel coordinates" }).waitFor();
  // The generator's seed fits these runs by chance, and explains nothing.
  await page.getByRole("button", { name: /^Axes/ }).click();
  await page.getByRole("dialog").getByText("params.lr").first().waitFor();
  expect(await page.getByRole("dialog").getByText("params.seed").count()).toBe(0);
  await page.keyboard.press("Escape");
  await page.getByRole("tab", { name: "Scatter" }).click();
  await page.getByRole("img", { name: / by / }).waitFor();
  await page.getByRole("tab", { name: "Table" }).click();
  await page.getByText("The table has the first 100 of 120 runs; the drawings have all.").waitFor();
  await expectSoundInBothThemes(opened);
});

test("the lines of hundreds of runs are drawn, pointed at, opened and brushed", async () => {
  const post = async (path: string, body: object) => {
    const answer = await fetch(`${ui.server.url}/api/2.0/mlflow${path}`, {
      ...{ method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) },
    });
    return (await answer.json()) as { experiment_id: string; run: { info: { run_id: string } } };
  };
  const { experiment_id } = await post("/experiments/create", { name: "hundreds of lines" });
  // All lines but one are level. That one, the first run, falls from the upper left.
  const log = async (index: number) => {
    const { run } = await post("/runs/create", { experiment_id, run_name: `line-${index}`, start_time: index + 1 });
    await post("/runs/log-batch", {
      run_id: run.info.run_id,
      params: [{ key: "height", value: String(index === 0 ? 100 : index / 100) }],
      metrics: [{ key: "acc", value: index === 0 ? 0 : index / 100, timestamp: 1, step: 0 }],
    });
    await post("/runs/update", { run_id: run.info.run_id, status: "FINISHED" });
  };
  for (let from = 0; from < 600; from += 20) await Promise.all(Array.from({ length: 20 }, (_, at) => log(from + at)));
  const axes = encodeURIComponent(JSON.stringify(["params.height", "metrics.acc"]));
  const opened = await ui.open(
    `/compare?experiments="${experiment_id}"&view=parallel&linear=${encodeURIComponent('["params.height"]')}&axes=${axes}`,
  );
  const { page } = opened;
  await page.getByText("600 runs", { exact: true }).waitFor();
  const drawing = page.getByRole("img", { name: "Parallel coordinates", exact: true });
  const box = (await drawing.boundingBox())!;
  /** How much ink a canvas of the drawing has: the first is of all lines, the second of the line under the pointer. */
  const inks = (index: number) =>
    page.evaluate<number>(`(() => {
      const canvas = document.querySelectorAll("figure canvas[aria-hidden]")[${index}];
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return data.reduce((sum, part, at) => (at % 4 === 3 ? sum + part / 255 : sum), 0);
    })()`);
  await expect.poll(() => inks(0)).toBeGreaterThan(1000);
  expect(await inks(1)).toBe(0);
  // In the middle between the axes only the falling line is above all others.
  const pointAt = async (share: number) => {
    const [left, right, top, bottom] = [56, box.width - 96, 52, box.height - 28];
    await page.mouse.move(box.x + left + (right - left) * share, box.y + top + (bottom - top) * share);
  };
  await pointAt(0.2);
  await expect.poll(() => inks(1)).toBeGreaterThan(100);
  await expectSoundInBothThemes(opened);
  // A range on an axis leaves the other lines faint.
  const before = await inks(0);
  const brush = encodeURIComponent('{"params.height":[[90,110]]}');
  await page.goto(`${page.url()}&brush=${brush}`);
  await page.getByText("1 of 600 runs selected", { exact: true }).waitFor();
  await expect.poll(() => inks(0)).toBeLessThan(before / 2);
  await pointAt(0.2);
  await page.mouse.down();
  await page.mouse.up();
  await page.getByRole("heading", { name: "line-0", exact: true }).waitFor();
});

test("runs on the screen have colours that differ, the same in the table, the legend and on their own pages", async () => {
  const q = "attributes.run_name LIKE 'sweep-01_'";
  // The table alone, in which runs look as they do when the charts are open.
  const alone = (await open({ q })).page;
  const marks = () =>
    alone
      .locator("[role=row][data-index]")
      .evaluateAll((rows) =>
        rows.map((row): [string, string] => [
          row.querySelector("a")?.textContent ?? "",
          row.querySelector("[data-mark]")?.getAttribute("data-mark") ?? "",
        ]),
      );
  await expect.poll(async () => new Set((await marks()).map(([, colour]) => colour)).size).toBe(10);
  const before = new Map(await marks());
  await alone.close();
  const opened = await open({ charts: true, chartFull: "val/acc", q });
  const { page } = opened;
  await expect.poll(() => legend(page).count()).toBe(10);
  const looks = new Map<string, string>();
  for (const item of await legend(page).all()) {
    looks.set((await item.getByRole("link").textContent())!, (await item.locator("line").getAttribute("stroke"))!);
  }
  expect(new Set(looks.values()).size).toBe(10);
  expect(looks).toEqual(before);
  await page.getByRole("button", { name: "Close", exact: true }).click();
  const mark = (name: string) => page.getByRole("row", { name }).locator("[data-mark]").getAttribute("data-mark");
  for (const [name, colour] of looks) expect(await mark(name), name).toBe(colour);
  await page.getByRole("link", { name: "sweep-013", exact: true }).click();
  await page.getByRole("heading", { name: "sweep-013" }).waitFor();
  await expect
    .poll(() => page.locator("main [data-mark]").first().getAttribute("data-mark"))
    .toBe(looks.get("sweep-013"));
  await page.reload();
  await page.getByRole("heading", { name: "sweep-013" }).waitFor();
  await expect
    .poll(() => page.locator("main [data-mark]").first().getAttribute("data-mark"))
    .toBe(looks.get("sweep-013"));
});

test("a selection is there after Compare and back, and after its runs were tagged", async () => {
  const { page } = await open({ q: "attributes.run_name LIKE 'sweep-02_'" });
  await page.getByRole("checkbox", { name: "Select sweep-021" }).click();
  await page.getByRole("checkbox", { name: "Select sweep-022" }).click();
  await expect.poll(() => status(page).textContent()).toBe("2 selected");
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  await page.getByRole("tab", { name: "Table" }).waitFor();
  await page.goBack();
  await expect.poll(() => status(page).textContent()).toBe("2 selected");
  await page.getByRole("button", { name: "Tag", exact: true }).click();
  await page.getByLabel("Key", { exact: true }).fill("kept");
  await page.getByLabel("Value", { exact: true }).fill("yes");
  await page.getByRole("button", { name: "Set tag" }).click();
  await page.getByText("Tagged 2 runs.").waitFor();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  expect(await status(page).textContent()).toBe("2 selected");
});

test("while the server is away the table shows no order that its rows do not have", async () => {
  const { page } = await open({ columns: ["params.lr", "metrics.epoch"] });
  await header(page, "lr").click();
  const sorted = (name: string) => page.getByRole("columnheader", { name, exact: true }).getAttribute("aria-sort");
  await expect.poll(() => sorted("lr")).toBe("ascending");
  const before = await cells(page, "lr");
  await page.route("**/ui-api/**", (route) => route.abort());
  await header(page, "epoch").click();
  await expect.poll(() => status(page).textContent()).toContain("showing the previous results");
  expect([await sorted("lr"), await sorted("epoch")]).toEqual(["ascending", null]);
  expect((await cells(page, "lr")).slice(0, 20)).toEqual(before.slice(0, 20));
  await page.unroute("**/ui-api/**");
  await expect.poll(() => sorted("epoch"), { timeout: 30_000 }).toBe("descending");
});
