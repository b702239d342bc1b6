import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startServer, type TestServer } from "../server.ts";
import { type RawResponse, rawRequest } from "./raw-request.ts";

/*
 * Published attacks on MLflow, as bytes on a connection to a server that asks for credentials. docs/attacks.md lists all of
 * them with their tests.
 */

const ADMIN_PASSWORD = "the admin's own secret";
const PASSWORD = "correct horse battery";
const API = "/api/2.0/mlflow";
const ARTIFACTS = "/api/2.0/mlflow-artifacts";
const PREFIXES = ["/api", "/ajax-api"];

const basic = (username: string, password: string) => `Authorization: Basic ${btoa(`${username}:${password}`)}`;
const ADMIN = basic("admin", ADMIN_PASSWORD);
const [ADA, EVE] = [basic("ada", PASSWORD), basic("eve", PASSWORD)];

let server: TestServer;
/** A server that somebody would like this one to ask. It counts who does. */
let bait: Server;
let callsOfBait = 0;
let baitAddress = "";

interface Things {
  readonly experimentId: string;
  readonly runId: string;
  readonly name: string;
  /** The target of the run's file. */
  readonly file: string;
}

let [mine, hers]: Things[] = [];

async function ask(method: string, target: string, by: string, message?: object | string): Promise<RawResponse> {
  const body = message === undefined ? "" : typeof message === "string" ? message : JSON.stringify(message);
  const type = message === undefined ? [] : ["Content-Type: application/json"];
  const headers = [...(by === "" ? [] : [by]), ...type, `Content-Length: ${Buffer.byteLength(body)}`];
  return await rawRequest(server.url, method, target, { headers, body });
}

async function answer<T>(target: string, by: string, message: object): Promise<T> {
  const { status, body } = await ask("POST", target, by, message);
  expect(status, `${target} ${body}`).toBe(200);
  return JSON.parse(body) as T;
}

async function thingsOf(by: string, name: string): Promise<Things> {
  const { experiment_id } = await answer<{ experiment_id: string }>(`${API}/experiments/create`, by, { name });
  const { run } = await answer<{ run: { info: { run_id: string } } }>(`${API}/runs/create`, by, { experiment_id });
  await answer(`${API}/registered-models/create`, by, { name });
  const runId = run.info.run_id;
  const file = `${ARTIFACTS}/artifacts/${experiment_id}/${runId}/artifacts/a.txt`;
  expect((await ask("PUT", file, by, name)).status).toBe(200);
  return { experimentId: experiment_id, runId, name, file };
}

beforeAll(async () => {
  bait = createServer((socket) => {
    callsOfBait++;
    socket.destroy();
  });
  bait.listen(0, "127.0.0.1");
  await once(bait, "listening");
  const address = bait.address();
  if (address === null || typeof address === "string") throw new Error("No port");
  baitAddress = `127.0.0.1:${address.port}`;
  server = await startServer({
    env: { TRACKFLARE_ADMIN_PASSWORD: ADMIN_PASSWORD, TRACKFLARE_DEFAULT_PERMISSION: "NO_PERMISSIONS" },
  });
  for (const username of ["ada", "eve"]) {
    await answer(`${API}/users/create`, ADMIN, { username, password: PASSWORD });
  }
  mine = await thingsOf(EVE, "eve's");
  hers = await thingsOf(ADA, "ada's");
});
afterAll(async () => {
  await server.stop();
  bait.close();
});

/** What the owner reads is what it was. */
async function expectUntouched(): Promise<void> {
  expect(await ask("GET", hers!.file, ADA)).toMatchObject({ status: 200, body: "ada's" });
  const { status, body } = await ask("GET", `${API}/runs/get?run_id=${hers!.runId}`, ADA);
  expect(status).toBe(200);
  expect(body).not.toContain("eve");
}

