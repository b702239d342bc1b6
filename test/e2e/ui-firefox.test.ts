import type { Browser, Page } from "puppeteer-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer } from "../server.ts";
import { isOurDebian } from "./harness/browser.ts";
import { installedFirefox, launchFirefox } from "./harness/firefox.ts";
import { runPython } from "./harness/python.ts";

/** The ids of the data that ui-workbench.seed.py logged. */
interface Seed {
  readonly experiments: readonly [string, string];
  readonly runs: readonly string[];
}

/** Firefox is the second browser, if there is one or one can be installed. */
const firefox = installedFirefox();

let server: TestServer;
let browser: Browser;
let seed: Seed;

beforeAll(async () => {
  if (firefox === undefined) return;
  server = await startServer();
  seed = (await runPython(new URL("ui-workbench.seed.py", import.meta.url).pathname, server.url)) as Seed;
  browser = await launchFirefox(firefox);
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

test("there is a Firefox wherever one can be installed", () => {
  expect(firefox !== undefined || !isOurDebian()).toBe(true);
});

/** A page, and the errors that the page or the browser reported. */
async function open(path: string): Promise<{ page: Page; errors: string[] }> {
  const page = await browser.newPage();
  await page.setViewport({ width: 1440, height: 900 });
  const errors: string[] = [];
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.goto(`${server.url}/#${path}`);
  return { page, errors };
}

const SCREENS: readonly (readonly [name: string, path: (of: Seed) => string, seen: string])[] = [
  ["home", () => "/home", "::-p-text(asr-failed)"],
  ["the experiments", () => "/experiments", "::-p-text(team)"],
  [
    "the table beside charts",
    ({ experiments }) => `/experiments/${experiments[0]}?charts=true`,
    "[data-metric] canvas",
  ],
  ["curves of a comparison", ({ runs }) => `/compare?runs=${runs.slice(0, 4).join(",")}`, "[data-metric] canvas"],
  ["what matters", ({ runs }) => `/compare?view=matters&runs=${runs.join(",")}`, "::-p-text(of the variance)"],
  ["a drawing", ({ runs }) => `/compare?view=parallel&runs=${runs.join(",")}`, "figure canvas"],
  [
    "differing files",
    ({ runs }) => `/compare?view=files&runs=${runs.slice(0, 3).join(",")}`,
    "::-p-text(lines differ)",
  ],
  [
    "a notebook",
    ({ experiments, runs }) => `/experiments/${experiments[0]}/runs/${runs[0]}?tab=artifacts&path=report.ipynb`,
    "::-p-text(Findings)",
  ],
  [
    "formulas",
    ({ experiments, runs }) => `/experiments/${experiments[0]}/runs/${runs[0]}?tab=artifacts&path=notes%2Fmath.md`,
    "math",
  ],
  [
    "a panel that is dragged",
    ({ experiments }) =>
      `/experiments/${experiments[0]}?charts=true&panels=${encodeURIComponent('[{"id":"a","kind":"scatter","at":[0,0,6,7]}]')}`,
    "[data-panel] canvas",
  ],
  ["prompts", () => "/prompts", "::-p-text(No prompts)"],
  ["the trash", () => "/trash", "::-p-text(No runs in the trash)"],
  ["links", () => "/links", "::-p-text(No links)"],
];

for (const [name, path, seen] of firefox === undefined ? [] : SCREENS) {
  test(`Firefox shows ${name}, and the page's policy refuses nothing`, async () => {
    const { page, errors } = await open(path(seed));
    await page.waitForSelector(seen, { timeout: 45_000 });
    expect(errors).toEqual([]);
    await page.close();
  });
}
