import { afterAll, beforeAll, expect, test } from "vitest";
import { expectSound, expectSoundInBothThemes, type OurUi, startOurUi } from "./harness/our-ui.ts";

interface Seed {
  readonly experimentId: string;
  readonly run: string;
  readonly parent: string;
  readonly many: string;
  readonly stalled: string;
  readonly live: string;
  readonly hostile: string;
  readonly hostileName: string;
}

let ui: OurUi<Seed>;

beforeAll(async () => {
  ui = await startOurUi<Seed>(new URL("ui-run.seed.py", import.meta.url));
});

afterAll(async () => {
  await ui.stop();
});

const pathOf = (runId: string, search = "") => `/experiments/${ui.seed.experimentId}/runs/${runId}${search}`;

async function send(path: string, body: object): Promise<void> {
  const answer = await fetch(`${ui.server.url}/api/2.0/mlflow/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
}

test("the overview says what a run is, and what belongs to it", async () => {
  const opened = await ui.open(pathOf(ui.seed.run));
  const { page } = opened;
  await page.getByRole("heading", { name: "winner", exact: true }).waitFor();
  const details = page.getByRole("region", { name: "Details", exact: true });
  for (const text of ["Finished", "2m 5s", "ada", "train.py", "0123456789ab", ui.seed.run]) {
    await details.getByText(text).first().waitFor();
  }
  expect(await details.getByRole("link", { name: "0123456789ab", exact: true }).getAttribute("href")).toBe(
    "https://github.com/example/repo/commit/0123456789abcdef0123456789abcdef01234567",
  );
  await page.getByRole("row", { name: /^acc 0\.7 0\.1 0\.9 0\.5 3$/ }).waitFor();
  await page.getByRole("row", { name: /^loss NaN/ }).waitFor();
  await page.getByRole("row", { name: "lr 0.001", exact: true }).waitFor();
  await page.getByRole("link", { name: "sweep", exact: true }).waitFor();
  await expect.poll(() => page.getByRole("link", { name: /^child/ }).count()).toBe(3);
  await page.getByRole("link", { name: "tree", exact: true }).waitFor();
  await page.getByText("iris").waitFor();
  await page.locator("strong", { hasText: "bold" }).waitFor();
  expect(await page.locator("main img, main script").count()).toBe(0);
  expect(await page.locator("main a", { hasText: "bad" }).getAttribute("href")).toBeNull();
  expect(await page.title()).toMatch(/^winner/);
  await page.getByText("iris").click();
  await page.getByText('"uri": "s3://flowers"').waitFor();
  await expectSoundInBothThemes(opened);
});

test("a value as a whole, a chart and the children are a key away", async () => {
  const opened = await ui.open(pathOf(ui.seed.run));
  const { page } = opened;
  await page.getByRole("row", { name: /^a{20}/ }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").getByText("x".repeat(500)).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.getByRole("link", { name: "In the table", exact: true }).press("Enter");
  await page.getByRole("row", { name: /child 2/ }).waitFor();
  await page.goBack();
  await page
    .getByRole("region", { name: "Child runs", exact: true })
    .getByRole("link", { name: "Compare", exact: true })
    .press("Enter");
  await page.getByRole("columnheader", { name: /child 0/ }).waitFor();
  await page.goBack();
  await page.getByRole("link", { name: "acc", exact: true }).press("Enter");
  await page.waitForURL(/tab=charts&chartFull=acc/);
  await expectSound(opened);
});

test("a run without system metrics says how to have them", async () => {
  const opened = await ui.open(pathOf(ui.seed.many, "?tab=system"));
  await opened.page.getByText("mlflow.enable_system_metrics_logging()").waitFor();
  await expectSoundInBothThemes(opened);
});

test("what cannot be read says why, and is tried again", async () => {
  const { page } = await ui.open("/experiments");
  const refused = { status: 403, body: '{"error_code": "PERMISSION_DENIED", "message": "Not for you."}' };
  await page.route("**/runs/get?*", (route) => route.fulfill(refused));
  await page.route("**/artifacts/list?*", (route) => route.fulfill(refused));
  await page.goto(`${ui.server.url}/#${pathOf(ui.seed.run, "?tab=artifacts")}`);
  await page.getByRole("alert").getByText("Not for you.").waitFor();
  await page.unroute("**/runs/get?*");
  await page.getByRole("button", { name: "Try again", exact: true }).click();
  await page.getByRole("heading", { name: "The files could not be listed", exact: true }).waitFor();
  await page.unroute("**/artifacts/list?*");
  await page.getByRole("button", { name: "Try again", exact: true }).click();
  await page.getByRole("heading", { name: "No artifacts yet", exact: true }).waitFor();
});

