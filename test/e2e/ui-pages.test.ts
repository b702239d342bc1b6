import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectSound, expectSoundInBothThemes, type OurUi } from "./harness/our-ui.ts";
import { readPdf } from "./harness/pdf.ts";
import { watchPage } from "./harness/watched-page.ts";
import { startWorkbench, type WorkbenchSeed } from "./harness/workbench.ts";

let ui: OurUi<WorkbenchSeed>;

beforeAll(async () => {
  ui = await startWorkbench();
});

afterAll(() => ui.stop());

describe("an experiment", () => {
  test("says what it is about, in its folders; its description and name are changed there", async () => {
    const opened = await ui.open(`/experiments/${ui.seed.experiments[0]}`);
    const { page } = opened;
    await page
      .getByRole("navigation", { name: "Breadcrumbs" })
      .getByRole("link", { name: "team", exact: true })
      .waitFor();
    await page.getByRole("button", { name: "About", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "About team/vision", exact: true });
    await dialog.getByText(ui.seed.experiments[0], { exact: true }).waitFor();
    await dialog.getByText(/^mlflow-artifacts:/).waitFor();
    await dialog.locator("strong", { hasText: "cats" }).waitFor();
    await expectSoundInBothThemes(opened);
    await dialog.getByRole("textbox", { name: "Name", exact: true }).fill("team/eyes");
    await dialog.getByRole("button", { name: "Rename", exact: true }).click();
    await page.getByRole("dialog", { name: "About team/eyes", exact: true }).waitFor();
    await page.getByRole("textbox", { name: "Name", exact: true }).fill("team/vision");
    await page.getByRole("button", { name: "Rename", exact: true }).click();
    await page.getByRole("dialog", { name: "About team/vision", exact: true }).waitFor();
    await page.keyboard.press("Escape");
    await page
      .getByRole("navigation", { name: "Breadcrumbs" })
      .getByRole("link", { name: "team", exact: true })
      .click();
    await page
      .getByRole("link", { name: "speech", exact: true })
      .or(page.getByText("speech", { exact: true }))
      .first()
      .waitFor();
  });

  test("has a default view, which an address of its own goes before", async () => {
    const path = `/experiments/${ui.seed.experiments[1]}`;
    const panels = JSON.stringify([{ id: "own", metrics: ["val/acc", "val/loss"], title: "Both", at: [0, 0, 12, 7] }]);
    const opened = await ui.open(`${path}?charts=true&columns=["metrics.lr"]&panels=${encodeURIComponent(panels)}`);
    const { page } = opened;
    const views = async (name: string) => {
      await page.getByRole("button", { name: "Views", exact: true }).click();
      await page.getByRole("menuitem", { name, exact: true }).click();
    };
    await views("Make this view the experiment's default");
    await page.getByText("Whoever opens the experiment sees this view first.", { exact: true }).waitFor();
    const other = await ui.open(path);
    await expect.poll(() => decodeURIComponent(other.page.url())).toContain('columns=["metrics.lr"]');
    await other.page.locator('[data-metric="val/acc"] canvas').first().waitFor();
    await other.page.getByRole("figure", { name: "Both", exact: true }).locator("canvas").first().waitFor();
    const own = await ui.open(`${path}?columns=["params.depth"]`);
    await own.page.getByRole("columnheader", { name: "depth" }).waitFor();
    expect(own.page.url()).not.toContain("charts");
    await views("Forget the experiment's default");
    await page.getByText("The experiment has no default view any more.", { exact: true }).waitFor();
    const bare = await ui.open(path);
    await bare.page.getByRole("columnheader", { name: "Created" }).waitFor();
  });
});

