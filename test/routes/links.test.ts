import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { ROUTES } from "../../src/routes/table.ts";
import { TestBrowser } from "../helpers/browser.ts";
import { expectMlflowError, fetchWorker, type Message, type Method } from "../helpers/mlflow.ts";
import { storedState } from "../helpers/state.ts";
import { closedServer } from "../helpers/users.ts";

const server = closedServer({ TRACKFLARE_DEFAULT_PERMISSION: "NO_PERMISSIONS" });
const { admin } = server;
const mlflow = (path: string) => `/ajax-api/2.0/mlflow/${path}`;
const LINKS = "/api/2.0/trackflare/links";

interface Link {
  readonly link: { readonly link_id: string; readonly expiration_time: number };
  readonly address: string;
}

/** A run with two files and a metric, and a logged model of it. */
interface Made {
  readonly experimentId: string;
  readonly runId: string;
  readonly modelId: string;
}

async function newRun(experimentId: string): Promise<Made> {
  const { run } = await admin.ask<{ run: { info: { run_id: string } } }>("POST", mlflow("runs/create"), {
    experiment_id: experimentId,
    run_name: "a run",
  });
  const run_id = run.info.run_id;
  await admin.ask("POST", mlflow("runs/log-metric"), { run_id, key: "loss", value: 1, timestamp: 1 });
  for (const path of ["a.txt", "b.txt", "plots/c.html"]) {
    await admin.send("PUT", `/api/2.0/mlflow-artifacts/artifacts/${experimentId}/${run_id}/artifacts/${path}`);
  }
  const { model } = await admin.ask<{ model: { info: { model_id: string } } }>("POST", mlflow("logged-models"), {
    experiment_id: experimentId,
    name: "m",
    source_run_id: run_id,
  });
  return { experimentId, runId: run_id, modelId: model.info.model_id };
}

async function newExperiment(): Promise<string> {
  const name = `experiment ${crypto.randomUUID()}`;
  return (await admin.ask<{ experiment_id: string }>("POST", mlflow("experiments/create"), { name })).experiment_id;
}

/** Who opens a link: a browser that is before the link's page. */
async function open({ link, address }: Link, of = server, origin?: string): Promise<TestBrowser> {
  const browser = new TestBrowser(of, origin);
  const secret = address.slice(address.indexOf("#") + 1);
  const answer = await browser.send("POST", `/shared/${link.link_id}/open`, { secret });
  expect(answer.status, await answer.clone().text()).toBe(200);
  return browser;
}

const create = (asked: Message, by = admin) => by.ask<Link>("POST", `${LINKS}/create`, asked);

let experimentId: string;
let own: Made;
/** Another run of the same experiment. */
let sibling: Made;
/** A run of another experiment. */
let foreign: Made;

beforeAll(async () => {
  experimentId = await newExperiment();
  own = await newRun(experimentId);
  sibling = await newRun(experimentId);
  foreign = await newRun(await newExperiment());
});

afterEach(() => {
  vi.useRealTimers();
});

const query = (fields: Message): string => `?${new URLSearchParams(fields as Record<string, string>)}`;

