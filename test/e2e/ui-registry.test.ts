import { afterAll, beforeAll, expect, test } from "vitest";
import { seriousFindings } from "./harness/axe.ts";
import { expectSoundInBothThemes, type OpenedPage, type OurUi, startOurUi } from "./harness/our-ui.ts";

interface Seed {
  readonly model: string;
  readonly hostile: string;
  readonly experimentId: string;
  readonly runId: string;
  readonly modelId: string;
}

let ui: OurUi<Seed>;

beforeAll(async () => {
  ui = await startOurUi<Seed>(new URL("ui-registry.seed.py", import.meta.url));
});

afterAll(async () => {
  await ui.stop();
});

const modelPath = () => `/models/${encodeURIComponent(ui.seed.model)}`;

const cell = ({ page }: OpenedPage, text: string) => page.getByRole("gridcell").getByText(text, { exact: true });

test("models: list without prompts, search by name and by tag, create", async () => {
  const opened = await ui.open("/models");
  const { page } = opened;
  await cell(opened, ui.seed.model).waitFor();
  await page.getByText("2 models").waitFor();
  expect(await cell(opened, ui.seed.hostile).count()).toBe(1);
  await expectSoundInBothThemes(opened);
  await page.getByRole("searchbox").fill("CHURN");
  await page.getByText("1 model", { exact: true }).waitFor();
  await page.getByRole("searchbox").fill("tags.team = 'red'");
  await page.waitForURL(/q=tags/);
  await page.getByText("1 model", { exact: true }).waitFor();
  await page.getByRole("button", { name: "New model", exact: true }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("created here");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "created here", exact: true }).waitFor();
  await page.getByText("No versions").waitFor();
  await expectSoundInBothThemes(opened);
});

test("a model: description, tags, versions, comparison, rename, delete", async () => {
  const opened = await ui.open(modelPath());
  const { page } = opened;
  await page.locator("strong", { hasText: "registered" }).waitFor();
  await cell(opened, "@champion").waitFor();
  await expectSoundInBothThemes(opened);
  await page.getByRole("button", { name: "Edit the description", exact: true }).click();
  await page.getByLabel("Description", { exact: true }).last().fill("Now _different_.");
  await page.keyboard.press("Control+Enter");
  await page.locator("em", { hasText: "different" }).waitFor();
  await page.getByRole("checkbox", { name: "Select all", exact: true }).check();
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  await page.getByRole("row", { name: /^lr \(differs\)/ }).waitFor();
  await page.getByRole("row", { name: /^depth 4 4/ }).waitFor();
  await expectSoundInBothThemes(opened);
  await page.getByRole("switch", { name: "Only what differs", exact: true }).click();
  await page.getByRole("row", { name: /^depth/ }).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "All versions", exact: true }).click();
  await cell(opened, "@champion").waitFor();

  await page.goto(`${ui.server.url}/#/models/${encodeURIComponent(ui.seed.hostile)}`);
  await page.getByRole("heading", { name: ui.seed.hostile, exact: true }).waitFor();
  await page.getByRole("button", { name: "Actions of the model", exact: true }).click();
  await page.getByRole("menuitem", { name: "Rename…", exact: true }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("renamed model");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "renamed model", exact: true }).waitFor();
  await page.getByRole("button", { name: "Actions of the model", exact: true }).click();
  await page.getByRole("menuitem", { name: "Delete…", exact: true }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete", exact: true }).click();
  await page.waitForURL(/#\/models$/);
  await cell(opened, ui.seed.model).waitFor();
  expect(await cell(opened, "renamed model").count()).toBe(0);
  await expectSoundInBothThemes(opened);
});