test("home has what goes on, what failed, and where one has been", async () => {
  const opened = await ui.open(`/experiments/${ui.seed.experiments[1]}/runs/${ui.seed.failed}`);
  const { page } = opened;
  await page.getByRole("button", { name: "Add it to the favourites", exact: true }).click();
  await page.keyboard.press("g");
  await page.keyboard.press("h");
  const block = (name: string) => page.getByRole("region", { name, exact: true });
  await block("Running now").getByRole("link", { name: "asr-running", exact: true }).waitFor();
  await block("Failed recently").getByRole("link", { name: "asr-failed", exact: true }).waitFor();
  await block("Favourites").getByRole("link", { name: "asr-failed", exact: true }).waitFor();
  await block("Recently viewed").getByRole("link", { name: "asr-failed", exact: true }).waitFor();
  const experiments = block("Recently active experiments");
  await experiments.getByRole("link", { name: "team/vision", exact: true }).waitFor();
  // Of two columns, the shorter one has the experiments: no row is half empty.
  const [failed, below] = [(await block("Failed recently").boundingBox())!, (await experiments.boundingBox())!];
  expect(below.x).toBe(failed.x);
  expect(below.y - failed.y - failed.height).toBeLessThan(40);
  await expectSoundInBothThemes(opened);
  await block("Favourites").getByRole("button", { name: "Take asr-failed off the favourites", exact: true }).click();
  await block("Favourites").getByText("A star on the page", { exact: false }).waitFor();
  // A reader with visited pages begins on the home page.
  await page.goto(`${ui.server.url}/#/`);
  await block("Running now").waitFor();
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
  await expectSound(opened);
});