/** One call of a link's page about one run, for each thing that the page reads. */
const CALLS: Readonly<Record<string, (of: Made) => readonly [Method, string, Message?]>> = {
  run: ({ runId: run_id }) => ["GET", mlflow("runs/get") + query({ run_id })],
  history: ({ runId: run_id }) => ["GET", mlflow("metrics/get-history") + query({ run_id, metric_key: "loss" })],
  series: ({ runId }) => ["POST", "/ui-api/series", { run_ids: [runId], metric_keys: ["loss"] }],
  groups: ({ runId }) => ["POST", "/ui-api/group-series", { run_ids: [runId], group_of: [0], metric_keys: ["loss"] }],
  live: ({ runId }) => ["POST", "/ui-api/live", { run_ids: [runId] }],
  model: ({ modelId }) => ["GET", mlflow(`logged-models/${modelId}`)],
  folder: ({ runId: run_id }) => ["GET", mlflow("artifacts/list") + query({ run_id })],
  file: ({ runId: run_id }) => ["GET", `/get-artifact${query({ run_id, path: "a.txt" })}`],
  "other file": ({ runId: run_id }) => ["GET", `/get-artifact${query({ run_id, path: "b.txt" })}`],
  preview: ({ runId: run_id }) => ["GET", `/ui-api/preview${query({ run_id, path: "plots/c.html" })}`],
  zip: ({ runId: run_id }) => ["GET", `/ui-api/folder-zip${query({ run_id, path: "plots" })}`],
  experiment: ({ experimentId: experiment_id }) => ["GET", mlflow("experiments/get") + query({ experiment_id })],
  keys: ({ experimentId: experiment_ids }) => ["GET", `/ui-api/keys${query({ experiment_ids })}`],
  models: ({ experimentId: id }) => ["POST", mlflow("logged-models/search"), { experiment_ids: [id] }],
};

async function outcomes(page: TestBrowser, linkId: string, of: Made): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const [name, call] of Object.entries(CALLS)) {
    const [method, path, message] = call(of);
    const response = await page.send(method, `/shared/${linkId}${path}`, message);
    await response.body?.cancel();
    found[name] = response.status;
  }
  return found;
}

const all = (status: number) => Object.fromEntries(Object.keys(CALLS).map((name) => [name, status]));

/** What searches answer for a hidden experiment: nothing of it, or a refusal. */
const HIDDEN = all(403);

async function runsFound(page: TestBrowser, linkId: string, message: Message): Promise<string[]> {
  const { runs = [] } = await page.ask<{ runs?: { info: { run_id: string } }[] }>(
    "POST",
    `/shared/${linkId}${mlflow("runs/search")}`,
    message,
  );
  const table = await page.ask<{ runs: { run_id: string[] }; total: number }>("POST", `/shared/${linkId}/ui-api/runs`, {
    ...message,
    count: true,
  });
  const ids = runs.map(({ info }) => info.run_id).sort();
  expect(table.runs.run_id.toSorted()).toEqual(ids);
  expect(table.total).toBe(ids.length);
  return ids;
}