test("a version: aliases, stage, tags, signature, lineage, lines to load it", async () => {
  const opened = await ui.open(`${modelPath()}/versions/2`);
  const { page } = opened;
  await page.getByRole("link", { name: "train-1", exact: true }).waitFor();
  await page.getByRole("link", { name: ui.seed.modelId, exact: true }).waitFor();
  await page.getByLabel("Inputs").getByText("double").waitFor();
  await page.getByText(`load_model("models:/${ui.seed.model}/2")`).waitFor();
  await expectSoundInBothThemes(opened);
  await page.getByRole("button", { name: "Add alias", exact: true }).click();
  await page.getByLabel("Alias", { exact: true }).fill("champion");
  await page.getByText("Moves here from version 1.").waitFor();
  await page.getByRole("button", { name: "Move alias", exact: true }).click();
  await page.getByText("@champion").waitFor();
  await page.getByRole("button", { name: "Remove tag @champion", exact: true }).click();
  await page.getByText("@champion").waitFor({ state: "detached" });
  await page.getByRole("combobox", { name: "Stage", exact: true }).click();
  await page.getByRole("option", { name: "Production", exact: true }).click();
  await page.getByRole("alertdialog").getByRole("checkbox").check();
  await page.getByRole("button", { name: "Move", exact: true }).click();
  await page.getByRole("combobox", { name: "Stage", exact: true }).getByText("Production").waitFor();
  await page.getByRole("button", { name: "Add tag", exact: true }).click();
  await page.getByLabel("Name", { exact: true }).fill("checked");
  await page.getByLabel("Value", { exact: true }).fill("yes");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Remove tag checked", exact: true }).waitFor();
  await expectSoundInBothThemes(opened);
  await page.setViewportSize({ width: 390, height: 800 });
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
});

test("logged models: the list, and one's page at the address that MLflow prints", async () => {
  const opened = await ui.open(`/experiments/${ui.seed.experimentId}`);
  const { page } = opened;
  await page.getByRole("button", { name: "More", exact: true }).click();
  await page.getByRole("menuitem", { name: "Logged models", exact: true }).click();
  await cell(opened, "model").first().waitFor();
  await page.getByText("2 models").waitFor();
  await expectSoundInBothThemes(opened);
  await page.goto(`${ui.server.url}/#/experiments/${ui.seed.experimentId}/models/${ui.seed.modelId}`);
  await page.getByRole("link", { name: `${ui.seed.model} v2`, exact: true }).waitFor();
  await page.getByRole("row", { name: /accuracy.*0\.6/ }).waitFor();
  await page.getByRole("link", { name: "train-1", exact: true }).waitFor();
  await expectSoundInBothThemes(opened);
});

test("the files of a version are those of its logged model: a tree, with viewers", async () => {
  const opened = await ui.open(`${modelPath()}/versions/2`);
  const { page } = opened;
  await page.getByRole("link", { name: `models:/${ui.seed.modelId}`, exact: true }).click();
  await page.waitForURL(`**/#/experiments/${ui.seed.experimentId}/models/${ui.seed.modelId}?tab=artifacts`);
  await page.getByRole("treeitem", { name: /^MLmodel/ }).click();
  await page.getByText("python_function:").waitFor();
  await page.waitForURL(/path=MLmodel/);
  await page.getByRole("link", { name: "Download", exact: true }).waitFor();
  await expectSoundInBothThemes(opened);
  await page.getByRole("tab", { name: "Overview", exact: true }).click();
  await page.getByRole("row", { name: /accuracy.*0\.6/ }).waitFor();
  await page.goBack();
  await page.getByText("python_function:").waitFor();
});

