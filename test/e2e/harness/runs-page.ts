import type { Page } from "playwright-core";
import { expect } from "vitest";
import { type OpenedPage, type OurUi, startOurUi } from "./our-ui.ts";

/** The ids of the data that ui-runs.seed.py logged. */
export interface RunsSeed {
  readonly experimentId: string;
  readonly emptyId: string;
  readonly runs: readonly string[];
  readonly hostile: readonly string[];
}

/** A server with the data of ui-runs.seed.py. */
export const startRuns = (): Promise<OurUi<RunsSeed>> =>
  startOurUi<RunsSeed>(new URL("../ui-runs.seed.py", import.meta.url));

/** Opens the table with all runs in one list. Another test covers children below their parents. */
export async function openRuns(ui: OurUi<RunsSeed>, search = ""): Promise<OpenedPage> {
  const opened = await ui.open(`/experiments/${ui.seed.experimentId}?nested=false${search.replace("?", "&")}`);
  await opened.page.locator("[role=row][data-index]").first().waitFor();
  return opened;
}

export const link = (page: Page, name: string) => page.getByRole("link", { name, exact: true });
export const groups = (page: Page) => page.locator("[role=row][aria-expanded]");
export const names = (page: Page) => page.locator("[role=row][data-index]").getByRole("link").allTextContents();
export const status = (page: Page) => page.locator("header + div").getByRole("status");
export const filter = (page: Page) => page.getByRole("combobox", { name: "Filter runs", exact: true });
export const header = (page: Page, name: string) =>
  page.getByRole("columnheader").getByRole("button", { name, exact: true });

/** Sends a request as another client. */
export async function post<Answer>({ server }: OurUi<RunsSeed>, path: string, body: object): Promise<Answer> {
  const answer = await fetch(`${server.url}/api/2.0/mlflow${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Answer;
}

export async function newExperiment(ui: OurUi<RunsSeed>, name: string): Promise<string> {
  return (await post<{ experiment_id: string }>(ui, "/experiments/create", { name })).experiment_id;
}