describe("what a link shows", () => {
  test("a run: everything about it, and nothing of others", async () => {
    const made = await create({ run_ids: [own.runId], name: "for the review" });
    const page = await open(made);
    const id = made.link.link_id;
    const ofOwn = await outcomes(page, id, own);
    expect(ofOwn).toEqual({ ...all(200), experiment: 403, keys: 403, models: 403 });
    expect(await outcomes(page, id, sibling)).toEqual(HIDDEN);
    expect(await outcomes(page, id, foreign)).toEqual(HIDDEN);
    expect(await runsFound(page, id, { experiment_ids: [experimentId, foreign.experimentId] })).toEqual([own.runId]);
    expect(
      await runsFound(page, id, { experiment_ids: [experimentId], filter: `attributes.run_id = '${sibling.runId}'` }),
    ).toEqual([]);
    expect(await runsFound(page, id, { experiment_ids: [experimentId], order_by: ["metrics.loss"] })).toEqual([
      own.runId,
    ]);
    expect(await page.ask("GET", `/shared/${id}/ui-api/link`)).toEqual({
      name: "for the review",
      kind: "runs",
      run_ids: [own.runId],
      address: "",
      expiration_time: made.link.expiration_time,
    });
  });

  test("several runs, with the address of a view", async () => {
    const address = `/compare?runs=${own.runId},${foreign.runId}&view=charts`;
    const made = await create({ run_ids: [own.runId, foreign.runId], address });
    const page = await open(made);
    const id = made.link.link_id;
    expect((await outcomes(page, id, foreign)).run).toBe(200);
    expect(await outcomes(page, id, sibling)).toEqual(HIDDEN);
    expect(await runsFound(page, id, { experiment_ids: [experimentId, foreign.experimentId] })).toEqual(
      [own.runId, foreign.runId].sort(),
    );
    expect(await page.ask("GET", `/shared/${id}/ui-api/link`)).toMatchObject({ address });
  });

  test("an experiment: its runs, and nothing of others", async () => {
    const made = await create({ experiment_ids: [experimentId] });
    const page = await open(made);
    const id = made.link.link_id;
    expect(await outcomes(page, id, own)).toEqual(all(200));
    expect(await outcomes(page, id, foreign)).toEqual({ ...HIDDEN, keys: 200, models: 200 });
    expect(
      await page.ask("POST", `/shared/${id}${mlflow("logged-models/search")}`, {
        experiment_ids: [foreign.experimentId],
      }),
    ).toEqual({});
    const keys = await page.ask<{ metrics: [] }>(
      "GET",
      `/shared/${id}/ui-api/keys?experiment_ids=${foreign.experimentId}`,
    );
    expect(keys.metrics).toEqual([]);
    expect(await runsFound(page, id, { experiment_ids: [experimentId, foreign.experimentId] })).toEqual(
      [own.runId, sibling.runId].sort(),
    );
  });

  test("a file: itself, and nothing else of its run", async () => {
    const made = await create({ run_ids: [own.runId], path: "a.txt" });
    const page = await open(made);
    const id = made.link.link_id;
    expect(await outcomes(page, id, own)).toEqual({ ...HIDDEN, file: 200 });
    expect(await outcomes(page, id, sibling)).toEqual(HIDDEN);
    for (const path of ["a.txt/../b.txt", "./b.txt", "a.txt%2f..%2fb.txt", "a.txtx", "A.TXT", "", "a.txt//"]) {
      const answer = await page.send("GET", `/shared/${id}/get-artifact${query({ run_id: own.runId, path })}`);
      expect([400, 403], path).toContain(answer.status);
    }
  });

  test("a folder: what is below it", async () => {
    const made = await create({ run_ids: [own.runId], path: "plots" });
    const page = await open(made);
    expect(await outcomes(page, made.link.link_id, own)).toEqual({ ...HIDDEN, preview: 200, zip: 200 });
    const list = (path: string) =>
      page.send("GET", `/shared/${made.link.link_id}${mlflow("artifacts/list")}${query({ run_id: own.runId, path })}`);
    expect((await list("plots")).status).toBe(200);
    expect((await list("plotsx")).status).toBe(403);
  });

  test("a file of a logged model", async () => {
    const made = await create({ model_id: own.modelId, path: "MLmodel" });
    const page = await open(made);
    const files = (modelId: string, path: string) =>
      page.send(
        "GET",
        `/shared/${made.link.link_id}${mlflow(`logged-models/${modelId}/artifacts/files`)}${query({ artifact_file_path: path })}`,
      );
    // It is not there, and that is told only of the link's own.
    expect((await files(own.modelId, "MLmodel")).status).toBe(404);
    expect((await files(own.modelId, "model.pkl")).status).toBe(403);
    expect((await files(sibling.modelId, "MLmodel")).status).toBe(403);
    expect(await outcomes(page, made.link.link_id, own)).toEqual(HIDDEN);
  });

  test("a socket of its own run, which is closed after a minute at most, and of no other", async () => {
    const made = await create({ run_ids: [own.runId] });
    const page = await open(made);
    const watch = (of: Made) =>
      page.send("GET", `/shared/${made.link.link_id}/ui-api/runs/${of.runId}/live`, undefined, {
        Upgrade: "websocket",
        Origin: page.origin,
      });
    const socket = await watch(own);
    expect(socket.status).toBe(101);
    socket.webSocket?.accept();
    socket.webSocket?.close();
    expect((await watch(sibling)).status).toBe(403);
  });
});

