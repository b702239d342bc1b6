import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openStockUi, type StockUiPage } from "./stock-ui-page.ts";
import { expectTexts, startWorld, type World } from "./world.ts";

/* Changes in MLflow's web UI, and the API's answers afterwards. */

let world: World;
let runPath: string;

beforeAll(async () => {
  world = await startWorld();
  runPath = `/experiments/${world.seed.experimentId}/runs/${world.seed.runIds[1]}`;
});

afterAll(async () => {
  await world.stop();
});

const openUi = (): Promise<StockUiPage> => openStockUi(world.profile, world.url);

/** The API's answer to a GET below `/api/2.0/mlflow/`. */
async function read(path: string): Promise<unknown> {
  return await (await fetch(`${world.url}/api/2.0/mlflow/${path}`)).json();
}

const readRun = () => read(`runs/get?run_id=${world.seed.runIds[1]}`);

/** Presses a button of the open dialog, and waits until the dialog is gone. */
async function answerDialog(page: Page, button: string): Promise<void> {
  await page.getByRole("dialog").getByRole("button", { name: button, exact: true }).click();
  await page.getByRole("dialog").waitFor({ state: "hidden" });
}

/** Writes into the open Markdown editor, and saves. */
async function saveDescription(page: Page, text: string): Promise<void> {
  await page.locator("textarea").first().fill(text);
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expectTexts(page, [text]);
}

test("creates an experiment, renames and deletes it", async () => {
  const { page, open, expectNoTrouble } = await openUi();
  await open("/experiments");
  await page.getByTestId("create-experiment-button").click();
  await page.getByRole("textbox", { name: "Experiment Name", exact: true }).fill("made-in-the-ui");
  await answerDialog(page, "Create");
  await page.getByRole("heading", { name: "Runs", exact: true }).waitFor();
  await page.getByRole("button", { name: "Open header dropdown menu", exact: true }).click();
  await page.getByRole("menuitem", { name: "Edit experiment", exact: true }).click();
  await page.getByRole("dialog").getByRole("textbox").first().fill("renamed-in-the-ui");
  await answerDialog(page, "Save");
  await expectTexts(page, ["renamed-in-the-ui"]);
  await page.getByRole("button", { name: "Open header dropdown menu", exact: true }).click();
  await page.getByRole("menuitem", { name: "Delete", exact: true }).click();
  await answerDialog(page, "Delete");
  await page.getByRole("heading", { name: "Experiments", exact: true }).waitFor();
  await expect
    .poll(() => read("experiments/get-by-name?experiment_name=renamed-in-the-ui"))
    .toMatchObject({
      experiment: { lifecycle_stage: "deleted" },
    });
  await expectNoTrouble();
});

