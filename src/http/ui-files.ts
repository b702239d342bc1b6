import { absoluteUrl, pathBelow, rawPath } from "../wire/raw-target.ts";
import { plainText, redirect } from "../wire/respond.ts";
import { sharedFolder } from "../wire/shared-path.ts";
import { acceptedEncodings } from "./compress.ts";
import type { Config } from "./config.ts";

/**
 * Headers of the web UI's files. The edge serves the files without the Worker, with the same headers from
 * `ui/public/_headers`. On one machine every request reaches the Worker.
 */
export const UI_HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; " +
    "connect-src 'self'; frame-src 'self'; media-src 'self' blob:; worker-src 'self'; form-action 'self'; " +
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
};

/** On the edge everything is TLS. On one machine the operator decides what else a host name serves. */
const TLS_ONLY = "max-age=31536000";

/** Headers of the page of a signed link in addition: it tells nobody its address, and no search engine lists it. */
const SHARED_HEADERS = { "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow" };

/** Paths as the build makes them: nothing encoded, and no empty segment, which a redirect could read as a host. */
const FILE_PATH = /^\/(?:[\w-][\w.~-]*\/)*(?:[\w-][\w.~-]*)?$/;

/** The folder of the files whose names contain a hash of their content. */
const HASHED_FILES = "/assets/";
const FOREVER = "public, max-age=31536000, immutable";

/** The compressed copies that the build puts beside a file, by their suffix; best first. */
const ENCODINGS = [
  ["br", ".br"],
  ["gzip", ".gz"],
] as const;

const COMPRESSED_TYPES: Readonly<Record<string, string>> = {
  js: "text/javascript; charset=utf-8",
  mjs: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  svg: "image/svg+xml",
};

/**
 * The web UI's file at the request's path; undefined where there is none. The files are public: they hold no data, and the
 * API authorizes their requests.
 */
export async function uiFile(request: Request, env: Env, config: Config): Promise<Response | undefined> {
  if (request.method !== "GET") return undefined;
  const asked = rawPath(request);
  const { staticPrefix } = config;
  const below = pathBelow(staticPrefix, asked);
  const folder = sharedFolder(below);
  // A proxy may have removed the static prefix.
  const prefix = (below === asked && asked !== staticPrefix ? "" : staticPrefix) + folder;
  // The page's links are relative, so its path must end with a slash.
  if (prefix !== "" && asked === prefix) return redirect(308, `${prefix}/`);
  const path = pathBelow(prefix, asked);
  if (!FILE_PATH.test(path)) return undefined;
  if (env.ASSETS === undefined) return path === "/" ? welcome(request, config.staticPrefix) : undefined;
  const response = (await compressedFile(request, path, env.ASSETS)) ?? (await plainFile(request, path, env.ASSETS));
  if (response === undefined) return path === "/" ? welcome(request, config.staticPrefix) : undefined;
  const location = response.headers.get("Location");
  if (location !== null) response.headers.set("Location", prefix + location);
  for (const [name, value] of Object.entries(UI_HEADERS)) response.headers.set(name, value);
  if (!config.isOnOneMachine) response.headers.set("Strict-Transport-Security", TLS_ONLY);
  if (config.frameAncestors !== "'none'") allowFrames(response, config.frameAncestors);
  if (folder !== "") for (const [name, value] of Object.entries(SHARED_HEADERS)) response.headers.set(name, value);
  if (path.startsWith(HASHED_FILES)) response.headers.set("Cache-Control", FOREVER);
  return response;
}

function allowFrames({ headers }: Response, ancestors: string): void {
  const policy = headers.get("Content-Security-Policy") ?? "";
  headers.set("Content-Security-Policy", policy.replace("frame-ancestors 'none'", `frame-ancestors ${ancestors}`));
}

async function plainFile(request: Request, path: string, assets: Fetcher): Promise<Response | undefined> {
  const found = await assets.fetch(new Request(`http://assets.invalid${path}`, { headers: request.headers }));
  return found.status === 404 ? undefined : new Response(found.body, found);
}

/** The copy of the file that the build compressed; undefined where the client accepts none or the build has none. */
async function compressedFile(request: Request, path: string, assets: Fetcher): Promise<Response | undefined> {
  const name = path === "/" ? "/index.html" : path;
  const type = COMPRESSED_TYPES[name.slice(name.lastIndexOf(".") + 1)];
  const accepted = acceptedEncodings(request);
  const [encoding, ending] = ENCODINGS.find(([coding]) => accepted.has(coding)) ?? [];
  if (type === undefined || encoding === undefined) return undefined;
  const found = await plainFile(request, name + ending, assets);
  if (found === undefined) return undefined;
  // A 304 has no body, so it gets no Content-Encoding.
  const response = new Response(found.body, { status: found.status, headers: found.headers, encodeBody: "manual" });
  response.headers.set("Content-Type", type);
  response.headers.set("Content-Encoding", encoding);
  response.headers.append("Vary", "Accept-Encoding");
  return response;
}

/** The page for a server whose web UI was not built: how to log to this server. */
function welcome(request: Request, prefix: string): Response {
  const uri = new URL(absoluteUrl(request)).origin + prefix;
  const text = `Trackflare serves MLflow's tracking API here. Its web UI was not built: the server's log says why.

Log to it from a shell:           export MLFLOW_TRACKING_URI=${uri}
or from a Python script:          mlflow.set_tracking_uri("${uri}")
and look at what was logged:      mlflow runs list --experiment-id 0
`;
  return plainText(text);
}
