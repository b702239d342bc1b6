import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TestServer } from "../server.ts";
import { PASSWORD, startAdminServer } from "./harness/admin-server.ts";
import { screenshotOnFailure } from "./harness/screenshot.ts";
import { watchPage } from "./harness/watched-page.ts";

/*
 * A walk through the screens as users with different grants on the same things. Every control that the screens and their
 * menus offer is either harmless, so that every user may press it, or one that changes things and needs a right.
 */

const LEVELS = ["READ", "EDIT", "MANAGE"] as const;

/** Names of controls that change nothing on the server, or only what every user may: the own account, and new things. */
const HARMLESS = [
  // The frame.
  /^(Skip to the content|Search ?and commands.*|Connect a client|Keyboard shortcuts|Theme: .*|Account: .*)$/,
  // Lists and tables.
  /^(Name|Name, tag or description|Name, or tags\.team = 'red'|Select .*|Flat|Folders|Clear|Open|Open together|OpenEnter)$/,
  /^(Sort by .*|Versions?|Version \d+.*|Compare.*|Copy(?! to\b).*|More|Actions .*|Show .*|Hide.*|Pin|PinP|Unpin|Active)$/,
  /^(Created|Changed|Last activity|Runs?|Logged models|Metric|Duration|Step|First|Last|Min|Max|loss|Empty the search|Close)$/,
  /^(Trash|Experiments|Models|Charts|Columns|Group|Views|About|Described\.|the view|Filter runs|Newest first|Reset the view)$/,
  /^(Children below their parents|Download as CSV.*|Make a report|Add it to the favourites)$/,
  // Tabs and charts, whose settings are in the address.
  /^(Overview|Artifacts|System metrics|MLmodel|Table|Title|Print|Panel|Axes and sizes|Find metrics|Horizontal axis)$/,
  /^(Smoothing.*|More of .*|Bars|Best so far|Box plot|Contour|Curves|Files|Histogram|Over time|Parallel coordinates)$/,
  /^(Scatter|What matters|)$/,
  // What every user may make. Registration asks for the right on the model that is chosen.
  /^(New experiment|New model|New prompt|Register|Register a model…|Register the model)$/,
];

/** What a reader sees that needs rights, with the level that it needs. Everything else must be in {@link HARMLESS}. */
interface Screen {
  readonly name: string;
  readonly address: string;
  /** A text that the screen shows when its data has come. */
  readonly ready: string;
  /** Menus to open: names of their buttons, or a place to press with the other button. */
  readonly menus?: readonly string[];
  readonly contextOf?: string;
  readonly select?: string;
  readonly EDIT: readonly string[];
  readonly MANAGE: readonly string[];
}

let server: TestServer;
let browser: Browser;
let screens: Screen[];

const headers = { Authorization: `Basic ${btoa(`admin:${PASSWORD}`)}`, "Content-Type": "application/json" };

async function ask<T>(path: string, message: object, method = "POST"): Promise<T> {
  const response = await fetch(`${server.url}${path}`, { method, headers, body: JSON.stringify(message) });
  const text = await response.text();
  expect(response.status, `${path} ${text}`).toBe(200);
  return JSON.parse(text) as T;
}

const mlflow = <T>(path: string, message: object, method?: string) =>
  ask<T>(`/api/2.0/mlflow/${path}`, message, method);

interface NewRun {
  run: { info: { run_id: string; artifact_uri: string } };
}