describe("artifacts", () => {
  const openFile = (path: string, search = "") =>
    ui.open(
      `/experiments/${ui.seed.experiments[0]}/runs/${ui.seed.runs[0]}?tab=artifacts&path=${encodeURIComponent(path)}${search}`,
    );

  test("a log has the colours of its terminal, and of a progress bar its last state", async () => {
    const opened = await openFile("train.log");
    const { page } = opened;
    await page.locator(".text-success", { hasText: "epoch 1" }).waitFor();
    await page.locator(".text-danger", { hasText: "failed" }).waitFor();
    await page.getByText("100%|#####| done", { exact: true }).waitFor();
    expect(await page.getByText("10%|#    |").count()).toBe(0);
    await expectSoundInBothThemes(opened);
  });

  test("a notebook is one: its text, code, output, pictures and errors, and nothing in it runs", async () => {
    const opened = await openFile("report.ipynb");
    const { page } = opened;
    const notebook = page.getByRole("region", { name: "Notebook", exact: true });
    await notebook.getByRole("heading", { name: "Findings", exact: true }).waitFor();
    await notebook.getByText("[3]", { exact: true }).waitFor();
    await notebook.getByText("printed", { exact: true }).waitFor();
    await notebook.getByText("a table", { exact: true }).waitFor();
    await notebook.locator(".text-danger", { hasText: "E" }).waitFor();
    expect(await notebook.getByRole("img", { name: "Output of the cell" }).count()).toBe(1);
    expect(await page.title()).not.toBe("1");
    await expectSoundInBothThemes(opened);
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
  });

  test("an array of NumPy tells its shape, its type and its values", async () => {
    const opened = await openFile("weights.npy");
    const { page } = opened;
    await page.getByText("3 × 4", { exact: true }).waitFor();
    await page.getByText("<f4", { exact: true }).waitFor();
    await page.getByRole("cell", { name: "2.75", exact: true }).waitFor();
    await expectSound(opened);
  });

  test("the table of MLflow's evaluator is drawn: a matrix for each class, and the scores as bars", async () => {
    const opened = await openFile("per_class_metrics.csv");
    const { page } = opened;
    const matrix = page.getByRole("table", { name: "Confusion matrix of cat", exact: true });
    await matrix.waitFor();
    expect(await matrix.getByRole("cell").allTextContents()).toEqual(["9999 %", "11 %", "36 %", "4794 %"]);
    await page.getByRole("img", { name: "Scores by class", exact: true }).waitFor();
    await expectSoundInBothThemes(opened);
    await page.getByRole("button", { name: "Table", exact: true }).click();
    await page.getByRole("columnheader", { name: /^true_positives/ }).waitFor();
    expect(page.url()).toContain("show=table");
  });

  test("tables of a confusion matrix and of ROC and precision-recall curves are drawn, with the areas below", async () => {
    const opened = await openFile("confusion_matrix.csv");
    const { page } = opened;
    const matrix = page.getByRole("table", { name: "Confusion matrix", exact: true });
    await matrix.waitFor();
    expect(await matrix.getByRole("columnheader").allTextContents()).toEqual(["cat", "dog", "bird"]);
    expect(await matrix.getByRole("row").nth(1).getByRole("cell").allTextContents()).toEqual([
      "4080 %",
      "816 %",
      "24 %",
    ]);
    await expectSoundInBothThemes(opened);

    const roc = await openFile("roc_curve_data.csv");
    await roc.page.getByRole("img", { name: "ROC curve", exact: true }).waitFor();
    // By trapezoids: of cat 0.5 · (0.5 + 1) / 2 + 0.5.
    expect(await roc.page.getByRole("main").getByRole("listitem").allTextContents()).toEqual(
      expect.arrayContaining(["catarea 0.875", "dogarea 1"]),
    );
    await expectSoundInBothThemes(roc);
    const pr = await openFile("precision_recall_curve.csv");
    await pr.page.getByRole("img", { name: "Precision-recall curve", exact: true }).waitFor();
    await pr.page.getByText("area 0.875", { exact: true }).waitFor();
    await expectSoundInBothThemes(pr);
  });

  test("formulas in markdown are drawn, and money is money", async () => {
    const opened = await openFile("notes/math.md");
    const { page } = opened;
    await page.locator("math").nth(1).waitFor();
    expect(await page.locator("math").count()).toBe(2);
    await page.getByText("for $5 and $6.", { exact: false }).waitFor();
    // An image of the run's, by its path from the text's folder.
    await page.getByRole("img", { name: "picture", exact: true }).waitFor();
    await expect.poll(() => page.evaluate<number>("document.querySelector('.markdown img').naturalWidth")).toBe(24);
    await expectSoundInBothThemes(opened);
  });

  test("the images of a series are one entry of the tree", async () => {
    const { page } = await openFile("images");
    const entry = page.getByRole("treeitem", { name: /sample/ });
    await entry.getByText("3 images", { exact: true }).waitFor();
    expect(await entry.count()).toBe(1);
    await entry.click();
    await page.getByRole("img", { name: "sample, step 2", exact: true }).waitFor();
  });

  test("a logged table is filtered and wrapped, its rows opened, and joined with those of other runs", async () => {
    const opened = await openFile("eval.json");
    const { page } = opened;
    await page.getByRole("cell", { name: "question 3", exact: false }).first().waitFor();
    await page.getByRole("searchbox", { name: "Find in the table", exact: true }).fill("question 4");
    await page.getByText(/1 of them have the words/).waitFor();
    await page.getByRole("cell", { name: "question 3", exact: false }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Wrap long texts", exact: true }).click();
    await page.getByRole("button", { name: "Open row 5", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "Row 5", exact: true });
    await dialog.getByText(/^answer 4 of run 0, (long ){30}$/).waitFor();
    await page.keyboard.press("Escape");
    await expectSoundInBothThemes(opened);

    const joined = await openFile("eval.json", `&runs=${ui.seed.runs[1]}`);
    await joined.page.getByText(/12 rows/).waitFor();
    await joined.page.getByRole("columnheader", { name: "run", exact: true }).waitFor();
    await joined.page.getByRole("columnheader", { name: "prompt" }).getByRole("button").click();
    await joined.page.getByRole("cell", { name: "vit-01" }).first().waitFor();
    await expectSound(joined);
  });
});

test("prompts are written, listed, and their versions compared", async () => {
  const opened = await ui.open("/prompts");
  const { page } = opened;
  await page.getByText("No prompts", { exact: true }).waitFor();
  await expectSound(opened);
  await page.getByRole("button", { name: "New prompt", exact: true }).click();
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("summary");
  await page.getByRole("textbox", { name: "Text", exact: true }).fill("Summarise {{text}}.\nShort.");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await page.getByRole("region", { name: "Version 1", exact: true }).getByText("{{text}}", { exact: true }).waitFor();
  await page.getByRole("button", { name: "New version", exact: true }).click();
  await page.getByRole("textbox", { name: "Text", exact: true }).fill("Summarise {{text}} in {{words}} words.\nShort.");
  await page.getByRole("textbox", { name: "What changed", exact: true }).fill("a limit");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("region", { name: "Version 2", exact: true }).waitFor();
  await page.getByRole("combobox", { name: "Compared with", exact: true }).click();
  await page.getByRole("option", { name: "version 1", exact: true }).click();
  const difference = page.getByRole("region", { name: "From version 1 to version 2", exact: true });
  await difference.getByText(/in \{\{words\}\}/).waitFor();
  await expectSoundInBothThemes(opened);
  await page.reload();
  await difference.waitFor();
  // The description as MLflow's clients write it.
  const answer = await fetch(`${ui.server.url}/api/2.0/mlflow/model-versions/get?name=summary&version=2`);
  const { model_version } = (await answer.json()) as { model_version: { tags: { key: string; value: string }[] } };
  expect(model_version.tags).toContainEqual({ key: "mlflow.prompt.is_prompt", value: "true" });
  await page.goto(`${ui.server.url}/#/prompts`);
  await page.getByRole("link", { name: "summary", exact: true }).waitFor();
  await page.goto(`${ui.server.url}/#/models`);
  await page.getByText("No registered models", { exact: true }).waitFor();
});

test("a report is panels and text alone, under a title, and prints as a whole", async () => {
  const opened = await ui.open(`/experiments/${ui.seed.experiments[0]}`);
  const { page } = opened;
  await page.getByRole("button", { name: "More", exact: true }).click();
  await page.getByRole("menuitem", { name: "Make a report", exact: true }).click();
  await page.getByRole("heading", { name: "Report on team/vision", exact: true }).getByRole("button").click();
  await page.getByRole("textbox", { name: /^New name of/ }).fill("What we learned");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "What we learned", exact: true }).waitFor();
  await page.getByRole("img", { name: "Best metrics.val/acc so far", exact: true }).waitFor();
  expect(await page.getByRole("treegrid").count()).toBe(0);
  expect(await page.locator("[data-metric]").count()).toBe(0);
  await expectSoundInBothThemes(opened);
  await page.reload();
  await page.getByRole("img", { name: "Best metrics.val/acc so far", exact: true }).waitFor();
  await page.emulateMedia({ media: "print" });
  for (const name of ["Print", "Table", "Panel"]) {
    expect(await page.getByRole("button", { name, exact: true }).isVisible()).toBe(false);
  }
  expect(await page.getByRole("navigation", { name: "Main" }).isVisible()).toBe(false);
  // No scrolling element cuts off content in print.
  expect(await page.evaluate("getComputedStyle(document.querySelector('[data-charts]')).overflowY === 'visible'")).toBe(
    true,
  );
  await page.emulateMedia({ media: null });
  // The PDF has the title and all panels, without buttons.
  const { numPages, text, cutOff } = await readPdf(await page.pdf({ format: "A4" }));
  expect(numPages).toBeLessThan(4);
  // No panel is wider than the paper.
  expect(cutOff).toEqual([]);
  for (const words of ["What we learned", "of team/vision, as of", "Best so far", "What matters"])
    expect(text).toContain(words);
  expect(text).not.toMatch(/Copy link|Find metrics/);
  // Whoever has a signed link reads the same report, and can do nothing else.
  await page.getByRole("button", { name: "Share", exact: true }).click();
  await page.getByRole("button", { name: "Make the link", exact: true }).click();
  const address = (await page.getByText("/shared/").textContent())!;
  await page.keyboard.press("Escape");
  const guest = await ui.browser.newContext({ viewport: { width: 1440, height: 900 } });
  const shared = await watchPage(guest, ui.server.url);
  shared.page.setDefaultTimeout(45_000);
  await shared.page.goto(address);
  await shared.page.getByRole("heading", { name: "What we learned", exact: true }).waitFor();
  await shared.page.getByRole("img", { name: "Best metrics.val/acc so far", exact: true }).waitFor();
  expect(await shared.page.getByRole("treegrid").count()).toBe(0);
  await expectSoundInBothThemes(shared);
  await guest.close();
  await page.getByRole("button", { name: "Table", exact: true }).click();
  await page.getByRole("treegrid", { name: "Runs", exact: true }).waitFor();
});

