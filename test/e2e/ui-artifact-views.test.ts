import { afterAll, beforeAll, expect, test } from "vitest";
import { type ArtifactsSeed, openFile, startArtifacts } from "./harness/artifacts-page.ts";
import { expectSound, expectSoundInBothThemes, type OurUi } from "./harness/our-ui.ts";

let ui: OurUi<ArtifactsSeed>;

beforeAll(async () => {
  ui = await startArtifacts();
});

afterAll(() => ui.stop());

test("JSON as a tree, a log_table as a table, GeoJSON as a map", async () => {
  const json = await openFile(ui, "data.json");
  await json.page.getByRole("treeitem", { name: "list [3]" }).click();
  await json.page.getByRole("treeitem", { name: "2 {1}" }).click();
  await json.page.getByRole("treeitem", { name: 'deep "value"' }).waitFor();
  await expectSound(json);
  const table = await openFile(ui, "eval.json");
  await table.page.getByRole("row", { name: "<i>x</i> 0.75" }).waitFor();
  await expectSound(table);
  const map = await openFile(ui, "map.geojson");
  await map.page.getByRole("img", { name: "2 shapes", exact: true }).waitFor();
  await expectSound(map);
});

test("tables: TSV with quotes, Parquet, and a CSV of 50 MB at once", async () => {
  const small = await openFile(ui, "small.tsv");
  const { page } = small;
  await page.getByRole("row", { name: "b 10" }).waitFor();
  await page.getByRole("button", { name: "value", exact: true }).click();
  await page.getByRole("row").nth(1).filter({ hasText: "a9" }).waitFor();
  await expectSound(small);
  const parquet = await openFile(ui, "table.parquet");
  await parquet.page.getByRole("row", { name: "0 row 0" }).waitFor();
  await parquet.page.getByText("5,000 rows").waitFor();
  await expectSound(parquet);
  const nested = await openFile(ui, "nested.parquet");
  await nested.page.getByRole("row", { name: '[1,2] {"a":1}' }).waitFor();
  await expectSound(nested);
  const large = await openFile(ui, "large.csv");
  await large.page.getByRole("row", { name: /^Open row \d+ 5 0\.123/ }).waitFor();
  await large.page.getByText("rows loaded").waitFor();
  await large.page.getByRole("region", { name: "Table", exact: true }).focus();
  await large.page.keyboard.press("End");
  await large.page.getByText(/\d\d,\d{3} rows loaded/).waitFor();
  await expectSound(large);
});

test("a large Parquet shows its first rows from a part of it, and more by scrolling", async () => {
  const { page } = await openFile(ui, "");
  const read: number[] = [];
  page.on("response", (response) => {
    if (response.url().includes("large.parquet")) read.push(Number(response.headers()["content-length"]));
  });
  await page.getByRole("treeitem", { name: "large.parquet" }).click();
  const loaded = page.getByText(/^[\d,]+ of 400,000 rows/);
  await loaded.waitFor();
  const size = Number(
    (await page.getByRole("treeitem", { name: "large.parquet" }).textContent())?.match(/([\d.]+) MB/)?.[1],
  );
  expect(read.reduce((sum, bytes) => sum + bytes, 0) / 1_000_000).toBeLessThan(size);
  const before = await loaded.textContent();
  await page.getByRole("region", { name: "Table", exact: true }).focus();
  await page.keyboard.press("End");
  await expect.poll(() => loaded.textContent()).not.toBe(before);
});

test("of a wide Parquet only the columns in sight are read", async () => {
  const opened = await openFile(ui, "");
  const { page } = opened;
  let read = 0;
  page.on("response", (response) => {
    if (response.url().includes("wide.parquet")) read += Number(response.headers()["content-length"]);
  });
  await page.getByRole("treeitem", { name: "wide.parquet" }).click();
  await page.getByText("20,000 rows, 61 columns").waitFor();
  const table = page.getByRole("region", { name: "Table", exact: true });
  const item = await page.getByRole("treeitem", { name: "wide.parquet" }).textContent();
  expect(read / 1_000_000).toBeLessThan(Number(item?.match(/([\d.]+) MB/)?.[1]) / 2);
  await table.evaluate((element) => element.scrollTo({ left: element.scrollWidth }));
  await table.getByRole("cell", { name: "the last of row 0", exact: true }).waitFor();
  await expectSound(opened);
});

test("images in a logged table are shown small, and in full when pressed", async () => {
  const opened = await openFile(ui, "images.json");
  const { page } = opened;
  const thumbnail = page
    .getByRole("row")
    .nth(2)
    .getByRole("button", { name: /^Show table_images/ });
  const width = () => thumbnail.locator("img").evaluate((image) => Number(Reflect.get(image, "naturalWidth")));
  await expect.poll(width).toBeGreaterThan(0);
  await expectSoundInBothThemes(opened);
  await thumbnail.press("Enter");
  await page.getByText("24 × 16 px").waitFor();
  expect(page.url()).toContain("path=table_images");
});

test("a part that cannot be read says so, and is tried again", async () => {
  const { page } = await openFile(ui, "");
  await page.route(/get-artifact.*large\.csv/, (route) =>
    route.request().headers().range?.startsWith("bytes=0-") ? route.continue() : route.abort(),
  );
  await page.getByRole("treeitem", { name: "large.csv" }).click();
  await page.getByRole("region", { name: "Table", exact: true }).press("End");
  await page.getByRole("alert").getByText("The rest could not be read").waitFor();
  await page.getByRole("row", { name: /^Open row \d+ 5 0\.123/ }).waitFor({ state: "detached" });
  await page.unroute(/get-artifact.*large\.csv/);
  await page.getByRole("button", { name: "Try again", exact: true }).click();
  await page.getByText(/\d\d,\d{3} rows loaded/).waitFor();
  await page.getByRole("alert").waitFor({ state: "detached" });
});