test("name, description and tags are changed; a run is deleted and restored", async () => {
  const opened = await ui.open(pathOf(ui.seed.parent));
  const { page } = opened;
  await page.getByRole("button", { name: "Actions on the run", exact: true }).click();
  await page.getByRole("menuitem", { name: "Rename…", exact: true }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("renamed <b>");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "renamed <b>", exact: true }).waitFor();
  await page.getByRole("button", { name: "Add a description", exact: true }).click();
  await page.getByRole("textbox", { name: "Description", exact: true }).fill("Some *words*.");
  await page.keyboard.press("Control+Enter");
  await page.locator("em", { hasText: "words" }).waitFor();
  await page.getByRole("button", { name: "Add tag", exact: true }).click();
  await page.getByLabel("Name").fill("stage");
  await page.getByLabel("Value").fill("one");
  await page.keyboard.press("Enter");
  await page.getByTitle("stage: one").waitFor();
  await page.getByRole("button", { name: "Remove tag stage", exact: true }).click();
  await page.getByTitle("stage: one").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Actions on the run", exact: true }).click();
  await page.getByRole("menuitem", { name: "Delete…", exact: true }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByText("Deleted", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Restore", exact: true }).click();
  await page.getByText("Deleted", { exact: true }).waitFor({ state: "detached" });
  await expectSoundInBothThemes(opened);
});

test("a model is registered from what the run logged", async () => {
  const opened = await ui.open(pathOf(ui.seed.run));
  const { page } = opened;
  await page.getByRole("button", { name: "Actions on the run", exact: true }).click();
  await page.getByRole("menuitem", { name: "Register a model…", exact: true }).click();
  await page.getByLabel("Model", { exact: true }).fill("from-run");
  await page.getByRole("button", { name: "Register", exact: true }).click();
  await page.getByRole("link", { name: "from-run version 1", exact: true }).waitFor();
  await expectSound(opened);
});

test("1,200 metrics are searched and sorted, and the address holds how", async () => {
  const opened = await ui.open(pathOf(ui.seed.many));
  const { page } = opened;
  await page.getByRole("row", { name: /^layer\/0000/ }).waitFor();
  expect(await page.getByRole("row").count()).toBeLessThan(100);
  await page.getByRole("button", { name: "Last", exact: true }).click();
  await page.getByRole("row", { name: /^layer\/1199/ }).waitFor();
  await page.getByRole("searchbox", { name: "Search metrics", exact: true }).fill("0042");
  await page.getByRole("row", { name: "layer/0042 6 6 6 6 1", exact: true }).waitFor();
  await page.waitForURL(/mq=/);
  expect(page.url()).toContain("sort=-last");
  await page.reload();
  await page.getByRole("row", { name: "layer/0042 6 6 6 6 1", exact: true }).waitFor();
  await expectSound(opened);
});

test("a running run is live; one that is silent is called stalled, with the rule", async () => {
  const opened = await ui.open(pathOf(ui.seed.live));
  const { page } = opened;
  await page.getByRole("row", { name: /^loss 1 / }).waitFor();
  await send("runs/log-metric", { run_id: ui.seed.live, key: "loss", value: 0.25, timestamp: Date.now(), step: 7 });
  await page.getByRole("row", { name: /^loss 0\.25 .* 7$/ }).waitFor();
  await send("runs/update", { run_id: ui.seed.live, status: "FAILED", end_time: Date.now() });
  await page.getByRole("region", { name: "Details", exact: true }).getByText("Failed").waitFor();
  await expectSound(opened);
  const silent = await ui.open(pathOf(ui.seed.stalled));
  await silent.page.getByText(/no metric for 1h.*the limit is 10m/).waitFor();
  await expectSound(silent);
});

test("tabs by keys; a hostile name is text; a phone scrolls within; a missing run says so", async () => {
  const opened = await ui.open(pathOf(ui.seed.hostile));
  const { page } = opened;
  await page.getByRole("heading", { name: ui.seed.hostileName }).waitFor();
  await page.keyboard.press("4");
  await page.getByRole("heading", { name: "No artifacts yet", exact: true }).waitFor();
  expect(page.url()).toContain("tab=artifacts");
  await page.keyboard.press("1");
  await page.getByRole("region", { name: "Details", exact: true }).waitFor();
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
  expect(await page.title()).toContain(ui.seed.hostileName);
  await expectSound(opened);
  const missing = await ui.open(pathOf("none"));
  await missing.page.getByRole("heading", { name: "There is no such run", exact: true }).waitFor();
  await missing.page.getByRole("link", { name: "Go to the experiment's runs", exact: true }).waitFor();
});