/** The only routes that links open, by the smallest kind whose page needs them. */
const OPEN_TO: Readonly<Record<"file" | "runs" | "experiments", readonly string[]>> = {
  file: [
    "GET /ajax-api/2.0/mlflow/artifacts/list",
    "GET /ajax-api/2.0/mlflow/logged-models/:model_id/artifacts/directories",
    "GET /ajax-api/2.0/mlflow/logged-models/:model_id/artifacts/files",
    "GET /get-artifact",
    "GET /ui-api/artifact",
    "GET /ui-api/folder-zip",
    "GET /ui-api/link",
    "GET /ui-api/preview",
  ],
  runs: [
    "GET /ajax-api/2.0/mlflow/logged-models/:model_id",
    "GET /ajax-api/2.0/mlflow/metrics/get-history",
    "GET /ajax-api/2.0/mlflow/runs/get",
    "GET /ajax-api/2.0/mlflow/runs/search",
    "GET /ui-api/runs/:run_id/live",
    "POST /ajax-api/2.0/mlflow/runs/search",
    "POST /ui-api/group-series",
    "POST /ui-api/live",
    "POST /ui-api/runs",
    "POST /ui-api/series",
  ],
  experiments: [
    "GET /ajax-api/2.0/mlflow/experiments/get",
    "GET /ui-api/keys",
    "POST /ajax-api/2.0/mlflow/logged-models/search",
  ],
};

/** A message that names the linked run in every way that any route knows. */
const everything = (of: Made): Record<string, string> => ({
  run_id: of.runId,
  run_uuid: of.runId,
  run_ids: of.runId,
  experiment_id: of.experimentId,
  experiment_ids: of.experimentId,
  metric_key: "loss",
  metric_keys: "loss",
  path: "a.txt",
  group_of: "0",
  artifact_file_path: "a.txt",
  name: "x",
  text: "a",
});

const spellings = (path: string): string[] => [path, path.replaceAll("/", "//")];

