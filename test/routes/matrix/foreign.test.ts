import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { createApp } from "../../../src/http/app.ts";
import { ROUTES } from "../../../src/routes/table.ts";
import { ORIGIN } from "../../helpers/mlflow.ts";
import { closedServer, PASSWORD } from "../../helpers/users.ts";
import { ENDPOINTS, fieldsFor, newThings, type Things, targetOf } from "./calls.ts";
import { NEEDS, type Row } from "./needs.ts";

/*
 * Calls of a user who manages some things, in which one id is replaced by the id of another's thing, or is listed beside it;
 * and the same calls with a token that is limited to one experiment, whose user manages everything. The handlers are replaced: they answer with their input. So the test sees whether an id of a hidden thing reaches a handler.
 */

const REACHED = 299;

/** The fields through which hidden ids reach a handler, by endpoint, and why this is right. */
const MEANT: Readonly<Record<string, string>> = {
  ...because(
    "The statement takes the caller's rights as a condition.",
    "GET /ui-api/trash: experiment_ids, GET /ui-api/trash: experiment_ids alone",
  ),
  ...because(
    "A new thing may have any name.",
    `POST mlflow/experiments/create: name, POST mlflow/logged-models: name, POST mlflow/registered-models/create: name,
     POST trackflare/links/create: name`,
  ),
  ...because(
    "Only the id is stored, in a run that the caller may change.",
    `POST mlflow/runs/log-inputs: models, POST mlflow/runs/log-inputs: models alone, POST mlflow/runs/outputs: models,
     POST mlflow/runs/outputs: models alone`,
  ),
  ...because(
    "Experiments have ids, models have names. The handler uses the same one of the two as the rule.",
    `POST mlflow/experiments/permissions/create: name, GET mlflow/experiments/permissions/get: name,
     PATCH mlflow/experiments/permissions/update: name, DELETE mlflow/experiments/permissions/delete: name,
     POST mlflow/registered-models/permissions/create: experiment_id,
     GET mlflow/registered-models/permissions/get: experiment_id,
     PATCH mlflow/registered-models/permissions/update: experiment_id,
     DELETE mlflow/registered-models/permissions/delete: experiment_id`,
  ),
};

function because(reason: string, fields: string): Record<string, string> {
  return Object.fromEntries(fields.split(",").map((field) => [field.trim(), reason]));
}

/** Whether a token that is limited to an experiment makes no such call: of new experiments, of registered models, of rights. */
const isClosedToToken = (name: string) => /(experiments|registered-models)\/create|\/permissions\/|links/.test(name);

const server = closedServer({ TRACKFLARE_DEFAULT_PERMISSION: "NO_PERMISSIONS", TRACKFLARE_METRICS: "1" });
const app = createApp(
  ROUTES.map((route) => ({
    ...route,
    handle: ({ input }) => new Response(JSON.stringify(textsIn(input)), { status: REACHED }),
  })),
);

/** Every text and number of an input. */
function textsIn(value: unknown): string[] {
  if (value instanceof Uint8Array) return [];
  if (typeof value === "object" && value !== null) return Object.values(value).flatMap(textsIn);
  return value === undefined || value === null ? [] : [String(value)];
}

let mine: Things;
let theirs: Things;
/** The header Authorization of each caller. */
const callers: Record<string, string> = {};

beforeAll(async () => {
  // The first experiment's id is the number of a version, too.
  await newThings(server.admin);
  [mine, theirs] = [await newThings(server.admin), await newThings(server.admin)];
  const username = await server.newUser();
  await server.grant(username, "experiment", mine.experimentId, "MANAGE");
  await server.grant(username, "registered_model", mine.name, "MANAGE");
  callers.user = `Basic ${Buffer.from(`${username}:${PASSWORD}`).toString("base64")}`;
  const managerOfAll = await server.newUser();
  for (const type of ["experiment", "registered_model"]) await server.grant(managerOfAll, type, "*", "MANAGE");
  callers.token = `Bearer ${(await server.newToken(managerOfAll, { experiment_ids: [mine.experimentId] })).secret}`;
}, 120_000);

