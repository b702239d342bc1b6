import { HonoBase as Hono } from "hono/hono-base";
import { MlflowError } from "../domain/errors.ts";
import { NOBODY, type Principal } from "../domain/principal.ts";
import { dropRest } from "../domain/rest-of-body.ts";
import { EVERYTHING, type Visibility } from "../search/visibility.ts";
import type { Claim, Doors } from "../services/access/claim.ts";
import { requireWithinLimit } from "../services/access/request-limit.ts";
import type { ServiceContext } from "../services/context.ts";
import { tidyUp } from "../services/tidy-up.ts";
import { finishPurgesOnce } from "../services/trash/after-purges.ts";
import { artifactStore } from "../stores/artifacts/chosen-store.ts";
import { S3ArtifactStore } from "../stores/artifacts/s3/s3-artifact-store.ts";
import { CheckedDatabase } from "../stores/d1/connection/checked-database.ts";
import { BOOKMARK_HEADER, type NearDatabase } from "../stores/d1/connection/near-database.ts";
import { QueuedDatabase } from "../stores/d1/connection/queued-database.ts";
import { type ClientPlace, hintNear } from "../stores/run/placement.ts";
import { absoluteUrl, pathBelow, rawHost, rawPath, requireWellFormedTarget } from "../wire/raw-target.ts";
import type { Route } from "../wire/route.ts";
import { sharedPath } from "../wire/shared-path.ts";
import { requireArtifacts } from "./artifacts-only.ts";
import { authenticate, callerOfPassword, refuseOtherHosts } from "./authenticate.ts";
import { authorize, confirm, denied } from "./authorize.ts";
import { linkVisitor, visitor } from "./browser.ts";
import { addressOf } from "./client-address.ts";
import { compress } from "./compress.ts";
import { type Config, configOf } from "./config.ts";
import { allowPage, preflight } from "./cors.ts";
import { errorResponse } from "./errors.ts";
import { FixedPathsFirst } from "./fixed-paths-first.ts";
import { type Arrival, observed, requestIdOf } from "./observe.ts";
import { readInput } from "./read-input.ts";
import { forBrowsers } from "./signed-out.ts";
import { uiFile } from "./ui-files.ts";

type Execution = Pick<ExecutionContext, "waitUntil">;

const databaseOf = (env: Env, { locations }: Config) => new CheckedDatabase(env.DB, locations.defaultRoot);

function doorsOf(
  request: Request,
  { env, config, requestId }: Arrival,
  { reader: db }: CheckedDatabase,
  execution: Execution,
): Doors {
  return {
    env,
    db,
    waitUntil: (work) => execution.waitUntil(work),
    defaultLevel: config.defaultLevel,
    auditedFrom: {
      // Computed on demand, because few requests need it.
      get address() {
        return addressOf(request, config);
      },
      requestId,
    },
  };
}

async function callerOf(
  { permission }: Route,
  request: Request,
  { config, linkId }: Arrival,
  doors: Doors,
): Promise<Principal | Claim> {
  if (linkId !== undefined) {
    refuseOtherHosts(request, config);
    // A call that no link's page may make is refused before its input is read.
    if (typeof permission === "string" || permission.link === undefined) throw denied();
    return linkVisitor(linkId, request, doors);
  }
  if (permission === "public") return NOBODY;
  if (permission !== "page") return await authenticate(request, config, doors);
  refuseOtherHosts(request, config);
  return await visitor(request, config, doors);
}

/** Turns a claim that the database does not confirm into undefined; rethrows any other error. */
function orNobody(error: unknown): undefined {
  if (error instanceof MlflowError && error.code === "UNAUTHENTICATED") return undefined;
  throw error;
}

/**
 * The cache knows entries by addresses of the Worker's own host. It keeps nothing for a host of workers.dev
 * (developers.cloudflare.com/workers/runtime-apis/cache). One machine has no cache that is nearer than its bucket.
 */
function cachedFilesOf(request: Request, { isOnOneMachine }: Config): string | undefined {
  if (isOnOneMachine) return undefined;
  const host = rawHost(request);
  return host.endsWith(".workers.dev") ? undefined : `https://${host}/.artifacts/`;
}