describe("the whole table of routes", () => {
  test.each(["file", "runs", "experiments"] as const)(
    "a link to %s opens what its page needs; every other call is refused, and nothing changes",
    async (kind) => {
      const made = await create(
        kind === "experiments"
          ? { experiment_ids: [experimentId] }
          : { run_ids: [own.runId], ...(kind === "file" && { path: "a.txt" }) },
      );
      const page = await open(made);
      await page.ask("GET", `/shared/${made.link.link_id}/ui-api/link`);
      const kinds = ["file", "runs", "experiments"] as const;
      const opened = new Set(kinds.slice(0, kinds.indexOf(kind) + 1).flatMap((of) => OPEN_TO[of]));
      const before = await storedState([own.runId]);
      const wrong: string[] = [];
      for (const { method, paths } of ROUTES) {
        for (const path of paths.filter((one) => !one.startsWith("/shared/"))) {
          const named = path
            .replace(":run_id", own.runId)
            .replace(":model_id", own.modelId)
            .replace(/:\w+/g, "x")
            .replace("/*", `/${own.experimentId}/${own.runId}/artifacts/a.txt`);
          // This link to a file is to a run's.
          const isOther = kind === "file" && path.includes("/logged-models/");
          const isOpen =
            !isOther && opened.has(`${method} ${path.replace(/^\/api\/(2.0\/preview|2.0)/, "/ajax-api/2.0")}`);
          for (const spelled of isOpen ? [named] : spellings(named)) {
            const isRead = method === "GET";
            const message = everything(own);
            const target = `/shared/${made.link.link_id}${spelled}${isRead ? query(message) : ""}`;
            const body = {
              ...message,
              run_ids: [own.runId],
              experiment_ids: [own.experimentId],
              metric_keys: ["loss"],
              group_of: [0],
            };
            const answer = await page.send(method, target, isRead ? undefined : body);
            await answer.body?.cancel();
            const isRefused = answer.status === 401 || answer.status === 403;
            if (isRefused === isOpen) wrong.push(`${answer.status} ${method} ${spelled}`);
          }
        }
      }
      expect(wrong).toEqual([]);
      expect(await storedState([own.runId])).toBe(before);
    },
    120_000,
  );

  test("the routes that links open are these", () => {
    const found = ROUTES.filter(({ permission }) => typeof permission !== "string" && permission.link !== undefined);
    const names = found.map(({ method, paths }) => `${method} ${paths.at(paths.length > 1 ? 1 : 0)}`);
    expect(names.sort()).toEqual(Object.values(OPEN_TO).flat().sort());
  });

  test("its cookie opens nothing but what is below its own address", async () => {
    const made = await create({ run_ids: [own.runId] });
    const other = await create({ run_ids: [foreign.runId] });
    const page = await open(made);
    const path = mlflow("runs/get") + query({ run_id: own.runId });
    expect((await page.send("GET", path)).status).toBe(401);
    expect((await page.send("GET", `/shared/${other.link.link_id}${path}`)).status).toBe(401);
    expect((await page.send("GET", `/shared/aaaaaaaaaaaa${path}`)).status).toBe(401);
    expect((await page.send("GET", `/shared/${made.link.link_id}/shared/${made.link.link_id}${path}`)).status).toBe(
      404,
    );
  });

  test("other credentials count for nothing there", async () => {
    const made = await create({ run_ids: [own.runId] });
    const answer = await admin.send("GET", `/shared/${made.link.link_id}${mlflow("runs/get")}`, { run_id: own.runId });
    expect(answer.status).toBe(401);
    expect(answer.headers.get("WWW-Authenticate")).toBe(null);
    const page = await new TestBrowser(server).signIn("admin", "the admin's own secret");
    const path = `/shared/${made.link.link_id}${mlflow("runs/get")}${query({ run_id: own.runId })}`;
    expect((await page.send("GET", path)).status).toBe(401);
  });

  test("a page of another site does nothing by its cookie", async () => {
    const made = await create({ run_ids: [own.runId] });
    const page = await open(made);
    const path = `/shared/${made.link.link_id}${mlflow("runs/get")}${query({ run_id: own.runId })}`;
    const cross = { "Sec-Fetch-Site": "cross-site", Origin: "https://evil.example" };
    expect((await page.send("GET", path, undefined, cross)).status).toBe(403);
  });
});

describe("the secret", () => {
  test("a wrong one, a cut one and another link's open nothing", async () => {
    const [made, other] = [await create({ run_ids: [own.runId] }), await create({ run_ids: [own.runId] })];
    const secretOf = ({ address }: Link) => address.slice(address.indexOf("#") + 1);
    for (const secret of ["x", secretOf(made).slice(1), secretOf(other), `${secretOf(made)}x`]) {
      const answer = await new TestBrowser(server).send("POST", `/shared/${made.link.link_id}/open`, { secret });
      expect(await expectMlflowError(answer, "UNAUTHENTICATED")).toContain("This link does not open");
    }
  });

  test("it is in no table, and the cookie is not it", async () => {
    const made = await create({ run_ids: [own.runId] });
    const secret = made.address.slice(made.address.indexOf("#") + 1);
    const page = await open(made);
    expect([...page.cookies.values()].join()).not.toContain(secret);
    expect(await storedState()).not.toContain(secret);
    const forged = new TestBrowser(server);
    const [name = "", value = ""] = [...page.cookies][0] ?? [];
    const path = `/shared/${made.link.link_id}/ui-api/link`;
    const [until = "", proof = ""] = value.split(".");
    for (const wrong of [
      `${Number(until) + 1}.${proof}`,
      `${until}.${proof.replace(/.$/, (c) => (c === "0" ? "1" : "0"))}`,
      "",
      "1.",
    ]) {
      forged.cookies.set(name, wrong);
      expect((await forged.send("GET", path)).status, wrong).toBe(401);
    }
  });

  test("the cookie is for this host and this folder, and not for scripts", async () => {
    const made = await create({ run_ids: [own.runId] });
    const secret = made.address.slice(made.address.indexOf("#") + 1);
    const cookieOf = async (origin?: string) => {
      const answer = await new TestBrowser(server, origin).send("POST", `/shared/${made.link.link_id}/open`, {
        secret,
      });
      return answer.headers.get("Set-Cookie");
    };
    expect(await cookieOf()).toMatch(
      /^__Secure-trackflare-link=\d+\.[0-9a-f]{64}; Max-Age=86400; HttpOnly; SameSite=Strict; Secure$/,
    );
    expect(await cookieOf("http://localhost:5000")).toMatch(
      /^trackflare-5000-link=\d+\.[0-9a-f]{64}; Max-Age=86400; HttpOnly; SameSite=Strict$/,
    );
  });
});