test("a logged model is registered, as a version of a model that exists and as a new one", async () => {
  const opened = await ui.open(`/experiments/${ui.seed.experimentId}/models/${ui.seed.modelId}`);
  const { page } = opened;
  await page.getByRole("button", { name: "Register", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Register a model", exact: true });
  await dialog.getByRole("combobox", { name: "Model", exact: true }).fill("made by registering");
  await dialog.getByText("A new one, or the name of one that exists.").waitFor();
  await expectSoundInBothThemes(opened);
  await dialog.getByRole("button", { name: "Register", exact: true }).click();
  await page.getByRole("link", { name: "made by registering v1", exact: true }).waitFor();
  await page.getByRole("button", { name: "Register", exact: true }).click();
  await dialog.getByRole("combobox", { name: "Model", exact: true }).fill("made by registering");
  await dialog.getByRole("button", { name: "Register a new version", exact: true }).click();
  await page.getByRole("link", { name: "made by registering v2", exact: true }).waitFor();
  await page.getByRole("button", { name: "Open", exact: true }).first().click();
  await page.getByRole("heading", { name: "made by registering version 2", exact: true }).waitFor();
  await expectSoundInBothThemes(opened);
});

test("what is not there says so", async () => {
  const opened = await ui.open("/models/no%20such/versions/7");
  const { page } = opened;
  await page.getByRole("heading", { name: "There is no such version", exact: true }).waitFor();
  await page.getByText("RESOURCE_DOES_NOT_EXIST").waitFor();
  await page.getByRole("link", { name: "Go to the model", exact: true }).click();
  await page.getByRole("heading", { name: "There is no such model", exact: true }).waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  await page.getByRole("link", { name: "Go to the registered models", exact: true }).click();
  await cell(opened, ui.seed.model).waitFor();
});

test("what the server refuses is said where it was asked for", async () => {
  const opened = await ui.open("/models");
  const { page } = opened;
  await cell(opened, ui.seed.model).waitFor();
  await page.getByRole("searchbox").fill("tags.team = red");
  await page.getByText("The search could not be read").waitFor();
  await page.getByText("INVALID_PARAMETER_VALUE").waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  await page.getByRole("button", { name: "Empty the search", exact: true }).last().click();
  await cell(opened, ui.seed.model).waitFor();

  await page.getByRole("button", { name: "New model", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "New model", exact: true });
  await dialog.getByLabel("Name").fill(ui.seed.model);
  await page.keyboard.press("Enter");
  await dialog
    .getByRole("alert")
    .getByText(/already exists/)
    .waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Cancel", exact: true }).click();

  await page.goto(`${ui.server.url}/#${modelPath()}/versions/1`);
  await page.getByRole("button", { name: "Add alias", exact: true }).click();
  await page.getByLabel("Alias", { exact: true }).fill("v9");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").getByText("Version alias name 'v9' is reserved.").waitFor();
  expect(await seriousFindings(page)).toEqual([]);
});

test("by keys alone: versions compared, a version's stage, a version deleted", async () => {
  const opened = await ui.open(modelPath());
  const { page } = opened;
  await page.getByRole("row", { name: /\bv2\b/ }).focus();
  await page.keyboard.press("Space");
  await page.keyboard.press("Shift+ArrowDown");
  await page.getByText("2 selected").waitFor();
  await page.keyboard.press("o");
  await page.getByRole("heading", { name: "Comparing 2 versions", exact: true }).waitFor();
  await expectSoundInBothThemes(opened);
  await page.goBack();
  await page.getByRole("row", { name: /\bv1\b/ }).press("Enter");
  await page.getByRole("heading", { name: `${ui.seed.model} version 1`, exact: true }).waitFor();
  const stage = page.getByRole("combobox", { name: "Stage", exact: true });
  await stage.press("Enter");
  await page.getByRole("option", { name: "Archived", exact: true }).press("Enter");
  await page.getByRole("alertdialog").getByRole("button", { name: "Move", exact: true }).press("Enter");
  await stage.getByText("Archived").waitFor();
  // A dialog that is closing still handles the keys.
  await page.getByRole("alertdialog").waitFor({ state: "hidden" });
  await page.keyboard.press("Control+k");
  await page.keyboard.type("delete the version");
  await page.getByRole("option", { name: /Delete the version/ }).waitFor();
  await page.keyboard.press("Enter");
  const confirm = page.getByRole("alertdialog", { name: "Delete version 1?", exact: true });
  await confirm.waitFor();
  await expectSoundInBothThemes(opened);
  await confirm.getByRole("button", { name: "Delete", exact: true }).press("Enter");
  await page.getByRole("row", { name: /\bv2\b/ }).waitFor();
  await page.getByText(`Deleted version 1 of ${ui.seed.model}.`).waitFor();
  await expectSoundInBothThemes(opened);
  expect(await page.getByRole("row", { name: /\bv1\b/ }).count()).toBe(0);
});
