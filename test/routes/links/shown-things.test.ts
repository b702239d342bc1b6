import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { TestBrowser } from "../../helpers/browser.ts";
import type { Message, Method } from "../../helpers/mlflow.ts";
import { create, type Made, mlflow, newThings, open, query, runsFound } from "./links-world.ts";

let own: Made;
/** Another run of the same experiment. */
let sibling: Made;
/** A run of another experiment. */
let foreign: Made;
let experimentId: string;

beforeAll(async () => {
  ({ own, sibling, foreign } = await newThings());
  experimentId = own.experimentId;
});

afterEach(() => {
  vi.useRealTimers();
});

/** One call of a link's page about one run, for each thing that the page reads. */
const CALLS: Readonly<Record<string, (of: Made) => readonly [Method, string, Message?]>> = {
  run: ({ runId: run_id }) => ["GET", mlflow("runs/get") + query({ run_id })],
  history: ({ runId: run_id }) => ["GET", mlflow("metrics/get-history") + query({ run_id, metric_key: "loss" })],
  series: ({ runId }) => ["POST", "/ui-api/series", { run_ids: [runId], metric_keys: ["loss"] }],
  groups: ({ runId }) => ["POST", "/ui-api/group-series", { run_ids: [runId], group_of: [0], metric_keys: ["loss"] }],
  live: ({ runId }) => ["POST", "/ui-api/live", { run_ids: [runId] }],
  model: ({ modelId }) => ["GET", mlflow(`logged-models/${modelId}`)],
  folder: ({ runId: run_id }) => ["GET", mlflow("artifacts/list") + query({ run_id })],
  file: ({ runId: run_id }) => ["GET", `/get-artifact${query({ run_id, path: "a.txt" })}`],
  "other file": ({ runId: run_id }) => ["GET", `/get-artifact${query({ run_id, path: "b.txt" })}`],
  preview: ({ runId: run_id }) => ["GET", `/ui-api/preview${query({ run_id, path: "plots/c.html" })}`],
  zip: ({ runId: run_id }) => ["GET", `/ui-api/folder-zip${query({ run_id, path: "plots" })}`],
  experiment: ({ experimentId: experiment_id }) => ["GET", mlflow("experiments/get") + query({ experiment_id })],
  keys: ({ experimentId: experiment_ids }) => ["GET", `/ui-api/keys${query({ experiment_ids })}`],
  models: ({ experimentId: id }) => ["POST", mlflow("logged-models/search"), { experiment_ids: [id] }],
};

async function outcomes(page: TestBrowser, linkId: string, of: Made): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const [name, call] of Object.entries(CALLS)) {
    const [method, path, message] = call(of);
    const response = await page.send(method, `/shared/${linkId}${path}`, message);
    await response.body?.cancel();
    found[name] = response.status;
  }
  return found;
}

const all = (status: number) => Object.fromEntries(Object.keys(CALLS).map((name) => [name, status]));

/** What searches answer for a hidden experiment: nothing of it, or a refusal. */
const HIDDEN = all(403);

