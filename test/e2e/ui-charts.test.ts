import { readFile } from "node:fs/promises";
import type { Locator } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectSound, expectSoundInBothThemes, type OpenedPage, type OurUi, startOurUi } from "./harness/our-ui.ts";

/** The ids of the data that ui-charts.seed.py logged. */
interface Seed {
  readonly experimentId: string;
  readonly runs: readonly [string, string, string];
  readonly long: string;
  readonly live: string;
  readonly empty: string;
  /** More live runs than sockets. */
  readonly manyExperimentId: string;
  readonly many: readonly string[];
  readonly outlierStep: number;
  readonly outlier: number;
  readonly longPoints: number;
}

/** The runs' names in the seed. */
const names = ['<img src=x onerror="document.title=1">', "שלום 🚀 run", "=run,3"];

let ui: OurUi<Seed>;
let seed: Seed;
let url: string;

beforeAll(async () => {
  ui = await startOurUi<Seed>(new URL("ui-charts.seed.py", import.meta.url));
  seed = ui.seed;
  url = ui.server.url;
});

afterAll(() => ui.stop());

interface Opened extends OpenedPage {
  readonly chart: (key: string) => Locator;
  /** The chart's keyboard cursor. */
  readonly plot: (key: string) => Locator;
}

async function open(path: string): Promise<Opened> {
  const opened = await ui.open(path);
  const chart = (key: string) => opened.page.locator(`figure[data-metric=${JSON.stringify(key)}]`);
  return { ...opened, chart, plot: (key) => chart(key).getByRole("application") };
}

const runCharts = (runId: string, search = "", tab = "charts") =>
  `/experiments/${seed.experimentId}/runs/${runId}?tab=${tab}${search}`;

const allCharts = (search = "") => `/experiments/${seed.experimentId}?charts=true${search}`;

