import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ERROR_ON_SCREEN, newProfile, openStockUi, type StockUiPage } from "./stock-ui-page.ts";
import { expectTexts, type Seed, startWorld, type World } from "./world.ts";

/*
 * MLflow's own web UI, from the installed package, in a real browser with Trackflare as server. With STOCK_UI_SERVER=mlflow in
 * the environment, the server is MLflow's own: tests that pass there describe what its users know.
 */

let world: World;
let seed: Seed;

beforeAll(async () => {
  world = await startWorld();
  seed = world.seed;
});

afterAll(async () => {
  await world.stop();
});

const openUi = (): Promise<StockUiPage> => openStockUi(world.profile, world.url);

const json = (value: unknown) => encodeURIComponent(JSON.stringify(value));

/** Waits until at least this number of charts is drawn. */
async function expectCharts(page: Page, count: number): Promise<void> {
  await page
    .locator(".js-plotly-plot .main-svg")
    .filter({ visible: true })
    .nth(count - 1)
    .waitFor();
}

interface View {
  readonly name: string;
  readonly path: (seed: Seed) => string;
  readonly texts: readonly string[];
  /** The least number of charts. */
  readonly charts?: number;
}

const VIEWS: readonly View[] = [
  { name: "home", path: () => "/", texts: ["Recent Experiments", "stock-ui"] },
  { name: "experiments", path: () => "/experiments", texts: ["stock-ui", "Default"] },
  {
    name: "runs table",
    path: ({ experimentId }) => `/experiments/${experimentId}/runs`,
    texts: ["run-0", "run-1", "run-2", "points (", "4 matching runs"],
  },
  {
    name: "runs table of two experiments",
    path: ({ experimentId }) => `/compare-experiments/s?experiments=${json(["0", experimentId])}`,
    texts: ["Displaying Runs from 2 Experiments", "run-0", "run-2"],
  },
  {
    name: "charts of runs",
    path: ({ experimentId }) => `/experiments/${experimentId}/runs?compareRunsMode=CHART`,
    texts: ["run-2", "Model metrics"],
    charts: 3,
  },
  {
    name: "artifacts of runs side by side",
    path: ({ experimentId }) => `/experiments/${experimentId}/runs?compareRunsMode=ARTIFACT`,
    texts: ["answers.json", "because"],
  },
  {
    name: "logged models",
    path: ({ experimentId }) => `/experiments/${experimentId}/models`,
    texts: ["model", "Ready", "run-0", "run-2"],
  },
  {
    name: "a logged model",
    path: ({ experimentId, modelId }) => `/experiments/${experimentId}/models/${modelId}`,
    texts: ["About this logged model", "stock-model", "accuracy", "depth", "points (#"],
  },
  {
    name: "a logged model's artifacts",
    path: ({ experimentId, modelId }) => `/experiments/${experimentId}/models/${modelId}/artifacts`,
    texts: ["MLmodel", "python_model.pkl"],
  },
  {
    name: "run overview",
    path: ({ experimentId, runIds }) => `/experiments/${experimentId}/runs/${runIds[0]}`,
    texts: ["The 0th run.", "val/loss", "optimizer", "points (", "stock-model", "child", "Ready"],
  },
  {
    name: "a child run",
    path: ({ experimentId, childRunId }) => `/experiments/${experimentId}/runs/${childRunId}`,
    texts: ["Parent run", "run-0", "0.25"],
  },
  {
    name: "model metrics of a run",
    path: ({ experimentId, runIds }) => `/experiments/${experimentId}/runs/${runIds[0]}/model-metrics`,
    texts: ["Model metrics", "loss", "accuracy"],
    charts: 3,
  },
  {
    name: "system metrics of a run",
    path: ({ experimentId, runIds }) => `/experiments/${experimentId}/runs/${runIds[0]}/system-metrics`,
    texts: ["System metrics", "cpu_utilization_percentage"],
    charts: 2,
  },
  {
    name: "traces of a run",
    path: ({ experimentId, runIds }) => `/experiments/${experimentId}/runs/${runIds[0]}/traces`,
    texts: ["run-0", "Traces"],
  },
  {
    name: "comparison of runs",
    path: ({ experimentId, runIds }) => `/compare-runs?runs=${json(runIds)}&experiments=${json([experimentId])}`,
    texts: ["Comparing 3 Runs from 1 Experiment", "run-1", "optimizer", "val/loss"],
    charts: 1,
  },
  {
    name: "a metric of several runs",
    path: ({ experimentId, runIds }) =>
      `/metric?runs=${json(runIds)}&metric=${json("loss")}&experiments=${json([experimentId])}` +
      `&plot_metric_keys=${json(["loss"])}&plot_layout=${json({ autosize: true })}&x_axis=step&line_smoothness=1`,
    texts: ["Completed Runs", "loss"],
    charts: 1,
  },
  { name: "registered models", path: () => "/models", texts: ["stock-model", "Version 2", "champion"] },
  {
    name: "a registered model",
    path: () => "/models/stock-model",
    texts: ["A registered model.", "team", "Version 1", "Version 2", "champion", "checked"],
  },
  {
    name: "a model version",
    path: () => "/models/stock-model/versions/1",
    texts: ["Version 1", "champion", "run-0", "checked", "Inputs (1)", "Outputs (1)"],
  },
  {
    name: "comparison of model versions",
    path: ({ runIds }) =>
      `/compare-model-versions?name=${json("stock-model")}&runs=${json({ 1: runIds[0], 2: runIds[1] })}`,
    texts: ["Comparing 2 Versions", "optimizer", "val/loss"],
  },
  { name: "prompts", path: () => "/prompts", texts: ["Prompts"] },
];

