import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectSound, type OpenedPage, type OurUi, startOurUi } from "./harness/our-ui.ts";

interface Seed {
  readonly experimentId: string;
  readonly run: string;
  readonly other: string;
  readonly empty: string;
  readonly hostileFile: string;
}

let ui: OurUi<Seed>;

beforeAll(async () => {
  ui = await startOurUi<Seed>(new URL("ui-artifacts.seed.py", import.meta.url));
});

afterAll(async () => {
  await ui.stop();
});

const pathOf = (path: string, search = "") =>
  `/experiments/${ui.seed.experimentId}/runs/${ui.seed.run}?tab=artifacts&path=${encodeURIComponent(path)}${search}`;

async function openFile(path: string, search = ""): Promise<OpenedPage> {
  return await ui.open(pathOf(path, search));
}

test("the tree by keys: down into folders, back up, letters; the address holds the file", async () => {
  const opened = await openFile("");
  const { page } = opened;
  await page.getByRole("treeitem", { name: "nested" }).focus();
  await page.keyboard.press("ArrowRight");
  await page.getByRole("treeitem", { name: "deep" }).waitFor();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await page.getByRole("treeitem", { name: "er", exact: true }).waitFor();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("c");
  await page.keyboard.press("Enter");
  await page.getByText("layers: [1, 2]").waitFor();
  expect(page.url()).toContain("path=config.yaml");
  await expectSound(opened);
  const deep = await openFile("nested/deep/er/MLmodel");
  await deep.page.getByText("artifact_path: model").waitFor();
  expect(await deep.page.getByRole("treeitem", { name: "MLmodel" }).getAttribute("aria-selected")).toBe("true");
});

test("a logged page runs in a sandbox, and reaches neither the UI nor a host", async () => {
  const { page, trouble } = await openFile("page.html");
  const frame = page.frameLocator("iframe");
  await frame.getByRole("heading", { name: "ran" }).waitFor();
  expect(await page.locator("iframe").getAttribute("sandbox")).toBe("allow-scripts");
  expect(await page.title()).toMatch(/^files/);
  expect(trouble.foreignRequests).toEqual([]);
  // The one thing that was refused is what the logged page tried.
  expect(trouble.cspViolations.filter((text) => !text.includes("connect-src 'none'"))).not.toContainEqual(
    expect.stringContaining("script-src 'self'"),
  );
  await page.getByRole("button", { name: "Source" }).click();
  await page.getByText("<h1 id=h>plot</h1>").waitFor();
});

test.each([
  ["evil.svg", "40 × 40 px"],
  ["readme.md", "Title"],
  ["broken.json", "This is no JSON"],
  ["bytes.bin", "Not text"],
  ["nothing.txt", "The file is empty."],
  ["plot.png", "32 × 32 px"],
  ["doc.pdf", "1 page"],
])("%s is shown, and nothing of it runs", async (path, text) => {
  const opened = await openFile(path);
  await opened.page.locator("main").getByText(text, { exact: false }).last().waitFor();
  expect(await opened.page.title()).toMatch(/^files/);
  await expectSound(opened);
});

test("a file whose name is markup is a name; downloads keep it", async () => {
  const opened = await openFile(ui.seed.hostileFile);
  const { page } = opened;
  await page.getByText("hostile name", { exact: true }).waitFor();
  await page.getByRole("heading", { name: ui.seed.hostileFile }).waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download" }).click(),
  ]);
  expect(await readFile(await download.path(), "utf8")).toBe("hostile name");
  await expectSound(opened);
});

test("JSON as a tree, a log_table as a table, GeoJSON as a map", async () => {
  const json = await openFile("data.json");
  await json.page.getByRole("treeitem", { name: "list [3]" }).click();
  await json.page.getByRole("treeitem", { name: "2 {1}" }).click();
  await json.page.getByRole("treeitem", { name: 'deep "value"' }).waitFor();
  await expectSound(json);
  const table = await openFile("eval.json");
  await table.page.getByRole("row", { name: "<i>x</i> 0.75" }).waitFor();
  await expectSound(table);
  const map = await openFile("map.geojson");
  await map.page.getByRole("img", { name: "2 shapes" }).waitFor();
  await expectSound(map);
});

test("tables: TSV with quotes, Parquet, and a CSV of 50 MB at once", async () => {
  const small = await openFile("small.tsv");
  const { page } = small;
  await page.getByRole("row", { name: "b 10" }).waitFor();
  await page.getByRole("button", { name: "value" }).click();
  await page.getByRole("row").nth(1).filter({ hasText: "a9" }).waitFor();
  await expectSound(small);
  const parquet = await openFile("table.parquet");
  await parquet.page.getByRole("row", { name: "0 row 0" }).waitFor();
  await parquet.page.getByText("of 5,000 rows").waitFor();
  await expectSound(parquet);
  const large = await openFile("large.csv");
  await large.page.getByRole("row", { name: /^5 0\.123/ }).waitFor();
  await large.page.getByText("rows loaded").waitFor();
  await large.page.getByRole("region", { name: "Table" }).focus();
  await large.page.keyboard.press("End");
  await large.page.getByText(/\d\d,\d{3} rows loaded/).waitFor();
  await expectSound(large);
});

test("a log: its start, and its end", async () => {
  const opened = await openFile("log.txt");
  const { page } = opened;
  await page.getByText("line 5", { exact: true }).waitFor();
  expect(await page.getByText(/^line \d+$/).count()).toBeLessThan(200);
  await page.getByRole("button", { name: "The end" }).click();
  await page.getByText("line 199999", { exact: true }).waitFor();
  await expectSound(opened);
});

test("images by step, of two runs side by side", async () => {
  const opened = await openFile("images", `&runs=${ui.seed.other}`);
  const { page } = opened;
  await page.getByRole("heading", { name: "val/sample" }).waitFor();
  await page.getByText("Step 20", { exact: true }).waitFor();
  await page.getByRole("img", { name: "val/sample, step 20" }).nth(1).waitFor();
  await page.getByRole("slider", { name: "Step" }).focus();
  await page.keyboard.press("ArrowLeft");
  await page.getByRole("img", { name: "val/sample, step 10" }).nth(1).waitFor();
  expect(page.url()).toContain("step=10");
  await page.getByText("other").waitFor();
  await expectSound(opened);
});

test("a path that is not there says so", async () => {
  const opened = await openFile("none.txt");
  await opened.page.getByRole("heading", { name: "There is no such file" }).waitFor();
  await expectSound(opened);
});