async function log(runId: string, step: number, value: number): Promise<void> {
  const body = { run_id: runId, key: "loss", value, timestamp: Date.now(), step };
  const answer = await fetch(`${url}/api/2.0/mlflow/runs/log-metric`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
}

/** The text of the keyboard cursor. */
async function read({ page, plot, chart }: Opened, key: string, at: "Home" | "End" | "ArrowRight"): Promise<string> {
  await plot(key).focus();
  await page.keyboard.press(at);
  return (await chart(key).locator("[aria-live=polite]").textContent()) ?? "";
}

describe("a run's charts", () => {
  test("are one for each metric, in sections, with the system's in their own tab", async () => {
    const opened = await open(runCharts(seed.runs[0]));
    const { page, chart, plot } = opened;
    for (const key of ["train/loss", "train/acc", "val/loss", "lr"]) await plot(key).waitFor();
    await chart("final_score").getByText("0.9", { exact: true }).waitFor();
    expect(await chart("system/cpu_utilization_percentage").count()).toBe(0);
    await expectSoundInBothThemes(opened);
    await page.getByRole("button", { name: /^train 2$/ }).click();
    await chart("train/loss").waitFor({ state: "detached" });
    await page.getByRole("searchbox", { name: "Find metrics", exact: true }).fill("VAL");
    await chart("lr").waitFor({ state: "detached" });
    expect(await chart("val/loss").count()).toBe(1);
    expect(page.url()).toContain("chartQuery=VAL");
    await page.goto(`${url}/#${runCharts(seed.runs[0], "", "system")}`);
    await plot("system/cpu_utilization_percentage").waitFor();
    await expectSound(opened);
  });

  test("have their series asked for once, before their code is there", async () => {
    const { page, plot } = await open("/models");
    await page.getByRole("heading", { name: "Registered models", exact: true }).waitFor();
    let asked = 0;
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    page.on("request", (request) => {
      if (request.url().endsWith("/ui-api/series")) asked++;
    });
    await page.route("**/assets/run-charts-*.js", async (route) => {
      await released;
      await route.continue();
    });
    const answered = page.waitForResponse("**/ui-api/series");
    await page.goto(`${url}/#${runCharts(seed.runs[0])}`);
    await answered;
    release();
    for (const key of ["train/loss", "train/acc", "val/loss", "lr"]) await plot(key).waitFor();
    expect(asked).toBe(1);
  });

  test("keep their settings in the address", async () => {
    const opened = await open(runCharts(seed.runs[0]));
    const { page, plot } = opened;
    await plot("train/loss").waitFor();
    await page.getByRole("slider", { name: /Smoothing/ }).fill("0.6");
    await page.getByRole("combobox", { name: "Horizontal axis", exact: true }).click();
    await page.getByRole("option", { name: "Wall time", exact: true }).click();
    await page.getByRole("button", { name: "Axes and sizes", exact: true }).click();
    await page.getByRole("switch", { name: "Logarithmic vertical axis", exact: true }).click();
    await page.keyboard.press("Escape");
    await expect.poll(() => page.url()).toContain("chartLog=y");
    await page.reload();
    await plot("train/loss").waitFor();
    expect(await page.getByRole("slider", { name: /Smoothing/ }).inputValue()).toBe("0.6");
    expect(await plot("train/loss").getAttribute("aria-label")).toContain("by wall time");
    await expectSound(opened);
  });

  test("take another metric as their horizontal axis", async () => {
    const opened = await open(runCharts(seed.runs[0], "&chartX=metric:lr"));
    await opened.plot("train/acc").waitFor();
    expect(await read(opened, "train/acc", "End")).toContain("lr 0.1: 0");
    await expectSound(opened);
  });

  test("are read by keys, and as a table", async () => {
    const opened = await open(runCharts(seed.runs[2]));
    const { page, plot } = opened;
    await plot("lr").waitFor();
    expect(await read(opened, "lr", "Home")).toBe("=run,3, Step 0: 0.1");
    expect(await read(opened, "lr", "ArrowRight")).toMatch(/^=run,3, Step 1: 0\.095/);
    await page.keyboard.press("+");
    await expect.poll(() => page.url()).toContain("chartZoom");
    await page.keyboard.press("0");
    await expect.poll(() => page.url()).not.toContain("chartZoom");
    await page.getByRole("button", { name: "More of lr", exact: true }).click();
    await page.getByRole("menuitem", { name: "Show as table", exact: true }).click();
    await page.getByRole("dialog").getByText("=run,3").waitFor();
    await expectSound(opened);
    await expectSound(opened);
  });

  test("show the one outlier of many points, and by dragging what is around it", async () => {
    const opened = await open(runCharts(seed.long));
    const { page, plot, chart } = opened;
    await plot("loss").waitFor();
    await page.getByRole("button", { name: "More of loss", exact: true }).click();
    await page.getByRole("menuitem", { name: "Show as table", exact: true }).click();
    await page.getByRole("dialog").getByText("at 12,345").waitFor();
    await page.keyboard.press("Escape");
    const box = (await chart("loss").locator(".u-over").boundingBox())!;
    const at = (step: number) => box.x + (box.width * step) / seed.longPoints;
    await page.mouse.move(at(seed.outlierStep - 600), box.y + 50);
    await page.mouse.down();
    await page.mouse.move(at(seed.outlierStep + 600), box.y + 60, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => page.url()).toContain("chartZoom");
    await page.getByRole("button", { name: "Show everything", exact: true }).waitFor();
    await page.mouse.dblclick(at(10_000), box.y + 50);
    await expect.poll(() => page.url()).not.toContain("chartZoom");
    await expectSound(opened);
  });

  test("read a zoomed range in detail", async () => {
    const opened = await open(runCharts(seed.long));
    const { page, plot } = opened;
    await plot("loss").waitFor();
    const told = async (key: "Home" | "ArrowRight") =>
      Number(/Step ([\d,]+)/.exec(await read(opened, "loss", key))![1]!.replace(",", ""));
    await told("Home");
    expect(await told("ArrowRight")).toBeGreaterThan(1);
    await page.goto(`${url}/#${runCharts(seed.long, '&chartZoom=["step",12000,12100]')}`);
    await plot("loss").waitFor();
    const steps = async () => [await told("Home"), await told("ArrowRight"), await told("ArrowRight")];
    await expect.poll(steps, { timeout: 10_000 }).toEqual([12_000, 12_001, 12_002]);
  });

  test("fill the screen, and are kept as CSV and PNG", async () => {
    const opened = await open(runCharts(seed.long));
    const { page, plot, chart } = opened;
    await plot("loss").waitFor();
    const save = async (entry: string) => {
      await chart("loss").getByRole("button", { name: "More of loss", exact: true }).click();
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("menuitem", { name: entry, exact: true }).click(),
      ]);
      return readFile(await download.path());
    };
    const csv = (await save("Download CSV, every point in view")).toString().trim().split("\n");
    expect(csv).toHaveLength(1 + seed.longPoints);
    expect(csv[0]).toBe("run_id,run_name,metric,step,timestamp,value");
    expect(csv.filter((line) => line.endsWith(",1000000"))).toHaveLength(1);
    expect((await save("Download PNG")).subarray(1, 4).toString()).toBe("PNG");
    await page.getByRole("button", { name: "Show loss in full", exact: true }).click();
    const full = page.getByRole("dialog").getByRole("application");
    await full.waitFor();
    expect((await full.boundingBox())!.width).toBeGreaterThan(1200);
    await expectSound(opened);
    await page.keyboard.press("Escape");
    await full.waitFor({ state: "detached" });
    expect(page.url()).not.toContain("chartFull");
    await expectSound(opened);
  });

  test("say what to do where there is nothing to draw", async () => {
    const opened = await open(runCharts(seed.empty));
    const { page } = opened;
    await page.getByText("No metrics yet").waitFor();
    await expectSound(opened);
  });

  test("say what failed, and try again", async () => {
    const { page, plot, chart } = await open("/experiments");
    await page.route("**/ui-api/series", (route) => route.fulfill({ status: 400, body: "{}" }));
    await page.goto(`${url}/#${runCharts(seed.runs[0])}`);
    await chart("lr").getByRole("alert").waitFor();
    await page.unroute("**/ui-api/series");
    await chart("lr").getByRole("button", { name: "Try again", exact: true }).click();
    await plot("lr").waitFor();
  });

  test("keep what they have while the server is away, and go on by themselves", async () => {
    const opened = await open(runCharts(seed.runs[0]));
    const { page, plot, chart } = opened;
    await plot("lr").waitFor();
    await page.route("**/ui-api/series", (route) => route.fulfill({ status: 503, body: "{}" }));
    await page.goto(`${url}/#${runCharts(seed.runs[0], '&chartZoom=["step",10,20]')}`);
    await chart("lr").getByText("Not up to date.").waitFor();
    expect(await read(opened, "lr", "Home")).toContain("Step 10:");
    await page.unroute("**/ui-api/series");
    await chart("lr").getByRole("alert").waitFor({ state: "detached" });
  });
});

