import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { createApp } from "../../../src/http/app.ts";
import { ROUTES } from "../../../src/routes/table.ts";
import { LINK_SECRET } from "../../helpers/links.ts";
import { ORIGIN } from "../../helpers/mlflow.ts";
import { storedState } from "../../helpers/state.ts";
import { putFile } from "../../helpers/trash.ts";
import { closedServer, PASSWORD } from "../../helpers/users.ts";
import { ENDPOINTS, fieldsFor, newThings, type Things, targetOf } from "./calls.ts";
import { type Level, NEEDS, type Row } from "./needs.ts";

/*
 * Whether a call reaches its handler, for every route, path, spelling and kind of caller. The routes are the server's own.
 * Their handlers are replaced: they only answer that they were reached. So each call is decided on existing things, and no
 * call changes a thing.
 */

const REACHED = 299;
const PREFIX = "/team/mlflow";

const settings = {
  TRACKFLARE_DEFAULT_PERMISSION: "NO_PERMISSIONS",
  MLFLOW_STATIC_PREFIX: PREFIX,
  TRACKFLARE_METRICS: "1",
};
const server = closedServer(settings);
const app = createApp(ROUTES.map((route) => ({ ...route, handle: () => new Response(null, { status: REACHED }) })));

let things: Things;

const RANKS = { none: 0, DENY: 0, READ: 1, USE: 1, EDIT: 2, MANAGE: 3 } as const;
type Held = keyof typeof RANKS;
const NEEDED: Readonly<Record<Level, number>> = { READ: 1, EDIT: 2, MANAGE: 3 };

interface Subject {
  readonly name: string;
  readonly username: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly kind: "nobody" | "user" | "admin";
  readonly onExperiment: Held;
  readonly onModel: Held;
  /** Whether the caller has a token of the scope read alone. */
  readonly readsOnly?: true;
}

const subjects: Subject[] = [];

const nobody = (name: string, headers: Readonly<Record<string, string>>): Subject => ({
  ...{ name, headers, username: "x", kind: "nobody" },
  ...{ onExperiment: "none", onModel: "none" },
});

async function newUser(onExperiment: Held, onModel: Held): Promise<string> {
  const username = await server.newUser();
  if (onExperiment !== "none") await server.grant(username, "experiment", things.experimentId, onExperiment);
  if (onModel !== "none") await server.grant(username, "registered_model", things.name, onModel);
  return username;
}