test("a large log: its start, any place of it, and its end", async () => {
  const opened = await openFile(ui, "log.txt");
  const { page } = opened;
  await page.getByText("line 5", { exact: true }).waitFor();
  expect(await page.getByText(/^line \d+$/).count()).toBeLessThan(200);
  await page.getByRole("slider", { name: "Place in the file", exact: true }).fill("500");
  await page.getByText(/of 5\.9 MB, from 2\.9 MB on/).waitFor();
  await page
    .getByText(/^line 2[45]\d{4}$/)
    .first()
    .waitFor();
  expect(page.url()).toMatch(/from=29\d{5}/);
  await page.reload();
  await page
    .getByText(/^line 2[45]\d{4}$/)
    .first()
    .waitFor();
  await page.getByRole("button", { name: "The end", exact: true }).click();
  await page.getByText("line 499999", { exact: true }).waitFor();
  await expectSound(opened);
});

test("words are found in all of a large file, line by line and by keys; the address holds them", async () => {
  const opened = await openFile(ui, "log.txt");
  const { page } = opened;
  await page.getByText("line 5", { exact: true }).waitFor();
  await page.keyboard.press("Control+f");
  const field = page.getByRole("searchbox", { name: "Find in the file", exact: true });
  await expect.poll(() => field.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
  await page.keyboard.type("NE 49999");
  await page.getByText("1 of 11", { exact: true }).waitFor();
  await page.getByText("line 49999", { exact: true }).waitFor();
  await field.press("Shift+Enter");
  await page.getByText("11 of 11", { exact: true }).waitFor();
  await page.getByText("line 499999", { exact: true }).waitFor();
  expect(await page.locator("mark").first().textContent()).toBe("ne 49999");
  await expectSoundInBothThemes(opened);
  await page.reload();
  await page.getByText("1 of 11", { exact: true }).waitFor();
  await field.press("Escape");
  await field.waitFor({ state: "detached" });
  await page.locator("mark").first().waitFor({ state: "detached" });
  await expect.poll(() => page.url()).not.toContain("find=");
  expect(await page.evaluate("document.activeElement.ariaLabel")).toBe("Text of the file");
});

test("a search that finds nothing says so, and one that is stopped goes on", async () => {
  const { page } = await openFile(ui, "log.txt");
  await page.getByText("line 5", { exact: true }).waitFor();
  let release = (): void => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route(/get-artifact.*log\.txt/, async (route) => {
    await released;
    await route.continue();
  });
  await page.getByRole("button", { name: "Find in the file", exact: true }).click();
  await page.getByRole("searchbox", { name: "Find in the file", exact: true }).fill("nowhere");
  await page.getByText("Searching…").waitFor();
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await page.getByText("No line has it").waitFor();
  release();
  await page.getByRole("button", { name: "Search on", exact: true }).click();
  await page.getByRole("button", { name: "Stop", exact: true }).waitFor({ state: "detached" });
  await page.getByText("500,000 lines", { exact: true }).waitFor();
  await page.getByText("No line has it").waitFor();
});

test("long lines are wrapped where that is asked for, and stay so", async () => {
  const { page } = await openFile(ui, "long.txt");
  const text = page.getByRole("region", { name: "Text of the file", exact: true });
  await text.getByText("the end of it").waitFor();
  const isWide = () => text.evaluate((element) => element.scrollWidth > element.clientWidth);
  expect(await isWide()).toBe(true);
  await page.getByRole("button", { name: "Wrap long lines", exact: true }).click();
  await expect.poll(isWide).toBe(false);
  await page.reload();
  await text.getByText("the end of it").waitFor();
  expect(await isWide()).toBe(false);
  await page.getByRole("button", { name: "Wrap long lines", exact: true }).click();
  await expect.poll(isWide).toBe(true);
});

test("bytes that are no text, in hex to their end", async () => {
  const opened = await openFile(ui, "large.bin");
  const { page } = opened;
  await page.getByText("00000010", { exact: false }).waitFor();
  await page.getByText("The first 262 kB of 5 MB").waitFor();
  await page.getByRole("slider", { name: "Place in the file", exact: true }).fill("500");
  await page.getByText("from 2.5 MB on").waitFor();
  await page.getByText(/^002625a0 /).waitFor();
  await page.getByRole("button", { name: "The end", exact: true }).click();
  await page.getByText(/^004c4b30 .*·$/).waitFor();
  await expectSoundInBothThemes(opened);
});

test("a log is followed as it grows", async () => {
  const opened = await openFile(ui, "train.log");
  const { page } = opened;
  await page.getByText("first", { exact: true }).waitFor();
  await page.getByRole("button", { name: "The end", exact: true }).click();
  await page.getByRole("switch", { name: "Follow", exact: true }).click();
  const stored = `${ui.seed.experimentId}/${ui.seed.run}/artifacts/train.log`;
  const answer = await fetch(`${ui.server.url}/api/2.0/mlflow-artifacts/artifacts/${stored}`, {
    method: "PUT",
    body: "first\n2025-10-09 12:00:00 ERROR second\n",
  });
  expect(answer.status).toBe(200);
  await page.getByText("2025-10-09 12:00:00 ERROR second", { exact: true }).waitFor();
  await expectSound(opened);
});