test("a run is copied to another experiment with its whole history and its files, and moved", async () => {
  const api = async <Answer>(path: string, body?: object): Promise<Answer> => {
    const init = body && {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    };
    const answer = await fetch(`${ui.server.url}/api/2.0/mlflow/${path}`, init);
    expect(answer.status).toBe(200);
    return answer.json() as Promise<Answer>;
  };
  interface WireRun {
    info: { run_id: string; start_time: number; end_time: number; status: string };
    data: { params: object[]; metrics: object[] };
    inputs: { dataset_inputs: { dataset: { name: string } }[] };
  }
  const { experiment_id: target } = await api<{ experiment_id: string }>("experiments/create", { name: "copies" });
  const [original] = ui.seed.runs;
  const opened = await ui.open(`/experiments/${ui.seed.experiments[0]}`);
  const { page } = opened;
  const take = async (name: string, way: "Copy" | "Move") => {
    await page.getByRole("link", { name, exact: true }).click({ button: "right" });
    await page.getByRole("menuitem", { name: `${way} to another experiment…`, exact: true }).click();
    await page.getByRole("combobox", { name: "Experiment", exact: true }).fill("copies");
    await page.getByRole("option", { name: "copies", exact: true }).click();
    await page.getByRole("dialog").getByRole("button", { name: way, exact: true }).click();
    await page.getByText(way === "Move" ? "Moved the run." : "Copied the run.", { exact: true }).waitFor();
  };
  await take("vit-00", "Copy");
  const { run: before } = await api<{ run: WireRun }>(`runs/get?run_id=${original}`);
  const find = () => api<{ runs: WireRun[] }>("runs/search", { experiment_ids: [target] });
  const [after] = (await find()).runs;
  const { start_time, end_time, status } = before.info;
  expect(after!.info).toMatchObject({ start_time, end_time, status });
  expect(after!.data.params).toEqual(before.data.params);
  expect(after!.data.metrics).toEqual(before.data.metrics);
  expect(after!.inputs.dataset_inputs[0]!.dataset.name).toBe("cats");
  const history = (runId: string) =>
    api<{ metrics: { step: number }[] }>(`metrics/get-history?run_id=${runId}&metric_key=val/acc`);
  expect((await history(after!.info.run_id)).metrics).toEqual((await history(original!)).metrics);
  const file = (runId: string) =>
    fetch(`${ui.server.url}/get-artifact?run_uuid=${runId}&path=weights.npy`).then((answer) => answer.arrayBuffer());
  expect(Buffer.from(await file(after!.info.run_id))).toEqual(Buffer.from(await file(original!)));
  await expectSound(opened);

  await take("vit-11", "Move");
  await page.getByRole("link", { name: "vit-11", exact: true }).waitFor({ state: "detached" });
  const there = (await find()).runs.map(({ info }) => info.run_id);
  expect(there).toHaveLength(2);
  // A moved run keeps its id.
  expect(there).toContain(ui.seed.runs[11]);
});

