import { Hono } from "hono";
import { MlflowError } from "../domain/errors.ts";
import type { Route } from "../routes/route.ts";
import { ROUTES } from "../routes/table.ts";
import type { Principal } from "../services/context.ts";
import { artifactStore } from "../stores/artifacts/artifact-store.ts";
import { migrate } from "../stores/d1/migrate.ts";
import { authenticate } from "./authenticate.ts";
import { authorize } from "./authorize.ts";
import { configOf } from "./config.ts";
import { errorResponse } from "./errors.ts";
import { readMessage } from "./read-input.ts";

const NOBODY: Principal = { username: "", isAdmin: false };

/**
 * The request's path as it was sent. Decoding is left to those who use a part of it: two views of one path are how
 * `%2e%2e` passes a check and reaches a store.
 */
function rawPath(request: Request): string {
  const start = request.url.indexOf("/", request.url.indexOf("://") + 3);
  if (start === -1) return "/";
  const end = request.url.slice(start).search(/[?#]/);
  return end === -1 ? request.url.slice(start) : request.url.slice(start, start + end);
}

let migrated: Promise<void> | undefined;

/** Brings the schema up before this isolate's first use of it; a failure is tried again by the next request. */
function ensureSchema(db: D1Database): Promise<void> {
  migrated ??= migrate(db).catch((error: unknown) => {
    migrated = undefined;
    throw error;
  });
  return migrated;
}

/** One request through one route: who, what, may they, do it. Nothing is changed before the last step. */
async function serve(
  route: Route,
  request: Request,
  env: Env,
  execution: Pick<ExecutionContext, "waitUntil">,
): Promise<Response> {
  const requestId = crypto.randomUUID();
  try {
    const config = configOf(env);
    const principal = route.permission === "public" ? NOBODY : await authenticate(request, config);
    const input = typeof route.input === "function" ? route.input(request) : await readMessage(request, route.input);
    authorize(principal, route.permission, input);
    await ensureSchema(env.DB);
    const ctx = {
      env,
      db: env.DB,
      artifacts: artifactStore(env, config.artifactStore),
      principal,
      requestId,
      waitUntil: (work: Promise<unknown>) => execution.waitUntil(work),
    };
    return await route.handle({ ctx, input, request });
  } catch (error) {
    return errorResponse(error, requestId);
  }
}

export function createApp(): Hono<{ Bindings: Env }> {
  const app = new Hono<{ Bindings: Env }>({ getPath: rawPath });
  for (const route of ROUTES) {
    app.on(route.method, [...route.paths], (c) => serve(route, c.req.raw, c.env, c.executionCtx));
  }
  app.notFound(async (c) => {
    const requestId = crypto.randomUUID();
    try {
      await authenticate(c.req.raw, configOf(c.env));
      throw new MlflowError("ENDPOINT_NOT_FOUND", `There is no endpoint ${c.req.method} ${c.req.path}.`);
    } catch (error) {
      return errorResponse(error, requestId);
    }
  });
  return app;
}
