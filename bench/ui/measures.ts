import { brotliCompressSync } from "node:zlib";
import type { Browser, BrowserContext, Page } from "playwright-core";
import type { RunningServer } from "../running-server.ts";
import { RUNS_EXPERIMENT } from "../seeded-runs.ts";
import type { ServerName } from "../servers.ts";
import { CHART_KEYS, type ChartData, CSV_FILE, FIRST_CELL, HALF, logPoint } from "./seeded-charts.ts";

/*
 * Each figure is of a page that was never opened before: a new profile, an empty cache, in an open window. Times are of the
 * page's clock, from the start of the navigation.
 */

const TIMEOUT_MS = 60_000;
const SETTLING_MS = 15_000;
/**
 * A new window of Chromium first loads its own pages in another process, which takes one of two cores for most of a second.
 */
const WINDOW_START_MS = 1500;
const ROW = /run-\d{6}/;
const SCROLLS = 150;
const SCROLL_PX = 400;
const LIVE_POINTS = 20;
const LIVE_PAUSE_MS = 200;
/** After a pause of this length, a drawing in several frames has ended. */
const QUIET_MS = 500;
const DRAGS = 120;
const DRAG_PX = 4;
const FRAME_MS = 1000 / 60;

/** Notes when a canvas was last drawn, and every long task. */
function watchDrawing(): void {
  const { prototype } = CanvasRenderingContext2D;
  const { stroke } = prototype;
  prototype.stroke = function (this: CanvasRenderingContext2D, ...path: [] | [Path2D]) {
    Object.assign(globalThis, { drawnMs: performance.timeOrigin + performance.now() });
    return Reflect.apply(stroke, this, path);
  };
}

const drawnMs = (page: Page): Promise<number> => page.evaluate(() => Number(Reflect.get(globalThis, "drawnMs") ?? 0));

async function withPage<Result>(
  browser: Browser,
  server: RunningServer,
  measure: (page: Page, origin: string) => Promise<Result>,
): Promise<Result> {
  const origin = `http://127.0.0.1:${server.port}`;
  const context: BrowserContext = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    storageState: { cookies: [], origins: [{ origin, localStorage: server.name === "mlflow" ? MLFLOW_SETTINGS : [] }] },
  });
  try {
    await context.addInitScript(watchDrawing);
    const page = await context.newPage();
    page.setDefaultTimeout(TIMEOUT_MS);
    await page.waitForTimeout(WINDOW_START_MS);
    return await measure(page, origin);
  } finally {
    await context.close();
  }
}

/** Makes MLflow's UI show its pages of model training, without a tour. */
const MLFLOW_SETTINGS = [
  { name: "mlflow.workflowType_v1", value: '"machine_learning"' },
  { name: "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1", value: "true" },
  { name: "_mlflow_model_registry_promo_modal_dismissed_v1", value: "true" },
];

/** The page's time when `seen` becomes true. Every frame checks it. */
async function timeUntil<Argument>(page: Page, seen: (argument: Argument) => unknown, argument: Argument) {
  await page.waitForFunction(seen as never, argument as never, { polling: "raf", timeout: TIMEOUT_MS });
  return page.evaluate(() => performance.now());
}

/** Waits until the page sends no more requests. A page that polls is measured after a limited time. */
async function settled(page: Page): Promise<void> {
  await page.waitForLoadState("networkidle", { timeout: SETTLING_MS }).catch(() => undefined);
}

