import { once } from "node:events";
import { createReadStream, existsSync } from "node:fs";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";
import { packageFolder } from "../harness/python.ts";

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".gif": "image/gif",
  ".ico": "image/vnd.microsoft.icon",
  ".woff2": "font/woff2",
};

export interface StockUi {
  /** The URL of the page and of the API: one origin, as with MLflow's own server. */
  readonly url: string;
  readonly close: () => Promise<void>;
}

/**
 * Serves the web UI of the installed MLflow package in front of a tracking server, with the paths of `mlflow server`
 * (`mlflow/server/__init__.py`): the page at `/`, its files below `/static-files/`, everything else from the server.
 */
export async function serveStockUi(trackingUri: string): Promise<StockUi> {
  const build = join(await packageFolder("mlflow"), "server/js/build");
  const server = createServer((incoming, response) => {
    const { pathname } = new URL(incoming.url ?? "/", "http://localhost");
    if (pathname === "/") sendFile(join(build, "index.html"), response);
    else if (pathname.startsWith("/static-files/")) {
      sendFile(join(build, normalize(decodeURIComponent(pathname.slice("/static-files".length)))), response);
    } else forward(incoming, response, trackingUri);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("No port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function sendFile(path: string, response: ServerResponse): void {
  if (!existsSync(path)) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, {
    "Content-Type": CONTENT_TYPES[extname(path)] ?? "application/octet-stream",
    "Cache-Control": "max-age=3600",
  });
  createReadStream(path).pipe(response);
}

/** Keeps the proxy's Host header. The browser sends the proxy's origin, so the server sees requests of its own origin. */
function forward(incoming: IncomingMessage, response: ServerResponse, trackingUri: string): void {
  const { hostname, port } = new URL(trackingUri);
  const { method, url: path, headers } = incoming;
  // A new connection, because the server may close a kept one at the moment when a request is sent on it.
  const outgoing = request({ hostname, port, method, path, headers, agent: false }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  outgoing.on("error", () => response.destroy());
  response.on("close", () => outgoing.destroy());
  incoming.pipe(outgoing);
}
