import type { Browser, BrowserContext, Page } from "playwright-core";
import { startMlflow } from "../../differential/servers.ts";
import { startServer } from "../../server.ts";
import { launchBrowser } from "../harness/browser.ts";
import { runPython } from "../harness/python.ts";
import { serveStockUi } from "./proxy.ts";
import { newProfile } from "./stock-ui-page.ts";

/** The ids of the data that seed.py logged. */
export interface Seed {
  readonly experimentId: string;
  readonly runIds: readonly [string, string, string];
  readonly childRunId: string;
  readonly modelId: string;
}

/** A seeded server behind MLflow's web UI, and a browser. */
export interface World {
  /** The URL of the page and of the API. */
  readonly url: string;
  readonly seed: Seed;
  readonly browser: Browser;
  /** The browser profile with the choice of the pages of model training. */
  readonly profile: BrowserContext;
  readonly stop: () => Promise<void>;
}

/** With STOCK_UI_SERVER=mlflow in the environment, the server is MLflow's own. */
export async function startWorld(): Promise<World> {
  const server = await (process.env.STOCK_UI_SERVER === "mlflow"
    ? startMlflow()
    : startServer({ recordAs: "Stock web UI" }));
  const [ui, browser, seed] = await Promise.all([
    serveStockUi(server.url),
    launchBrowser(),
    runPython(new URL("seed.py", import.meta.url).pathname, server.url) as Promise<Seed>,
  ]);
  return {
    url: ui.url,
    seed,
    browser,
    profile: await newProfile(browser, ui.url, "machine_learning"),
    stop: async () => {
      await browser.close();
      await ui.close();
      await server.stop();
    },
  };
}

/** Waits until each text is visible. */
export async function expectTexts(page: Page, texts: readonly string[]): Promise<void> {
  for (const text of texts) await page.getByText(text).filter({ visible: true }).first().waitFor();
}
