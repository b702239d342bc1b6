import type { Browser, BrowserContext, Page } from "playwright-core";
import { expect } from "vitest";
import { screenshotOnFailure } from "../harness/screenshot.ts";
import { type FailedCall, watchPage } from "../harness/watched-page.ts";

/** A call that may fail: MLflow's own server fails it too, or Trackflare deliberately lacks the endpoint. */
interface ExpectedFailure {
  /** Matches the path and query. */
  readonly path: RegExp;
  readonly reason: string;
}

const EXPECTED_FAILURES: readonly ExpectedFailure[] = [
  {
    path: /^\/ajax-api\/2\.0\/mlflow\/users\/current(\?|$)/,
    reason: "asked to learn whether there are users: 404 from MLflow's server too, unless it runs its basic-auth app",
  },
  {
    path: /^\/ajax-api\/3\.0\/mlflow\/assistant\/(config|providers)(\?|$)/,
    reason:
      "an assistant that reads this machine's files; MLflow's server has it for local browsers only, and refuses others",
  },
  {
    path: /^\/ajax-api\/2\.0\/mlflow\/(experiments\/get-by-name\?experiment_name|registered-models\/get\?name)=[a-z]+-in-the-ui$/,
    reason: "asked while a new name is typed, to learn whether it is free: a 404 says so, from MLflow's server too",
  },
];

/** Chromium reports this for layouts that settle one frame later, also with MLflow's server. */
const HARMLESS_CONSOLE = /ResizeObserver loop completed with undelivered notifications/;

/** Texts of the UI's pages and notices about failures. */
export const ERROR_ON_SCREEN =
  /ENDPOINT_NOT_FOUND|RESOURCE_\w+|INVALID_\w+|There is no endpoint|error occurred|something went wrong|couldn't load|error while|failed to|not found|can't load|Loading artifact failed|unable to|internal error/i;

/** Settings that the UI keeps in the browser: no tour, no assistant, and the pages of model training or of GenAI. */
const settings = (workflow: Workflow): Readonly<Record<string, string>> => ({
  "mlflow.workflowType_v1": JSON.stringify(workflow),
  "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": "true",
  "mlflow.assistant.panelOpen_v1": "false",
  _mlflow_model_registry_promo_modal_dismissed_v1: "true",
});

export type Workflow = "machine_learning" | "genai";

/** A page of the stock UI, with a check that nothing in it failed. */
export interface StockUiPage {
  readonly page: Page;
  /** Loads a path of the UI, such as `/experiments/1/runs`. */
  readonly open: (path: string) => Promise<void>;
  /** @throws AssertionError if the screen shows an error, or a call outside the list failed */
  readonly expectNoTrouble: () => Promise<void>;
}

/** A browser profile with the choice of pages. It caches the UI's files between tests. */
export function newProfile(browser: Browser, url: string, workflow: Workflow): Promise<BrowserContext> {
  const localStorage = Object.entries(settings(workflow)).map(([name, value]) => ({ name, value }));
  return browser.newContext({
    viewport: { width: 1440, height: 1000 },
    storageState: { cookies: [], origins: [{ origin: url, localStorage }] },
  });
}

/** Opens a new page for one test. */
export async function openStockUi(profile: BrowserContext, url: string): Promise<StockUiPage> {
  const { page, trouble } = await watchPage(profile, url);
  page.setDefaultTimeout(45_000);
  screenshotOnFailure(page);
  return {
    page,
    open: async (path) => {
      // A change of the part after the # alone would not reload the page.
      await page.goto("about:blank");
      await page.goto(`${url}/#${path}`);
    },
    expectNoTrouble: async () => {
      expect(await page.locator("body").innerText()).not.toMatch(ERROR_ON_SCREEN);
      expect(trouble.failedCalls.filter((call) => !isExpected(call))).toEqual([]);
      expect(trouble.consoleErrors.filter((text) => !HARMLESS_CONSOLE.test(text))).toEqual([]);
      expect(trouble.cspViolations).toEqual([]);
      await page.close();
    },
  };
}

function isExpected({ path, status }: FailedCall): boolean {
  return status === 404 && EXPECTED_FAILURES.some((expected) => expected.path.test(path));
}