describe("live", () => {
  test("points appear as they are logged, also while zoomed", async () => {
    const opened = await open(runCharts(seed.live));
    const { page } = opened;
    await page.locator("[data-live=live]").waitFor();
    expect(await read(opened, "loss", "End")).toContain("Step 2: 0.8");
    await log(seed.live, 3, 0.75);
    await expect.poll(() => read(opened, "loss", "End")).toContain("Step 3: 0.75");
    await page.goto(`${url}/#${runCharts(seed.live, '&chartZoom=["step",2,9]')}`);
    await log(seed.live, 4, 0.5);
    await expect.poll(() => read(opened, "loss", "End")).toContain("Step 4: 0.5");
    await expectSound(opened);
  });

  test("goes on by polling where sockets are refused", async () => {
    const opened = await open("/experiments");
    const { page } = opened;
    await page.routeWebSocket(/live$/, (socket) => void socket.close());
    await page.goto(`${url}/#${runCharts(seed.live)}`);
    await page.locator("[data-live=polling]").waitFor();
    await log(seed.live, 5, 0.25);
    await expect.poll(() => read(opened, "loss", "End"), { timeout: 10_000 }).toContain("Step 5: 0.25");
  });

  test("goes on after a lost connection, with what was logged meanwhile", async () => {
    const opened = await open("/experiments");
    const { page } = opened;
    let drop: (() => void) | undefined;
    await page.routeWebSocket(/live$/, (socket) => {
      const onward = socket.connectToServer();
      drop = () => {
        void onward.close();
        void socket.close();
      };
    });
    await page.goto(`${url}/#${runCharts(seed.live)}`);
    await page.locator("[data-live=live]").waitFor();
    drop?.();
    await log(seed.live, 6, 0.125);
    await page.locator("[data-live=live]").waitFor();
    await expect.poll(() => read(opened, "loss", "End"), { timeout: 10_000 }).toContain("Step 6: 0.125");
  });
});

