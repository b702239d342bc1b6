import { Hono } from "hono";
import { MlflowError } from "../domain/errors.ts";
import type { Principal } from "../domain/principal.ts";
import { artifactStore } from "../stores/artifacts/artifact-store.ts";
import { migrate } from "../stores/d1/connection/migrate.ts";
import { QueuedDatabase } from "../stores/d1/connection/queued-database.ts";
import type { Route } from "../wire/route.ts";
import { authenticate } from "./authenticate.ts";
import { authorize } from "./authorize.ts";
import { configOf } from "./config.ts";
import { errorResponse } from "./errors.ts";
import { FixedPathsFirst } from "./fixed-paths-first.ts";
import { rawPath } from "./raw-target.ts";
import { readMessage } from "./read-input.ts";
import { uiFile } from "./ui-files.ts";

const NOBODY: Principal = { username: "", isAdmin: false };

let isMigrated = false;

/**
 * Brings the schema up before this isolate's first use of it. Requests that come together each do it, since none may wait
 * for another's I/O.
 */
async function ensureSchema(db: D1Database): Promise<void> {
  if (isMigrated) return;
  await migrate(db);
  isMigrated = true;
}

/** One request through one route: who, what, may they, do it. Nothing is changed before the last step. */
async function serve(
  route: Route,
  request: Request,
  env: Env,
  execution: Pick<ExecutionContext, "waitUntil">,
  pathParameters: Readonly<Record<string, string>>,
): Promise<Response> {
  const requestId = crypto.randomUUID();
  try {
    const config = configOf(env);
    const principal = route.permission === "public" ? NOBODY : await authenticate(request, config);
    const input =
      typeof route.input === "function"
        ? route.input(request)
        : await readMessage(request, route.input, pathParameters);
    authorize(principal, route.permission, input);
    await ensureSchema(env.DB);
    const waitUntil = (work: Promise<unknown>) => execution.waitUntil(work);
    const ctx = {
      env,
      db: env.DB,
      writes: new QueuedDatabase(env, waitUntil),
      artifacts: artifactStore(env, config.artifactStore),
      principal,
      requestId,
      waitUntil,
    };
    return await route.handle({ ctx, input, request });
  } catch (error) {
    return errorResponse(error, requestId);
  }
}

/** The server of these routes: every one of them, and the UI's files for what no route answers. */
export function createApp(routes: readonly Route[]): Hono<{ Bindings: Env }> {
  const app = new Hono<{ Bindings: Env }>({ getPath: rawPath, router: new FixedPathsFirst() });
  for (const route of routes) {
    app.on(route.method, [...route.paths], (c) => serve(route, c.req.raw, c.env, c.executionCtx, c.req.param()));
  }
  app.notFound(async (c) => {
    const requestId = crypto.randomUUID();
    try {
      const file = await uiFile(c.req.raw, c.env);
      if (file !== undefined) return file;
      await authenticate(c.req.raw, configOf(c.env));
      throw new MlflowError("ENDPOINT_NOT_FOUND", `There is no endpoint ${c.req.method} ${c.req.path}.`);
    } catch (error) {
      return errorResponse(error, requestId);
    }
  });
  return app;
}