describe("paths and files", () => {
  test("an upload in parts into another's run is refused, by its target and by its body's path", async () => {
    for (const prefix of PREFIXES) {
      for (const verb of ["create", "complete", "abort"]) {
        const theirs = `${prefix}/2.0/mlflow-artifacts/mpu/${verb}/${hers!.experimentId}/${hers!.runId}/artifacts`;
        const message = { path: "a.txt", num_parts: 1, upload_id: "u", parts: [] };
        expect([verb, (await ask("POST", theirs, EVE, message)).status]).toEqual([verb, 403]);
        const own = `${prefix}/2.0/mlflow-artifacts/mpu/${verb}/${mine!.experimentId}/${mine!.runId}/artifacts`;
        // Clients send the path of their own file. Of that, the base name alone counts.
        for (const path of [`../../${hers!.runId}/artifacts/a.txt`, "/../../a.txt", "..", "../.."]) {
          const { status, body } = await ask("POST", own, EVE, { ...message, path });
          const isName = !path.endsWith("..");
          expect([verb, path, status], body).toEqual([verb, path, verb === "create" && isName ? 200 : status]);
          if (!isName) expect([verb, path, status >= 400]).toEqual([verb, path, true]);
        }
      }
    }
    await expectUntouched();
  });

  test("a target that names no experiment is nobody's but the admin's", async () => {
    const { experimentId, runId } = hers!;
    for (const target of [
      "",
      "/",
      "?path=",
      "?path=/",
      `/0${experimentId}/${runId}/artifacts/a.txt`,
      `/+${experimentId}/${runId}/artifacts/a.txt`,
      `/%25${experimentId.charCodeAt(0).toString(16)}${experimentId.slice(1)}/${runId}/artifacts/a.txt`,
      `/%2531/${runId}/artifacts/a.txt`,
      `/%31/..`,
      `/x/${runId}/artifacts/a.txt`,
      `/${experimentId};x/${runId}/artifacts/a.txt`,
      `/${mine!.experimentId}/..;/${experimentId}/${runId}/artifacts/a.txt`,
      `/${mine!.experimentId}%2f..%2f${experimentId}/${runId}/artifacts/a.txt`,
      `/${mine!.experimentId}/${mine!.runId}/../../${experimentId}/${runId}/artifacts/a.txt`,
      "/models/a.txt",
      "/traces/a.txt",
    ]) {
      for (const method of ["GET", "PUT", "DELETE"]) {
        const { status, body } = await ask(
          method,
          `${ARTIFACTS}/artifacts${target}`,
          EVE,
          method === "PUT" ? "x" : undefined,
        );
        expect([method, target, [400, 403, 404].includes(status)], body).toEqual([method, target, true]);
      }
    }
    await expectUntouched();
  });

  test("an archive is stored and given back as it came, whatever it would unpack to", async () => {
    // The head of a TAR with the name ../../evil, in bytes that no decoder may change.
    const archive = `../../evil${"\0".repeat(90)}0000644\0${"\u00ff\u0001".repeat(100)}`;
    const target = `${mine!.file.replace("a.txt", "evil.tar.gz")}`;
    expect((await ask("PUT", target, EVE, archive)).status).toBe(200);
    const found = await ask("GET", target, EVE);
    expect(found.body).toBe(archive);
    expect(found.headers.get("content-disposition")).toMatch(/^attachment; /);
    expect(found.headers.get("content-type")).toBe("application/octet-stream");
  });

  test("nothing makes the server call somebody else", async () => {
    const url = `http://${baitAddress}/api/2.0/mlflow-artifacts/artifacts/x`;
    const create = (message: object) =>
      ask("POST", `${API}/model-versions/create`, ADMIN, { name: "ada's", ...message });
    const asked = [
      await ask("POST", `${API}/experiments/create`, ADMIN, { name: "bait", artifact_location: url }),
      await create({ source: url }),
      await create({ source: url, run_id: hers!.runId }),
      await create({ source: `ftp://${baitAddress}/x` }),
      await create({ source: "models:/ada's/1" }),
      await create({ source: url, tags: [{ key: "mlflow.prompt.is_prompt", value: "true" }] }),
      await create({ source: "file:///etc", tags: [{ key: "mlflow.prompt.is_prompt", value: "true" }] }),
      await ask("POST", `${API}/webhooks`, ADMIN, { name: "w", url }),
      await ask("POST", "/ajax-api/2.0/mlflow/gateway-proxy", ADMIN, { gateway_path: url }),
      await ask("GET", `/ajax-api/2.0/mlflow/gateway-proxy?gateway_path=${encodeURIComponent(url)}`, ADMIN),
      await ask("POST", "/ajax-api/3.0/jobs", ADMIN, { url }),
    ];
    const statuses = asked.map(({ status }) => status);
    // MLflow's page asks the gateway on every start, and is told that it has no routes.
    expect(statuses.filter((status) => status < 400).length, JSON.stringify(statuses)).toBeLessThanOrEqual(1);
    expect(callsOfBait).toBe(0);
  });
});