describe("the end of a link", () => {
  const status = async (page: TestBrowser, { link }: Link, of: Made = own) =>
    (await page.send("GET", `/shared/${link.link_id}${mlflow("runs/get")}${query({ run_id: of.runId })}`)).status;

  test("when it is revoked", async () => {
    const made = await create({ run_ids: [own.runId] });
    const page = await open(made);
    expect(await status(page, made)).toBe(200);
    await admin.ask("POST", `${LINKS}/revoke`, { link_id: made.link.link_id });
    expect(await status(page, made)).toBe(401);
    await expectMlflowError(
      await admin.send("POST", `${LINKS}/revoke`, { link_id: made.link.link_id }),
      "RESOURCE_DOES_NOT_EXIST",
    );
  });

  test("when it expires, and its cookie after a day", async () => {
    const made = await create({ run_ids: [own.runId], expires_in_seconds: 60 });
    const longer = await create({ run_ids: [own.runId], expires_in_seconds: 366 * 86_400 });
    const [page, other] = [await open(made), await open(longer)];
    vi.useFakeTimers({ now: Date.now() + 61_000, toFake: ["Date"] });
    expect(await status(page, made)).toBe(401);
    expect(await status(other, longer)).toBe(200);
    vi.setSystemTime(Date.now() + 86_400_000);
    expect(await status(other, longer)).toBe(401);
  });

  test("when its maker may no longer read, or is deleted", async () => {
    const username = await server.newUser();
    await server.grant(username, "experiment", experimentId, "MANAGE");
    const made = await create({ run_ids: [own.runId] }, server.as(username));
    const page = await open(made);
    expect(await status(page, made)).toBe(200);
    const thing = { username, resource_type: "experiment", resource_id: experimentId };
    await admin.ask("POST", "/api/3.0/mlflow/users/permissions/revoke", thing);
    expect(await status(page, made)).toBe(403);
    await server.grant(username, "experiment", experimentId, "READ");
    expect(await status(page, made)).toBe(200);
    await server.grant(username, "run", "*", "DENY");
    expect(await status(page, made)).toBe(403);
    await admin.ask("POST", "/api/3.0/mlflow/users/permissions/revoke", {
      username,
      resource_type: "run",
      resource_id: "*",
    });
    expect(await status(page, made)).toBe(200);
    await admin.ask("DELETE", mlflow("users/delete"), { username });
    expect(await status(page, made)).toBe(401);
    const left = await env.DB.prepare("SELECT 1 FROM links WHERE link_id = ?").bind(made.link.link_id).all();
    expect(left.results).toEqual([]);
  });

  test("while its thing is in the trash, and for good when it is deleted for good", async () => {
    const id = await newExperiment();
    const [one, two] = [await newRun(id), await newRun(id)];
    const [ofRun, ofBoth] = [await create({ run_ids: [one.runId] }), await create({ run_ids: [one.runId, two.runId] })];
    const ofAll = await create({ experiment_ids: [id] });
    const [first, both, whole] = [await open(ofRun), await open(ofBoth), await open(ofAll)];
    await admin.ask("POST", mlflow("runs/delete"), { run_id: one.runId });
    expect(await status(first, ofRun, one)).toBe(403);
    expect(await status(whole, ofAll, one)).toBe(403);
    expect(await runsFound(whole, ofAll.link.link_id, { experiment_ids: [id], run_view_type: "ALL" })).toEqual([
      two.runId,
    ]);
    expect(await runsFound(both, ofBoth.link.link_id, { experiment_ids: [id], run_view_type: "ALL" })).toEqual([
      two.runId,
    ]);
    await admin.ask("POST", mlflow("runs/restore"), { run_id: one.runId });
    expect(await status(first, ofRun, one)).toBe(200);
    await admin.ask("POST", mlflow("runs/delete"), { run_id: one.runId });
    await admin.ask("POST", "/api/2.0/trackflare/gc", { run_ids: [one.runId] });
    expect(await status(first, ofRun, one)).toBe(401);
    expect(await status(both, ofBoth, two)).toBe(200);
    await admin.ask("POST", mlflow("experiments/delete"), { experiment_id: id });
    expect(await status(both, ofBoth, two)).toBe(403);
    await admin.ask("POST", "/api/2.0/trackflare/gc", { experiment_ids: [id] });
    expect(await status(whole, ofAll, two)).toBe(401);
  });
});