/** The JavaScript of the first page in KB, each file compressed by Brotli. */
export function firstRouteKilobytes(browser: Browser, server: RunningServer): Promise<number> {
  return withPage(browser, server, async (page, origin) => {
    const urls = new Set<string>();
    page.on("request", (request) => {
      if (/\.js(\?|$)/.test(request.url())) urls.add(request.url());
    });
    await page.goto(`${origin}/#/experiments`);
    await page.getByText(RUNS_EXPERIMENT).first().waitFor();
    await settled(page);
    // Requested again, because a browser drops the bodies of large answers.
    const sizes = await Promise.all(
      [...urls].map(async (url) => brotliCompressSync(await (await fetch(url)).bytes()).length / 1000),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  });
}

/** The address of the table of an experiment's runs in each server's UI. */
const TABLES: Partial<Record<ServerName, (experimentId: string) => string>> = {
  trackflare: (experimentId) => `/#/experiments/${experimentId}`,
  mlflow: (experimentId) => `/#/experiments/${experimentId}/runs`,
};

const tableUrl = (server: RunningServer, origin: string, experimentId: string): string =>
  origin + TABLES[server.name]!(experimentId);

export function firstRowMs(browser: Browser, server: RunningServer, experimentId: string): Promise<number> {
  return withPage(browser, server, async (page, origin) => {
    await page.goto(tableUrl(server, origin, experimentId), { waitUntil: "commit" });
    return timeUntil(page, (row) => new RegExp(row).test(document.body?.innerText ?? ""), ROW.source);
  });
}

/** Notes the time between frames from now on. */
async function watchFrames(page: Page): Promise<void> {
  await page.evaluate(() => {
    const gaps: number[] = [];
    let last = performance.now();
    const frame = (nowMs: number): void => {
      gaps.push(nowMs - last);
      last = nowMs;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    Object.assign(globalThis, { frameGaps: gaps });
  });
}

/** The times between frames since {@link watchFrames}, in ms, without the first two. */
const frameGaps = (page: Page): Promise<number[]> =>
  page.evaluate(() => (globalThis as unknown as { frameGaps: number[] }).frameGaps.slice(2));

/** The longest time between two frames while the table is scrolled, in ms. */
export function longestFrameMs(browser: Browser, server: RunningServer, experimentId: string): Promise<number> {
  return withPage(browser, server, async (page, origin) => {
    await page.goto(tableUrl(server, origin, experimentId));
    const row = page.getByText(ROW).first();
    await row.waitFor();
    await settled(page);
    await row.hover();
    await watchFrames(page);
    for (let scroll = 0; scroll < SCROLLS; scroll++) await page.mouse.wheel(0, SCROLL_PX);
    return Math.max(...(await frameGaps(page)));
  });
}

/** The time until four charts of all runs are drawn. */
export function manyRunsMs(browser: Browser, server: RunningServer, data: ChartData, runs: number): Promise<number> {
  return withPage(browser, server, async (page, origin) => {
    await page.goto(`${origin}/#/experiments/${data.chartsExperiment}?charts=true&chartSize=small`, {
      waitUntil: "commit",
    });
    await timeUntil(
      page,
      ({ count, lines }) =>
        [...document.querySelectorAll("[role=application]")].filter((chart) =>
          chart.getAttribute("aria-label")?.includes(`${lines} lines`),
        ).length >= count,
      { count: CHART_KEYS.length, lines: runs },
    );
    return (await drawnMs(page)) - (await page.evaluate(() => performance.timeOrigin));
  });
}

/**
 * The time until the long series is drawn.
 * @throws unless the outlier is in its place: coloured pixels in the uppermost part of the plot
 */
export function longSeriesMs(browser: Browser, server: RunningServer, data: ChartData): Promise<number> {
  return withPage(browser, server, async (page, origin) => {
    const path = `/#/experiments/${data.otherExperiment}/runs/${data.longRun}?tab=charts`;
    await page.goto(origin + path, { waitUntil: "commit" });
    await timeUntil(page, () => document.querySelector("[role=application] canvas") !== null, undefined);
    const drawn = (await drawnMs(page)) - (await page.evaluate(() => performance.timeOrigin));
    const isSeen = await page.evaluate((share) => {
      const plot = document.querySelector("[role=application] .u-over")!.getBoundingClientRect();
      const canvas = document.querySelector<HTMLCanvasElement>("[role=application] canvas")!;
      const box = canvas.getBoundingClientRect();
      const scale = canvas.width / box.width;
      const left = (plot.left - box.left + plot.width * share - 3) * scale;
      const top = (plot.top - box.top + plot.height * 0.06) * scale;
      const { data: pixels } = canvas.getContext("2d")!.getImageData(left, top, 6 * scale, plot.height * 0.1 * scale);
      for (let at = 0; at < pixels.length; at += 4) {
        const [red = 0, green = 0, blue = 0, alpha = 0] = pixels.subarray(at, at + 4);
        if (alpha > 100 && Math.max(red, green, blue) - Math.min(red, green, blue) > 30) return true;
      }
      return false;
    }, data.outlierAt);
    if (!isSeen) throw new Error("The outlier is not to be seen.");
    return drawn;
  });
}

/** The longest time from a point's acknowledgement to its drawing. */
export function livePointMs(browser: Browser, server: RunningServer, data: ChartData): Promise<number> {
  return withPage(browser, server, async (page, origin) => {
    await page.goto(`${origin}/#/experiments/${data.otherExperiment}/runs/${data.liveRun}?tab=charts`);
    await page.locator("[data-live=live]").waitFor();
    await settled(page);
    let greatest = 0;
    for (let step = 1; step <= LIVE_POINTS; step++) {
      await page.waitForTimeout(LIVE_PAUSE_MS);
      const before = await drawnMs(page);
      await logPoint(server, data.liveRun, step);
      const acknowledgedMs = performance.timeOrigin + performance.now();
      await timeUntil(page, (known) => Number(Reflect.get(globalThis, "drawnMs")) > known, before);
      greatest = Math.max(greatest, (await drawnMs(page)) - acknowledgedMs);
    }
    return greatest;
  });
}

/** The time until the first cells of a large CSV are shown. */
export function csvMs(browser: Browser, server: RunningServer, data: ChartData): Promise<number> {
  return withPage(browser, server, async (page, origin) => {
    const path = `/#/experiments/${data.otherExperiment}/runs/${data.csvRun}?tab=artifacts&path=${CSV_FILE}`;
    await page.goto(origin + path, { waitUntil: "commit" });
    return timeUntil(page, (cell) => document.body?.innerText.includes(cell), FIRST_CELL);
  });
}

/** Opens a comparison of the sweep from its table, and waits until it has all runs. */
async function openSweep(page: Page, origin: string, data: ChartData, filter: string): Promise<void> {
  const search = new URLSearchParams({ experiments: `"${data.sweepExperiment}"`, view: "table", filter });
  await page.goto(`${origin}/#/compare?${search}`);
  await page
    .getByText(/^sweep-\d+/)
    .first()
    .waitFor();
  await settled(page);
}

/**
 * Finds a tab, so that the search for it is not measured.
 * @returns a function that presses the tab, and returns the time of the press in ms of the page's clock
 */
async function findTab(page: Page, name: string): Promise<() => Promise<number>> {
  const tab = await page.getByRole("tab", { name, exact: true }).elementHandle();
  return () =>
    tab!.evaluate((element) => {
      const pressedMs = performance.now();
      (element as HTMLElement).click();
      return pressedMs;
    });
}

/** The time from the press to the importance of all params, including the loading of code, and the longest frame meanwhile. */
export function mattersMs(
  browser: Browser,
  server: RunningServer,
  data: ChartData,
): Promise<{ readonly ms: number; readonly longestFrameMs: number }> {
  return withPage(browser, server, async (page, origin) => {
    await openSweep(page, origin, data, "");
    const press = await findTab(page, "What matters");
    await watchFrames(page);
    const pressedMs = await press();
    const seen = () => [...document.querySelectorAll("th")].some((head) => head.textContent === "Importance");
    const ms = (await timeUntil(page, seen, undefined)) - pressedMs;
    return { ms, longestFrameMs: Math.max(...(await frameGaps(page))) };
  });
}

/**
 * The time from the press to the last line of parallel coordinates of half of the sweep, including the loading of code, and
 * the longest frame until all rows below are there.
 */
export function parallelMs(
  browser: Browser,
  server: RunningServer,
  data: ChartData,
): Promise<{ readonly ms: number; readonly longestFrameMs: number }> {
  return withPage(browser, server, async (page, origin) => {
    await openSweep(page, origin, data, HALF);
    const press = await findTab(page, "Parallel coordinates");
    const before = await drawnMs(page);
    await watchFrames(page);
    const pressedMs = await press();
    await page.waitForFunction((known) => Number(Reflect.get(globalThis, "drawnMs") ?? 0) > known, before);
    for (let last = 0, now = await drawnMs(page); now > last; now = await drawnMs(page)) {
      last = now;
      await page.waitForTimeout(QUIET_MS);
    }
    const ms = (await drawnMs(page)) - (await page.evaluate(() => performance.timeOrigin)) - pressedMs;
    return { ms, longestFrameMs: Math.max(...(await frameGaps(page))) };
  });
}

/** Frames per second while one of two panels with a hundred lines is dragged. */
export function dragFramesPerSecond(browser: Browser, server: RunningServer, data: ChartData): Promise<number> {
  return withPage(browser, server, async (page, origin) => {
    const panels = CHART_KEYS.slice(0, 2).map((key, place) => ({
      id: key,
      title: key,
      at: [6 * place, 0, 6, 7],
      metrics: [key],
    }));
    const search = new URLSearchParams({ charts: "true", panels: JSON.stringify(panels) });
    await page.goto(`${origin}/#/experiments/${data.chartsExperiment}?${search}`);
    const panel = page.getByRole("figure", { name: CHART_KEYS[0]!, exact: true }).first();
    await panel.getByRole("application").waitFor();
    await settled(page);
    const box = (await panel.boundingBox())!;
    await page.mouse.move(box.x + 12, box.y + 16);
    await page.mouse.down();
    await watchFrames(page);
    for (let moved = 1; moved <= DRAGS; moved++) {
      await page.mouse.move(box.x + 12 + (moved % 60) * DRAG_PX, box.y + 16 + moved);
      await page.waitForTimeout(FRAME_MS);
    }
    const gaps = await frameGaps(page);
    await page.mouse.up();
    return (1000 * gaps.length) / gaps.reduce((sum, gap) => sum + gap, 0);
  });
}