describe("authorization", () => {
  test("two spellings of an id, and two fields of it, are one or refused", async () => {
    const point = { key: "m", value: 1, timestamp: 1 };
    const post = async (path: string, message: object) => (await ask("POST", `${API}/${path}`, EVE, message)).status;
    expect(await post("runs/log-metric", { runId: hers!.runId, ...point })).toBe(403);
    expect(await post("runs/log-metric", { run_id: mine!.runId, runId: hers!.runId, ...point })).toBe(400);
    expect(await post("runs/log-metric", { run_id: mine!.runId, run_uuid: hers!.runId, ...point })).toBe(400);
    expect(await post("runs/log-metric", { run_id: mine!.runId, ...point, modelId: "m-foreign" })).toBe(403);
    const source = `runs:/${hers!.runId}/model`;
    expect(await post("model-versions/create", { name: "eve's", source, runId: hers!.runId })).toBe(403);
    expect(
      await post("model-versions/create", { name: "eve's", source, run_id: mine!.runId, runId: hers!.runId }),
    ).toBe(400);
    for (const query of [
      `run_ids=${mine!.runId}&run_ids=${hers!.runId}`,
      `run_id=${mine!.runId}&run_ids=${hers!.runId}`,
      `runIds=${mine!.runId}&run_ids=${hers!.runId}`,
      `run_ids[]=${mine!.runId}&run_ids=${hers!.runId}`,
    ]) {
      for (const history of ["get-history-bulk", "get-history-bulk-interval"]) {
        const { status } = await ask("GET", `/ajax-api/2.0/mlflow/metrics/${history}?${query}&metric_key=m`, EVE);
        expect([history, query, [400, 403].includes(status)]).toEqual([history, query, true]);
      }
    }
    const twice = await ask("GET", `${API}/runs/get?run_id=${mine!.runId}&run_id=${hers!.runId}`, EVE);
    expect(twice.body).not.toContain(hers!.runId);
    await expectUntouched();
  });

  test("what is there and hidden is refused like what is not there", async () => {
    for (const [hidden, missing] of [
      [`runs/get?run_id=${hers!.runId}`, `runs/get?run_id=${"0".repeat(32)}`],
      [`experiments/get?experiment_id=${hers!.experimentId}`, "experiments/get?experiment_id=99999999"],
      ["registered-models/get?name=ada's", "registered-models/get?name=nobody's"],
      ["model-versions/get?name=ada's&version=1", "model-versions/get?name=nobody's&version=1"],
      [
        `metrics/get-history?run_id=${hers!.runId}&metric_key=m`,
        `metrics/get-history?run_id=${"0".repeat(32)}&metric_key=m`,
      ],
    ] as const) {
      const [one, other] = [await ask("GET", `${API}/${hidden}`, EVE), await ask("GET", `${API}/${missing}`, EVE)];
      expect([hidden, one.status, one.body]).toEqual([hidden, other.status, other.body]);
      expect(one.status).toBe(403);
    }
  });

  test("what needs no credentials is that alone, and nothing that begins like it", async () => {
    for (const target of [
      "/healthX",
      "/health-tenant",
      "/health/",
      "/health/../api/2.0/mlflow/experiments/search",
      "/health%2f..%2fapi/2.0/mlflow/experiments/search",
      "/static/%2e%2e/api/2.0/mlflow/experiments/search",
      "/static-files/../api/2.0/mlflow/experiments/search",
      "/assets/../api/2.0/mlflow/experiments/search",
      "/version/x",
      "/favicon.ico/x",
      "/v1/traces",
      "/ajax-api/3.0/jobs/search",
      "/signup",
      "//api/2.0/mlflow/experiments/search",
      "/API/2.0/mlflow/experiments/search",
      "http://localhost/api/2.0/mlflow/experiments/search",
    ]) {
      for (const method of ["GET", "POST", "HEAD"]) {
        const { status } = await ask(method, target, "");
        expect([method, target, [401, 403, 404].includes(status)]).toEqual([method, target, true]);
      }
    }
  });

  test("accounts are made by admins", async () => {
    for (const prefix of PREFIXES) {
      const target = `${prefix}/2.0/mlflow/users/create`;
      const message = { username: "mallory", password: PASSWORD };
      expect((await ask("POST", target, "", message)).status).toBe(401);
      expect((await ask("POST", target, EVE, message)).status).toBe(403);
    }
    expect((await ask("GET", `${API}/users/get?username=mallory`, ADMIN)).status).toBe(404);
  });

  test("passwords that MLflow shipped open nothing", async () => {
    for (const password of ["password1234", "password", "admin", ""]) {
      expect((await ask("GET", `${API}/users/current`, basic("admin", password))).status).toBe(401);
    }
  });
});

