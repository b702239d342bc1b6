import type { Page } from "playwright-core";
import { type OpenedPage, type OurUi, startOurUi } from "./our-ui.ts";

/** The ids of the data that ui-sweep.seed.py logged: 144 runs of four models, six learning rates and four batch sizes. */
export interface SweepSeed {
  readonly experimentId: string;
  readonly runs: readonly string[];
}

/** A server with the data of ui-sweep.seed.py. */
export const startSweep = (): Promise<OurUi<SweepSeed>> =>
  startOurUi<SweepSeed>(new URL("../ui-sweep.seed.py", import.meta.url));

export async function openSweep(
  ui: OurUi<SweepSeed>,
  search: Readonly<Record<string, unknown>> = {},
): Promise<OpenedPage> {
  const words = Object.entries(search).map(
    ([name, value]) => `${name}=${encodeURIComponent(typeof value === "string" ? value : JSON.stringify(value))}`,
  );
  const opened = await ui.open(`/experiments/${ui.seed.experimentId}?${words.join("&")}`);
  await opened.page.locator("[role=row][data-index]").first().waitFor();
  return opened;
}

export const header = (page: Page, name: string) =>
  page.getByRole("columnheader").getByRole("button", { name, exact: true });
export const status = (page: Page) => page.locator("header + div").getByRole("status");

/** The texts of a column's visible cells, in order. */
export async function cells(page: Page, name: string): Promise<string[]> {
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

export const legend = (page: Page) => page.getByRole("region", { name: "Lines", exact: true }).getByRole("listitem");
export const card = (page: Page, metric: string) => page.locator(`figure[data-metric="${metric}"]`);