function contextOf(
  request: Request,
  { env, config, requestId }: Arrival,
  database: CheckedDatabase,
  doors: Doors,
  { principal, visibility }: Pick<ServiceContext, "principal" | "visibility">,
  near?: NearDatabase,
): ServiceContext {
  const { waitUntil } = doors;
  const primary = database.reader;
  return {
    env,
    db: near?.db ?? primary,
    primary,
    isPageGoingOn: near?.isGoingOn ?? false,
    writes: new QueuedDatabase(env, database, waitUntil),
    waitUntil,
    artifacts: artifactStore(env, config),
    // Few requests need one of these, and log-metric needs none.
    get cachedFiles() {
      return cachedFilesOf(request, config);
    },
    get directBucket() {
      const root = config.directBucket;
      return root && { root, artifacts: new S3ArtifactStore({ ...root, prefix: "" }) };
    },
    locations: config.locations,
    isServingArtifacts: config.isServingArtifacts,
    isArtifactsOnly: config.isArtifactsOnly,
    signingSecret: config.urlSecret,
    adminSecrets: config.adminSecrets,
    adminUsername: config.admin?.username ?? "",
    setupToken: config.setupToken,
    securityContact: config.securityContact,
    sso: config.sso,
    publicUrl: config.publicUrl,
    principalOfPassword: async (username: string, password: string) => {
      const found = await callerOfPassword([{ username, password }], request, config, doors);
      return found && (await confirm(found).catch(orNobody));
    },
    // On one machine there is one place, and the runtime would parse request.cf for each request.
    clientRegion: config.isOnOneMachine ? undefined : hintNear((request.cf ?? {}) as ClientPlace),
    get clientAddress() {
      return doors.auditedFrom.address;
    },
    announcesMultipart: config.announcesMultipart,
    announcesPresigned: config.announcesPresigned,
    presigned: config.presigned,
    presignedSeconds: config.presignedSeconds,
    cells: config.cells,
    defaultLevel: config.defaultLevel,
    principal,
    visibility,
    requestId,
  };
}

/** The D1 session that a route's reads use; undefined where they use the primary without a session. */
function nearOf(
  { reads }: Route,
  request: Request,
  database: CheckedDatabase,
  visibility: Visibility,
): NearDatabase | undefined {
  if (reads === undefined) return undefined;
  const isNear = reads === "near" || (reads === "near list" && visibility === EVERYTHING);
  return database.near(isNear ? request.headers.get(BOOKMARK_HEADER) : null);
}

/** Serves one request: authenticates the caller, reads the input, authorizes, then handles. Only the handler changes data. */
async function serve(
  route: Route,
  request: Request,
  arrival: Arrival,
  execution: Execution,
  pathParameters: Readonly<Record<string, string>>,
): Promise<Response> {
  const { env, config } = arrival;
  const database = databaseOf(env, config);
  const doors = doorsOf(request, arrival, database, execution);
  const caller = await callerOf(route, request, arrival, doors);
  const asked = await readInput(request, route.input, pathParameters).catch(async (error) => {
    // Only confirmed callers learn what is wrong with a request.
    await confirm(caller);
    throw error;
  });
  const { principal, visibility, input } = await authorize(caller, route.permission, asked, doors);
  if (config.isArtifactsOnly) requireArtifacts(route);
  await requireWithinLimit(env, principal, config.requestsPerMinute);
  const near = nearOf(route, request, database, visibility);
  const ctx = contextOf(request, arrival, database, doors, { principal, visibility }, near);
  const response = await route.handle({ ctx, input, request });
  const bookmark = near?.bookmark;
  if (bookmark) response.headers.set(BOOKMARK_HEADER, bookmark);
  // A probe of `/health` asks the database nothing.
  if (route.permission !== "public") finishPurgesOnce(ctx);
  return response;
}

function noEndpoint(request: Request): MlflowError {
  return new MlflowError("ENDPOINT_NOT_FOUND", `There is no endpoint ${request.method} ${rawPath(request)}.`);
}

/**
 * The path that the router matches: without the static prefix, without a signed link's folder, and with each run of slashes
 * as one, because a tracking URI that ends with a slash produces double slashes. Routes themselves read the request target
 * as it was sent.
 */