beforeAll(async () => {
  [server, browser] = await startAdminServer();
  const { experiment_id } = await mlflow<{ experiment_id: string }>("experiments/create", {
    name: "looked at",
    tags: [
      { key: "team", value: "red" },
      { key: "mlflow.note.content", value: "Described." },
      {
        key: "trackflare.view.00000001",
        value: JSON.stringify({ name: "the view", experiments: [], search: { charts: true } }),
      },
      { key: "trackflare.default-view", value: JSON.stringify({ sort: ["attributes.run_name ASC"] }) },
    ],
  });
  const newRun = (run_name: string) =>
    mlflow<NewRun>("runs/create", {
      experiment_id,
      run_name,
      start_time: Date.now(),
      tags: [{ key: "t", value: "v" }],
    });
  const { run } = await newRun("first");
  const { run_id } = run.info;
  const deleted = await newRun("thrown away");
  await mlflow("runs/delete", { run_id: deleted.run.info.run_id });
  await mlflow("runs/log-metric", { run_id, key: "loss", value: 1, timestamp: 1, step: 1 });
  await fetch(`${server.url}/api/2.0/mlflow-artifacts/artifacts/${experiment_id}/${run_id}/artifacts/m/MLmodel`, {
    method: "PUT",
    headers,
    body: "flavors: {}\n",
  });
  const { model } = await mlflow<{ model: { info: { model_id: string } } }>("logged-models", {
    ...{ experiment_id, name: "a logged model", source_run_id: run_id },
    tags: [{ key: "t", value: "v" }],
  });
  const { model_id } = model.info;
  const name = "a model";
  const tags = [{ key: "t", value: "v" }];
  await mlflow("registered-models/create", { name, tags, description: "Described." });
  await mlflow("model-versions/create", { name, source: `${run.info.artifact_uri}/m`, run_id, tags });
  await mlflow("registered-models/alias", { name, alias: "best", version: "1" });
  const isPrompt = [{ key: "mlflow.prompt.is_prompt", value: "true" }];
  const prompt = "a prompt";
  await mlflow("registered-models/create", { name: prompt, tags: isPrompt });
  await mlflow("model-versions/create", {
    ...{ name: prompt, source: "dummy-source" },
    tags: [...isPrompt, { key: "mlflow.prompt.text", value: "Say {{what}}." }],
  });
  for (const level of LEVELS) {
    await mlflow("users/create", { username: `who has ${level}`, password: PASSWORD });
    for (const [resource_type, resource_id] of [
      ["experiment", experiment_id],
      ["registered_model", name],
      ["prompt", prompt],
    ]) {
      const grant = { username: `who has ${level}`, resource_type, resource_id, permission: level };
      await ask("/ui-api/grants", grant);
    }
  }
  const runAddress = `/experiments/${experiment_id}/runs/${run_id}`;
  const modelAddress = `/models/${encodeURIComponent(name)}`;
  screens = [
    {
      name: "the list of experiments",
      address: "/experiments",
      ready: "looked at",
      menus: ["Actions of looked at"],
      EDIT: ["Rename…F2", "Description…", "Tags…"],
      MANAGE: ["Delete…Del"],
    },
    {
      name: "a selected experiment",
      address: "/experiments",
      ready: "looked at",
      select: "looked at",
      EDIT: [],
      MANAGE: ["Delete"],
    },
    {
      name: "the runs",
      address: `/experiments/${experiment_id}`,
      ready: "first",
      menus: ["Views", "More", "Group", "About"],
      contextOf: "first",
      EDIT: [
        "Add tag",
        "Description…",
        "Edit the description",
        "Forget the experiment's default",
        "Make this view the experiment's default",
        "Remove tag team",
        "Remove›",
        "RenameF2",
        "Save this view…",
        "Tag…T",
        "teamred",
        "Copy to another experiment…",
      ],
      MANAGE: ["Delete…Del", "Move to another experiment…", "Share", "Who can see this"],
    },
    {
      name: "a selected run",
      address: `/experiments/${experiment_id}`,
      ready: "first",
      select: "first",
      EDIT: ["Copy to…", "Tag"],
      MANAGE: ["Delete", "Move to…", "Share"],
    },
    {
      name: "deleted runs",
      address: `/experiments/${experiment_id}?view=deleted`,
      ready: "thrown away",
      select: "thrown away",
      contextOf: "thrown away",
      EDIT: ["Description…", "Tag", "Tag…T"],
      MANAGE: ["Restore", "Restore…", "Share"],
    },
    {
      name: "a report",
      address: `/experiments/${experiment_id}?report=Title`,
      ready: "Title",
      EDIT: [],
      MANAGE: ["Share"],
    },
    {
      name: "a run",
      address: runAddress,
      ready: "first",
      menus: ["Actions on the run"],
      EDIT: ["Add a description", "Add tag", "Choose the run's colour", "Remove tag t", "Rename…", "tv"],
      MANAGE: ["Delete…", "Share"],
    },
    {
      name: "a run's files",
      address: `${runAddress}?tab=artifacts&path=m`,
      ready: "MLmodel",
      EDIT: ["Choose the run's colour"],
      MANAGE: ["Share"],
    },
    {
      name: "a run's charts",
      address: `${runAddress}?tab=charts`,
      ready: "loss",
      EDIT: ["Choose the run's colour"],
      MANAGE: ["Share"],
    },
    {
      name: "logged models",
      address: `/experiments/${experiment_id}/models`,
      ready: "a logged model",
      EDIT: [],
      MANAGE: [],
    },
    {
      name: "a logged model",
      address: `/experiments/${experiment_id}/models/${model_id}`,
      ready: "a logged model",
      EDIT: ["Add tag", "tv"],
      MANAGE: ["Delete the logged model", "Remove tag t", "Share"],
    },
    { name: "registered models", address: "/models", ready: name, EDIT: [], MANAGE: [] },
    {
      name: "a registered model",
      address: modelAddress,
      ready: name,
      menus: ["Actions of the model"],
      EDIT: ["Add tag", "Edit the description", "Remove tag t", "tv"],
      MANAGE: ["Delete…", "Rename…", "Who can see this"],
    },
    {
      name: "a version",
      address: `${modelAddress}/versions/1`,
      ready: "Details",
      EDIT: ["Add a description", "Add alias", "Add tag", "Stage", "tv"],
      MANAGE: ["Delete the version", "Remove tag @best", "Remove tag t"],
    },
    { name: "prompts", address: "/prompts", ready: prompt, EDIT: [], MANAGE: [] },
    {
      name: "a prompt",
      address: `/prompts/${encodeURIComponent(prompt)}`,
      ready: "Say",
      EDIT: ["New version"],
      MANAGE: [],
    },
    { name: "the trash", address: "/trash", ready: "thrown away", EDIT: [], MANAGE: [] },
    { name: "a comparison", address: `/compare?runs=${run_id}`, ready: "first", EDIT: [], MANAGE: ["Share"] },
    { name: "home", address: "/home", ready: "Running now", EDIT: [], MANAGE: [] },
  ];
});
afterAll(async () => {
  await browser.close();
  await server.stop();
});

