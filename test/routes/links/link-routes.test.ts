import { beforeAll, describe, expect, test } from "vitest";
import { ROUTES } from "../../../src/routes/table.ts";
import { TestBrowser } from "../../helpers/browser.ts";
import { storedState } from "../../helpers/state.ts";
import { create, type Made, mlflow, newThings, open, query, server } from "./links-world.ts";

const { admin } = server;
let own: Made;
/** A run of another experiment. */
let foreign: Made;
let experimentId: string;

beforeAll(async () => {
  ({ own, foreign } = await newThings());
  experimentId = own.experimentId;
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

/** A message that names the linked run by every field of any route. */
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
          // This link shows a file of a run.
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
