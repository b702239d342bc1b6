import type { Browser, BrowserContext, Page } from "playwright-core";
import { expect } from "vitest";
import { startServer, type TestServer } from "../../server.ts";
import { seriousFindings } from "./axe.ts";
import { launchBrowser } from "./browser.ts";
import { runPython } from "./python.ts";
import { screenshotOnFailure } from "./screenshot.ts";
import { type PageTrouble, watchPage } from "./watched-page.ts";

/** Trackflare with its own web UI, data from the real Python client, and a browser. */
export interface OurUi<Seed> {
  readonly server: TestServer;
  readonly browser: Browser;
  readonly context: BrowserContext;
  readonly seed: Seed;
  /** Opens a hash address, such as `/experiments`, inside a test. */
  readonly open: (path: string) => Promise<OpenedPage>;
  readonly stop: () => Promise<void>;
}

export interface OpenedPage {
  readonly page: Page;
  readonly trouble: PageTrouble;
}

/** @param seedFile a Python program that logs data and prints its ids as JSON */
export async function startOurUi<Seed>(seedFile?: URL): Promise<OurUi<Seed>> {
  const server = await startServer();
  const [browser, seed] = await Promise.all([
    launchBrowser(),
    seedFile === undefined ? ({} as Seed) : (runPython(seedFile.pathname, server.url) as Promise<Seed>),
  ]);
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  return {
    server,
    browser,
    context,
    seed,
    open: async (path) => {
      const { page, trouble } = await watchPage(context, server.url);
      page.setDefaultTimeout(45_000);
      screenshotOnFailure(page);
      await page.goto(`${server.url}/#${path}`);
      return { page, trouble };
    },
    stop: async () => {
      await browser.close();
      await server.stop();
    },
  };
}

/** Expects no error in the page since it was opened, no data that ran as code, and no serious finding of axe. */
export async function expectSound({ page, trouble }: OpenedPage): Promise<void> {
  expect(await seriousFindings(page)).toEqual([]);
  expect(trouble).toEqual({ consoleErrors: [], cspViolations: [], failedCalls: [], foreignRequests: [] });
}

/** Expects the same in the light and in the dark theme. */
export async function expectSoundInBothThemes(opened: OpenedPage): Promise<void> {
  for (const colorScheme of ["dark", "light"] as const) {
    await opened.page.emulateMedia({ colorScheme });
    await opened.page.evaluate(
      "Promise.allSettled(document.getAnimations().map((one) => one.effect.getTiming().iterations === 1 && one.finished))",
    );
    await expectSound(opened);
  }
}