const basic = (username: string, password: string) => ({
  Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`,
});

beforeAll(async () => {
  things = await newThings(server.admin);
  for (const held of ["none", "DENY", "READ", "USE", "EDIT", "MANAGE"] as const) {
    const pairs: [Held, Held][] =
      held === "none"
        ? [[held, held]]
        : [
            [held, "none"],
            ["none", held],
          ];
    for (const [onExperiment, onModel] of pairs) {
      const username = await newUser(onExperiment, onModel);
      const name = `${onExperiment} on the experiment, ${onModel} on the model`;
      subjects.push({ name, username, headers: basic(username, PASSWORD), kind: "user", onExperiment, onModel });
    }
  }
  const manager = await newUser("MANAGE", "MANAGE");
  const reads = await server.newToken(manager, { scopes: ["read"] });
  subjects.push({
    ...{ name: "a token that only reads", username: manager, headers: { Authorization: `Bearer ${reads.secret}` } },
    ...{ kind: "user", onExperiment: "MANAGE", onModel: "MANAGE", readsOnly: true },
  });
  const expired = await server.newToken(manager, { expires_in_seconds: 1 });
  await env.DB.prepare("UPDATE api_tokens SET expiration_time = 1 WHERE token_id = ?").bind(expired.token_id).run();
  const revoked = await server.newToken(manager);
  await server.admin.ask("POST", "/api/2.0/trackflare/tokens/revoke", { token_id: revoked.token_id });
  const link = await server.admin.ask<{ link: { link_id: string }; address: string }>(
    ...(["POST", "/api/2.0/trackflare/links/create", { experiment_ids: [things.experimentId] }] as const),
  );
  subjects.push(
    nobody("no credentials", {}),
    nobody("an expired token", { Authorization: `Bearer ${expired.secret}` }),
    nobody("a revoked token", { Authorization: `Bearer ${revoked.secret}` }),
    nobody("a wrong token", {
      Authorization: `Bearer ${reads.secret.replace(/.$/, (end) => (end === "x" ? "y" : "x"))}`,
    }),
    nobody("a malformed header", { Authorization: "Basic =" }),
    nobody("a link's secret as a token", { Authorization: `Bearer ${LINK_SECRET.exec(link.address)?.[0]}` }),
    nobody("a made-up cookie", { Cookie: `__Host-trackflare=${"a".repeat(43)}.${"b".repeat(22)}` }),
    {
      ...{ name: "an admin", username: "admin", headers: basic("admin", "the admin's own secret"), kind: "admin" },
      ...{ onExperiment: "MANAGE", onModel: "MANAGE" },
    },
  );
}, 120_000);

type Verdict = "reached" | 401 | 403;

/** The answer that a caller must get, by the table of needs. */
function expected({ kind, onExperiment, onModel, readsOnly }: Subject, { need, scope }: Row, method: string): Verdict {
  const [what, level] = need.split(" ") as [string, Level | undefined];
  if (what === "nothing") return "reached";
  // Pages prove their origin. Programs send no such proof.
  if (what === "page") return method === "GET" ? "reached" : 403;
  if (kind === "nobody") return 401;
  if (kind === "admin") return "reached";
  if (what === "admin") return 403;
  if (readsOnly && (scope !== undefined || what === "own" || level !== "READ")) return 403;
  if (what === "any" || what === "own") return "reached";
  const held = what === "experiment" ? onExperiment : onModel;
  return RANKS[held] >= NEEDED[level ?? "MANAGE"] ? "reached" : 403;
}

async function send(subject: Subject, method: string, target: string, row: Row, of = app) {
  const fields = fieldsFor(things, row, subject.username);
  const query = new URLSearchParams();
  for (const [field, value] of Object.entries(fields)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) query.append(field, String(one));
  }
  const isRead = method === "GET" || method === "HEAD";
  const isUpload = target.includes("upload-artifact");
  const request = new Request(`${ORIGIN}${target}${isRead || isUpload ? `?${query}` : ""}`, {
    method,
    headers: { "Content-Type": "application/json", "CF-Connecting-IP": nextNetwork(), ...subject.headers },
    ...(!isRead && { body: method === "PUT" || isUpload ? "bytes" : JSON.stringify(fields) }),
  });
  const execution = createExecutionContext();
  const response = await of.fetch(request, { ...env, ...server.env } as Env, execution);
  const answer = { status: response.status, text: await response.text() };
  // What goes on after the answer is over before the next call.
  await waitOnExecutionContext(execution);
  return answer;
}

const ask = async (...call: Parameters<typeof send>): Promise<number> => (await send(...call)).status;

/** Each request comes from a network of its own, so that no caller waits for another's wrong secrets. */
let networks = 0;
const nextNetwork = () => `10.${(networks >> 16) & 255}.${(networks >> 8) & 255}.${networks++ & 255}`;

const verdictOf = (status: number): Verdict | number => (status === REACHED ? "reached" : status);

test("every route has a row, and every row a route", () => {
  expect(ENDPOINTS.map(({ name }) => name).sort()).toEqual(Object.keys(NEEDS).sort());
});

/** Enough callers to check that a path leads to the route. All callers check the route's decision at its first path. */
const FEW = /^(no credentials|none on|a token that only|an admin)/;

const few = () => subjects.filter(({ name }) => FEW.test(name));

test("every path of every route lets in whom its row lets in, and nobody else", async () => {
  const wrong: string[] = [];
  let asked = 0;
  for (const { method, paths, name } of ENDPOINTS) {
    const row = NEEDS[name];
    if (row === undefined) continue;
    for (const [place, path] of paths.entries()) {
      for (const subject of place === 0 ? subjects : few()) {
        const found = verdictOf(await ask(subject, method, targetOf(things, path), row));
        const wanted = expected(subject, row, method);
        asked++;
        if (found !== wanted) wrong.push(`${method} ${path}: ${subject.name}: ${found}, not ${wanted}`);
      }
    }
  }
  expect(wrong).toEqual([]);
  expect(asked).toBeGreaterThan(3500);
}, 600_000);

test("HEAD lets in whom GET lets in", async () => {
  const wrong: string[] = [];
  for (const { method, paths, name } of ENDPOINTS) {
    const row = NEEDS[name];
    if (row === undefined || method !== "GET") continue;
    for (const subject of few()) {
      const found = verdictOf(await ask(subject, "HEAD", targetOf(things, paths[0] ?? ""), row));
      const wanted = expected(subject, row, method);
      if (found !== wanted) wrong.push(`HEAD ${paths[0]}: ${subject.name}: ${found}, not ${wanted}`);
    }
  }
  expect(wrong).toEqual([]);
}, 120_000);

test("a call that is refused changes nothing", async () => {
  const real = createApp(ROUTES);
  // The first use of a token is noted.
  for (const subject of few())
    await ask(subject, "GET", "/ui-api/experiments", NEEDS["GET /ui-api/experiments"]!, real);
  const before = await storedState();
  let asked = 0;
  for (const { method, paths, name } of ENDPOINTS) {
    const row = NEEDS[name];
    if (row === undefined) continue;
    for (const subject of few()) {
      const wanted = expected(subject, row, method);
      if (wanted === "reached") continue;
      expect([name, subject.name, await ask(subject, method, targetOf(things, paths[0] ?? ""), row, real)]).toEqual([
        ...[name, subject.name, wanted],
      ]);
      asked++;
    }
  }
  expect(asked).toBeGreaterThan(250);
  expect(await storedState()).toBe(before);
}, 120_000);

test("a token without the scope artifacts gets the content of no file, by any route", async () => {
  const [real, content] = [createApp(ROUTES), crypto.randomUUID()];
  const { experimentId, runId, modelId } = things;
  for (const folder of [`${experimentId}/${runId}/artifacts`, `${experimentId}/models/${modelId}/artifacts`]) {
    for (const file of ["a.txt", "files/b.txt"]) await putFile(`${folder}/${file}`, content);
  }
  const endpointsTelling = async (subject: Subject, isAsked: (row: Row, method: string) => boolean) => {
    const telling: string[] = [];
    for (const { method, paths, name } of ENDPOINTS) {
      const row = NEEDS[name];
      if (row === undefined || !isAsked(row, method)) continue;
      for (const path of ["a.txt", "files"]) {
        const named = { ...row, fields: { path, model_id: undefined, ...row.fields } };
        const { text } = await send(subject, method, targetOf(things, paths[0] ?? ""), named, real);
        if (text.includes(content)) telling.push(name);
      }
    }
    return telling;
  };
  const reader = subjects.find(({ readsOnly }) => readsOnly)!;
  expect(await endpointsTelling(reader, (row, method) => expected(reader, row, method) === "reached")).toEqual([]);
  const admin = subjects.find(({ kind }) => kind === "admin")!;
  const telling = await endpointsTelling(admin, ({ scope }, method) => scope === "files" && method === "GET");
  expect(telling).toEqual(expect.arrayContaining(["GET /get-artifact", "GET /ui-api/folder-zip"]));
}, 120_000);

/** Spellings of the same path, as clients and proxies write it. */
const SAME: Readonly<Record<string, (target: string) => string>> = {
  "doubled slashes": (target) => target.replace("/", "//").replace("/mlflow/", "//mlflow///"),
  "the static prefix": (target) => `${PREFIX}${target}`,
};

/** Texts that some part of a server might mistake for the path. If an admin reaches no route by them, no caller does. */
const OTHER: Readonly<Record<string, (target: string) => string>> = {
  "the prefix twice": (target) => `${PREFIX}${PREFIX}${target}`,
  "a slash at the end": (target) => `${target}/`,
  "an encoded letter": (target) =>
    target.replace(/\/([a-z])/, (_, letter: string) => `/%${letter.charCodeAt(0).toString(16)}`),
  "an encoded slash": (target) => `/${target.slice(1).replace("/", "%2F")}`,
  "capital letters": (target) => target.replace(/^\/[^/]+/, (first) => first.toUpperCase()),
  "a parameter": (target) => `${target};x=1`,
};

describe("another spelling of a path", () => {
  test.each(Object.keys(SAME))(
    "%s lets in whom the path lets in",
    async (spelling) => {
      const wrong: string[] = [];
      for (const { method, paths, name } of ENDPOINTS) {
        const row = NEEDS[name];
        if (row === undefined) continue;
        const target = SAME[spelling]!(targetOf(things, paths[0] ?? ""));
        for (const subject of few()) {
          const found = verdictOf(await ask(subject, method, target, row));
          const wanted = expected(subject, row, method);
          if (found !== wanted) wrong.push(`${method} ${target}: ${subject.name}: ${found}, not ${wanted}`);
        }
      }
      expect(wrong).toEqual([]);
    },
    120_000,
  );

  test.each(Object.keys(OTHER))(
    "%s lets in nobody whom the path itself keeps out",
    async (spelling) => {
      const wrong: string[] = [];
      const admin = subjects.find(({ kind }) => kind === "admin")!;
      for (const { method, paths, name } of ENDPOINTS) {
        const row = NEEDS[name];
        if (row === undefined) continue;
        const target = OTHER[spelling]!(targetOf(things, paths[0] ?? ""));
        if (verdictOf(await ask(admin, method, target, row)) !== "reached") continue;
        for (const subject of few()) {
          const found = verdictOf(await ask(subject, method, target, row));
          if (found === "reached" && expected(subject, row, method) !== "reached") {
            wrong.push(`${method} ${target}: ${subject.name}`);
          }
        }
      }
      expect(wrong).toEqual([]);
    },
    120_000,
  );
});