test("renames a run, describes and tags it", async () => {
  const { page, open, expectNoTrouble } = await openUi();
  await open(runPath);
  await page.getByRole("button", { name: "Open header dropdown menu", exact: true }).click();
  await page.getByRole("menuitem", { name: "Rename", exact: true }).click();
  await page.getByRole("textbox", { name: "New run name", exact: true }).fill("a better name");
  await answerDialog(page, "Save");
  await page.getByRole("heading", { name: "a better name", exact: true }).waitFor();

  await page.getByRole("button", { name: "Edit description", exact: true }).click();
  await saveDescription(page, "Described in the browser");

  await page.getByRole("button", { name: "Edit tags", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("combobox").click();
  await page.keyboard.type("reviewed");
  await page.getByText('Add tag "reviewed"').click();
  await dialog.getByRole("textbox", { name: "Value", exact: true }).fill("by hand");
  await dialog.getByRole("button", { name: "Add tag", exact: true }).click();
  await answerDialog(page, "Save tags");
  await expectTexts(page, ["by hand"]);

  await expect
    .poll(() => readRun())
    .toMatchObject({
      run: {
        info: { run_name: "a better name" },
        data: {
          tags: expect.arrayContaining([
            { key: "mlflow.note.content", value: "Described in the browser" },
            { key: "reviewed", value: "by hand" },
            { key: "team", value: "blue" },
          ]),
        },
      },
    });
  await expectNoTrouble();
});

test("deletes a run and restores it", async () => {
  const { page, open, expectNoTrouble } = await openUi();
  const runs = `/experiments/${world.seed.experimentId}/runs`;
  const selectRun = async () => {
    await page
      .getByRole("checkbox", { name: /toggle row selection/ })
      .first()
      .click();
  };
  const filter = `?searchFilter=${encodeURIComponent('params.optimizer = "sgd"')}`;
  await open(runs + filter);
  await expectTexts(page, ["1 matching run"]);
  await selectRun();
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await answerDialog(page, "Delete selected");
  await expectTexts(page, ["0 matching runs"]);
  await expect.poll(() => readRun()).toMatchObject({ run: { info: { lifecycle_stage: "deleted" } } });

  await open(`${runs + filter}&lifecycleFilter=Deleted`);
  await expectTexts(page, ["1 matching run"]);
  await selectRun();
  await page.getByRole("button", { name: "Restore", exact: true }).click();
  await answerDialog(page, "Restore");
  await expectTexts(page, ["0 matching runs"]);
  await expect.poll(() => readRun()).toMatchObject({ run: { info: { lifecycle_stage: "active" } } });
  await expectNoTrouble();
});

test("registers a logged model under a new name", async () => {
  const { page, open, expectNoTrouble } = await openUi();
  await open(`/experiments/${world.seed.experimentId}/models/${world.seed.modelId}`);
  await page.getByRole("button", { name: "Register model", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("combobox").click();
  await page.getByText("Create New Model", { exact: true }).click();
  await dialog.getByPlaceholder("Input a model name").fill("registered-in-the-ui");
  await answerDialog(page, "Register");
  // The page counts only the versions beside the existing one.
  await expectTexts(page, ["+1"]);
  await expect
    .poll(() => read("model-versions/get?name=registered-in-the-ui&version=1"))
    .toMatchObject({
      model_version: { status: "READY", run_id: world.seed.runIds[0], source: `models:/${world.seed.modelId}` },
    });
  await expectNoTrouble();
});

test("creates a registered model", async () => {
  const { page, open, expectNoTrouble } = await openUi();
  await open("/models");
  await page.getByRole("button", { name: "Create Model", exact: true }).click();
  await page.getByRole("textbox", { name: "Model name", exact: true }).fill("created-in-the-ui");
  await answerDialog(page, "Create");
  await page.getByRole("heading", { name: "created-in-the-ui", exact: true }).waitFor();
  await expect
    .poll(() => read("registered-models/get?name=created-in-the-ui"))
    .toMatchObject({
      registered_model: { name: "created-in-the-ui" },
    });
  await expectNoTrouble();
});

test("gives a model version an alias, a tag and a description", async () => {
  const { page, open, expectNoTrouble } = await openUi();
  await open("/models/stock-model/versions/2");
  await page
    .getByRole("button", { name: /^(Add|Edit aliases)$/ })
    .first()
    .click();
  await page.getByRole("dialog").getByRole("combobox").click();
  await page.keyboard.type("challenger");
  await page.keyboard.press("Enter");
  await answerDialog(page, "Save aliases");
  await expectTexts(page, ["@ challenger"]);

  await page.getByRole("button", { name: "Tags", exact: true }).click();
  await page.getByRole("textbox", { name: "tag name", exact: true }).fill("stage");
  await page.getByRole("textbox", { name: "tag value", exact: true }).fill("two");
  await page.getByRole("button", { name: "Add", exact: true }).last().click();
  await page.getByRole("cell", { name: "two", exact: true }).waitFor();

  await page.getByRole("button", { name: "Edit", exact: true }).first().click();
  await saveDescription(page, "A version described in the browser");

  await expect
    .poll(() => read("registered-models/alias?name=stock-model&alias=challenger"))
    .toMatchObject({
      model_version: {
        version: "2",
        description: "A version described in the browser",
        tags: [{ key: "stage", value: "two" }],
      },
    });
  await expectNoTrouble();
});

test("moves a model version from stage to stage, and deletes it", async () => {
  const { page, open, expectNoTrouble } = await openUi();
  // Stages are on the UI's older pages, from the time before aliases.
  await page.addInitScript(
    `if (location.protocol === "http:") localStorage.setItem("_mlflow_user_setting_dismiss_next_model_registry_ui", "true")`,
  );
  await open("/models/stock-model/versions/1");
  await page.getByText("None", { exact: true }).first().click();
  await page.getByText("Staging", { exact: true }).click();
  await answerDialog(page, "OK");
  await expectTexts(page, ["Staging"]);
  await expect
    .poll(() => read("model-versions/get?name=stock-model&version=1"))
    .toMatchObject({
      model_version: { current_stage: "Staging" },
    });
  await page.getByText("Staging", { exact: true }).first().click();
  await page.getByText("None", { exact: true }).click();
  await answerDialog(page, "OK");
  await expectTexts(page, ["None"]);
  await page.getByRole("button", { name: "Open header dropdown menu", exact: true }).click();
  await page.getByRole("menuitem", { name: "Delete", exact: true }).click();
  await answerDialog(page, "Delete");
  await page.waitForURL(/#\/models\/stock-model$/);
  const { model_versions } = (await read(
    `model-versions/search?filter=${encodeURIComponent("name='stock-model'")}`,
  )) as {
    model_versions: { version: string }[];
  };
  expect(model_versions.map(({ version }) => version)).toEqual(["2"]);
  await expectNoTrouble();
});