async function signedIn(username: string): Promise<Page> {
  const { page } = await watchPage(await browser.newContext({ viewport: { width: 1600, height: 1000 } }), server.url);
  page.setDefaultTimeout(45_000);
  screenshotOnFailure(page);
  await page.goto(`${server.url}/#/sign-in?to=%2Fmodels`);
  await page.getByLabel("Name", { exact: true }).fill(username);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("button", { name: `Account: ${username}`, exact: true }).waitFor();
  return page;
}

/** What the test reads of a button or a field of the page. */
interface Control {
  readonly checkVisibility: () => boolean;
  readonly disabled?: boolean;
  readonly ariaDisabled: string | null;
  readonly ariaLabel: string | null;
  readonly labels?: readonly { readonly textContent: string | null }[];
  readonly textContent: string | null;
  readonly title: string;
}

const CONTROLS =
  'button, input, textarea, select, [contenteditable="true"], [role^="menuitem"], [role="combobox"], [role="switch"]';

/** The names of the controls that can be used now. */
async function namesOf(within: Locator): Promise<string[]> {
  const names = await within.locator(CONTROLS).evaluateAll((found) =>
    (found as unknown as Control[])
      .filter((one) => one.checkVisibility() && !one.disabled && one.ariaDisabled !== "true")
      .map((one) => {
        const label = one.ariaLabel ?? one.labels?.[0]?.textContent ?? one.textContent ?? "";
        return label.replace(/\s+/g, " ").trim() || one.title;
      }),
  );
  return [...new Set(names)];
}

/** Everything that a screen and its menus offer. */
async function offered(page: Page, { address, ready, menus = [], contextOf, select }: Screen): Promise<string[]> {
  await page.goto("about:blank");
  await page.goto(`${server.url}/#${address}`);
  const main = page.getByRole("main");
  await main.getByText(ready).first().waitFor();
  await page.waitForLoadState("networkidle");
  if (select !== undefined) {
    await main.getByRole("row").filter({ hasText: select }).getByRole("checkbox").first().click();
    await page.waitForLoadState("networkidle");
  }
  const names = await namesOf(page.locator("body"));
  const openedBy = async (open: () => Promise<void>): Promise<void> => {
    await open();
    const popup = page.getByRole("menu").or(page.getByRole("dialog"));
    await popup.first().waitFor();
    await page.waitForTimeout(500);
    names.push(...(await namesOf(popup.first())));
    await page.keyboard.press("Escape");
    await popup.first().waitFor({ state: "hidden" });
  };
  for (const menu of menus) {
    const button = page.getByRole("button", { name: menu, exact: true });
    if ((await button.count()) > 0) await openedBy(() => button.click());
  }
  if (contextOf !== undefined) {
    await openedBy(() => main.getByText(contextOf, { exact: true }).first().click({ button: "right" }));
  }
  return [...new Set(names)].filter((name) => !HARMLESS.some((harmless) => harmless.test(name))).toSorted();
}

test.each(LEVELS)("who has %s is offered what that level allows", async (level) => {
  const page = await signedIn(`who has ${level}`);
  const found: Record<string, readonly string[]> = {};
  const expected: Record<string, readonly string[]> = {};
  for (const screen of screens) {
    found[screen.name] = await offered(page, screen);
    const isEditor = level === "EDIT" || level === "MANAGE";
    expected[screen.name] = [...(isEditor ? screen.EDIT : []), ...(level === "MANAGE" ? screen.MANAGE : [])].toSorted();
  }
  expect(found).toEqual(expected);
});
