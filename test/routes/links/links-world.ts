import { expect } from "vitest";
import { TestBrowser } from "../../helpers/browser.ts";
import type { Message } from "../../helpers/mlflow.ts";
import { closedServer } from "../../helpers/users.ts";

export const server = closedServer({ TRACKFLARE_DEFAULT_PERMISSION: "NO_PERMISSIONS" });
const { admin } = server;
export const mlflow = (path: string) => `/ajax-api/2.0/mlflow/${path}`;
export const LINKS = "/api/2.0/trackflare/links";

export interface Link {
  readonly link: { readonly link_id: string; readonly expiration_time: number };
  readonly address: string;
}

/** A run with two files and a metric, and a logged model of it. */
export interface Made {
  readonly experimentId: string;
  readonly runId: string;
  readonly modelId: string;
}

export async function newRun(experimentId: string): Promise<Made> {
  const { run } = await admin.ask<{ run: { info: { run_id: string } } }>("POST", mlflow("runs/create"), {
    experiment_id: experimentId,
    run_name: "a run",
  });
  const run_id = run.info.run_id;
  await admin.ask("POST", mlflow("runs/log-metric"), { run_id, key: "loss", value: 1, timestamp: 1 });
  for (const path of ["a.txt", "b.txt", "plots/c.html"]) {
    await admin.send("PUT", `/api/2.0/mlflow-artifacts/artifacts/${experimentId}/${run_id}/artifacts/${path}`);
  }
  const { model } = await admin.ask<{ model: { info: { model_id: string } } }>("POST", mlflow("logged-models"), {
    experiment_id: experimentId,
    name: "m",
    source_run_id: run_id,
  });
  return { experimentId, runId: run_id, modelId: model.info.model_id };
}

export async function newExperiment(): Promise<string> {
  const name = `experiment ${crypto.randomUUID()}`;
  return (await admin.ask<{ experiment_id: string }>("POST", mlflow("experiments/create"), { name })).experiment_id;
}

/** Opens a link. @returns the browser that shows the link's page */
export async function open({ link, address }: Link, of = server, origin?: string): Promise<TestBrowser> {
  const browser = new TestBrowser(of, origin);
  const secret = address.slice(address.indexOf("#") + 1);
  const answer = await browser.send("POST", `/shared/${link.link_id}/open`, { secret });
  expect(answer.status, await answer.clone().text()).toBe(200);
  return browser;
}

export const create = (asked: Message, by = admin) => by.ask<Link>("POST", `${LINKS}/create`, asked);

export const query = (fields: Message): string => `?${new URLSearchParams(fields as Record<string, string>)}`;

/** A run with its experiment; another run of the same experiment; and a run of another experiment. */
export async function newThings(): Promise<Record<"own" | "sibling" | "foreign", Made>> {
  const experimentId = await newExperiment();
  const own = await newRun(experimentId);
  return { own, sibling: await newRun(experimentId), foreign: await newRun(await newExperiment()) };
}

/** The ids of the runs that the link's page finds. The search and the table must agree. */
export async function runsFound(page: TestBrowser, linkId: string, message: Message): Promise<string[]> {
  const { runs = [] } = await page.ask<{ runs?: { info: { run_id: string } }[] }>(
    "POST",
    `/shared/${linkId}${mlflow("runs/search")}`,
    message,
  );
  const table = await page.ask<{ runs: { run_id: string[] }; total: number }>("POST", `/shared/${linkId}/ui-api/runs`, {
    ...message,
    count: true,
  });
  const ids = runs.map(({ info }) => info.run_id).sort();
  expect(table.runs.run_id.toSorted()).toEqual(ids);
  expect(table.total).toBe(ids.length);
  return ids;
}