describe("what a link shows", () => {
  test("a run: everything about it, and nothing of others", async () => {
    const made = await create({ run_ids: [own.runId], name: "for the review" });
    const page = await open(made);
    const id = made.link.link_id;
    const ofOwn = await outcomes(page, id, own);
    expect(ofOwn).toEqual({ ...all(200), experiment: 403, keys: 403, models: 403 });
    expect(await outcomes(page, id, sibling)).toEqual(HIDDEN);
    expect(await outcomes(page, id, foreign)).toEqual(HIDDEN);
    expect(await runsFound(page, id, { experiment_ids: [experimentId, foreign.experimentId] })).toEqual([own.runId]);
    expect(
      await runsFound(page, id, { experiment_ids: [experimentId], filter: `attributes.run_id = '${sibling.runId}'` }),
    ).toEqual([]);
    expect(await runsFound(page, id, { experiment_ids: [experimentId], order_by: ["metrics.loss"] })).toEqual([
      own.runId,
    ]);
    expect(await page.ask("GET", `/shared/${id}/ui-api/link`)).toEqual({
      name: "for the review",
      kind: "runs",
      run_ids: [own.runId],
      address: "",
      expiration_time: made.link.expiration_time,
    });
  });

  test("several runs, with the address of a view", async () => {
    const address = `/compare?runs=${own.runId},${foreign.runId}&view=charts`;
    const made = await create({ run_ids: [own.runId, foreign.runId], address });
    const page = await open(made);
    const id = made.link.link_id;
    expect((await outcomes(page, id, foreign)).run).toBe(200);
    expect(await outcomes(page, id, sibling)).toEqual(HIDDEN);
    expect(await runsFound(page, id, { experiment_ids: [experimentId, foreign.experimentId] })).toEqual(
      [own.runId, foreign.runId].sort(),
    );
    expect(await page.ask("GET", `/shared/${id}/ui-api/link`)).toMatchObject({ address });
  });

  test("an experiment: its runs, and nothing of others", async () => {
    const made = await create({ experiment_ids: [experimentId] });
    const page = await open(made);
    const id = made.link.link_id;
    expect(await outcomes(page, id, own)).toEqual(all(200));
    expect(await outcomes(page, id, foreign)).toEqual({ ...HIDDEN, keys: 200, models: 200 });
    expect(
      await page.ask("POST", `/shared/${id}${mlflow("logged-models/search")}`, {
        experiment_ids: [foreign.experimentId],
      }),
    ).toEqual({});
    const keys = await page.ask<{ metrics: [] }>(
      "GET",
      `/shared/${id}/ui-api/keys?experiment_ids=${foreign.experimentId}`,
    );
    expect(keys.metrics).toEqual([]);
    expect(await runsFound(page, id, { experiment_ids: [experimentId, foreign.experimentId] })).toEqual(
      [own.runId, sibling.runId].sort(),
    );
  });

  test("a file: itself, and nothing else of its run", async () => {
    const made = await create({ run_ids: [own.runId], path: "a.txt" });
    const page = await open(made);
    const id = made.link.link_id;
    expect(await outcomes(page, id, own)).toEqual({ ...HIDDEN, file: 200 });
    expect(await outcomes(page, id, sibling)).toEqual(HIDDEN);
    for (const path of ["a.txt/../b.txt", "./b.txt", "a.txt%2f..%2fb.txt", "a.txtx", "A.TXT", "", "a.txt//"]) {
      const answer = await page.send("GET", `/shared/${id}/get-artifact${query({ run_id: own.runId, path })}`);
      expect([400, 403], path).toContain(answer.status);
    }
  });

  test("a folder: what is below it", async () => {
    const made = await create({ run_ids: [own.runId], path: "plots" });
    const page = await open(made);
    expect(await outcomes(page, made.link.link_id, own)).toEqual({ ...HIDDEN, preview: 200, zip: 200 });
    const list = (path: string) =>
      page.send("GET", `/shared/${made.link.link_id}${mlflow("artifacts/list")}${query({ run_id: own.runId, path })}`);
    expect((await list("plots")).status).toBe(200);
    expect((await list("plotsx")).status).toBe(403);
  });

  test("a file of a logged model", async () => {
    const made = await create({ model_id: own.modelId, path: "MLmodel" });
    const page = await open(made);
    const files = (modelId: string, path: string) =>
      page.send(
        "GET",
        `/shared/${made.link.link_id}${mlflow(`logged-models/${modelId}/artifacts/files`)}${query({ artifact_file_path: path })}`,
      );
    // The file is missing. The server says so only for the link's own file.
    expect((await files(own.modelId, "MLmodel")).status).toBe(404);
    expect((await files(own.modelId, "model.pkl")).status).toBe(403);
    expect((await files(sibling.modelId, "MLmodel")).status).toBe(403);
    expect(await outcomes(page, made.link.link_id, own)).toEqual(HIDDEN);
  });

  test("a socket of its own run, which is closed after a minute at most, and of no other", async () => {
    // As after its second point.
    await env.DB.prepare("UPDATE runs SET has_object = TRUE WHERE run_id = ?").bind(own.runId).run();
    const made = await create({ run_ids: [own.runId] });
    const page = await open(made);
    const watch = (of: Made) =>
      page.send("GET", `/shared/${made.link.link_id}/ui-api/runs/${of.runId}/live`, undefined, {
        Upgrade: "websocket",
        Origin: page.origin,
      });
    const socket = await watch(own);
    expect(socket.status).toBe(101);
    socket.webSocket?.accept();
    socket.webSocket?.close();
    expect((await watch(sibling)).status).toBe(403);
  });
});