function routePath(request: Request, { env: arrival }: { env?: Arrival } = {}): string {
  const path = servedPath(request, arrival?.config.staticPrefix ?? "");
  return sharedPath(path)?.below ?? path;
}

function servedPath(request: Request, staticPrefix: string): string {
  return pathBelow(staticPrefix, rawPath(request).replaceAll(/\/{2,}/g, "/"));
}

function routerOf(routes: readonly Route[]): Hono<{ Bindings: Arrival }> {
  const app = new Hono<{ Bindings: Arrival }>({ getPath: routePath, router: new FixedPathsFirst() });
  for (const route of routes) {
    app.on(route.method, [...route.paths], (c) => {
      const arrival = c.env;
      arrival.route = route.paths[0] ?? "";
      return serve(route, c.req.raw, arrival, c.executionCtx, c.req.param());
    });
  }
  app.notFound(async (c) => {
    const { env, config, linkId } = c.env;
    const request = c.req.raw;
    const file = await uiFile(request, env, config);
    if (file !== undefined) return file;
    if (linkId === undefined) {
      const doors = doorsOf(request, c.env, databaseOf(env, config), c.executionCtx);
      await confirm(await authenticate(request, config, doors));
    }
    throw noEndpoint(request);
  });
  app.onError((error, c) => errorResponse(error, c.env.requestId));
  return app;
}

interface App {
  fetch(request: Request, env: Env, execution: ExecutionContext): Promise<Response>;
  /** Work from time to time that no request waits for: see {@link tidyUp}. */
  scheduled(env: Env, execution: ExecutionContext): Promise<void>;
}

/** The server for these routes. A path that no route answers is looked up among the UI's files. */
export function createApp(routes: readonly Route[]): App {
  const router = routerOf(routes);

  async function answer(request: Request, arrival: Arrival, execution: ExecutionContext): Promise<Response> {
    const { config } = arrival;
    requireWellFormedTarget(request);
    if (request.method === "HEAD") return head(request, (get) => router.fetch(get, arrival, execution));
    const isOfPage = request.headers.has("Origin");
    const asked = isOfPage ? preflight(request, config) : undefined;
    const response = compress(request, asked ?? (await router.fetch(request, arrival, execution)), config);
    return isOfPage ? allowPage(request, response, config) : response;
  }

  return {
    async fetch(request, env, execution) {
      const requestId = requestIdOf(request);
      try {
        const config = configOf(env);
        const linkId = sharedPath(servedPath(request, config.staticPrefix))?.linkId;
        const arrival: Arrival = { env, config, requestId, startMs: Date.now(), linkId };
        const response = await answer(request, arrival, execution).catch((error) => errorResponse(error, requestId));
        if (!response.ok) await dropUnread(request);
        return observed(request, forBrowsers(request, response, arrival), arrival);
      } catch (error) {
        return errorResponse(error, requestId);
      }
    },

    async scheduled(env, execution) {
      const request = new Request("https://schedule/");
      const arrival = { env, config: configOf(env), requestId: crypto.randomUUID(), startMs: Date.now() };
      const database = databaseOf(env, arrival.config);
      const doors = doorsOf(request, arrival, database, execution);
      await tidyUp(contextOf(request, arrival, database, doors, { principal: NOBODY, visibility: EVERYTHING }));
    },
  };
}

/** Reads what a refused request still sends. A client that sends `Expect` waits for the answer before it sends. */
async function dropUnread({ body, headers }: Request): Promise<void> {
  if (body !== null && !body.locked && !headers.has("Expect")) await dropRest(body.getReader({ mode: "byob" }));
}

/** Answers a HEAD like its GET, with the same query, but without the body. A HEAD cannot open a WebSocket. */
async function head(request: Request, get: (request: Request) => Response | Promise<Response>): Promise<Response> {
  const headers = new Headers(request.headers);
  headers.delete("Upgrade");
  const answer = await get(new Request(absoluteUrl(request), { headers, ...(request.cf && { cf: request.cf }) }));
  // With a Content-Length header the body need not be made. Without one, the runtime measures the body and drops it.
  if (!answer.headers.has("Content-Length")) return answer;
  await answer.body?.cancel();
  return new Response(null, answer);
}