describe("many live runs", () => {
  test("have 32 sockets at most; the others are asked about", async () => {
    const opened = await open("/experiments");
    const { page } = opened;
    let sockets = 0;
    page.on("websocket", () => sockets++);
    await page.goto(`${url}/#/experiments/${seed.manyExperimentId}?charts=true`);
    await page.locator("[data-live=polling]").waitFor();
    await opened.plot("loss").waitFor();
    await expect.poll(() => sockets, { timeout: 15_000 }).toBe(32);
    const ends = () => opened.chart("loss").getByRole("application").getAttribute("aria-label");
    expect(await ends()).toContain(`${seed.many.length} lines`);
    for (const runId of seed.many) await log(runId, 2, 0.125);
    await opened.chart("loss").getByRole("button", { name: "More of loss", exact: true }).click();
    await page.getByRole("menuitem", { name: "Show as table", exact: true }).click();
    const at2 = page.getByRole("dialog").getByRole("row", { name: /at 2/ });
    await expect.poll(() => at2.count(), { timeout: 15_000 }).toBe(seed.many.length);
    expect(sockets).toBe(32);
    await expectSound(opened);
  });
});

describe("charts beside the table", () => {
  test("have a bar where a run has one value, and a legend in full", async () => {
    const opened = await open(allCharts());
    const { page, chart } = opened;
    const bars = chart("final_score").getByRole("listitem");
    await bars.first().waitFor();
    await expect.poll(() => bars.allTextContents()).toEqual([`${names[2]}0.92`, `${names[1]}0.91`, `${names[0]}0.9`]);
    await expectSoundInBothThemes(opened);
    await page.goto(`${url}/#${allCharts("&chartFull=lr")}`);
    const legend = page.getByRole("dialog").getByRole("region", { name: "Lines", exact: true }).getByRole("listitem");
    await expect.poll(() => legend.count()).toBe(3);
    await expectSoundInBothThemes(opened);
  });

  test("draw the run strongly that the table points at", async () => {
    const opened = await open(allCharts("&chartQuery=lr"));
    const { page, plot } = opened;
    await plot("lr").waitFor();
    const drawn = () =>
      page.evaluate<boolean>(`(() => {
        const canvas = document.querySelector('figure[data-metric="lr"] .u-over canvas');
        return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value > 0);
      })()`);
    expect(await drawn()).toBe(false);
    await page.getByRole("row").filter({ hasText: "=run,3" }).hover();
    await expect.poll(drawn).toBe(true);
    await page.mouse.move(5, 5);
    await expect.poll(drawn).toBe(false);
    await expectSound(opened);
  });

  test("draw groups as their mean", async () => {
    const opened = await open(allCharts(`&group=${encodeURIComponent('["params.kind"]')}&chartGroups=true`));
    const { page, plot, chart } = opened;
    await plot("train/loss").waitFor();
    await expect.poll(() => plot("train/loss").getAttribute("aria-label")).toContain("2 lines");
    await expect
      .poll(() => page.getByRole("list", { name: "Groups", exact: true }).textContent())
      .toContain("kind: odd");
    await chart("final_score").getByText("0.91 ± 0.014").waitFor();
    await expectSoundInBothThemes(opened);
  });

  test("are there on a phone", async () => {
    const opened = await open(allCharts("&chartQuery=lr"));
    const { page, plot } = opened;
    await page.setViewportSize({ width: 390, height: 844 });
    await plot("lr").scrollIntoViewIfNeeded();
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
    await expectSoundInBothThemes(opened);
  });

  test("are read by a finger and zoomed by two, and let the page scroll", async () => {
    const opened = await open(runCharts(seed.runs[0]));
    const { page, plot } = opened;
    await page.setViewportSize({ width: 390, height: 844 });
    const device = await page.context().newCDPSession(page);
    await device.send("Emulation.setTouchEmulationEnabled", { enabled: true });
    await plot("val/loss").waitFor();
    const box = (await plot("val/loss").boundingBox())!;
    const y = box.y + box.height / 2;
    const touch = (type: "touchStart" | "touchMove" | "touchEnd", ...shares: number[]) =>
      device.send("Input.dispatchTouchEvent", {
        type,
        touchPoints: shares.map((share, id) => ({ x: box.x + box.width * share, y, id })),
      });
    await touch("touchStart", 0.3);
    for (const share of [0.35, 0.4, 0.5]) await touch("touchMove", share);
    await page
      .getByText(/^Step \d+$/)
      .first()
      .waitFor();
    await touch("touchEnd");
    await touch("touchStart", 0.45, 0.65);
    for (const by of [0.05, 0.1, 0.15, 0.2]) await touch("touchMove", 0.45 - by, 0.65 + by);
    await touch("touchEnd");
    await page.getByRole("button", { name: "Show everything", exact: true }).waitFor();
    expect(page.url()).toContain("chartZoom");
    await touch("touchStart", 0.2, 0.8);
    for (const by of [0.1, 0.2, 0.25]) await touch("touchMove", 0.2 + by, 0.8 - by);
    await touch("touchEnd");
    await expect.poll(() => page.url()).not.toContain("chartZoom");
    const swipe = (type: "touchStart" | "touchMove" | "touchEnd", up: number) =>
      device.send("Input.dispatchTouchEvent", {
        type,
        touchPoints: type === "touchEnd" ? [] : [{ x: box.x + box.width / 2, y: y - up }],
      });
    await swipe("touchStart", 0);
    for (let up = 10; up <= 150; up += 10) await swipe("touchMove", up);
    await swipe("touchEnd", 150);
    await expect.poll(() => page.evaluate("document.querySelector('[data-charts]').scrollTop")).toBeGreaterThan(50);
    await expectSound(opened);
  });

  test("draw all runs, whose names are text, with one cursor over all charts", async () => {
    const opened = await open(allCharts("&chartQuery=train"));
    const { page, plot, chart } = opened;
    await plot("train/loss").waitFor();
    await expect.poll(() => plot("train/loss").getAttribute("aria-label")).toContain("3 lines");
    const box = (await chart("train/loss").locator(".u-over").boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    const tooltip = page.locator("body > div[aria-hidden=true]", { hasText: "Step" });
    await tooltip.getByText('<img src=x onerror="document.title=1">').waitFor();
    expect(await page.locator("img").count()).toBe(0);
    expect(await page.title()).not.toBe("1");
    await expectSound(opened);
  });
});
