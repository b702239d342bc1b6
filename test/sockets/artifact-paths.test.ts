import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  ACCEPTED_PATHS,
  ACCEPTED_TARGETS,
  BAD_LOCATIONS,
  BAD_PATHS,
  BAD_TARGETS,
} from "../domain/artifact-path-corpus.ts";
import { ARTIFACT_SERVERS, type ArtifactServer } from "./artifact-servers.ts";
import { type RawResponse, rawRequest } from "./raw-request.ts";

const API = "/api/2.0";
const PROXY = `${API}/mlflow-artifacts/artifacts`;

/** Every way to write a bad path into a raw target. */
const badTargets = [
  ...new Set([
    ...BAD_TARGETS,
    ...wellFormed(BAD_PATHS).flatMap((path) => [
      path.split("/").map(encodeURIComponent).join("/"),
      path.replace(/[^/]/gu, (character) =>
        Array.from(new TextEncoder().encode(character), (byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
      ),
      encodeURIComponent(path),
    ]),
  ]),
];

/** Every way to write a bad path into a query. A slash may be encoded there. */
const badQueryValues = [
  ...new Set([...BAD_TARGETS.filter((target) => target !== "a%2fb"), ...wellFormed(BAD_PATHS).map(encodeURIComponent)]),
];

function wellFormed(paths: readonly string[]): readonly string[] {
  return paths.filter((path) => path.isWellFormed());
}

describe.each(Object.entries(ARTIFACT_SERVERS))("artifact paths, stored in %s", (_, start) => {
  let server: ArtifactServer;
  let experimentId: string;
  let runId: string;
  let root: string;

  async function call(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const response = await fetch(`${server.url}${API}/mlflow/${path}`, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
    });
    expect(response.status).toBe(200);
    return response.json() as Promise<Record<string, unknown>>;
  }

  const put = (target: string, body: string) => rawRequest(server.url, "PUT", `${PROXY}/${target}`, { body });
  const get = (target: string) => rawRequest(server.url, "GET", `${PROXY}/${target}`);

  beforeAll(async () => {
    server = await start();
    experimentId = String((await call("POST", "experiments/create", { name: "paths" })).experiment_id);
    const { run } = await call("POST", "runs/create", { experiment_id: experimentId });
    ({ run_id: runId } = (run as { info: { run_id: string } }).info);
    root = `${experimentId}/${runId}/artifacts`;
    for (const name of ["kept.txt", "folder/kept.txt"]) expect((await put(`${root}/${name}`, "kept")).status).toBe(200);
  });

  afterAll(() => server.stop());

  /** Sends every request. Expects a 400 for each, and an unchanged store. */
  async function expectRefused(requests: readonly (() => Promise<RawResponse>)[], targets: readonly string[]) {
    const before = await server.stored();
    const answers: Record<string, unknown> = {};
    const expected: Record<string, unknown> = {};
    for (const [i, send] of requests.entries()) {
      const { status, body } = await send();
      const target = targets[i] ?? "";
      answers[target] = [status, JSON.parse(body).error_code];
      expected[target] = [400, "INVALID_PARAMETER_VALUE"];
    }
    expect(answers).toEqual(expected);
    expect(await server.stored()).toEqual(before);
    expect(before.size).toBeGreaterThan(0);
  }

  test.each(["GET", "PUT", "DELETE"])("%s refuses every bad target, at the root and below a run", async (method) => {
    const targets = [...badTargets, ...badTargets.map((target) => `${root}/folder/${target}`)];
    await expectRefused(
      targets.map(
        (target) => () =>
          rawRequest(server.url, method, `${PROXY}/${target}`, method === "PUT" ? { body: "evil" } : {}),
      ),
      targets,
    );
  });

  test.each(["create", "complete", "abort"])("mpu/%s refuses every bad target", async (verb) => {
    await expectRefused(
      badTargets.map(
        (target) => () =>
          rawRequest(server.url, "POST", `${API}/mlflow-artifacts/mpu/${verb}/${target}`, {
            headers: ["Content-Type: application/json", "Content-Length: 2"],
            body: "{}",
          }),
      ),
      badTargets,
    );
  });

  test.each([
    ["the proxy's list", () => `${PROXY}?path=`],
    ["artifacts/list", () => `${API}/mlflow/artifacts/list?run_id=${runId}&path=`],
    ["get-artifact", () => `/get-artifact?run_uuid=${runId}&path=`],
  ])("%s refuses every bad path", async (_name, prefix) => {
    await expectRefused(
      badQueryValues.map((value) => () => rawRequest(server.url, "GET", prefix() + value)),
      badQueryValues,
    );
  });

  test("dots lead nowhere, also where what is left would be a legal path or another route", async () => {
    const targets = [
      "../x",
      "../../x",
      "../../../../etc/passwd",
      "./../artifacts-x/y",
      `${root}/folder/../x`,
      `${root}/./x`,
    ];
    for (const method of ["GET", "PUT", "DELETE"]) {
      await expectRefused(
        targets.map(
          (target) => () =>
            rawRequest(server.url, method, `${PROXY}/${target}`, method === "PUT" ? { body: "evil" } : {}),
        ),
        targets,
      );
    }
    for (const target of ["/health/../api/2.0/mlflow/experiments/search", "/x/../health", "/./health"]) {
      expect([target, (await rawRequest(server.url, "GET", target)).status]).toEqual([target, 404]);
    }
  });

  test("neither the root nor an experiment's folder is written or deleted", async () => {
    const before = await server.stored();
    for (const target of [
      "",
      "/",
      "/%2e",
      "/.",
      "/./.",
      `/${experimentId}`,
      `/${experimentId}/`,
      `/${experimentId}/.`,
    ]) {
      for (const method of ["PUT", "DELETE"]) {
        const { status } = await rawRequest(server.url, method, PROXY + target, method === "PUT" ? { body: "x" } : {});
        expect([method, target, status]).toEqual([method, target, 400]);
      }
    }
    expect(await server.stored()).toEqual(before);
  });

  test("odd but legal targets are stored, read, listed and deleted under their own name", async () => {
    for (const [target, path] of ACCEPTED_TARGETS) {
      if (target.endsWith("/")) continue;
      expect([target, (await put(`${root}/raw/${target}`, path)).status]).toEqual([target, 200]);
      expect(await get(`${root}/raw/${target}`)).toMatchObject({ status: 200, body: path });
      const key = `${root}/raw/${path}`;
      expect([...(await server.stored()).keys()].some((stored) => stored.endsWith(key))).toBe(true);
      expect(await rawRequest(server.url, "DELETE", `${PROXY}/${root}/raw/${target}`)).toMatchObject({ status: 200 });
      expect((await get(`${root}/raw/${target}`)).status).toBe(404);
    }
  });

  test("a folder, which ends with a slash, is read and deleted as one, and no file is stored by its name", async () => {
    const folder = `${root}/ends`;
    for (const target of [`${folder}/`, `${folder}/?a=b`, `${folder}/file/`]) {
      expect([target, (await put(target, "x")).status]).toEqual([target, 400]);
    }
    expect((await get(folder)).status).toBe(404);
    await put(`${folder}/file`, "x");
    expect(await get(`${folder}/file/`)).toMatchObject({ status: 200, body: "x" });
    expect((await rawRequest(server.url, "DELETE", `${PROXY}/${folder}/`)).status).toBe(200);
    expect((await get(`${folder}/file`)).status).toBe(404);
  });

  test("odd but legal paths mean the same in a target, a query and a listing", async () => {
    for (const [path, canonical] of ACCEPTED_PATHS) {
      if (canonical === "") continue;
      const encoded = canonical.split("/").map(encodeURIComponent).join("/");
      expect((await put(`${root}/odd/${encoded}`, path)).status).toBe(200);

      const query = encodeURIComponent(`odd/${path}`);
      const read = await rawRequest(server.url, "GET", `/get-artifact?run_id=${runId}&path=${query}`);
      expect(read).toMatchObject({ status: 200, body: path });
      expect(read.headers.get("content-disposition")).toMatch(
        /^attachment; filename="[^"\\]*"; filename\*=UTF-8''\S+$/,
      );

      const folder = `odd/${canonical}`.split("/").slice(0, -1).join("/");
      const listed = await rawRequest(
        server.url,
        "GET",
        `${API}/mlflow/artifacts/list?run_id=${runId}&path=${encodeURIComponent(folder)}`,
      );
      expect(JSON.parse(listed.body).files).toContainEqual({
        path: `odd/${canonical}`,
        is_dir: false,
        file_size: Buffer.byteLength(path),
      });
      await rawRequest(server.url, "DELETE", `${PROXY}/${root}/odd`);
    }
  });

  test("no listed name could lead a client out of its folder", async () => {
    const names: string[] = [];
    const walk = async (folder: string): Promise<void> => {
      const { body } = await rawRequest(server.url, "GET", `${PROXY}?path=${encodeURIComponent(folder)}`);
      for (const file of JSON.parse(body).files ?? []) {
        names.push(file.path);
        if (file.is_dir) await walk(folder === "" ? file.path : `${folder}/${file.path}`);
      }
    };
    await walk("");
    expect(names).toContain("kept.txt");
    for (const name of names) expect(name).not.toMatch(/^\.\.?$|[\\/\0]|^[a-z]:/i);
  });

  test.each(BAD_LOCATIONS)("no experiment is created with its artifacts at %j", async (location) => {
    const body = JSON.stringify({ name: `at ${location.slice(0, 100)}`, artifact_location: location });
    const response = await fetch(`${server.url}${API}/mlflow/experiments/create`, {
      method: "POST",
      body,
      headers: { "Content-Type": "application/json" },
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error_code: "INVALID_PARAMETER_VALUE" });
  });

  test("an experiment's own location, with slashes to spare, holds its runs' artifacts", async () => {
    const created = await call("POST", "experiments/create", {
      name: "elsewhere",
      artifact_location: "mlflow-artifacts:/my models///v 1/",
    });
    const { run } = await call("POST", "runs/create", { experiment_id: created.experiment_id });
    const info = (run as { info: { run_id: string; artifact_uri: string } }).info;
    const target = `my%20models/v%201/${info.run_id}/artifacts`;
    expect((await put(`${target}/a.txt`, "there")).status).toBe(200);
    const read = await rawRequest(server.url, "GET", `/get-artifact?run_id=${info.run_id}&path=a.txt`);
    expect(read).toMatchObject({ status: 200, body: "there" });
  });
});