/** CPU time of the runtime so far, in ticks of 10 ms: the 14th and 15th field, of which the second may have blanks. */
function cpuTicks(): number {
  const fields = readFileSync(`/proc/${server.workerdPid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

test("a wrong password takes the same work whether a user, nobody or the settings' admin has the name", async () => {
  const workOf = async (username: string) => {
    const before = cpuTicks();
    for (let i = 0; i < 4; i++) {
      const by = basic(username, `wrong password ${i}`);
      expect((await ask("GET", `${API}/users/current`, by)).status).toBe(401);
    }
    return cpuTicks() - before;
  };
  const work = { user: await workOf("ada"), nobody: await workOf("nobody"), admin: await workOf("admin") };
  // A password's hash takes a hundred times the CPU of all else that a refusal does.
  const [least = 0, , most = 0] = Object.values(work).toSorted((a, b) => a - b);
  expect(least, JSON.stringify(work)).toBeGreaterThan(20);
  expect(most, JSON.stringify(work)).toBeLessThan(2 * least);
});

describe("what an answer repeats", () => {
  test("nothing of a request's headers, in whatever error", async () => {
    const evil = "<script>alert(1)</script>";
    for (const header of [
      `Content-Type: text/html;${evil}`,
      `Accept: ${evil}`,
      `X-Request-Id: ${evil}`,
      `Origin: ${evil}`,
    ]) {
      const { status, headers, body } = await rawRequest(server.url, "POST", `${API}/runs/create`, {
        headers: [ADMIN, header, "Content-Length: 2"],
        body: "{}",
      });
      expect(status).toBeGreaterThanOrEqual(400);
      expect(headers.get("content-type")).toBe("application/json");
      expect(body + [...headers].join()).not.toContain("<script>");
    }
  });

  test("no header is split by what a request names", async () => {
    for (const target of [
      `/get-artifact?run_id=${mine!.runId}&path=a%0d%0aX-Evil:%201.txt`,
      `${mine!.file}%0d%0aX-Evil:%201`,
      "/ui-api/oidc/start?to=%0d%0aX-Evil:%201",
      "/nothing%0d%0aX-Evil:%201",
    ]) {
      const { headers } = await ask("GET", target, EVE);
      expect([target, headers.has("x-evil")]).toEqual([target, false]);
    }
  });
});

describe("what costs the server more than the caller", () => {
  const search = (filter: string) =>
    ask("POST", `${API}/runs/search`, EVE, { experiment_ids: [mine!.experimentId], filter });

  test.each([
    ["100,000 brackets", "(".repeat(100_000)],
    ["100,000 brackets that close", `${"(".repeat(50_000)}params.a = '1'${")".repeat(50_000)}`],
    ["a chain of 10 KB", "params.a = '1' AND ".repeat(550).slice(0, -5)],
    ["a list of 10,000", `run_id IN (${"'a',".repeat(10_000)}`],
    ["quotes without an end", "'".repeat(100_001)],
  ])("a filter of %s is refused", async (_, filter) => {
    expect((await search(filter)).status).toBe(400);
  });

  test.each([
    ["a batch", "[{},{}]"],
    [
      "eleven aliases",
      JSON.stringify({ query: `{${Array.from({ length: 11 }, (_, i) => `a${i}: __typename`).join(" ")}}` }),
    ],
    [
      "fields in fragments",
      JSON.stringify({
        query: `query { ${Array.from({ length: 11 }, (_, i) => `...f${i}`).join(" ")} } ${Array.from(
          { length: 11 },
          (_, i) => `fragment f${i} on Query { a${i}: __typename }`,
        ).join(" ")}`,
      }),
    ],
    [
      "fragments in a ring",
      JSON.stringify({ query: "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }" }),
    ],
  ])("GraphQL: %s is refused", async (_, body) => {
    const { status, body: text } = await ask("POST", "/graphql", EVE, body);
    const isError = status >= 400 || "errors" in (JSON.parse(text) as object);
    expect([isError, text.includes('"data":{')]).toEqual([true, false]);
  });
});