test("a description shows images of the run's files, and of nothing else", async () => {
  const [experimentId, runId] = [ui.seed.experiments[0], ui.seed.runs[0]!];
  const value = [
    "![its plot](plots/confusion.png)",
    "![elsewhere](https://evil.example/a.png)",
    "![data](data:image/png;base64,AAAA)",
    "[away](javascript:alert(1)) [here](/api/2.0/mlflow)",
  ].join("\n\n");
  const body = JSON.stringify({ run_id: runId, key: "mlflow.note.content", value });
  const headers = { "content-type": "application/json" };
  await fetch(`${ui.server.url}/api/2.0/mlflow/runs/set-tag`, { method: "POST", headers, body });
  const opened = await ui.open(`/experiments/${experimentId}/runs/${runId}`);
  const { page } = opened;
  const description = page.getByRole("region", { name: "Description", exact: true });
  const image = description.getByRole("img", { name: "its plot", exact: true });
  await image.waitFor();
  await expect
    .poll(() => image.evaluate((element) => (element as unknown as { naturalWidth: number }).naturalWidth))
    .toBe(24);
  await description.getByRole("link", { name: "elsewhere", exact: true }).waitFor();
  expect(await description.locator("img[src^='data:'], img[src^='http']").count()).toBe(0);
  expect(await description.locator("a[href]").count()).toBe(1);
  await expectSound(opened);
});