describe("shows", () => {
  test.each(VIEWS)("$name", async ({ path, texts, charts = 0 }) => {
    const { page, open, expectNoTrouble } = await openUi();
    await open(path(seed));
    await expectTexts(page, texts);
    if (charts > 0) await expectCharts(page, charts);
    await page.waitForLoadState("load");
    await expectNoTrouble();
  });

  test.each([
    { file: "notes.txt", text: "The text of the notes." },
    { file: "table.csv", text: "Previewing the first 2 rows" },
    { file: "README.md", text: "Heading of the readme" },
  ])("artifact $file", async ({ file, text }) => {
    const { page, open, expectNoTrouble } = await openUi();
    await open(`/experiments/${seed.experimentId}/runs/${seed.runIds[0]}/artifacts/files/${file}`);
    await expectTexts(page, [`files/${file}`, text]);
    await expectNoTrouble();
  });

  test("artifact picture.png, after its folder was opened", async () => {
    const { page, open, expectNoTrouble } = await openUi();
    await open(`/experiments/${seed.experimentId}/runs/${seed.runIds[0]}/artifacts`);
    await page.getByText("files", { exact: true }).click();
    await page.getByText("picture.png", { exact: true }).click();
    await page.locator('img[src^="blob:"], img[src*="picture.png"], img[alt*="picture"]').first().waitFor();
    await expectNoTrouble();
  });

  test("artifact page.html, in a frame of its own", async () => {
    const { page, open, expectNoTrouble } = await openUi();
    await open(`/experiments/${seed.experimentId}/runs/${seed.runIds[0]}/artifacts/files/page.html`);
    await page.frameLocator("iframe").getByText("A page of its own").waitFor();
    await expectNoTrouble();
  });
});

test("shows the GenAI pages of an experiment, without traces", async () => {
  const genai = await newProfile(world.browser, world.url, "genai");
  const { page, open, expectNoTrouble } = await openStockUi(genai, world.url);
  for (const { path, text } of [
    { path: "", text: "Usage" },
    { path: "/traces", text: "Traces" },
    { path: "/datasets", text: "Create dataset" },
    { path: "/evaluation-runs", text: "Evaluation runs" },
    { path: "/models", text: "Ready" },
  ]) {
    await open(`/experiments/${seed.experimentId}${path}`);
    await expectTexts(page, [text]);
    await page.waitForTimeout(1500);
    expect(await page.locator("body").innerText()).not.toMatch(ERROR_ON_SCREEN);
  }
  await expectNoTrouble();
  await genai.close();
});

test("finds runs by a filter", async () => {
  const { page, open, expectNoTrouble } = await openUi();
  await open(`/experiments/${seed.experimentId}/runs?searchFilter=${encodeURIComponent('params.optimizer = "sgd"')}`);
  await expectTexts(page, ["run-1", "1 matching run"]);
  expect(await page.getByRole("link", { name: "run-2" }).count()).toBe(0);
  await expectNoTrouble();
});