/** Whether a text is the id of a hidden thing, or a path or document that has it. */
function isTheirs(text: string): boolean {
  const { experimentId, experimentName, runId, modelId, name } = theirs;
  if ([runId, modelId, name, experimentName].some((id) => text.includes(id))) return true;
  return text.split(/[/"\s]/).includes(experimentId);
}

/** The same value with their ids in place of mine. */
function replaced(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(replaced);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, replaced(one)]));
  }
  if (typeof value !== "string") return value;
  let text = value;
  for (const part of ["runId", "modelId", "name", "experimentName"] as const)
    text = text.replace(mine[part], theirs[part]);
  return text === mine.experimentId ? theirs.experimentId : text;
}

/** Lists that name things within things. */
const nested = (modelId: string) => ({
  metrics: [{ key: "m", value: 1, timestamp: 1, model_id: modelId }],
  models: [{ model_id: modelId }],
  source: `models:/${modelId}`,
  source_run_id: mine.runId,
  model_id: modelId,
});

interface Variation {
  readonly what: string;
  readonly target: string;
  readonly fields: Record<string, unknown>;
}

/** The calls of an endpoint in which one field, or the target, names their things. */
function variations(path: string, row: Row): Variation[] {
  const target = targetOf(mine, path);
  const all = { ...fieldsFor(mine, row, "x"), ...nested(mine.modelId), ...row.fields };
  const own = Object.fromEntries(Object.entries(all).map(([name, value]) => [name, resolved(value)]));
  const found: Variation[] = [];
  for (const [name, value] of Object.entries(own)) {
    const other = replaced(value);
    if (JSON.stringify(other) === JSON.stringify(value)) continue;
    const mixed = Array.isArray(value) && Array.isArray(other) ? [...value, ...other] : other;
    found.push({ what: name, target, fields: { ...own, [name]: mixed } });
    if (mixed !== other) found.push({ what: `${name} alone`, target, fields: { ...own, [name]: other } });
  }
  const foreign = targetOf(theirs, path);
  if (foreign !== target) found.push({ what: "the target", target: foreign, fields: own });
  return found;
}

const resolved = (value: unknown) =>
  value === "@experiment" ? mine.experimentId : value === "@model" ? mine.modelId : value;

async function ask(
  caller: string,
  method: string,
  { target, fields }: Variation,
): Promise<{ status: number; texts: string[] }> {
  const query = new URLSearchParams();
  for (const [field, value] of Object.entries(fields)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined) query.append(field, typeof one === "object" ? JSON.stringify(one) : String(one));
    }
  }
  const inQuery = method === "GET" || target.includes("upload-artifact");
  const request = new Request(`${ORIGIN}${target}${inQuery ? `?${query}` : ""}`, {
    method,
    headers: { Authorization: callers[caller] ?? "", "Content-Type": "application/json" },
    ...(method !== "GET" && { body: method === "PUT" || inQuery ? "bytes" : JSON.stringify(fields) }),
  });
  const execution = createExecutionContext();
  const response = await app.fetch(request, { ...env, ...server.env } as Env, execution);
  const text = await response.text();
  await waitOnExecutionContext(execution);
  return { status: response.status, texts: response.status === REACHED ? (JSON.parse(text) as string[]) : [] };
}

test.each(["user", "token"])(
  "an id of a hidden thing reaches no handler, in no field of no route: %s",
  async (caller) => {
    const reached: Record<string, string> = {};
    const answers = new Map<number, number>();
    for (const { method, paths, name } of ENDPOINTS) {
      const row = NEEDS[name];
      if (row === undefined || ["nothing", "page", "admin"].includes(row.need)) continue;
      for (const variation of variations(paths[0] ?? "", row)) {
        const { status, texts } = await ask(caller, method, variation);
        answers.set(status, (answers.get(status) ?? 0) + 1);
        if (status === REACHED && texts.some(isTheirs)) reached[`${name}: ${variation.what}`] = "?";
        else if (![REACHED, 400, 403].includes(status)) reached[`${name}: ${variation.what}`] = `answered ${status}`;
      }
    }
    const meant = Object.keys(MEANT).filter((name) => caller === "user" || !isClosedToToken(name));
    expect(Object.keys(reached).sort()).toEqual(meant.sort());
    expect(answers.get(403)).toBeGreaterThan(150);
    expect(answers.get(REACHED)).toBeGreaterThan(50);
  },
  300_000,
);