describe("who makes links, and who sees them", () => {
  const userWith = async (permission: string | undefined): Promise<string> => {
    const username = await server.newUser();
    if (permission !== undefined) await server.grant(username, "experiment", experimentId, permission);
    return username;
  };

  test.each([
    [undefined, 403],
    ["READ", 403],
    ["EDIT", 403],
    ["MANAGE", 200],
    ["DENY", 403],
  ] as const)("a user who holds %s is answered %i", async (permission, status) => {
    const user = server.as(await userWith(permission));
    for (const asked of [
      { run_ids: [own.runId] },
      { experiment_ids: [experimentId] },
      { model_id: own.modelId, path: "a" },
    ]) {
      expect((await user.send("POST", `${LINKS}/create`, asked)).status).toBe(status);
    }
    const beyond = { run_ids: [own.runId, foreign.runId] };
    expect((await user.send("POST", `${LINKS}/create`, beyond)).status).toBe(403);
  });

  test("a token needs the scopes admin, read and artifacts", async () => {
    const username = await userWith("MANAGE");
    const status = async (scopes: string[]) => {
      const { secret } = await server.newToken(username, { scopes });
      return (await server.by(`Bearer ${secret}`).send("POST", `${LINKS}/create`, { run_ids: [own.runId] })).status;
    };
    expect(await status(["read", "write", "artifacts"])).toBe(403);
    expect(await status(["admin"])).toBe(403);
    expect(await status(["admin", "read", "artifacts"])).toBe(200);
  });

  test("one lists and revokes the own; an admin all; with the last use", async () => {
    const [ada, bob] = [await userWith("MANAGE"), await userWith("MANAGE")];
    const made = await create({ run_ids: [own.runId], name: "ada's", expires_in_seconds: 3600 }, server.as(ada));
    const list = async (by = server.as(ada), message: Message = {}) =>
      (await by.ask<{ links: (Message & { link_id: string })[] }>("GET", `${LINKS}/list`, message)).links;
    expect(await list()).toEqual([
      {
        link_id: made.link.link_id,
        username: ada,
        name: "ada's",
        kind: "runs",
        run_ids: [own.runId],
        address: "",
        creation_time: expect.any(Number),
        expiration_time: made.link.expiration_time,
      },
    ]);
    const page = await open(made);
    await page.ask("GET", `/shared/${made.link.link_id}/ui-api/link`);
    await vi.waitFor(
      async () => expect((await list())[0]).toHaveProperty("last_used_time", expect.any(Number)),
      20_000,
    );
    expect(await list(server.as(bob))).toEqual([]);
    expect((await server.as(bob).send("GET", `${LINKS}/list`, { username: ada })).status).toBe(403);
    await expectMlflowError(
      await server.as(bob).send("POST", `${LINKS}/revoke`, { link_id: made.link.link_id }),
      "RESOURCE_DOES_NOT_EXIST",
    );
    expect((await list(admin)).map(({ link_id }) => link_id)).toContain(made.link.link_id);
    expect((await list(admin, { username: ada })).map(({ link_id }) => link_id)).toEqual([made.link.link_id]);
    await server.as(ada).ask("POST", `${LINKS}/revoke`, { link_id: made.link.link_id });
    expect(await list()).toEqual([]);
  });

  test("the audit log tells who made and revoked a link to what, without its secret", async () => {
    const username = await userWith("MANAGE");
    const made = await create({ run_ids: [own.runId], path: "a.txt" }, server.as(username));
    await admin.ask("POST", `${LINKS}/revoke`, { link_id: made.link.link_id });
    const { entries } = await admin.ask<{ entries: Message[] }>("GET", "/api/2.0/trackflare/audit", {
      target_type: "link",
      target_id: made.link.link_id,
    });
    expect(entries).toMatchObject([
      { action: "link.revoke", username: "admin", credential: "settings" },
      { action: "link.create", username, credential: "password", detail: { run_ids: [own.runId], path: "a.txt" } },
    ]);
    expect(JSON.stringify(entries)).not.toContain(made.address.slice(made.address.indexOf("#") + 1));
  });

  test.each([
    [{}, "A link needs one of"],
    [{ run_ids: ["x"], experiment_ids: ["0"] }, "Permission denied|A link needs one of"],
    [{ path: "a" }, "A link needs one of"],
  ])("refuses %j", async (asked, text) => {
    const answer = await admin.send("POST", `${LINKS}/create`, asked);
    expect([400, 403]).toContain(answer.status);
    expect(await answer.text()).toMatch(new RegExp(text));
  });

  test("refuses what it cannot show, and lives that are too short or too long", async () => {
    const refused = async (asked: Message, text: string) => {
      const answer = await admin.send("POST", `${LINKS}/create`, { run_ids: [own.runId], ...asked });
      expect(await expectMlflowError(answer, "INVALID_PARAMETER_VALUE")).toContain(text);
    };
    await refused({ path: "../x" }, "Invalid path");
    await refused({ path: "" }, "needs its path");
    await refused({ expires_in_seconds: 59 }, "expires_in_seconds");
    await refused({ expires_in_seconds: 366 * 86_400 + 1 }, "expires_in_seconds");
    await refused({ address: "//evil.example" }, "address");
    await refused({ address: "javascript:alert(1)" }, "address");
    await refused({ name: "x".repeat(201) }, "name of the link");
    await refused({ run_ids: [own.runId, sibling.runId], path: "a.txt" }, "one run");
  });
});

test("on a server that is open to its own machine, a link shows its one thing as well", async () => {
  const local = { env: { TRACKFLARE_LOCAL: "1" } as unknown as Partial<Env> };
  const headers = { "Content-Type": "application/json" };
  const made = (await (
    await fetchWorker(`${LINKS}/create`, { method: "POST", headers, body: JSON.stringify({ run_ids: [own.runId] }) })
  ).json()) as Link;
  const page = new TestBrowser(local, "http://localhost:5000");
  const read = (of: Made) =>
    page.send("GET", `/shared/${made.link.link_id}${mlflow("runs/get")}${query({ run_id: of.runId })}`);
  expect((await read(own)).status).toBe(401);
  const secret = made.address.slice(made.address.indexOf("#") + 1);
  await page.ask("POST", `/shared/${made.link.link_id}/open`, { secret });
  expect((await read(own)).status).toBe(200);
  expect((await read(sibling)).status).toBe(403);
  const elsewhere = new TestBrowser(local, "https://tracking.example");
  expect((await elsewhere.send("POST", `/shared/${made.link.link_id}/open`, { secret })).status).toBe(403);
});
